// Layouts: sFlow version 5, section 5.3, "Flow Data Types"; sFlow port NAT structures; sFlow tunnel
// structures; sFlow drops and sFlow HTTP for the rest.
#include "decode/sflow/extended_records.hpp"

#include <string>
#include <utility>

namespace sluice::decode::sflow {
namespace {

enum Format : std::uint32_t {
  kUser = 1004,
  kUrl = 1005,
  kMpls = 1006,
  kNat = 1007,
  kVlanTunnel = 1012,
  kNatPort = 1020,
  kIpv4TunnelEgress = 1023,
  kIpv4TunnelIngress = 1024,
  kIpv6TunnelEgress = 1025,
  kIpv6TunnelIngress = 1026,
  kVniEgress = 1029,
  kVniIngress = 1030,
  kEgressQueue = 1036,
  kAcl = 1037,
  kFunction = 1038,
  kSocketIpv4 = 2100,
  kSocketIpv6 = 2101,
  kHttpRequest = 2206
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

Bytes read_text(XdrReader& in, std::string_view length, std::string_view name) {
  return in.opaque(name, in.u32(length));
}

ExtendedUrl read_url(XdrReader& in) {
  ExtendedUrl out;
  in.u32("direction");
  out.url = read_text(in, "url_length", "url");
  out.host = read_text(in, "host_length", "host");
  return out;
}

ExtendedHttp read_http(XdrReader& in) {
  ExtendedHttp out;
  in.u32("method");
  in.u32("protocol");
  out.uri = read_text(in, "uri_length", "uri");
  out.host = read_text(in, "host_length", "host");
  read_text(in, "referer_length", "referer");
  read_text(in, "useragent_length", "useragent");
  read_text(in, "xff_length", "xff");
  out.user = read_text(in, "authuser_length", "authuser");
  read_text(in, "mime_type_length", "mime_type");
  in.u64("req_bytes");
  in.u64("resp_bytes");
  in.u32("duration_us");
  out.status = in.u32("status");
  return out;
}

/// A sampled IPv4 or IPv6 structure, of the outer header.
ExtendedTunnel read_tunnel(XdrReader& in, std::size_t address_size) {
  ExtendedTunnel out;
  in.u32("length");
  in.u32("protocol");
  out.source = IpAddress::from_bytes(in.opaque("src_ip", address_size));
  out.destination = IpAddress::from_bytes(in.opaque("dst_ip", address_size));
  in.u32("src_port");
  in.u32("dst_port");
  in.u32("tcp_flags");
  in.u32(address_size == 4 ? "tos" : "priority");
  return out;
}

ExtendedAcl read_acl(XdrReader& in) {
  ExtendedAcl out;
  out.number = in.u32("number");
  out.name = read_text(in, "name_length", "name");
  in.u32("direction");
  return out;
}

ExtendedSocket read_socket(XdrReader& in, std::size_t address_size) {
  ExtendedSocket out;
  out.protocol = in.u32("protocol");
  out.local = IpAddress::from_bytes(in.opaque("local_ip", address_size));
  out.remote = IpAddress::from_bytes(in.opaque("remote_ip", address_size));
  out.local_port = in.u32("local_port");
  out.remote_port = in.u32("remote_port");
  return out;
}

std::size_t address_size(std::uint32_t format) {
  return format == kIpv6TunnelEgress || format == kIpv6TunnelIngress || format == kSocketIpv6 ? 16 : 4;
}

std::string_view chars(Bytes text) { return {reinterpret_cast<const char*>(text.data()), text.size()}; }

void set_text(FlowExtras& extras, ExtraText field, Bytes text) {
  if (!text.empty() && !extras.has(field)) extras.set(field, chars(text));
}

}  // namespace

bool ExtendedRecords::knows(std::uint32_t standard_format) {
  switch (standard_format) {
    case kUser:
    case kUrl:
    case kMpls:
    case kNat:
    case kVlanTunnel:
    case kNatPort:
    case kIpv4TunnelEgress:
    case kIpv4TunnelIngress:
    case kIpv6TunnelEgress:
    case kIpv6TunnelIngress:
    case kVniEgress:
    case kVniIngress:
    case kEgressQueue:
    case kAcl:
    case kFunction:
    case kSocketIpv4:
    case kSocketIpv6:
    case kHttpRequest:
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
    case kUrl:
      return keep_first(url, url_, read_url(in), in);
    case kHttpRequest:
      return keep_first(http, http_, read_http(in), in);
    case kIpv4TunnelEgress:
    case kIpv6TunnelEgress:
      return keep_first(tunnel_egress, tunnel_egress_, read_tunnel(in, address_size(format)), in);
    case kIpv4TunnelIngress:
    case kIpv6TunnelIngress:
      return keep_first(tunnel_ingress, tunnel_ingress_, read_tunnel(in, address_size(format)), in);
    case kEgressQueue:
      return keep_first(queue, queue_, in.u32("queue"), in);
    case kAcl:
      return keep_first(acl, acl_, read_acl(in), in);
    case kFunction:
      return keep_first(function, function_, read_text(in, "symbol_length", "symbol"), in);
    case kSocketIpv4:
    case kSocketIpv6:
      return keep_first(socket, socket_, read_socket(in, address_size(format)), in);
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
  apply_http(extras);
  apply_tunnel(extras);
  apply_switching(extras);
  if (has(socket)) apply_socket(flow);
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

// The server's own record of a request knows more than the URL that a switch saw.
void ExtendedRecords::apply_http(FlowExtras& extras) const {
  if (has(http)) {
    set_text(extras, ExtraText::http_host, http_.host);
    set_text(extras, ExtraText::http_url, http_.uri);
    set_text(extras, ExtraText::user_name, http_.user);
    extras.set(ExtraScalar::http_status, http_.status);
  }
  if (has(url)) {
    set_text(extras, ExtraText::http_host, url_.host);
    set_text(extras, ExtraText::http_url, url_.url);
  }
}

void ExtendedRecords::apply_tunnel(FlowExtras& extras) const {
  if (!has(tunnel_ingress) && !has(tunnel_egress)) return;
  const ExtendedTunnel& tunnel = has(tunnel_ingress) ? tunnel_ingress_ : tunnel_egress_;
  extras.set(ExtraAddress::tunnel_src_addr, tunnel.source);
  extras.set(ExtraAddress::tunnel_dst_addr, tunnel.destination);
}

void ExtendedRecords::apply_switching(FlowExtras& extras) const {
  if (has(queue)) extras.set(ExtraScalar::egress_queue, queue_);
  if (has(function)) set_text(extras, ExtraText::function_name, function_);
  if (!has(acl)) return;
  if (acl_.name.empty())
    extras.set(ExtraText::acl_name, std::to_string(acl_.number));
  else
    extras.set(ExtraText::acl_name, chars(acl_.name));
}

// A host samples what its server was asked: from the other end of the connection to its own. A sampled packet
// is the better witness.
void ExtendedRecords::apply_socket(FlowRecord& flow) const {
  if (flow.src_addr_size != 0) return;
  flow.set_source(socket_.remote);
  flow.set_destination(socket_.local);
  flow.src_port = static_cast<std::uint16_t>(socket_.remote_port);
  flow.dst_port = static_cast<std::uint16_t>(socket_.local_port);
  flow.proto = static_cast<std::uint8_t>(socket_.protocol);
  if (flow.etype == 0) flow.etype = socket_.local.is_v6() ? 0x86dd : 0x0800;
}

}  // namespace sluice::decode::sflow
