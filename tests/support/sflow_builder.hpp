#pragma once
// Builds sFlow v5 datagrams for tests:
//   SflowDatagram().agent("192.0.2.1").sequence(7).add(SflowSample::flow().rate(512).raw_header(packet)).bytes()
#include <cstdint>
#include <initializer_list>
#include <string_view>
#include <vector>

#include "support/packet_builder.hpp"

namespace sluice::test {

/// WireBytes with what XDR adds: padded opaque bytes and addresses with their type.
class XdrBytes : public WireBytes {
 public:
  XdrBytes& opaque(Bytes bytes) {
    raw(bytes);
    zeros((4 - bytes.size() % 4) % 4);
    return *this;
  }
  XdrBytes& typed_address(std::string_view text) {
    u32(text.find(':') == std::string_view::npos ? 1 : 2);
    address(text);
    return *this;
  }
  XdrBytes& list(std::initializer_list<std::uint32_t> values) {
    u32(values.size());
    for (const auto v : values) u32(v);
    return *this;
  }
};

class SflowSample {
 public:
  static SflowSample flow() { return SflowSample(1); }
  static SflowSample expanded_flow() { return SflowSample(3); }
  static SflowSample counter() { return SflowSample(2); }
  static SflowSample expanded_counter() { return SflowSample(4); }
  static SflowSample discarded() { return SflowSample(5); }
  /// Of any format, with this body in place of fields and records.
  static SflowSample unknown(std::uint32_t enterprise, std::uint32_t format, std::size_t body) {
    SflowSample out(enterprise << 12 | format);
    out.fixed_.zeros(body);
    return out;
  }

  SflowSample& rate(std::uint32_t n) { return rate_ = n, *this; }
  SflowSample& sequence(std::uint32_t n) { return sequence_ = n, *this; }
  SflowSample& source(std::uint32_t type, std::uint32_t index) {
    return source_type_ = type, source_index_ = index, *this;
  }
  SflowSample& pool(std::uint32_t n) { return pool_ = n, *this; }
  SflowSample& drops(std::uint32_t n) { return drops_ = n, *this; }
  SflowSample& reason(std::uint32_t n) { return reason_ = n, *this; }
  SflowSample& input(std::uint32_t value, std::uint32_t format = 0) {
    return in_ = value, in_format_ = format, *this;
  }
  SflowSample& output(std::uint32_t value, std::uint32_t format = 0) {
    return out_ = value, out_format_ = format, *this;
  }
  /// Claims more or fewer records than there are.
  SflowSample& claim_records(std::uint32_t n) { return claimed_ = n, *this; }
  /// Bytes behind the last record, within the sample's length.
  SflowSample& tail(std::size_t n) { return tail_ = n, *this; }

  SflowSample& record(std::uint32_t format, const XdrBytes& body, std::uint32_t enterprise = 0) {
    return record_of_length(format, body.size(), body, enterprise);
  }
  SflowSample& record_of_length(std::uint32_t format, std::size_t length, const XdrBytes& body,
                                std::uint32_t enterprise = 0) {
    records_.u32(enterprise << 12 | format).u32(length);
    records_.opaque(body.data());
    ++count_;
    return *this;
  }
  SflowSample& raw_header(Bytes packet, std::uint32_t frame_length, std::uint32_t protocol = 1) {
    XdrBytes body;
    body.u32(protocol).u32(frame_length).u32(4).u32(packet.size());
    body.opaque(packet);
    return record(1, body);
  }
  SflowSample& sampled_ethernet(std::uint32_t length, std::uint64_t src, std::uint64_t dst,
                                std::uint32_t type) {
    XdrBytes body;
    body.u32(length).u48(src).u16(0).u48(dst).u16(0).u32(type);
    return record(2, body);
  }
  struct Ip {
    std::uint32_t length, protocol;
    std::string_view src, dst;
    std::uint32_t src_port = 0, dst_port = 0, flags = 0, tos = 0;
  };
  SflowSample& sampled_ip(const Ip& ip) {
    XdrBytes body;
    body.u32(ip.length).u32(ip.protocol).address(ip.src).address(ip.dst);
    body.u32(ip.src_port).u32(ip.dst_port).u32(ip.flags).u32(ip.tos);
    return record(ip.src.find(':') == std::string_view::npos ? 3 : 4, body);
  }
  SflowSample& extended_switch(std::uint32_t src_vlan, std::uint32_t src_priority, std::uint32_t dst_vlan,
                               std::uint32_t dst_priority) {
    XdrBytes body;
    body.u32(src_vlan).u32(src_priority).u32(dst_vlan).u32(dst_priority);
    return record(1001, body);
  }
  SflowSample& extended_router(std::string_view next_hop, std::uint32_t src_mask, std::uint32_t dst_mask) {
    XdrBytes body;
    body.typed_address(next_hop).u32(src_mask).u32(dst_mask);
    return record(1002, body);
  }
  struct Gateway {
    std::string_view next_hop;
    std::uint32_t as, src_as, src_peer_as;
    std::vector<std::vector<std::uint32_t>> segments;
    std::vector<std::uint32_t> communities;
    std::uint32_t local_pref;
  };
  SflowSample& extended_gateway(const Gateway& g) {
    XdrBytes body;
    body.typed_address(g.next_hop).u32(g.as).u32(g.src_as).u32(g.src_peer_as).u32(g.segments.size());
    for (const auto& segment : g.segments) {
      body.u32(2).u32(segment.size());
      for (const auto as : segment) body.u32(as);
    }
    body.u32(g.communities.size());
    for (const auto community : g.communities) body.u32(community);
    body.u32(g.local_pref);
    return record(1003, body);
  }

  std::uint32_t format() const { return format_; }
  WireBytes body() const {
    WireBytes out = fixed_;
    if (!head(out)) return out;
    return out.u32(claimed_ ? claimed_ : count_).raw(records_.data()).zeros(tail_);
  }

 private:
  explicit SflowSample(std::uint32_t format) : format_(format) {}

  // The fields before the record count; false for a sample without any.
  bool head(WireBytes& out) const {
    if (format_ < 1 || format_ > 5) return false;
    const bool expanded = format_ > 2;
    out.u32(sequence_);
    if (expanded)
      out.u32(source_type_).u32(source_index_);
    else
      out.u32(source_type_ << 24 | source_index_);
    if (format_ == 1)
      out.u32(rate_).u32(pool_).u32(drops_).u32(in_format_ << 30 | in_).u32(out_format_ << 30 | out_);
    if (format_ == 3)
      out.u32(rate_).u32(pool_).u32(drops_).u32(in_format_).u32(in_).u32(out_format_).u32(out_);
    if (format_ == 5) out.u32(drops_).u32(in_).u32(out_).u32(reason_);
    return true;
  }

  std::uint32_t format_;
  WireBytes fixed_;
  XdrBytes records_;
  std::uint32_t sequence_ = 11, source_type_ = 0, source_index_ = 3, pool_ = 100000, drops_ = 0,
                reason_ = 256;
  std::uint32_t count_ = 0, claimed_ = 0, rate_ = 1000, in_ = 0, in_format_ = 0, out_ = 0, out_format_ = 0;
  std::size_t tail_ = 0;
};

class SflowDatagram {
 public:
  SflowDatagram& agent(std::string_view address) { return agent_ = address, *this; }
  SflowDatagram& sequence(std::uint32_t n) { return sequence_ = n, *this; }
  SflowDatagram& claim_samples(std::uint32_t n) { return claimed_ = n, *this; }
  SflowDatagram& add(const SflowSample& sample) {
    const WireBytes body = sample.body();
    return add_of_length(sample, body.size());
  }
  /// With a length of its own choosing.
  SflowDatagram& add_of_length(const SflowSample& sample, std::size_t length) {
    samples_.u32(sample.format()).u32(length).raw(sample.body().data());
    ++count_;
    return *this;
  }
  SflowDatagram& tail(std::size_t n) { return samples_.zeros(n), *this; }

  std::vector<std::byte> bytes() const {
    XdrBytes out;
    out.u32(5);
    out.typed_address(agent_)
        .u32(0)
        .u32(sequence_)
        .u32(3600000)
        .u32(claimed_ ? claimed_ : count_)
        .raw(samples_.data());
    return out.data();
  }

 private:
  std::string_view agent_ = "192.0.2.254";
  std::uint32_t sequence_ = 1, count_ = 0, claimed_ = 0;
  WireBytes samples_;
};

}  // namespace sluice::test
