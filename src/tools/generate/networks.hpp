#pragma once
// The networks that the mock exporters' traffic runs between.
#include <vector>

#include "generate/population.hpp"

namespace sluice::generate {

/// A prefix of each family, behind one interface.
struct Network {
  std::uint32_t as = 0;
  IpPrefix prefix[2];  ///< IPv4, IPv6
  IpAddress next_hop[2];
  std::uint32_t slot = 0;  ///< interface
  std::uint16_t vlan = 0;  ///< 0: untagged
  std::uint64_t mac = 0;   ///< of the router or host behind the interface
};

/// Our own, with customers' VLANs: the first quarter of the interfaces.
std::vector<Network> local_networks(Random& random);
/// Those of the rest of the Internet; few of them are big.
std::vector<Network> remote_networks(Random& random);
/// Some host of the network.
IpAddress host_of(const Network& network, bool ipv6, Random& random);

}  // namespace sluice::generate
