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

/// What the flows of one message were finished with, as far as options data behind them may know better:
/// late_facts.hpp. Indices are those of the batch's flows.
struct LateFacts {
  /// Flows from `first` on, up to the next entry's.
  struct Rate {
    std::size_t first;
    bool own;  ///< the record itself said its rate
    bool named;
    std::uint64_t sampler;
  };
  /// A flow with times in sysUptime, and nobody has said what they count from.
  struct Times {
    std::size_t index = 0;
    std::uint64_t start = 0, end = 0, duration_us = 0;  ///< as sent
    TimeUnit start_unit = TimeUnit::absent, end_unit = TimeUnit::absent;
    std::uint64_t export_ns = 0, received_ns = 0;   ///< of its own message
    bool replaced = false, start_replaced = false;  ///< as they were counted
  };
  /// The two flows of one record.
  struct Copy {
    std::size_t from, to;
    bool same_times = false;
  };
  std::vector<Rate> rates;
  std::vector<Times> times;
  std::vector<Copy> copies;
  std::uint64_t known = 0;  ///< SamplerTable::changes() when the message began
};

/// Scratch memory and the set loops. One for each decoder; one thread.
class RecordDecoder {
 public:
  // Around the sets of a message.
  void begin_message(const Exporter& exporter);
  void end_message(const Message& message, const Into& into);
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
  LateFacts late_;
};

}  // namespace sluice::decode
