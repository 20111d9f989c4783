// Sends the reference datagrams to a port on loopback at a fixed rate, from several source addresses,
// templates first. Prints what it sent. Bounded in count and time; only loopback.
//   bench_sender PORT RATE SECONDS [SOURCES]
#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <time.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <cstring>

#include "bench/reference_datagrams.hpp"
#include "util/unique_fd.hpp"

namespace {

using sluice::UniqueFd;
using sluice::bench::Payload;

double now() {
  timespec t{};
  clock_gettime(CLOCK_MONOTONIC, &t);
  return static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_nsec) * 1e-9;
}

void sleep_for(double seconds) {
  if (seconds <= 0) return;
  const auto whole = static_cast<time_t>(seconds);
  const timespec t{whole, static_cast<long>((seconds - static_cast<double>(whole)) * 1e9)};
  nanosleep(&t, nullptr);
}

sockaddr_in loopback(std::uint32_t host, std::uint16_t port) {
  sockaddr_in a{};
  a.sin_family = AF_INET;
  a.sin_port = htons(port);
  a.sin_addr.s_addr = htonl(0x7f000000U | host);
  return a;
}

UniqueFd open_source(unsigned index, std::uint16_t port) {
  UniqueFd fd(socket(AF_INET, SOCK_DGRAM, 0));
  const sockaddr_in from = loopback(2 + index, 0);
  const sockaddr_in to = loopback(1, port);
  if (bind(fd.get(), reinterpret_cast<const sockaddr*>(&from), sizeof from) != 0 ||
      connect(fd.get(), reinterpret_cast<const sockaddr*>(&to), sizeof to) != 0) {
    std::perror("bench_sender");
    std::exit(1);
  }
  return fd;
}

std::size_t send_some(const UniqueFd& fd, const std::vector<Payload>& pool, std::size_t& at, std::size_t n) {
  std::vector<iovec> parts(n);
  std::vector<mmsghdr> messages(n);
  for (std::size_t i = 0; i < n; ++i) {
    const Payload& payload = pool[at++ % pool.size()];
    parts[i] = {const_cast<std::byte*>(payload.data()), payload.size()};
    messages[i] = {};
    messages[i].msg_hdr.msg_iov = &parts[i];
    messages[i].msg_hdr.msg_iovlen = 1;
  }
  const int sent = sendmmsg(fd.get(), messages.data(), static_cast<unsigned>(n), 0);
  return sent > 0 ? static_cast<std::size_t>(sent) : 0;
}

/// The header's time becomes the present, as a router's would be (RFC 3954 section 5.1: bytes 8 to 11).
Payload dated_now(Payload payload) {
  const auto seconds = static_cast<std::uint32_t>(time(nullptr));
  for (unsigned i = 0; i < 4; ++i) payload[8 + i] = static_cast<std::byte>(seconds >> (24 - 8 * i) & 0xffU);
  return payload;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 4) return 2;
  const auto port = static_cast<std::uint16_t>(std::atoi(argv[1]));
  const double rate = std::atof(argv[2]);
  const double seconds = std::min(std::atof(argv[3]), 120.0);
  const unsigned sources = argc > 4 ? static_cast<unsigned>(std::clamp(std::atoi(argv[4]), 1, 200)) : 8;
  sluice::bench::ReferenceDatagrams reference(7);
  std::vector<Payload> pool;
  for (std::size_t i = 0; i < 512; ++i) pool.push_back(dated_now(reference.next()));
  std::vector<UniqueFd> fds;
  const Payload announcement = sluice::bench::reference_template();
  for (unsigned i = 0; i < sources; ++i) {
    fds.push_back(open_source(i, port));
    (void)!send(fds.back().get(), announcement.data(), announcement.size(), 0);
  }
  const auto total = static_cast<std::size_t>(rate * seconds);
  const double begin = now();
  std::size_t sent = 0;
  std::size_t at = 0;
  for (unsigned turn = 0; sent < total && now() - begin < seconds * 2; ++turn) {
    const auto due = std::min(total, static_cast<std::size_t>((now() - begin) * rate) + 1);
    if (due <= sent) {
      sleep_for(1e-3);
      continue;
    }
    sent += send_some(fds[turn % sources], pool, at, std::min<std::size_t>(due - sent, 64));
  }
  std::printf("{\"datagrams\":%zu,\"flows\":%zu,\"templates\":%u,\"seconds\":%.3f}\n", sent,
              sent * sluice::bench::kFlows, sources, now() - begin);
  return 0;
}
