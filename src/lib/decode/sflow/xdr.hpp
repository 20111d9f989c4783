#pragma once
// Reads the XDR of sFlow (RFC 4506) and, where somebody watches, shows each field as it is read, so that
// `sluice decode --raw` and the decoder can never disagree about a layout.
#include <algorithm>
#include <string_view>
#include <vector>

#include "sluice/decode/datagram.hpp"
#include "sluice/util/byte_reader.hpp"

namespace sluice::decode::sflow {

class XdrReader {
 public:
  XdrReader(Bytes bytes, RawObserver* observer) : in_(bytes), observer_(observer) {}

  std::uint32_t u32(std::string_view name) { return number<std::uint32_t>(name); }
  std::uint64_t u64(std::string_view name) { return number<std::uint64_t>(name); }

  /// A count and as many numbers, put behind those in `out`; as many as are there and a failed reader where
  /// the count promised more.
  void u32_list(std::string_view count_name, std::string_view name, std::vector<std::uint32_t>& out) {
    const std::uint32_t count = u32(count_name);
    const std::size_t whole = std::min<std::size_t>(count, in_.remaining() / sizeof count);
    const Bytes numbers = in_.take(whole * sizeof count);
    const std::size_t before = out.size();
    out.resize(before + whole);
    for (std::size_t i = 0; i < whole; ++i) {
      out[before + i] = load_be<std::uint32_t>(numbers.data() + i * sizeof count);
      if (observer_) [[unlikely]]
        observer_->number(name, out[before + i]);
    }
    if (whole < count) in_.skip(in_.remaining() + 1);
  }
  /// n bytes and the padding to the next multiple of four, as far as the padding is there.
  Bytes opaque(std::string_view name, std::size_t n) {
    const Bytes taken = in_.take(n);
    skip_padding(n);
    if (observer_ && in_.ok()) [[unlikely]]
      observer_->bytes(name, taken);
    return taken;
  }
  /// As opaque(), but no more than what is left; for a sample that reaches past the datagram. Not shown.
  Bytes take_up_to(std::size_t n) {
    const Bytes taken = in_.take(std::min(n, in_.remaining()));
    skip_padding(n);
    return taken;
  }
  /// The address type and its address; the empty address for type 0 (unknown). Any other type makes the
  /// reader failed, since nobody can tell how long its address is.
  IpAddress address(std::string_view type_name, std::string_view name) {
    switch (u32(type_name)) {
      case 0:
        return {};
      case 1:
        return IpAddress::from_bytes(opaque(name, 4));
      case 2:
        return IpAddress::from_bytes(opaque(name, 16));
      default:
        in_.skip(in_.remaining() + 1);
        return {};
    }
  }

  bool ok() const { return in_.ok(); }
  std::size_t remaining() const { return in_.remaining(); }
  Bytes rest() const { return in_.rest(); }
  RawObserver* observer() const { return observer_; }

 private:
  template <std::unsigned_integral T>
  T number(std::string_view name) {
    const T value = in_.be<T>();
    if (observer_ && in_.ok()) [[unlikely]]
      observer_->number(name, value);
    return value;
  }
  void skip_padding(std::size_t n) {
    const std::size_t padding = (4 - n % 4) % 4;
    in_.skip(std::min(padding, in_.remaining()));
  }

  ByteReader in_;
  RawObserver* observer_;
};

/// Opens a node of the observer's tree and closes it at the end of the block, however the block ends.
class Shown {
 public:
  Shown(RawObserver* observer, std::string_view what) : observer_(observer) {
    if (observer_) [[unlikely]]
      observer_->open(what);
  }
  ~Shown() {
    if (observer_) [[unlikely]]
      observer_->close();
  }
  Shown(const Shown&) = delete;
  Shown& operator=(const Shown&) = delete;

 private:
  RawObserver* observer_;
};

/// The word before every sample and record: who defined the format, and its number.
struct DataFormat {
  std::uint32_t enterprise;
  std::uint32_t format;
  /// The number where sFlow itself defined it; 0, which it never gave away, for those of enterprises.
  std::uint32_t standard() const { return enterprise == 0 ? format : 0; }
};
inline DataFormat data_format(std::uint32_t word) { return {word >> 12, word & 0xfff}; }

/// Calls `read(format, reader)` for each of `count` records, or for as many as the bytes hold. It says
/// whether the record was good. Returns how many were good and whole; the others are counted in the report,
/// those that are missing altogether as one.
template <class ReadRecord>
std::uint32_t read_records(XdrReader& in, std::uint32_t count, DecodeReport& report, ReadRecord&& read) {
  std::uint32_t good = 0;
  for (std::uint32_t i = 0; i < count; ++i) {
    if (in.remaining() < 8) {
      report.fail(DecodeError::bad_sample_record);
      break;
    }
    const Shown shown(in.observer(), "record");
    const DataFormat format = data_format(in.u32("data_format"));
    const std::uint32_t length = in.u32("length");
    const bool fits = length <= in.remaining();
    XdrReader record(in.take_up_to(length), in.observer());
    if (read(format, record) && fits)
      ++good;
    else
      report.fail(DecodeError::bad_sample_record);
  }
  return good;
}

}  // namespace sluice::decode::sflow
