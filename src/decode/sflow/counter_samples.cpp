// Layouts: sFlow version 5, section 5.3, "Counter Data Types".
#include "decode/sflow/counter_samples.hpp"

#include <span>

namespace sluice::decode::sflow {
namespace {

struct Field {
  std::string_view name;
  bool wide = false;  ///< unsigned hyper
};

constexpr Field kInterface[] = {  // format 1
    {"ifIndex"},           {"ifType"},           {"ifSpeed", true},      {"ifDirection"},
    {"ifStatus"},          {"ifInOctets", true}, {"ifInUcastPkts"},      {"ifInMulticastPkts"},
    {"ifInBroadcastPkts"}, {"ifInDiscards"},     {"ifInErrors"},         {"ifInUnknownProtos"},
    {"ifOutOctets", true}, {"ifOutUcastPkts"},   {"ifOutMulticastPkts"}, {"ifOutBroadcastPkts"},
    {"ifOutDiscards"},     {"ifOutErrors"},      {"ifPromiscuousMode"}};

constexpr Field kEthernet[] = {  // format 2
    {"dot3StatsAlignmentErrors"},
    {"dot3StatsFCSErrors"},
    {"dot3StatsSingleCollisionFrames"},
    {"dot3StatsMultipleCollisionFrames"},
    {"dot3StatsSQETestErrors"},
    {"dot3StatsDeferredTransmissions"},
    {"dot3StatsLateCollisions"},
    {"dot3StatsExcessiveCollisions"},
    {"dot3StatsInternalMacTransmitErrors"},
    {"dot3StatsCarrierSenseErrors"},
    {"dot3StatsFrameTooLongs"},
    {"dot3StatsInternalMacReceiveErrors"},
    {"dot3StatsSymbolErrors"}};

std::span<const Field> fields_of(DataFormat format) {
  switch (format.standard()) {
    case 1:
      return kInterface;
    case 2:
      return kEthernet;
    default:
      return {};
  }
}

bool read_counter_record(DataFormat format, XdrReader& in) {
  for (const Field& field : fields_of(format)) {
    if (field.wide)
      in.u64(field.name);
    else
      in.u32(field.name);
  }
  if (in.ok() && in.remaining() > 0) in.opaque("data", in.remaining());
  return in.ok();
}

}  // namespace

bool read_counter_sample(bool expanded, XdrReader& in, const SampleContext& context) {
  const SampleCounters counters = read_source(SampleKind::counter, expanded, in);
  const std::uint32_t count = in.u32("records");
  if (!in.ok()) return false;
  context.seen.push_back(counters);
  ++context.report.counter_samples;
  read_records(in, count, context.report, read_counter_record);
  return true;
}

}  // namespace sluice::decode::sflow
