#include "generate/networks.hpp"

namespace sluice::generate {
namespace {

constexpr std::uint32_t kLocalSlots = kInterfaces / 4;
constexpr std::uint32_t kLocalNetworks = 24;
constexpr std::uint32_t kRemoteNetworks = 400;
// Large content and access networks, which real tables are full of.
constexpr std::uint32_t kKnownAs[] = {15169, 13335, 16509, 32934, 20940, 8075,  3320,  7922,   2906, 714,
                                      6939,  3356,  14618, 54113, 60068, 16276, 24940, 197540, 3215, 5089};

std::uint64_t mac_of(std::uint64_t bits) { return 0x020000000000ULL | (bits & 0x00ffffffffffULL); }

IpAddress v6(std::uint64_t high, std::uint64_t low) {
  IpAddress out;
  out.size = 16;
  for (unsigned i = 0; i < 8; ++i) {
    out.bytes[i] = static_cast<std::uint8_t>(high >> (56 - 8 * i));
    out.bytes[8 + i] = static_cast<std::uint8_t>(low >> (56 - 8 * i));
  }
  return out;
}

/// Keeps the first `length` bits.
IpAddress masked(IpAddress address, unsigned length) {
  for (unsigned i = 0; i < address.size; ++i) {
    const unsigned keep = length > 8 * i ? std::min(8U, length - 8 * i) : 0;
    address.bytes[i] &= static_cast<std::uint8_t>(0xff00U >> keep);
  }
  return address;
}

IpPrefix prefix(const IpAddress& address, unsigned length) {
  return {masked(address, length), static_cast<std::uint8_t>(length)};
}

/// A unicast address that routers carry: not private, loopback, link-local, multicast or reserved.
std::uint32_t public_v4(Random& random) {
  for (;;) {
    const auto address = static_cast<std::uint32_t>(random() >> 32);
    const std::uint32_t first = address >> 24;
    const bool reserved = first == 0 || first == 10 || first == 127 || first >= 224 ||
                          (address >> 22) == (100U << 2 | 1) || (address >> 16) == (169U << 8 | 254) ||
                          (address >> 20) == (172U << 4 | 1) || (address >> 16) == (192U << 8 | 168) ||
                          (address >> 17) == (198U << 7 | 9);
    if (!reserved) return address;
  }
}

}  // namespace

std::vector<Network> local_networks(Random& random) {
  std::vector<Network> networks(kLocalNetworks);
  for (std::uint32_t i = 0; i < kLocalNetworks; ++i) {
    Network& network = networks[i];
    network.as = kLocalAs;
    // 198.18.0.0/15 and 2001:db8::/32 are set aside for tests (RFC 2544, RFC 3849).
    network.prefix[0] = prefix(IpAddress::v4(198U << 24 | 18U << 16 | i << 11), 21);
    network.prefix[1] = prefix(v6(0x20010db800000000ULL | static_cast<std::uint64_t>(i) << 16, 0), 48);
    network.slot = i % kLocalSlots;
    network.next_hop[0] = IpAddress::v4(198U << 24 | 19U << 16 | 255U << 8 | (i + 1));
    network.next_hop[1] = v6(0x20010db8ffff0000ULL, i + 1);
    network.vlan = static_cast<std::uint16_t>(i % 3 == 0 ? 0 : 100 + i);
    network.mac = mac_of(random());
  }
  return networks;
}

std::vector<Network> remote_networks(Random& random) {
  static constexpr std::uint64_t kRegions[] = {0x2400, 0x2600, 0x2800, 0x2a00, 0x2c00};
  std::vector<Network> networks(kRemoteNetworks);
  for (std::uint32_t i = 0; i < kRemoteNetworks; ++i) {
    Network& network = networks[i];
    const std::uint32_t drawn =
        random.below(4) == 0 ? 196608 + random.below(200000) : 1000 + random.below(60000);
    network.as = i < std::size(kKnownAs) ? kKnownAs[i] : drawn;
    // One draw a statement: the order in which arguments are evaluated differs by compiler.
    const std::uint32_t ipv4 = public_v4(random);
    network.prefix[0] = prefix(IpAddress::v4(ipv4), 12 + random.below(13));
    const std::uint64_t region = kRegions[random.below(std::size(kRegions))] << 48;
    const std::uint64_t ipv6 = region | (random() & 0x00ffffffffffffffULL);
    network.prefix[1] = prefix(v6(ipv6, 0), 29 + random.below(20));
    network.slot = kLocalSlots + random.below(kInterfaces - kLocalSlots);
    network.next_hop[0] = IpAddress::v4(80U << 24 | 81U << 16 | network.slot << 8 | (1 + random.below(6)));
    network.next_hop[1] = v6(0x2001070000000000ULL | network.slot, 1 + random.below(6));
    network.mac = mac_of(0x5e0000000000ULL | network.slot);
  }
  return networks;
}

IpAddress host_of(const Network& network, bool ipv6, Random& random) {
  const IpPrefix& from = network.prefix[ipv6];
  IpAddress host = from.address;
  const std::uint64_t high = random(), low = random();
  const IpAddress drawn = ipv6 ? v6(high, low) : IpAddress::v4(static_cast<std::uint32_t>(high >> 32));
  for (unsigned i = 0; i < host.size; ++i) {
    const unsigned keep = from.length > 8 * i ? std::min(8U, from.length - 8 * i) : 0;
    host.bytes[i] |= static_cast<std::uint8_t>(drawn.bytes[i] & (0xffU >> keep));
  }
  return host;
}

}  // namespace sluice::generate
