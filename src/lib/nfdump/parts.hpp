#pragma once
// The parts of a flow record that both layouts have alike, extensions in one and elements in the other: one
// function for each, which reads the part and puts what it says into the flow.
#include "nfdump/field_reader.hpp"
#include "sluice/flow/batch.hpp"

namespace sluice::nfdump {

inline constexpr std::uint64_t kNsPerMs = 1'000'000;

/// What is said of one flow.
struct Said {
  FlowBatch& batch;
  FlowRecord& flow;
  IpAddress exporter{};           ///< where the record itself names it
  std::uint64_t received_ms = 0;  ///< 0: not said
  std::uint64_t event_ms = 0;     ///< of an event that has no other time
  std::uint64_t out_packets = 0, out_bytes = 0;

  FlowExtras& extras() { return batch.extras(flow); }
};

using Apply = void (*)(FieldReader& in, Said& said);

/// One row of a layout's table of parts.
struct Part {
  std::uint16_t id;
  std::uint16_t bytes;  ///< it has at least so many; in layout 1 exactly
  Apply apply;          ///< null: nothing of it is kept
};

namespace parts {

void interfaces16(FieldReader& in, Said& said);
void interfaces32(FieldReader& in, Said& said);
void as16(FieldReader& in, Said& said);
void as32(FieldReader& in, Said& said);
void next_hop_v4(FieldReader& in, Said& said);
void next_hop_v6(FieldReader& in, Said& said);
void bgp_next_hop_v4(FieldReader& in, Said& said);
void bgp_next_hop_v6(FieldReader& in, Said& said);
void vlans16(FieldReader& in, Said& said);
void vlans32(FieldReader& in, Said& said);
void exporter_v4(FieldReader& in, Said& said);
void exporter_v6(FieldReader& in, Said& said);
void labels(FieldReader& in, Said& said);
void adjacent_as(FieldReader& in, Said& said);
void macs_in_source(FieldReader& in, Said& said);
void macs_in_destination(FieldReader& in, Said& said);
void flow_count32(FieldReader& in, Said& said);
void flow_count64(FieldReader& in, Said& said);
void nat_v4(FieldReader& in, Said& said);
void nat_v6(FieldReader& in, Said& said);
void nat_ports(FieldReader& in, Said& said);
void nat_port_block(FieldReader& in, Said& said);
void access_lists(FieldReader& in, Said& said);
void user_name(FieldReader& in, Said& said);

void direction(std::uint8_t value, FlowRecord& flow);
void biflow_direction(std::uint8_t value, Said& said);
void vrfs(std::uint32_t egress, std::uint32_t ingress, Said& said);

}  // namespace parts
}  // namespace sluice::nfdump
