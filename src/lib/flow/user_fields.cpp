#include "sluice/flow/user_fields.hpp"

#include <algorithm>
#include <iterator>
#include <utility>

namespace sluice {

std::string_view name(PacketLayer layer) {
  static constexpr std::string_view kNames[] = {
      "ethernet",     "ppp",          "802.1q",        "mpls",           "ipv4", "ipv6",
      "ipv6_options", "ipv6_routing", "ipv6_fragment", "authentication", "tcp",  "udp",
      "sctp",         "icmp",         "icmpv6",        "pppoe",          "gre",  "vxlan",
      "geneve",       "gtpu",         "teredo",
  };
  static_assert(std::size(kNames) == static_cast<std::size_t>(PacketLayer::count));
  return layer < PacketLayer::count ? kNames[static_cast<std::size_t>(layer)] : std::string_view();
}

UserFields::UserFields(std::vector<UserField> fields) : fields_(std::move(fields)) {
  for (const UserField& field : fields_)
    for (const PacketSource& source : field.packet) {
      if (source.layer >= PacketLayer::count) continue;
      bits_[static_cast<std::size_t>(source.layer)].push_back({&field, source});
      reads_packets_ = true;
    }
}

const UserField* UserFields::find(std::uint32_t number) const {
  const auto found = std::ranges::find(fields_, number, &UserField::number);
  return found == fields_.end() ? nullptr : &*found;
}

const UserField* UserFields::find(std::string_view name) const {
  const auto found = std::ranges::find(fields_, name, &UserField::name);
  return found == fields_.end() ? nullptr : &*found;
}

UserFieldsPtr make_user_fields(std::vector<UserField> fields) {
  return fields.empty() ? nullptr : std::make_shared<const UserFields>(std::move(fields));
}

}  // namespace sluice
