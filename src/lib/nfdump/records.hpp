#pragma once
// From the records of blocks to flows, with what records tell of others: extension maps and exporters. One
// for each file, for its whole length; one thread.
#include <cstdint>
#include <optional>
#include <vector>

#include "nfdump/parts.hpp"
#include "sluice/util/seeded_hash.hpp"

namespace sluice::nfdump {

/// Who sent the flows, as nfdump numbers them.
struct Exporter {
  std::uint32_t version = 0;  ///< 5, 9, 10; 9999 is sFlow
  std::uint32_t id = 0;       ///< source id, or engine
  IpAddress address;
};

/// What stands in front of every flow record, besides its times and counts.
struct FlowHead {
  std::uint16_t exporter = 0;
  std::uint8_t version = 0;  ///< of the protocol; 0 not said
  bool sampled = false;
};

/// The extensions of a map in their order, up to the first that is not known.
using ExtensionMaps = SeededMap<std::uint16_t, std::vector<std::uint8_t>>;

class Records {
 public:
  explicit Records(ByteOrder order) : order_(order) {}

  enum class Kind : std::uint8_t { flow, other, unknown, damaged };
  /// Appends the flow of a record of this type; `body` is what follows type and size.
  Kind read(std::uint16_t type, Bytes body, FlowBatch& batch);
  std::uint64_t sampled() const { return sampled_; }

 private:
  bool map(FieldReader in);
  bool exporter(FieldReader in);
  template <class ReadFlow>
  Kind flow(FieldReader in, FlowBatch& batch, ReadFlow read);
  void finish(const FlowHead& head, Said& said);
  void set_origin(const FlowHead& head, const Said& said);

  const ByteOrder order_;
  ExtensionMaps maps_;
  SeededMap<std::uint16_t, Exporter> exporters_;
  std::uint64_t sampled_ = 0;
};

/// The flow records of layout 1: type 10, and type 1 of before that. False where it is cut short, or comes
/// before the map that tells what is in it.
bool read_layout1(FieldReader& in, bool oldest, const ExtensionMaps& maps, FlowHead& head, Said& said);
/// Whether it is known how long an extension is, so that what is behind it can be found.
bool extension_known(std::uint16_t id);
/// Type 11, of layout 2.
bool read_layout2(FieldReader& in, FlowHead& head, Said& said);

}  // namespace sluice::nfdump
