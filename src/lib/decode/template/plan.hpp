#pragma once
// A template compiled: which bytes of a record go where. Built once when the template arrives, so that
// decoding a data set asks no questions about elements. A set of fixed-length records is decoded field by
// field (one dispatch a field, a tight loop over the records); a template with variable-length fields record
// by record.
#include <cstdint>
#include <span>
#include <vector>

#include "decode/elements.hpp"
#include "decode/rates.hpp"
#include "decode/times.hpp"
#include "sluice/decode/datagram.hpp"
#include "sluice/decode/template_cache.hpp"
#include "sluice/flow/fields.hpp"
#include "sluice/flow/user_fields.hpp"

namespace sluice::decode {

/// What a record says that is needed to finish a flow but is no field of it.
struct Scratch {
  RateInputs rates;
  std::uint64_t sampler = 0;
  std::uint64_t system_init_ms = 0;
  std::uint64_t frame_size = 0;
  std::uint64_t duration_us = 0;
  std::uint64_t reverse_octets = 0;
  std::uint64_t reverse_packets = 0;
  std::uint16_t icmp_type_code = 0;
  std::uint8_t ip_version = 0;
  bool has_packet = false;
  Decapsulate decapsulate = Decapsulate::outer;  ///< set before the steps run, where the plan has a packet
};

enum class StoreTo : std::uint8_t {
  record_integer,
  record_address,
  extra_integer,
  extra_address,
  extra_text,
  extra_raw,          ///< as extra_text, but zeros at the end belong to the value
  text_by_direction,  ///< into target, or into output_target where the flow was seen at the output
  time,
  scratch,
  user  ///< a field that configuration defines
};

struct Step {
  const ElementInfo* element = nullptr;
  StoreTo store = StoreTo::scratch;
  bool fallback = false;     ///< another element of the template came first: fill only what is still zero
  std::uint16_t field = 0;   ///< index of the field in the template
  std::uint16_t source = 0;  ///< offset in the record, fixed-length templates
  std::uint16_t length = 0;  ///< bytes, or kVariableLength
  std::uint16_t target = 0;  ///< offset in FlowRecord, or enumerator of the extras
  std::uint16_t size_target = 0;    ///< addresses in the record: offset of the size
  std::uint16_t output_target = 0;  ///< text_by_direction: target where the output is meant
  std::uint8_t width = 0;           ///< bytes of the record's member
  TimeUnit unit = TimeUnit::absent;
  const UserField* user = nullptr;          ///< store user
  const UserFields* user_fields = nullptr;  ///< packet sections, where bits of them are wanted
};

inline constexpr std::uint8_t kIcmp = 1, kIcmpv6 = 58;
inline constexpr std::uint8_t kIcmpByFamily = 255;  ///< in Plan::implied_proto

/// What the record says of the way back (RFC 5103): run for the flow of that way alone.
struct ReversePlan {
  std::vector<Step> steps;
  TimeUnit start_unit = TimeUnit::absent;
  TimeUnit end_unit = TimeUnit::absent;
  bool says_times() const { return start_unit != TimeUnit::absent || end_unit != TimeUnit::absent; }
};

struct Plan {
  std::vector<Step> steps;
  std::vector<Step> inner_steps;  ///< into a record of their own: the packet in a tunnel, where both are told
  ReversePlan reverse;
  TimeUnit start_unit = TimeUnit::absent;
  TimeUnit end_unit = TimeUnit::absent;
  bool uses_scratch = false;       ///< some step needs a Scratch for each record
  bool says_rate = false;          ///< the record itself may say its sampling rate
  bool says_sampler = false;       ///< IE 48 or 302 stands in the record
  bool has_packet = false;         ///< IE 104, 313 or 315
  bool says_ethertype = false;     ///< IE 256, which knows less than the addresses
  bool icmp_alone = false;         ///< with implied_proto: nothing in it that other protocols have
  std::uint8_t implied_proto = 0;  ///< ICMP or ICMPv6, from elements of one of them; the protocol is not told
  bool icmp_from_port = true;      ///< no element gives ICMP type and code: take the destination port
  bool says_reverse = false;       ///< the record may speak of both directions
  bool has_volume_events = false;  ///< events of a firewall's connections, with counters of both directions
  bool may_imply_drop = false;     ///< output interface and next hop, but no forwarding status
};

/// The plan for the template's data records. Never fails: an element that is unknown or of an impossible
/// width is left out, never the template. The plan points into `user_fields`, which may be null.
/// `post_counters_reverse`: as in ExporterSettings.
Plan compile(const Template& tmpl, const UserFields* user_fields = nullptr,
             bool post_counters_reverse = false);

/// Runs one step for one record: `value` is the field as sent.
void run_step(const Step& step, Bytes value, FlowBatch& batch, FlowRecord& flow, Scratch& scratch);

/// A set of fixed-length records and the flows that they become.
struct SetOfRecords {
  Bytes data;  ///< as many whole records as there are flows, at least
  std::size_t record_length;
  FlowBatch& batch;
  std::span<FlowRecord> flows;
  std::span<Scratch> scratch;  ///< by flow
};

/// Runs a step for all records of the set.
void run_step_on_set(const Step& step, const SetOfRecords& set);

}  // namespace sluice::decode
