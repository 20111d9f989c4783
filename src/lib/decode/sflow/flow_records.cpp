// Layouts: sFlow version 5, section 5.3, "Flow Data Types".
#include "decode/sflow/flow_records.hpp"

#include <utility>

namespace sluice::decode::sflow {
namespace {

enum Format : std::uint32_t {
  kRawHeader = 1,
  kEthernet = 2,
  kIpv4 = 3,
  kIpv6 = 4,
  kSwitch = 1001,
  kRouter = 1002,
  kGateway = 1003
};

template <class Record>
bool keep_first(std::optional<Record>& kept, Record&& read, const XdrReader& in) {
  if (in.ok() && !kept) kept = std::forward<Record>(read);
  return in.ok();
}

RawHeader read_raw_header(XdrReader& in) {
  RawHeader out;
  out.protocol = in.u32("header_protocol");
  out.frame_length = in.u32("frame_length");
  out.stripped = in.u32("stripped");
  out.header = in.opaque("header", in.u32("header_length"));
  return out;
}

SampledEthernet read_ethernet(XdrReader& in) {
  SampledEthernet out;
  out.length = in.u32("length");
  out.src_mac = load_be_any(in.opaque("src_mac", 6));
  out.dst_mac = load_be_any(in.opaque("dst_mac", 6));
  out.type = in.u32("type");
  return out;
}

SampledIp read_ip(XdrReader& in, std::size_t address_size) {
  SampledIp out;
  out.etype = address_size == 4 ? 0x0800 : 0x86dd;
  out.length = in.u32("length");
  out.protocol = in.u32("protocol");
  out.source = IpAddress::from_bytes(in.opaque("src_ip", address_size));
  out.destination = IpAddress::from_bytes(in.opaque("dst_ip", address_size));
  out.src_port = in.u32("src_port");
  out.dst_port = in.u32("dst_port");
  out.tcp_flags = in.u32("tcp_flags");
  out.tos = in.u32(address_size == 4 ? "tos" : "priority");
  return out;
}

ExtendedSwitch read_switch(XdrReader& in) {
  ExtendedSwitch out;
  out.src_vlan = in.u32("src_vlan");
  out.src_priority = in.u32("src_priority");
  out.dst_vlan = in.u32("dst_vlan");
  out.dst_priority = in.u32("dst_priority");
  return out;
}

ExtendedRouter read_router(XdrReader& in) {
  ExtendedRouter out;
  out.next_hop = in.address("next_hop_type", "next_hop");
  out.src_mask_length = in.u32("src_mask_length");
  out.dst_mask_length = in.u32("dst_mask_length");
  return out;
}

}  // namespace

void FlowRecords::reset() {
  raw_.reset();
  ethernet_.reset();
  ip_.reset();
  switch_.reset();
  router_.reset();
  gateway_.present = false;
  extended_.reset();
}

std::uint32_t FlowRecords::read(XdrReader& in, std::uint32_t count, DecodeReport& report) {
  return read_records(in, count, report,
                      [this](DataFormat format, XdrReader& record) { return read_record(format, record); });
}

bool FlowRecords::read_record(DataFormat format, XdrReader& in) {
  switch (format.standard()) {
    case kRawHeader:
      return keep_first(raw_, read_raw_header(in), in);
    case kEthernet:
      return keep_first(ethernet_, read_ethernet(in), in);
    case kIpv4:
      return keep_first(ip_, read_ip(in, 4), in);
    case kIpv6:
      return keep_first(ip_, read_ip(in, 16), in);
    case kSwitch:
      return keep_first(switch_, read_switch(in), in);
    case kRouter:
      return keep_first(router_, read_router(in), in);
    case kGateway:
      return read_gateway(in);
    default:
      if (ExtendedRecords::knows(format.standard())) return extended_.read(format.standard(), in);
      in.opaque("data", in.remaining());
      return true;
  }
}

bool FlowRecords::read_gateway(XdrReader& in) {
  ExtendedGateway& read = gateway_.present ? gateway_scratch_ : gateway_;
  read.as_path.clear();
  read.communities.clear();
  read.next_hop = in.address("next_hop_type", "next_hop");
  read.as = in.u32("as");
  read.src_as = in.u32("src_as");
  read.src_peer_as = in.u32("src_peer_as");
  const std::uint32_t segments = in.u32("as_path_segments");
  for (std::uint32_t i = 0; i < segments && in.ok(); ++i) {
    in.u32("segment_type");
    in.u32_list("segment_length", "as", read.as_path);
  }
  in.u32_list("communities", "community", read.communities);
  read.local_pref = in.u32("local_pref");
  gateway_.present |= in.ok();
  return in.ok();
}

}  // namespace sluice::decode::sflow
