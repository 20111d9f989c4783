#pragma once
// What exporters count themselves, beside the flows: samples of sFlow counters and records of options data.
// The second stream ("counters") is made of these; proto/counters.proto is its message. A FlowBatch has one
// where somebody wants it (FlowBatch::want_counters()). Filled, read and cleared with the flows of the same
// datagrams, whose origins it shares; owns its bytes. One thread at a time.
#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "sluice/util/byte_reader.hpp"

namespace sluice {

/// One number of a structure whose layout is known.
struct CounterField {
  std::string_view name;   ///< in the message and in JSON: "if_in_octets"
  std::string_view shown;  ///< the name that the standard gives it: "ifInOctets"
  std::uint16_t number;    ///< of the field in its message
  bool wide = false;       ///< 64 bits
  bool real = false;       ///< sent as a 32-bit float; the value is its hundredths
};

/// A structure of sFlow counters that is taken apart. The table is the one place that knows them: decoder,
/// encoders, documents and tests are driven by it.
struct CounterLayout {
  std::uint32_t format;   ///< of enterprise 0
  std::string_view name;  ///< "interface"
  std::uint16_t number;   ///< of the field in CounterMessage
  std::span<const CounterField> fields;
};
std::span<const CounterLayout> counter_layouts();
/// nullptr where structures of that format stay bytes.
const CounterLayout* find_counter_layout(std::uint32_t enterprise, std::uint32_t format);

/// A part of a record: a structure of an sFlow counter sample, or a field of an options record.
struct CounterPart {
  const CounterLayout* layout = nullptr;  ///< its numbers are in `values`; null: raw, in `data`
  std::uint32_t enterprise = 0;           ///< of the structure or the information element
  std::uint32_t id = 0;                   ///< format of the structure, number of the element
  bool scope = false;                     ///< a scope field of an options record
  std::span<const std::uint64_t> values;  ///< as many as the layout has fields
  Bytes data;
};

/// One counter sample or one options record: one message of the stream.
struct CounterRecord {
  std::uint32_t origin = 0;  ///< index among the origins of the FlowBatch
  bool options = false;
  std::uint32_t template_id = 0;   ///< of options records
  std::uint32_t sub_agent_id = 0;  ///< the rest of sFlow counter samples
  std::uint32_t uptime_ms = 0;
  std::uint32_t sample_sequence = 0;  ///< of the source's counter samples
  std::uint32_t source_id_type = 0;   ///< 0 ifIndex, 1 VLAN, 2 physical entity
  std::uint32_t source_id_index = 0;
};

class CounterBatch {
 public:
  /// Forgets all records; keeps the memory.
  void clear();
  /// Takes back records from the end, down to `size` of them.
  void truncate(std::size_t size);
  /// Starts a record; parts appended from now on belong to it.
  CounterRecord& add();
  /// A structure of known layout. Requires as many values as it has fields.
  void add_values(const CounterLayout& layout, std::span<const std::uint64_t> values);
  /// A structure or element as it was sent; the bytes are copied.
  void add_raw(std::uint32_t enterprise, std::uint32_t id, Bytes data, bool scope = false);

  std::size_t size() const { return records_.size(); }
  const CounterRecord& record(std::size_t i) const { return records_[i].record; }
  std::size_t parts(std::size_t i) const { return end_of(i) - records_[i].first_part; }
  /// Part `n` of record `i`; what it points to holds until the next change.
  CounterPart part(std::size_t i, std::size_t n) const;

 private:
  struct Held {
    CounterRecord record;
    std::size_t first_part;
  };
  struct Part {
    const CounterLayout* layout;
    std::uint32_t enterprise;
    std::uint32_t id;
    bool scope;
    std::size_t first;  // into values_ or bytes_
    std::size_t size;
  };
  std::size_t end_of(std::size_t i) const {
    return i + 1 < records_.size() ? records_[i + 1].first_part : parts_.size();
  }

  std::vector<Held> records_;
  std::vector<Part> parts_;
  std::vector<std::uint64_t> values_;
  std::vector<std::byte> bytes_;
};

}  // namespace sluice
