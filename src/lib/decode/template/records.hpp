#pragma once
// Data sets of NetFlow v9 and IPFIX: from a set's bytes and its template to flows, or to what an options
// record says about the exporter. Shared by both protocols; what differs between them is in Message.
#include <vector>

#include "decode/template/plan.hpp"
#include "sluice/decode/exporter.hpp"

namespace sluice::decode {

/// What the records of one message have in common.
struct Message {
  Domain domain;
  HeaderTime time;
  std::uint64_t received_ns = 0;
  std::uint32_t sequence = 0;
  RawObserver* observer = nullptr;
  Decapsulate decapsulate = Decapsulate::outer;
};

/// Where what is decoded goes: flows into the batch, what is learnt to the exporter, counts to the report.
struct Into {
  Exporter& exporter;
  FlowBatch& batch;
  DecodeReport& report;
};

/// Scratch memory and the set loops. One for each decoder; one thread.
class RecordDecoder {
 public:
  /// Decodes one data set. Appends flows, or learns from options; counts records and errors in the report.
  void decode_set(const Message& message, Template& tmpl, Bytes set, const Into& into);

 private:
  void fixed_flows(const Message& message, const Template& tmpl, Bytes set, const Into& into);
  void variable_flows(const Message& message, const Template& tmpl, Bytes set, const Into& into);
  void options(const Message& message, const Template& tmpl, Bytes set, const Into& into);
  /// The record in values_, for the counters stream.
  void keep_options(const Template& tmpl, const FlowBatch& batch, CounterBatch& counters) const;
  /// Splits one record into values_; false where it ends too soon.
  bool split(const Template& tmpl, ByteReader& reader);
  /// What follows the steps, for the last `n` flows of the batch.
  void end_set(const Message& message, const Template& tmpl, Bytes set, std::size_t n, const Into& into);
  void finish(const Message& message, const Plan& plan, std::span<FlowRecord> flows, const Into& into);
  /// Appends the other direction of the last `n` flows, of those that speak of both.
  void add_reverse(const Message& message, const Template& tmpl, Bytes set, std::size_t n, const Into& into);
  void observe(const Message& message, const Template& tmpl);

  std::vector<Bytes> values_;      // of one record, by field
  std::vector<Scratch> scratch_;   // of the records of one set
  std::vector<FlowRecord> inner_;  // of those of a set that tell of two packets, the inner ones
};

}  // namespace sluice::decode
