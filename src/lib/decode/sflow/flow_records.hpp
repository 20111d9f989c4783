#pragma once
// The records of a flow sample: read into plain structs first, so that a record that turns out damaged leaves
// no trace, then put into a flow in the order of what each knows best.
#include <optional>
#include <vector>

#include "decode/sflow/extended_records.hpp"

namespace sluice::decode::sflow {

struct RawHeader {  ///< format 1
  std::uint32_t protocol = 0;
  std::uint32_t frame_length = 0;  ///< bytes, layer 2 with what was stripped
  std::uint32_t stripped = 0;      ///< bytes that the agent took off before the header, a trailer's included
  Bytes header;
};

struct SampledEthernet {  ///< format 2
  std::uint32_t length = 0;
  std::uint64_t src_mac = 0;
  std::uint64_t dst_mac = 0;
  std::uint32_t type = 0;
};

struct SampledIp {  ///< formats 3 and 4
  std::uint16_t etype = 0;
  std::uint32_t length = 0;
  std::uint32_t protocol = 0;
  IpAddress source;
  IpAddress destination;
  std::uint32_t src_port = 0;
  std::uint32_t dst_port = 0;
  std::uint32_t tcp_flags = 0;
  std::uint32_t tos = 0;
};

struct ExtendedSwitch {  ///< format 1001; all bits set: not known
  std::uint32_t src_vlan = 0;
  std::uint32_t src_priority = 0;
  std::uint32_t dst_vlan = 0;
  std::uint32_t dst_priority = 0;
};

struct ExtendedRouter {  ///< format 1002
  IpAddress next_hop;
  std::uint32_t src_mask_length = 0;
  std::uint32_t dst_mask_length = 0;
};

struct ExtendedGateway {  ///< format 1003; the vectors keep their memory between samples
  bool present = false;
  IpAddress next_hop;
  std::uint32_t as = 0;  ///< of the router itself
  std::uint32_t src_as = 0;
  std::uint32_t src_peer_as = 0;
  std::vector<std::uint32_t> as_path;  ///< all segments, sets and sequences, one after the other
  std::vector<std::uint32_t> communities;
  std::uint32_t local_pref = 0;
};

/// What is configured about reading them.
struct ReadAs {
  Decapsulate decapsulate = Decapsulate::outer;
  bool ip_bytes = false;  ///< bytes are those of the IP packet, not of the frame
};

/// What the records of one sample said. Of two records of a kind the first counts.
class FlowRecords {
 public:
  /// For all samples from here on.
  void read_as(const ReadAs& how) { how_ = how; }
  void reset();
  /// Reads `count` records, or as many as the bytes hold. Returns how many were whole, those of a format that
  /// is not known included; the others are counted in the report.
  std::uint32_t read(XdrReader& in, std::uint32_t count, DecodeReport& report);
  /// Fills the flow, and gives its lists away to it. The borrowed bytes of the datagram must still be there.
  void apply(FlowBatch& batch, FlowRecord& flow, const UserFields* user_fields);

 private:
  bool read_record(DataFormat format, XdrReader& in);
  bool read_gateway(XdrReader& in);
  void apply_packet(FlowBatch& batch, FlowRecord& flow, const UserFields* user_fields) const;
  void apply_switch(FlowBatch& batch, FlowRecord& flow) const;
  void apply_gateway(FlowBatch& batch, FlowRecord& flow);
  std::uint64_t bytes() const;
  std::uint64_t ip_bytes(const FlowExtras* layers) const;

  ReadAs how_;
  std::optional<RawHeader> raw_;
  std::optional<SampledEthernet> ethernet_;
  std::optional<SampledIp> ip_;
  std::optional<ExtendedSwitch> switch_;
  std::optional<ExtendedRouter> router_;
  ExtendedGateway gateway_;
  ExtendedGateway gateway_scratch_;
  ExtendedRecords extended_;
};

}  // namespace sluice::decode::sflow
