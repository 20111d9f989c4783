#include "source/replay.hpp"

#include <sys/socket.h>

#include <cerrno>
#include <cstring>
#include <map>

#include "flow/endpoint.hpp"
#include "source/capture.hpp"
#include "source/pacer.hpp"
#include "util/unique_fd.hpp"

namespace sluice::source {
namespace {

/// 127.0.1.1, 127.0.1.2, ... 127.0.1.254, 127.0.2.1, ...
IpAddress loopback_alias(std::size_t index) {
  const auto n = static_cast<std::uint32_t>(index);
  return IpAddress::v4(0x7f000000U | (1 + n / 254) << 8 | (1 + n % 254));
}

bool is_v4_loopback(const IpAddress& address) { return address.is_v4() && address.bytes[0] == 127; }

class Replayer {
 public:
  Replayer(const ReplayOptions& options, const std::atomic<bool>& stop)
      : options_(options), pacer_(options.rate, options.speed, stop) {}

  Result<ReplayCounts, std::string> run() {
    for (std::uint64_t round = 0; options_.loops == 0 || round < options_.loops; ++round) {
      const std::uint64_t before = counts_.datagrams;
      bool stopped = false;
      for (const auto& file : options_.files) {
        const auto played = play(file, round == 0);
        if (!played) return failure(played.error());
        stopped = !*played;
        if (stopped) break;
      }
      if (stopped) break;
      // Files that hold nothing to send would be read for ever.
      if (counts_.datagrams == before) break;
    }
    counts_.seconds = pacer_.seconds();
    return counts_;
  }

 private:
  using Socket = Result<int, std::string>;

  /// True: played to its end; false: stopped.
  Result<bool, std::string> play(const std::string& path, bool first_round) {
    auto file = CaptureFile::open(path);
    if (!file) return failure(file.error());
    pacer_.start_file();
    CapturedDatagram datagram;
    while (file->next(datagram)) {
      if (!options_.everything && file->kind() == FileKind::capture && !is_flow_export(datagram.payload)) {
        ++counts_.skipped;
        continue;
      }
      if (!pacer_.wait(datagram.time_ns)) return false;
      const Socket socket = socket_for(datagram.source);
      if (!socket) return failure(socket.error());
      if (const auto sent = send(*socket, datagram); !sent) return failure(sent.error());
    }
    if (first_round && !file->warning().empty()) counts_.warnings.push_back(file->warning());
    return true;
  }

  Result<void, std::string> send(int fd, const CapturedDatagram& datagram) {
    for (;;) {
      if (::send(fd, datagram.payload.data(), datagram.payload.size(), MSG_NOSIGNAL) >= 0) {
        ++counts_.datagrams;
        counts_.bytes += datagram.payload.size();
        if (datagram.truncated) ++counts_.truncated;
        return {};
      }
      if (errno == EMSGSIZE) return ++counts_.too_long, Result<void, std::string>{};
      // The answer to an earlier datagram; reading it cleared it, and this one was not sent yet.
      if (errno == ECONNREFUSED)
        ++counts_.refused;
      else if (errno != EINTR && errno != EAGAIN && errno != ENOBUFS)
        return failure("sending to " + options_.target.to_string() + " failed: " + std::strerror(errno));
    }
  }

  Socket socket_for(const IpAddress& original) {
    if (!options_.per_exporter || original.empty()) return socket_from(options_.bind);
    auto alias = aliases_.find(original);
    if (alias == aliases_.end()) {
      if (aliases_.size() == kMaxAliases) return failure("more than 64,516 exporters in the files");
      alias = aliases_.emplace(original, loopback_alias(aliases_.size())).first;
      counts_.exporters.emplace_back(alias->first, alias->second);
    }
    return socket_from(alias->second);
  }

  Socket socket_from(const IpAddress& source) {
    const auto found = sockets_.find(source);
    if (found != sockets_.end()) return found->second.get();
    UniqueFd fd(::socket(options_.target.is_v4() ? AF_INET : AF_INET6, SOCK_DGRAM | SOCK_CLOEXEC, 0));
    if (!fd) return failure(std::string("no socket to send with: ") + std::strerror(errno));
    if (!source.empty()) {
      const SocketAddress local({source, 0});
      if (::bind(fd.get(), local.get(), local.size()) != 0)
        return failure("cannot send from " + source.to_string() + ": " + std::strerror(errno));
    }
    // Connected, so that the kernel tells when nobody listens.
    const SocketAddress remote({options_.target, options_.port});
    if (::connect(fd.get(), remote.get(), remote.size()) != 0)
      return failure("cannot send to " + options_.target.to_string() + ": " + std::strerror(errno));
    const int raw = fd.get();
    sockets_.emplace(source, std::move(fd));
    return raw;
  }

  static constexpr std::size_t kMaxAliases = 254 * 254;
  const ReplayOptions& options_;
  Pacer pacer_;
  ReplayCounts counts_;
  std::map<IpAddress, IpAddress> aliases_;
  std::map<IpAddress, UniqueFd> sockets_;  // by source address; the empty one where the kernel chooses
};

}  // namespace

Result<ReplayCounts, std::string> replay(const ReplayOptions& options, const std::atomic<bool>& stop) {
  if (options.per_exporter && !is_v4_loopback(options.target))
    return failure("a source address for each exporter needs a target in 127.0.0.0/8, not " +
                   options.target.to_string());
  if (!options.bind.empty() && options.bind.size != options.target.size)
    return failure("cannot send from " + options.bind.to_string() + " to " + options.target.to_string() +
                   ": one is IPv4, the other IPv6");
  return Replayer(options, stop).run();
}

}  // namespace sluice::source
