#include "generate/population.hpp"

#include <cmath>

#include "generate/flow_wire.hpp"
#include "generate/networks.hpp"

namespace sluice::generate {
namespace {

constexpr double kZipf = 1.05;
constexpr double kTail = 1.15;  // Pareto's exponent: a mean exists, a variance does not
constexpr std::uint32_t kQuantiles = 4096;
constexpr std::uint32_t kMaxPackets = 2'000'000;  // times 1400 bytes still fits v5's and v9's 32 bits

struct Service {
  std::uint8_t proto;
  std::uint16_t port;
  std::uint32_t weight;
  std::uint16_t request;  // bytes of payload, on average, of a client's packets
  std::uint16_t answer;   // and of a server's
  std::uint8_t tos;
};
constexpr Service kServices[] = {
    {kTcp, 443, 400, 120, 1250, 0},   {kUdp, 443, 160, 90, 1180, 0},     {kUdp, 53, 150, 45, 180, 0},
    {kTcp, 80, 60, 150, 1100, 0},     {kIcmp, 0, 40, 56, 56, 0},         {kTcp, 22, 30, 60, 140, 0x10},
    {kTcp, 993, 20, 70, 600, 0},      {kTcp, 25, 20, 700, 50, 0},        {kUdp, 123, 25, 48, 48, 0},
    {kUdp, 5060, 10, 480, 420, 0x68}, {kUdp, 16384, 25, 172, 172, 0xb8}, {kUdp, 51820, 20, 900, 900, 0},
    {kTcp, 8080, 10, 200, 800, 0},    {kTcp, 5432, 10, 150, 500, 0},     {kTcp, 179, 10, 60, 60, 0xc0},
    {kTcp, 445, 10, 400, 900, 0}};

const Service& draw_service(Random& random) {
  static constexpr std::uint32_t kTotal = [] {
    std::uint32_t sum = 0;
    for (const auto& service : kServices) sum += service.weight;
    return sum;
  }();
  std::uint32_t at = random.below(kTotal);
  for (const auto& service : kServices) {
    if (at < service.weight) return service;
    at -= service.weight;
  }
  return kServices[0];
}

void set_ends(FlowRecord& flow, const Network& from, const Network& to, bool ipv6) {
  flow.set_next_hop(to.next_hop[ipv6]);
  flow.src_as = from.as;
  flow.dst_as = to.as;
  flow.src_net = from.prefix[ipv6].length;
  flow.dst_net = to.prefix[ipv6].length;
  flow.in_if = from.slot;
  flow.out_if = to.slot;
  flow.src_mac = from.mac;
  flow.dst_mac = to.mac;
  flow.src_vlan = flow.vlan_id = from.vlan;
  flow.dst_vlan = to.vlan;
  flow.flow_direction = FlowDirection::ingress;
  flow.forwarding_status = 64;  // forwarded (RFC 7270 section 4.12)
}

void set_protocol(FlowRecord& flow, const Service& service, bool to_server, bool ipv6, Random& random) {
  flow.etype = ipv6 ? 0x86dd : 0x0800;
  flow.ip_tos = service.tos;
  flow.ip_ttl =
      static_cast<std::uint8_t>((to_server && random.below(3) == 0 ? 128 : 64) - 1 - random.below(20));
  flow.ip_flags = !ipv6 && service.proto == kTcp ? 2 : 0;  // don't fragment
  flow.ipv6_flow_label = ipv6 ? random.below(1U << 20) : 0;
  flow.proto = service.proto == kIcmp && ipv6 ? kIcmpV6 : service.proto;
  if (!is_icmp(flow)) {
    (to_server ? flow.dst_port : flow.src_port) = service.port;
  } else if (ipv6) {
    flow.icmp_type = to_server ? 128 : 129;  // echo
  } else {
    flow.icmp_type = to_server ? 8 : 0;
  }
}

Population::Direction direction(const Network& from, const Network& to, const IpAddress& source,
                                const IpAddress& destination, const Service& service, bool to_server,
                                Random& random) {
  const bool ipv6 = source.is_v6();
  Population::Direction out{};
  out.flow.set_source(source);
  out.flow.set_destination(destination);
  out.flow.extras = kNoExtras;
  set_ends(out.flow, from, to, ipv6);
  set_protocol(out.flow, service, to_server, ipv6, random);
  const std::size_t headers = (ipv6 ? 40U : 20U) + (service.proto == kTcp ? 20U : 8U);
  const std::uint16_t payload = to_server ? service.request : service.answer;
  // A TCP packet may be a bare acknowledgement; the others carry half to one and a half of the usual payload.
  const std::uint16_t least =
      service.proto == kTcp ? std::uint16_t{0} : static_cast<std::uint16_t>(payload / 2);
  out.least_bytes = static_cast<std::uint16_t>(headers + least);
  out.more_bytes = static_cast<std::uint16_t>(std::min<std::size_t>(payload + 1U, 1500 - out.least_bytes));
  return out;
}

/// Squares the draw: the first networks and hosts are drawn most.
std::uint32_t skewed(Random& random, std::size_t size) {
  const double share = random.share();
  return static_cast<std::uint32_t>(share * share * static_cast<double>(size));
}

}  // namespace

Random::Random(std::uint64_t seed) {
  for (auto& word : state_) {  // splitmix64
    seed += 0x9e3779b97f4a7c15ULL;
    std::uint64_t z = (seed ^ seed >> 30) * 0xbf58476d1ce4e5b9ULL;
    z = (z ^ z >> 27) * 0x94d049bb133111ebULL;
    word = z ^ z >> 31;
  }
}

Population::Population(std::uint64_t seed, std::uint32_t conversations) {
  Random random(seed);
  const auto local = local_networks(random);
  const auto remote = remote_networks(random);
  for (const bool ipv6 : {false, true}) {
    auto& out = directions_[ipv6];
    out.reserve(2 * std::size_t{conversations});
    for (std::uint32_t i = 0; i < conversations; ++i) {
      const Service& service = draw_service(random);
      const bool serving = random.below(6) == 0;  // the server is ours
      const Network& ours = local[skewed(random, local.size())];
      const Network& theirs = remote[skewed(random, remote.size())];
      const Network& client_net = serving ? theirs : ours;
      const Network& server_net = serving ? ours : theirs;
      const auto client = host_of(client_net, ipv6, random);
      const auto server = host_of(server_net, ipv6, random);
      out.push_back(direction(client_net, server_net, client, server, service, true, random));
      out.push_back(direction(server_net, client_net, server, client, service, false, random));
    }
  }

  // Walker's alias method, as Vose fills it.
  std::vector<double> weight(conversations);
  double sum = 0;
  for (std::uint32_t i = 0; i < conversations; ++i) sum += weight[i] = std::pow(i + 1.0, -kZipf);
  std::vector<std::uint32_t> small, large;
  for (std::uint32_t i = 0; i < conversations; ++i) {
    weight[i] *= conversations / sum;
    (weight[i] < 1 ? small : large).push_back(i);
  }
  zipf_.assign(conversations, {0xffffffffU, 0});
  while (!small.empty() && !large.empty()) {
    const auto less = small.back(), more = large.back();
    small.pop_back();
    zipf_[less] = {static_cast<std::uint32_t>(weight[less] * 0xffffffff), more};
    weight[more] -= 1 - weight[less];
    if (weight[more] < 1) {
      large.pop_back();
      small.push_back(more);
    }
  }
  for (const auto rest : {&small, &large})
    for (const auto i : *rest) zipf_[i] = {0xffffffffU, i};

  packets_.resize(kQuantiles);
  for (std::uint32_t i = 0; i < kQuantiles; ++i)
    packets_[i] = static_cast<std::uint32_t>(std::pow(1 - (i + 0.5) / kQuantiles, -1 / kTail));
}

const Population::Direction& Population::pick(Random& random, bool ipv6) const {
  const std::uint64_t bits = random();
  const auto slot = static_cast<std::uint32_t>((bits & 0x7fffffff) * zipf_.size() >> 31);
  const auto keep = static_cast<std::uint32_t>(bits >> 32);
  const std::uint32_t conversation = keep <= zipf_[slot].keep ? slot : zipf_[slot].alias;
  return directions_[ipv6][2 * std::size_t{conversation} + (bits >> 31 & 1)];
}

std::uint32_t Population::packets(Random& random) const {
  const std::uint64_t bits = random();
  const std::uint32_t quantile = static_cast<std::uint32_t>(bits >> 52);
  if (quantile + 1 < kQuantiles) [[likely]]
    return packets_[quantile];
  // The table's last step holds the whole tail: there the exact value is drawn.
  const double share = (static_cast<double>(bits & 0xffffffff) + 1) * 0x1p-32 / kQuantiles;
  return static_cast<std::uint32_t>(std::min<double>(kMaxPackets, std::pow(share, -1 / kTail)));
}

}  // namespace sluice::generate
