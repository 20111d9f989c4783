// Layouts: sFlow version 5, section 5.3, "Flow Data Types"; sFlow port NAT structures; sFlow tunnel
// structures.
#include "decode/sflow/extended_records.hpp"

#include <string>
#include <utility>

namespace sluice::decode::sflow {
namespace {

enum Format : std::uint32_t {
  kUser = 1004,
  kMpls = 1006,
  kNat = 1007,
  kVlanTunnel = 1012,
  kNatPort = 1020,
  kVniEgress = 1029,
  kVniIngress = 1030
};

// IANA character sets by their MIB enum. Most agents send none of these or say nothing (0), and mean UTF-8.
enum Charset : std::uint32_t { kLatin1 = 4, kUtf16be = 1013, kUtf16le = 1014, kUtf16 = 1015 };

// Of other character sets than these, the bytes below 128 are ASCII and the encoders replace the others.
std::string utf8_of(std::uint32_t charset, Bytes text) {
  if (charset == kUtf16be || charset == kUtf16le || charset == kUtf16) return {};
  std::string out;
  out.reserve(text.size());
  for (const std::byte b : text) {
    const auto c = std::to_integer<unsigned char>(b);
    if (charset == kLatin1 && c >= 0x80) {
      out.push_back(static_cast<char>(0xc0 | c >> 6));
      out.push_back(static_cast<char>(0x80 | (c & 0x3f)));
    } else {
      out.push_back(static_cast<char>(c));
    }
  }
  return out;
}

ExtendedUser read_user(XdrReader& in) {
  ExtendedUser out;
  out.src_charset = in.u32("src_charset");
  out.src_user = in.opaque("src_user", in.u32("src_user_length"));
  out.dst_charset = in.u32("dst_charset");
  out.dst_user = in.opaque("dst_user", in.u32("dst_user_length"));
  return out;
}

ExtendedNat read_nat(XdrReader& in) {
  ExtendedNat out;
  out.source = in.address("src_address_type", "src_address");
  out.destination = in.address("dst_address_type", "dst_address");
  return out;
}

ExtendedNatPort read_nat_port(XdrReader& in) {
  ExtendedNatPort out;
  out.src_port = in.u32("src_port");
  out.dst_port = in.u32("dst_port");
  return out;
}

}  // namespace

bool ExtendedRecords::knows(std::uint32_t standard_format) {
  switch (standard_format) {
    case kUser:
    case kMpls:
    case kNat:
    case kVlanTunnel:
    case kNatPort:
    case kVniEgress:
    case kVniIngress:
      return true;
    default:
      return false;
  }
}

template <class Record>
bool ExtendedRecords::keep_first(Kind kind, Record& kept, std::type_identity_t<Record>&& fresh,
                                 const XdrReader& in) {
  if (!in.ok()) return false;
  if (!has(kind)) {
    kept = std::move(fresh);
    present_ |= 1U << kind;
  }
  return true;
}

bool ExtendedRecords::read(std::uint32_t format, XdrReader& in) {
  switch (format) {
    case kUser:
      return keep_first(user, user_, read_user(in), in);
    case kMpls:
      return read_mpls(in);
    case kNat:
      return keep_first(nat, nat_, read_nat(in), in);
    case kVlanTunnel:
      return read_vlan_tunnel(in);
    case kNatPort:
      return keep_first(nat_port, nat_port_, read_nat_port(in), in);
    case kVniEgress:
      return keep_first(vni_egress, vni_egress_, in.u32("vni"), in);
    case kVniIngress:
      return keep_first(vni_ingress, vni_ingress_, in.u32("vni"), in);
    default:
      return false;
  }
}

// The two with lists are read into scratch and swapped, so that neither ever gives its memory back.
bool ExtendedRecords::read_mpls(XdrReader& in) {
  ExtendedMpls& read = mpls_scratch_;
  read.in_stack.clear();
  read.out_stack.clear();
  read.next_hop = in.address("next_hop_type", "next_hop");
  in.u32_list("in_stack_depth", "in_label", read.in_stack);
  in.u32_list("out_stack_depth", "out_label", read.out_stack);
  if (in.ok() && !has(mpls)) {
    std::swap(mpls_, mpls_scratch_);
    present_ |= 1U << mpls;
  }
  return in.ok();
}

bool ExtendedRecords::read_vlan_tunnel(XdrReader& in) {
  vlan_scratch_.clear();
  in.u32_list("stack_depth", "tag", vlan_scratch_);
  if (in.ok() && !has(vlan_tunnel)) {
    std::swap(vlan_stack_, vlan_scratch_);
    present_ |= 1U << vlan_tunnel;
  }
  return in.ok();
}

void ExtendedRecords::apply(FlowBatch& batch, FlowRecord& flow) const {
  FlowExtras& extras = batch.extras(flow);
  if (has(user)) apply_user(extras);
  if (has(mpls)) apply_mpls(flow, extras);
  apply_nat(extras);
  if (has(vlan_tunnel)) apply_vlan_tunnel(flow, extras);
  if (extras.has(ExtraScalar::vni)) return;
  if (has(vni_ingress))
    extras.set(ExtraScalar::vni, vni_ingress_);
  else if (has(vni_egress))
    extras.set(ExtraScalar::vni, vni_egress_);
}

// A flow has one user: who sent the packet, else whom it is for.
void ExtendedRecords::apply_user(FlowExtras& extras) const {
  std::string name = utf8_of(user_.src_charset, user_.src_user);
  if (name.empty()) name = utf8_of(user_.dst_charset, user_.dst_user);
  if (!name.empty()) extras.set(ExtraText::user_name, name);
}

// The labels that the packet came with, or where it had none those that it left with; the sampled header's
// own are the better witness.
void ExtendedRecords::apply_mpls(FlowRecord& flow, FlowExtras& extras) const {
  if (flow.next_hop_size == 0) flow.set_next_hop(mpls_.next_hop);
  if (!extras.list(ExtraList::mpls_label).empty()) return;
  for (const std::uint32_t entry : mpls_.in_stack.empty() ? mpls_.out_stack : mpls_.in_stack) {
    extras.list(ExtraList::mpls_label).push_back(entry >> 12);
    extras.list(ExtraList::mpls_ttl).push_back(entry & 0xff);
  }
}

void ExtendedRecords::apply_nat(FlowExtras& extras) const {
  if (has(nat)) {
    if (!nat_.source.empty()) extras.set(ExtraAddress::post_nat_src_addr, nat_.source);
    if (!nat_.destination.empty()) extras.set(ExtraAddress::post_nat_dst_addr, nat_.destination);
  }
  if (has(nat_port)) {
    extras.set(ExtraScalar::post_nat_src_port, nat_port_.src_port & 0xffff);
    extras.set(ExtraScalar::post_nat_dst_port, nat_port_.dst_port & 0xffff);
  }
}

// The stripped tags stood before those that are left in the sampled header.
void ExtendedRecords::apply_vlan_tunnel(FlowRecord& flow, FlowExtras& extras) const {
  if (vlan_stack_.empty()) return;
  const auto vlan = [](std::uint32_t tag) { return static_cast<std::uint16_t>(tag & 0xfff); };
  if (vlan_stack_.size() > 1)
    extras.set(ExtraScalar::customer_vlan_id, vlan(vlan_stack_[1]));
  else if (flow.vlan_id)
    extras.set(ExtraScalar::customer_vlan_id, flow.vlan_id);
  flow.vlan_id = vlan(vlan_stack_[0]);
  extras.set(ExtraScalar::vlan_priority, vlan_stack_[0] >> 13 & 7);
}

}  // namespace sluice::decode::sflow
