#include "generate/receiver_fill.hpp"

#include <linux/inet_diag.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <linux/sock_diag.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstring>

namespace sluice::generate {
namespace {

constexpr std::uint32_t kAllStates = ~0U;

/// Copies a struct out of the kernel's answer; zeros where it is too short.
template <class T>
T copy_of(const std::byte* at, std::size_t available) {
  T out{};
  if (available >= sizeof(T)) std::memcpy(&out, at, sizeof(T));
  return out;
}

/// Fill of one socket from the attributes that follow its inet_diag_msg; below 0 where they do not tell.
double fill_of(const std::byte* at, std::size_t size) {
  while (size >= sizeof(rtattr)) {
    const auto attribute = copy_of<rtattr>(at, size);
    if (attribute.rta_len < sizeof(rtattr) || attribute.rta_len > size) break;
    if (attribute.rta_type == INET_DIAG_SKMEMINFO) {
      const auto memory = copy_of<std::array<std::uint32_t, SK_MEMINFO_RCVBUF + 1>>(
          at + RTA_LENGTH(0), attribute.rta_len - RTA_LENGTH(0));
      const std::uint32_t allowed = memory[SK_MEMINFO_RCVBUF];
      return allowed == 0 ? -1 : static_cast<double>(memory[SK_MEMINFO_RMEM_ALLOC]) / allowed;
    }
    const std::size_t step = std::min<std::size_t>(RTA_ALIGN(attribute.rta_len), size);
    at += step;
    size -= step;
  }
  return -1;
}

}  // namespace

ReceiverFill::ReceiverFill(std::uint16_t port)
    : netlink_(socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_SOCK_DIAG)), port_(port) {}

double ReceiverFill::worst() { return std::max(worst_of(AF_INET), worst_of(AF_INET6)); }

double ReceiverFill::worst_of(int family) {
  struct {
    nlmsghdr header;
    inet_diag_req_v2 request;
  } ask{};
  ask.header.nlmsg_len = sizeof ask;
  ask.header.nlmsg_type = SOCK_DIAG_BY_FAMILY;
  ask.header.nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP;
  ask.request.sdiag_family = static_cast<std::uint8_t>(family);
  ask.request.sdiag_protocol = IPPROTO_UDP;
  ask.request.idiag_ext = 1U << (INET_DIAG_SKMEMINFO - 1);
  ask.request.idiag_states = kAllStates;
  ask.request.id.idiag_sport = htons(port_);
  if (send(netlink_.get(), &ask, sizeof ask, 0) < 0) return -1;

  double worst = -1;
  alignas(nlmsghdr) std::array<std::byte, 32768> answer;
  for (;;) {
    const ssize_t got = recv(netlink_.get(), answer.data(), answer.size(), 0);
    if (got <= 0) return worst;
    auto left = static_cast<std::size_t>(got);
    const std::byte* at = answer.data();
    while (left >= sizeof(nlmsghdr)) {
      const auto header = copy_of<nlmsghdr>(at, left);
      if (header.nlmsg_type == NLMSG_DONE || header.nlmsg_type == NLMSG_ERROR) return worst;
      if (header.nlmsg_len < NLMSG_LENGTH(sizeof(inet_diag_msg)) || header.nlmsg_len > left) return worst;
      const auto socket_info = copy_of<inet_diag_msg>(at + NLMSG_HDRLEN, left - NLMSG_HDRLEN);
      constexpr std::size_t kAttributes = NLMSG_SPACE(sizeof(inet_diag_msg));
      if (socket_info.id.idiag_sport == htons(port_) && header.nlmsg_len > kAttributes)
        worst = std::max(worst, fill_of(at + kAttributes, header.nlmsg_len - kAttributes));
      const std::size_t step = std::min<std::size_t>(NLMSG_ALIGN(header.nlmsg_len), left);
      at += step;
      left -= step;
    }
  }
}

}  // namespace sluice::generate
