#pragma once
// Builds packets for tests, a verb a layer, outermost first:
//   PacketBuilder().ethernet().vlan(7).ipv4("192.0.2.1", "192.0.2.2").tcp(443, 50000).bytes()
// Each layer writes its number into the one before it; lengths are put right by bytes().
#include <cstddef>
#include <cstdint>
#include <stdexcept>
#include <string_view>
#include <utility>
#include <vector>

#include "sluice/flow/address.hpp"
#include "sluice/util/byte_reader.hpp"

namespace sluice::test {

/// Big-endian bytes that grow.
class WireBytes {
 public:
  WireBytes& u8(std::uint64_t v) { return put(v, 1); }
  WireBytes& u16(std::uint64_t v) { return put(v, 2); }
  WireBytes& u32(std::uint64_t v) { return put(v, 4); }
  WireBytes& u48(std::uint64_t v) { return put(v, 6); }
  WireBytes& u64(std::uint64_t v) { return put(v, 8); }
  WireBytes& zeros(std::size_t n) {
    data_.resize(data_.size() + n);
    return *this;
  }
  WireBytes& raw(Bytes bytes) {
    data_.insert(data_.end(), bytes.begin(), bytes.end());
    return *this;
  }
  /// The 4 or 16 bytes of the address.
  WireBytes& text(std::string_view value) { return raw(std::as_bytes(std::span(value))); }
  WireBytes& address(std::string_view text) {
    const auto parsed = IpAddress::parse(text);
    if (!parsed) throw std::invalid_argument(std::string(text));
    return raw(std::as_bytes(std::span(parsed->bytes)).first(parsed->size));
  }
  void set_u8(std::size_t at, std::uint64_t v) { data_[at] = static_cast<std::byte>(v); }
  void set_u16(std::size_t at, std::uint64_t v) {
    set_u8(at, v >> 8 & 0xff);
    set_u8(at + 1, v & 0xff);
  }
  std::size_t size() const { return data_.size(); }
  const std::vector<std::byte>& data() const { return data_; }

 private:
  WireBytes& put(std::uint64_t v, unsigned width) {
    for (unsigned i = width; i-- > 0;) data_.push_back(static_cast<std::byte>(v >> (8 * i) & 0xff));
    return *this;
  }
  std::vector<std::byte> data_;
};

class PacketBuilder {
 public:
  static constexpr std::uint64_t kSrcMac = 0x020000000001, kDstMac = 0x020000000002;

  PacketBuilder& ethernet(std::uint64_t src = kSrcMac, std::uint64_t dst = kDstMac) {
    tell_ethertype(0x6558);  // in a tunnel
    tell_protocol(143);
    out_.u48(dst).u48(src);
    return await_ethertype();
  }
  PacketBuilder& vlan(unsigned id, unsigned priority = 0, unsigned tag_type = 0x8100) {
    tell_ethertype(tag_type);
    out_.u16(priority << 13 | id);
    return await_ethertype();
  }
  /// An 802.3 length in place of the type, LLC and SNAP with the organisation code given.
  PacketBuilder& snap(std::uint32_t organisation = 0) {
    tell_ethertype(100);
    out_.u8(0xaa).u8(0xaa).u8(0x03).u8(organisation >> 16).u8(organisation >> 8).u8(organisation);
    return await_ethertype();
  }
  PacketBuilder& mpls(std::uint32_t label, unsigned ttl, bool bottom) {
    tell_ethertype(0x8847);
    out_.u32(label << 12 | (bottom ? 0x100U : 0U) | ttl);
    return *this;
  }
  /// PPP in HDLC-like framing, for a packet with this protocol number.
  PacketBuilder& ppp(unsigned protocol, bool framed = true, bool compressed = false) {
    if (framed) out_.u16(0xff03);
    compressed ? out_.u8(protocol) : out_.u16(protocol);
    return *this;
  }

  /// PPPoE in its session stage; a ppp() without framing follows.
  PacketBuilder& pppoe(unsigned session = 7, unsigned version_and_type = 0x11, unsigned code = 0) {
    tell_ethertype(0x8864);
    out_.u8(version_and_type).u8(code).u16(session).u16(0);
    lengths_.push_back({out_.size() - 2, out_.size()});
    return *this;
  }

  struct Ipv4 {
    unsigned tos = 0, id = 0, flags = 0, offset = 0, ttl = 64,
             options = 0;  ///< options: bytes, multiple of 4
  };
  PacketBuilder& ipv4(std::string_view src, std::string_view dst) { return ipv4(src, dst, Ipv4{}); }
  PacketBuilder& ipv4(std::string_view src, std::string_view dst, Ipv4 with) {
    tell_ethertype(0x0800);
    tell_protocol(4);
    const std::size_t at = out_.size();
    out_.u8(0x40 | (5 + with.options / 4))
        .u8(with.tos)
        .u16(0)
        .u16(with.id)
        .u16(with.flags << 13 | with.offset);
    out_.u8(with.ttl).u8(0xff).u16(0).address(src).address(dst);
    for (unsigned i = 0; i < with.options; ++i) out_.u8(1);  // no operation
    protocol_at_ = at + 9;
    lengths_.push_back({at + 2, at});
    return *this;
  }

  struct Ipv6 {
    unsigned traffic_class = 0, flow_label = 0, hop_limit = 64;
  };
  PacketBuilder& ipv6(std::string_view src, std::string_view dst) { return ipv6(src, dst, Ipv6{}); }
  PacketBuilder& ipv6(std::string_view src, std::string_view dst, Ipv6 with) {
    tell_ethertype(0x86dd);
    tell_protocol(41);
    const std::size_t at = out_.size();
    out_.u32(6U << 28 | with.traffic_class << 20 | with.flow_label).u16(0).u8(59).u8(with.hop_limit);
    out_.address(src).address(dst);
    protocol_at_ = at + 6;
    lengths_.push_back({at + 4, at + 40});
    return *this;
  }
  /// Hop-by-hop (0) or destination options (60) of 8 * (1 + words) bytes.
  PacketBuilder& options(unsigned number, unsigned words = 0) {
    extension(number, words);
    out_.u16(0x0104).zeros(4 + std::size_t{8} * words);
    return *this;
  }
  PacketBuilder& routing(unsigned type, unsigned segments_left,
                         const std::vector<std::string_view>& addresses) {
    extension(43, static_cast<unsigned>(addresses.size() * 2));
    out_.u8(type).u8(segments_left).u8(addresses.empty() ? 0 : addresses.size() - 1).zeros(3);
    for (const auto address : addresses) out_.address(address);
    return *this;
  }
  PacketBuilder& fragment(unsigned offset, bool more, std::uint32_t id) {
    extension(44, 0);
    out_.u16(offset << 3 | (more ? 1U : 0U)).u32(id);
    return *this;
  }
  /// Authentication header with 12 bytes of check value.
  PacketBuilder& authentication() {
    extension(51, 4);
    out_.zeros(22);
    return *this;
  }

  PacketBuilder& tcp(unsigned src_port, unsigned dst_port, unsigned flags = 0x10) {
    tell_protocol(6);
    out_.u16(src_port).u16(dst_port).u32(1).u32(2).u16(5U << 12 | flags).zeros(6);
    return *this;
  }
  PacketBuilder& udp(unsigned src_port, unsigned dst_port) {
    tell_protocol(17);
    out_.u16(src_port).u16(dst_port).u16(8).u16(0);
    return *this;
  }
  PacketBuilder& sctp(unsigned src_port, unsigned dst_port) {
    tell_protocol(132);
    out_.u16(src_port).u16(dst_port).zeros(8);
    return *this;
  }
  PacketBuilder& icmp(unsigned type, unsigned code, unsigned protocol = 1) {
    tell_protocol(protocol);
    out_.u8(type).u8(code).zeros(6);
    return *this;
  }
  PacketBuilder& icmpv6(unsigned type, unsigned code) { return icmp(type, code, 58); }
  /// GRE with `optional` bytes behind its first four.
  PacketBuilder& gre(unsigned flags = 0, std::size_t optional = 0) {
    tell_protocol(47);
    out_.u16(flags);
    await_ethertype();
    out_.zeros(optional);
    return *this;
  }
  PacketBuilder& vxlan(std::uint32_t vni, std::uint32_t flags_and_group = 0x08000000) {
    out_.u32(flags_and_group).u32(vni << 8);
    return *this;
  }
  /// options: bytes, multiple of 4
  PacketBuilder& geneve(std::uint32_t vni, unsigned options = 0) {
    out_.u8(options / 4).u8(0);
    await_ethertype();
    out_.u32(vni << 8).zeros(options);
    return *this;
  }
  /// GTP-U version 1 with a sequence number where the flags say so; extensions are left to raw().
  PacketBuilder& gtpu(unsigned flags = 0x30, unsigned message = 255) {
    out_.u8(flags).u8(message).u16(0).u32(0xcafe);
    lengths_.push_back({out_.size() - 6, out_.size()});
    return *this;
  }
  PacketBuilder& raw(const WireBytes& bytes) {
    out_.raw(bytes.data());
    return *this;
  }
  /// Names what follows without writing it.
  PacketBuilder& then_ethertype(unsigned type) {
    tell_ethertype(type);
    return *this;
  }
  PacketBuilder& then_protocol(unsigned number) {
    tell_protocol(number);
    return *this;
  }
  PacketBuilder& payload(std::size_t n) {
    out_.zeros(n);
    return *this;
  }

  std::vector<std::byte> bytes() const {
    WireBytes done = out_;
    for (const auto& [at, from] : lengths_) done.set_u16(at, done.size() - from);
    return done.data();
  }

 private:
  PacketBuilder& await_ethertype() {
    ethertype_at_ = out_.size();
    out_.u16(0xffff);  // no type; what is never told stays unknown
    return *this;
  }
  void tell_ethertype(unsigned type) {
    if (ethertype_at_) out_.set_u16(std::exchange(ethertype_at_, 0), type);
  }
  void tell_protocol(unsigned number) {
    if (protocol_at_) out_.set_u8(std::exchange(protocol_at_, 0), number);
  }
  void extension(unsigned number, unsigned length_field) {
    tell_protocol(number);
    protocol_at_ = out_.size();
    out_.u8(59).u8(length_field);
  }

  WireBytes out_;
  std::size_t ethertype_at_ = 0;  // no layer waits at 0: a type never stands first in a packet
  std::size_t protocol_at_ = 0;
  std::vector<std::pair<std::size_t, std::size_t>> lengths_;  // where a length stands, what it counts from
};

}  // namespace sluice::test
