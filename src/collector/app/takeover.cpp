#include <utility>  // Boost 1.74's Asio needs it first under C++20

#include "app/takeover.hpp"

#include <poll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include <cerrno>
#include <cstring>
#include <filesystem>

#include "util/writable.hpp"

namespace sluice::app {
namespace {

constexpr std::string_view kDone = "done";
/// Stopping the workers and writing the state file is within it, generously.
constexpr int kAnswerSeconds = 30;
constexpr int kGreetingSeconds = 1;
constexpr std::size_t kLongestMessage = 512;
constexpr mode_t kMode = 0600;

std::string problem(const std::string& path, const std::string& what) { return path + " " + what; }

std::string too_long(const std::string& path) {
  return problem(path, "is longer than the path of a Unix socket may be");
}

std::string cannot_listen(const std::string& path, int error) {
  return problem(path, std::string("cannot be listened on: ") + std::strerror(error) +
                           "; name a path in a directory that sluice may write in");
}

std::optional<sockaddr_un> address_of(const std::string& path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path.size() >= sizeof address.sun_path) return std::nullopt;
  std::memcpy(address.sun_path, path.data(), path.size());
  return address;
}

UniqueFd unix_socket() { return UniqueFd(::socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0)); }

int connect_to(const UniqueFd& socket, const sockaddr_un& address) {
  const bool connected =
      ::connect(socket.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0;
  return connected ? 0 : errno;
}

void limit_waiting(int fd, int seconds) {
  const timeval limit{seconds, 0};
  ::setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
  ::setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit);
}

std::optional<ucred> peer_of(int fd) {
  ucred peer{};
  socklen_t size = sizeof peer;
  if (::getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &size) != 0) return std::nullopt;
  return peer;
}

bool send_message(int to, std::string_view text, int fd = -1) {
  iovec part{const_cast<char*>(text.data()), text.size()};
  alignas(cmsghdr) char control[CMSG_SPACE(sizeof fd)] = {};
  msghdr message{};
  message.msg_iov = &part;
  message.msg_iovlen = 1;
  if (fd >= 0) {
    message.msg_control = control;
    message.msg_controllen = sizeof control;
    cmsghdr* const rights = CMSG_FIRSTHDR(&message);
    rights->cmsg_level = SOL_SOCKET;
    rights->cmsg_type = SCM_RIGHTS;
    rights->cmsg_len = CMSG_LEN(sizeof fd);
    std::memcpy(CMSG_DATA(rights), &fd, sizeof fd);
  }
  return ::sendmsg(to, &message, MSG_NOSIGNAL) == static_cast<ssize_t>(text.size());
}

struct Message {
  std::string text;
  UniqueFd fd;
};

/// Nothing at the end of the connection and after an error.
std::optional<Message> receive_message(int from) {
  char text[kLongestMessage];
  iovec part{text, sizeof text};
  alignas(cmsghdr) char control[CMSG_SPACE(sizeof(int))] = {};
  msghdr message{};
  message.msg_iov = &part;
  message.msg_iovlen = 1;
  message.msg_control = control;
  message.msg_controllen = sizeof control;
  const ssize_t got = ::recvmsg(from, &message, MSG_CMSG_CLOEXEC);
  if (got <= 0) return std::nullopt;
  Message out{std::string(text, static_cast<std::size_t>(got)), {}};
  const cmsghdr* const rights = CMSG_FIRSTHDR(&message);
  if (rights != nullptr && rights->cmsg_level == SOL_SOCKET && rights->cmsg_type == SCM_RIGHTS &&
      rights->cmsg_len == CMSG_LEN(sizeof(int))) {
    int fd = -1;
    std::memcpy(&fd, CMSG_DATA(rights), sizeof fd);
    out.fd.reset(fd);
  }
  return out;
}

}  // namespace

Result<std::optional<Takeover>, std::string> Takeover::ask(const std::string& path) {
  const auto address = address_of(path);
  if (!address) return failure(too_long(path));
  Takeover out;
  out.connection_ = unix_socket();
  const int error = connect_to(out.connection_, *address);
  if (error == ENOENT || error == ECONNREFUSED) return std::optional<Takeover>{};
  if (error != 0) return failure(problem(path, std::string("cannot be asked: ") + std::strerror(error)));
  const auto peer = peer_of(out.connection_.get());
  if (!peer || peer->uid != ::geteuid())
    return failure(problem(path, "belongs to a process of another user; start this one as the same"));
  out.process_ = peer->pid;
  limit_waiting(out.connection_.get(), kAnswerSeconds);
  if (!send_message(out.connection_.get(), kTakeoverGreeting))
    return failure(problem(path, std::string("cannot be asked: ") + std::strerror(errno)));
  while (auto message = receive_message(out.connection_.get())) {
    if (message->fd) {
      out.sockets_.push_back({std::move(message->fd), std::move(message->text)});
    } else if (message->text == kDone) {
      out.complete_ = true;
      return std::optional(std::move(out));
    }
  }
  if (out.sockets_.empty())
    return failure(problem(path, "gave no sockets: the collector there did not answer, or ended"));
  return std::optional(std::move(out));
}

bool Takeover::wait_ended(std::chrono::milliseconds at_most) const {
  pollfd ended{.fd = connection_.get(), .events = POLLIN, .revents = 0};
  return ::poll(&ended, 1, static_cast<int>(at_most.count())) > 0;
}

Result<void, std::string> TakeoverRequest::give(
    const std::vector<std::pair<std::string, int>>& sockets) const {
  limit_waiting(connection_.get(), kAnswerSeconds);
  for (const auto& [name, fd] : sockets)
    if (!send_message(connection_.get(), name, fd)) return failure(std::string(std::strerror(errno)));
  if (!send_message(connection_.get(), kDone)) return failure(std::string(std::strerror(errno)));
  return {};
}

Result<std::unique_ptr<TakeoverListener>, std::string> TakeoverListener::start(boost::asio::io_context& io,
                                                                               const std::string& path,
                                                                               OnRequest on_request,
                                                                               LogFn log) {
  const auto address = address_of(path);
  if (!address) return failure(too_long(path));
  const int tried = connect_to(unix_socket(), *address);
  if (tried == 0)
    return failure(
        problem(path, "is in use by a collector that runs; `sluice run --takeover` takes over from it"));
  // What is left of one that was killed. Only a socket is taken away.
  struct stat found{};
  if (tried == ECONNREFUSED && ::lstat(path.c_str(), &found) == 0 && S_ISSOCK(found.st_mode))
    ::unlink(path.c_str());
  UniqueFd listening = unix_socket();
  // Nobody can connect before listen(), and by then the mode is right.
  if (::bind(listening.get(), reinterpret_cast<const sockaddr*>(&*address), sizeof *address) != 0 ||
      ::chmod(path.c_str(), kMode) != 0 || ::listen(listening.get(), 1) != 0)
    return failure(cannot_listen(path, errno));
  return std::make_unique<TakeoverListener>(io, std::move(listening), path, std::move(on_request),
                                            std::move(log));
}

std::optional<std::string> TakeoverListener::try_out(const std::string& path) {
  if (!address_of(path)) return too_long(path);
  struct stat found{};
  if (::lstat(path.c_str(), &found) != 0) {
    const int error = cannot_write_file(path);
    return error == 0 ? std::nullopt : std::optional(cannot_listen(path, error));
  }
  if (!S_ISSOCK(found.st_mode)) return cannot_listen(path, EADDRINUSE);
  const Room room = room_in(std::filesystem::path(path).parent_path());
  return room.error == 0 ? std::nullopt : std::optional(cannot_listen(path, room.error));
}

TakeoverListener::TakeoverListener(boost::asio::io_context& io, UniqueFd listening, std::string path,
                                   OnRequest on_request, LogFn log)
    : listening_(io, listening.release()),
      path_(std::move(path)),
      on_request_(std::move(on_request)),
      log_(std::move(log)) {
  wait();
}

TakeoverListener::~TakeoverListener() { ::unlink(path_.c_str()); }

void TakeoverListener::wait() {
  listening_.async_wait(boost::asio::posix::stream_descriptor::wait_read,
                        [this](const boost::system::error_code& error) {
                          if (error) return;
                          accept_one();
                        });
}

void TakeoverListener::accept_one() {
  UniqueFd connection(::accept4(listening_.native_handle(), nullptr, nullptr, SOCK_CLOEXEC));
  const auto peer = connection ? peer_of(connection.get()) : std::nullopt;
  if (!peer) return wait();
  if (peer->uid != ::geteuid()) {
    log_(LogLevel::warning,
         "run.takeover: " + problem(path_, "was asked by a process of another user (" +
                                               std::to_string(peer->uid) + "), which gets nothing"));
    return wait();
  }
  limit_waiting(connection.get(), kGreetingSeconds);
  const auto greeting = receive_message(connection.get());
  if (!greeting || greeting->text != kTakeoverGreeting) return wait();
  const OnRequest on_request = on_request_;  // which may end this
  on_request(TakeoverRequest(std::move(connection), peer->pid));
}

}  // namespace sluice::app
