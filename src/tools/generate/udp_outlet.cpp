// Sockets, one an exporter, and batches of datagrams in one system call.
#include <netinet/in.h>
#include <netinet/udp.h>
#include <sys/resource.h>
#include <sys/socket.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <thread>
#include <vector>

#include "generate/destination.hpp"
#include "generate/outlet.hpp"
#include "generate/sentence.hpp"
#include "util/unique_fd.hpp"

namespace sluice::generate {
namespace {

constexpr int kSendBuffer = 4 << 20;          // bytes
constexpr std::size_t kBatch = 64;            // messages of one sendmmsg
constexpr std::size_t kMaxSegments = 64;      // UDP_MAX_SEGMENTS of older kernels
constexpr std::size_t kMaxSegmented = 65000;  // bytes that one UDP_SEGMENT send may have

std::string system_error(std::string_view what) { return join({what, ": ", std::strerror(errno)}); }

/// One socket an exporter can be more than the usual 1024 descriptors.
Result<void, std::string> raise_descriptor_limit(std::uint32_t exporters) {
  rlimit limit{};
  getrlimit(RLIMIT_NOFILE, &limit);
  const rlim_t wanted = rlim_t{exporters} + 64;
  if (limit.rlim_cur >= wanted) return {};
  if (limit.rlim_max < wanted)
    return failure(join({"--exporters ", std::to_string(exporters),
                         " needs as many sockets, but the limit of open files is ",
                         std::to_string(limit.rlim_max), ": raise it with ulimit -n"}));
  limit.rlim_cur = wanted;
  if (setrlimit(RLIMIT_NOFILE, &limit) != 0)
    return failure(system_error("cannot raise the limit of open files"));
  return {};
}

class UdpOutlet final : public Outlet {
 public:
  UdpOutlet(std::vector<UniqueFd> sockets, std::vector<Endpoint> sources, bool gso)
      : sockets_(std::move(sockets)), sources_(std::move(sources)), gso_(gso) {}

  Endpoint source(std::uint32_t exporter) const override { return sources_[exporter]; }
  std::uint64_t refused() const override { return refused_; }

  Result<void, std::string> send(std::uint32_t exporter, std::span<const Bytes> datagrams,
                                 std::span<const std::uint64_t>) override {
    while (!datagrams.empty()) {
      const std::size_t used = gather(datagrams);
      if (auto sent = send_messages(sockets_[exporter].get()); !sent) return sent;
      datagrams = datagrams.subspan(used);
    }
    return {};
  }

 private:
  union Control {
    std::array<char, CMSG_SPACE(sizeof(std::uint16_t))> bytes;
    cmsghdr align;
  };

  /// As many datagrams as one message may carry: those of the first one's size, and a shorter one at the end.
  std::size_t run_length(std::span<const Bytes> datagrams) const {
    if (!gso_) return 1;
    const std::size_t size = datagrams.front().size();
    const std::size_t most =
        std::min({datagrams.size(), kMaxSegments, std::max<std::size_t>(1, kMaxSegmented / size)});
    std::size_t n = 1;
    while (n < most && datagrams[n].size() == size) ++n;
    if (n < most && datagrams[n].size() < size) ++n;
    return n;
  }

  /// Fills messages_ from the front of the datagrams; returns how many datagrams went in.
  std::size_t gather(std::span<const Bytes> datagrams) {
    std::size_t used = 0;
    messages_used_ = 0;
    while (used < datagrams.size() && used < kBatch && messages_used_ < kBatch) {
      const std::size_t n = std::min(run_length(datagrams.subspan(used)), kBatch - used);
      msghdr& header = messages_[messages_used_].msg_hdr;
      header = {};
      header.msg_iov = &vectors_[used];
      header.msg_iovlen = n;
      for (std::size_t i = 0; i < n; ++i) {
        const Bytes& datagram = datagrams[used + i];
        // sendmsg reads only; iovec is one type for both directions.
        vectors_[used + i] = {const_cast<std::byte*>(datagram.data()), datagram.size()};
      }
      if (n > 1) set_segment_size(header, controls_[messages_used_], datagrams[used].size());
      used += n;
      ++messages_used_;
    }
    return used;
  }

  static void set_segment_size(msghdr& header, Control& control, std::size_t size) {
    header.msg_control = control.bytes.data();
    header.msg_controllen = control.bytes.size();
    cmsghdr* message = CMSG_FIRSTHDR(&header);
    message->cmsg_level = SOL_UDP;
    message->cmsg_type = UDP_SEGMENT;
    message->cmsg_len = CMSG_LEN(sizeof(std::uint16_t));
    const auto segment = static_cast<std::uint16_t>(size);
    std::memcpy(CMSG_DATA(message), &segment, sizeof segment);
  }

  Result<void, std::string> send_messages(int fd) {
    std::size_t done = 0;
    while (done < messages_used_) {
      const int n = sendmmsg(fd, &messages_[done], static_cast<unsigned>(messages_used_ - done), 0);
      if (n > 0) {
        done += static_cast<std::size_t>(n);
        continue;
      }
      switch (errno) {
        case EINTR:
          break;
        case ECONNREFUSED:
          ++refused_;
          break;  // told of an earlier datagram; this one has yet to be sent
        case ENOBUFS:
        case EAGAIN:
          std::this_thread::sleep_for(std::chrono::microseconds(100));
          break;
        default:
          return failure(system_error(gso_ ? "cannot send (is UDP_SEGMENT known here? try without --gso)"
                                           : "cannot send"));
      }
    }
    return {};
  }

  std::vector<UniqueFd> sockets_;
  std::vector<Endpoint> sources_;
  const bool gso_;
  std::uint64_t refused_ = 0;
  std::array<mmsghdr, kBatch> messages_{};
  std::array<iovec, kBatch> vectors_{};
  std::array<Control, kBatch> controls_{};
  std::size_t messages_used_ = 0;
};

Result<UniqueFd, std::string> open_socket(const Endpoint& to, const Endpoint& from) {
  const int family = to.address.is_v4() ? AF_INET : AF_INET6;
  UniqueFd fd(socket(family, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  if (!fd) return failure(system_error("cannot open a UDP socket"));
  setsockopt(fd.get(), SOL_SOCKET, SO_SNDBUF, &kSendBuffer, sizeof kSendBuffer);
  if (!from.address.empty() || from.port != 0) {
    IpAddress address = from.address;
    if (address.empty()) address.size = to.address.size;  // any address
    const SocketAddress local({address, from.port});
    if (bind(fd.get(), local.get(), local.size()) != 0)
      return failure(system_error(
          join({"cannot send from ", address.to_string(), " port ", std::to_string(from.port)})));
  }
  const SocketAddress remote(to);
  if (connect(fd.get(), remote.get(), remote.size()) != 0)
    return failure(system_error(join({"cannot send to ", to.address.to_string()})));
  return fd;
}

}  // namespace

Result<std::unique_ptr<Outlet>, std::string> open_udp(const Options& options) {
  const auto to = resolve(options.to);
  if (!to) return failure(to.error());
  if (auto raised = raise_descriptor_limit(options.exporters); !raised) return failure(raised.error());
  std::vector<UniqueFd> sockets;
  std::vector<Endpoint> sources;
  for (std::uint32_t i = 0; i < options.exporters; ++i) {
    Endpoint from;
    if (has_many_addresses(*to)) {
      from = {loopback_source(i), options.source_port};
    } else if (options.source_port != 0) {
      from.port = static_cast<std::uint16_t>(options.source_port + i);
    }
    auto fd = open_socket(*to, from);
    if (!fd) return failure(fd.error());
    sources.push_back(bound_endpoint(fd->get()).value_or(Endpoint{}));
    sockets.push_back(std::move(*fd));
  }
  return std::make_unique<UdpOutlet>(std::move(sockets), std::move(sources), options.gso);
}

}  // namespace sluice::generate
