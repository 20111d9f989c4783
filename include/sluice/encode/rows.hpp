#pragma once
// Turns a batch of flows into rows of bytes, one format each. Made once for each format and batch; streams
// that differ only in key or framing copy the rows (see stream.hpp). One encoder belongs to one thread.
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "sluice/flow/batch.hpp"
#include "sluice/util/result.hpp"
#include "sluice/util/words.hpp"

namespace sluice::encode {

enum class Format : std::uint8_t { protobuf, json };
inline constexpr Words<Format, 2> kFormats{{{"protobuf", Format::protobuf}, {"json", Format::json}}};

/// Whose names and forms the fields of JSON have.
enum class JsonFields : std::uint8_t { sluice, goflow2, kflow };
inline constexpr Words<JsonFields, 3> kJsonFields{
    {{"sluice", JsonFields::sluice}, {"goflow2", JsonFields::goflow2}, {"kflow", JsonFields::kflow}}};

/// What the rows are of: the batch's flows, or its records of counters (proto/counters.proto).
enum class Stream : std::uint8_t { flows, counters };
inline constexpr Words<Stream, 2> kStreams{{{"flows", Stream::flows}, {"counters", Stream::counters}}};

struct FormatSpec {
  Format format = Format::protobuf;
  JsonFields json_fields = JsonFields::sluice;
  bool kflow_drop_ipv6 = false;  ///< json.fields kflow: leave IPv6 flows out, counted
  UserFieldsPtr user_fields;  ///< names for JSON of what configuration adds; messages need none; may be null
  Stream stream = Stream::flows;
  friend bool operator==(const FormatSpec&, const FormatSpec&) = default;
};

/// Rows back to back. A protobuf row is a varint length and the message; a JSON row ends in a newline.
/// Reused: clear() keeps the memory.
class RowBuffer {
 public:
  void clear() {
    size_ = 0;
    ends_.clear();
  }
  std::size_t rows() const { return ends_.size(); }
  std::size_t size() const { return size_; }
  Bytes bytes() const { return {data_.data(), size_}; }
  /// Row i; empty where the encoder left the flow out.
  Bytes row(std::size_t i) const {
    const std::uint32_t begin = i == 0 ? 0 : ends_[i - 1];
    return {data_.data() + begin, ends_[i] - begin};
  }
  /// At least n writable bytes at the end; valid until the next call.
  std::byte* reserve(std::size_t n) {
    if (data_.size() < size_ + n) data_.resize(std::max(size_ + n, data_.size() * 2));
    return data_.data() + size_;
  }
  void commit(std::size_t n) { size_ += n; }
  void end_row() { ends_.push_back(static_cast<std::uint32_t>(size_)); }

 private:
  std::vector<std::byte> data_;
  std::size_t size_ = 0;
  std::vector<std::uint32_t> ends_;
};

class RowEncoder {
 public:
  virtual ~RowEncoder() = default;
  /// Appends one row for each flow of the batch, in order; a flow left out gets an empty row. Encoders of the
  /// counters stream append one for each record of its counters.
  virtual void encode(const FlowBatch& batch, RowBuffer& rows) = 0;
  /// Flows left out so far. Any thread.
  virtual std::uint64_t left_out() const { return 0; }
};

std::unique_ptr<RowEncoder> make_row_encoder(const FormatSpec& spec);

/// The body of a protobuf row, without its length prefix.
Bytes strip_length_prefix(Bytes row);

/// Reads one FlowMessage (no prefix) back into a new flow of the batch, whose current origin it fills.
/// Fields that neither the table nor `user_fields` (may be null) has are skipped. The error says what was
/// wrong.
Result<void, std::string> decode_message(Bytes message, FlowBatch& batch,
                                         const UserFields* user_fields = nullptr);
/// Reads one line of `json.fields: sluice` back, likewise.
Result<void, std::string> decode_json_line(std::string_view line, FlowBatch& batch,
                                           const UserFields* user_fields = nullptr);

}  // namespace sluice::encode
