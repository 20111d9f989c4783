#pragma once
// Fields that configuration adds to the message: where each comes from and how it is written. Read once at
// start; a UserFields is constant from then on and shared by decoders, encoders and readers of all threads.
#include <array>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace sluice {

/// What the field is in protobuf, JSON and ClickHouse.
enum class UserType : std::uint8_t {
  uint,    ///< optional uint64; number; Nullable(UInt64)
  string,  ///< string; text; String
  bytes,   ///< bytes; hexadecimal digits; String
  address  ///< bytes of 4 or 16; address as text; IPv6
};

/// Headers of a sampled packet by the names that configuration has for them.
enum class PacketLayer : std::uint8_t {
  ethernet,
  ppp,
  dot1q,
  mpls,
  ipv4,
  ipv6,
  ipv6_options,
  ipv6_routing,
  ipv6_fragment,
  authentication,
  tcp,
  udp,
  sctp,
  icmp,
  icmpv6,
  pppoe,
  gre,
  vxlan,
  geneve,
  gtpu,
  teredo,
  count
};
/// "ethernet", "802.1q", "ipv6_routing" ...
std::string_view name(PacketLayer layer);

/// An information element; of NetFlow v9 the field type, enterprise 0.
struct ElementSource {
  std::uint32_t pen = 0;
  std::uint16_t id = 0;
  friend bool operator==(const ElementSource&, const ElementSource&) = default;
};

/// Bits of a sampled packet, counted from the first bit of a layer's header.
struct PacketSource {
  PacketLayer layer = PacketLayer::count;
  bool inner = false;        ///< of the packet within a tunnel
  std::uint32_t offset = 0;  ///< bits
  std::uint32_t length = 0;  ///< bits
  friend bool operator==(const PacketSource&, const PacketSource&) = default;
};

struct UserField {
  std::string name;
  std::uint32_t number = 0;  ///< of FlowMessage; 2000 and up
  UserType type = UserType::uint;
  bool list = false;           ///< keeps every value, in the order met; else the first that is not zero
  bool little_endian = false;  ///< type uint: the least significant byte comes first
  std::vector<ElementSource> elements;
  std::vector<PacketSource> packet;
  friend bool operator==(const UserField&, const UserField&) = default;
};

inline constexpr std::uint32_t kFirstUserNumber = 2000;
inline constexpr std::uint32_t kLastUserNumber = 536'870'911;  ///< protobuf's largest
inline constexpr std::size_t kMaxUserFields = 64;

/// The configured fields, as decoders and encoders look them up. Neither copied nor moved: parts of it point
/// at each other.
class UserFields {
 public:
  struct PacketBits {
    const UserField* field;
    PacketSource source;
  };

  explicit UserFields(std::vector<UserField> fields);
  UserFields(const UserFields&) = delete;
  UserFields& operator=(const UserFields&) = delete;

  /// In the order of configuration.
  std::span<const UserField> all() const { return fields_; }
  /// nullptr where there is none.
  const UserField* find(std::uint32_t number) const;
  const UserField* find(std::string_view name) const;
  /// Whether any field comes from a sampled packet.
  bool reads_packets() const { return reads_packets_; }
  /// What is wanted of this layer's header, in the order of configuration.
  std::span<const PacketBits> bits_of(PacketLayer layer) const {
    return bits_[static_cast<std::size_t>(layer)];
  }

 private:
  const std::vector<UserField> fields_;
  std::array<std::vector<PacketBits>, static_cast<std::size_t>(PacketLayer::count)> bits_;
  bool reads_packets_ = false;
};

using UserFieldsPtr = std::shared_ptr<const UserFields>;
/// nullptr where there are no fields, so that whoever has none pays for nothing.
UserFieldsPtr make_user_fields(std::vector<UserField> fields);

}  // namespace sluice
