#pragma once
// Data sets of NetFlow v9 and IPFIX: from a set's bytes and its template to flows, or to what an options
// record says about the exporter. Shared by both protocols; what differs between them is in Message.
#include <vector>

#include "decode/template/plan.hpp"
#include "sluice/decode/exporter.hpp"

namespace sluice::decode {

/// What the records of one message have in common.
struct Message {
  Protocol version = Protocol::unknown;
  std::uint32_t domain = 0;
  HeaderTime time;
  std::uint64_t received_ns = 0;
  std::uint32_t sequence = 0;
  RawObserver* observer = nullptr;
  Decapsulate decapsulate = Decapsulate::outer;
};

/// Scratch memory and the set loops. One for each decoder; one thread.
class RecordDecoder {
 public:
  /// Decodes one data set. Appends flows, or learns from options; counts records and errors in the report.
  void decode_set(const Message& message, Template& tmpl, Bytes set, Exporter& exporter, FlowBatch& batch,
                  DecodeReport& report);

 private:
  void fixed_flows(const Message& message, const Template& tmpl, Bytes set, Exporter& exporter,
                   FlowBatch& batch, DecodeReport& report);
  void variable_flows(const Message& message, const Template& tmpl, Bytes set, Exporter& exporter,
                      FlowBatch& batch, DecodeReport& report);
  void options(const Message& message, const Template& tmpl, Bytes set, Exporter& exporter, FlowBatch& batch,
               DecodeReport& report);
  /// The record in values_, for the counters stream.
  void keep_options(const Template& tmpl, const FlowBatch& batch, CounterBatch& counters) const;
  /// Splits one record into values_; false where it ends too soon.
  bool split(const Template& tmpl, ByteReader& reader);
  void finish(const Message& message, const Plan& plan, Exporter& exporter, std::span<FlowRecord> flows,
              DecodeReport& report);
  /// Appends the other direction of the set's flows that speak of both, where they are to be split.
  void add_reverse(const Plan& plan, bool split, std::size_t first, std::size_t n, FlowBatch& batch,
                   DecodeReport& report);
  void observe(const Message& message, const Template& tmpl);

  std::vector<Bytes> values_;     // of one record, by field
  std::vector<Scratch> scratch_;  // of the records of one set
};

/// The time at which the exporter's sysUpTime was 0 (IE 160), as options data said for the domain; 0 unknown.
std::uint64_t system_init_ms(const Exporter& exporter, Protocol version, std::uint32_t domain);

}  // namespace sluice::decode
