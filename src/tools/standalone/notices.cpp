#include "standalone/notices.hpp"

#include <sys/socket.h>
#include <sys/un.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>

namespace sluice::standalone {
namespace {

constexpr std::size_t kLongest = 4096;  // of a notice; what is longer is cut
constexpr std::size_t kMostFds = 16;    // that may come with one

/// Calls `take` with each line.
template <class F>
void each_line(std::string_view text, F&& take) {
  while (!text.empty()) {
    const auto end = std::min(text.find('\n'), text.size());
    take(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
}

/// Credentials and descriptors of a message.
void take_ancillary(msghdr& message, Notice& notice) {
  for (cmsghdr* part = CMSG_FIRSTHDR(&message); part != nullptr; part = CMSG_NXTHDR(&message, part)) {
    if (part->cmsg_level != SOL_SOCKET) continue;
    if (part->cmsg_type == SCM_CREDENTIALS) {
      ucred who{};
      std::memcpy(&who, CMSG_DATA(part), sizeof(who));
      notice.from = who.pid;
    } else if (part->cmsg_type == SCM_RIGHTS) {
      const std::size_t count = (part->cmsg_len - CMSG_LEN(0)) / sizeof(int);
      for (std::size_t i = 0; i < count; ++i) {
        int fd = -1;
        std::memcpy(&fd, CMSG_DATA(part) + i * sizeof(int), sizeof(fd));
        notice.descriptors.emplace_back(fd);
      }
    }
  }
}

}  // namespace

bool Notice::has(std::string_view line) const {
  bool found = false;
  each_line(text, [&](std::string_view one) { found = found || one == line; });
  return found;
}

std::optional<std::string> Notice::value(std::string_view name) const {
  std::optional<std::string> found;
  each_line(text, [&](std::string_view one) {
    if (one.starts_with(name) && one.substr(name.size()).starts_with('='))
      found = one.substr(name.size() + 1);
  });
  return found;
}

Result<Notices, std::string> Notices::open() {
  const auto wrong = [](const char* what) {
    return failure(std::string("no socket for what the parts tell: ") + what + ": " + std::strerror(errno));
  };
  UniqueFd fd(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (!fd) return wrong("socket");
  const int on = 1;
  if (::setsockopt(fd.get(), SOL_SOCKET, SO_PASSCRED, &on, sizeof(on)) != 0) return wrong("SO_PASSCRED");
  // An address of no name makes the kernel choose one in the abstract namespace.
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (::bind(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof(sa_family_t)) != 0)
    return wrong("bind");
  socklen_t size = sizeof(address);
  if (::getsockname(fd.get(), reinterpret_cast<sockaddr*>(&address), &size) != 0) return wrong("getsockname");
  const std::size_t prefix = sizeof(sa_family_t) + 1;  // and the zero before the name
  if (size <= prefix) return failure(std::string("no socket for what the parts tell: it has no name"));
  return Notices(std::move(fd), "NOTIFY_SOCKET=@" + std::string(address.sun_path + 1,
                                                                static_cast<std::size_t>(size) - prefix));
}

std::optional<Notice> Notices::next() const {
  std::array<char, kLongest> text{};
  alignas(cmsghdr) std::array<char, CMSG_SPACE(sizeof(ucred)) + CMSG_SPACE(kMostFds * sizeof(int))> extra{};
  iovec piece{.iov_base = text.data(), .iov_len = text.size()};
  msghdr message{};
  message.msg_iov = &piece;
  message.msg_iovlen = 1;
  message.msg_control = extra.data();
  message.msg_controllen = extra.size();
  const ssize_t got = ::recvmsg(fd_.get(), &message, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
  if (got < 0) return std::nullopt;
  Notice notice;
  notice.text.assign(text.data(), static_cast<std::size_t>(got));
  take_ancillary(message, notice);
  return notice;
}

}  // namespace sluice::standalone
