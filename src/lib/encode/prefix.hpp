#pragma once
// What consecutive flows have in common, encoded once and copied into each row (protobuf lets fields come in
// any order): the origin of the datagram, then sampling rate, its source and the ethertype, which a datagram
// rarely mixes. Measured: a third of the cost of a row.
#include <cstddef>
#include <cstdint>
#include <vector>

#include "sluice/flow/record.hpp"

namespace sluice::encode {

class Prefix {
 public:
  /// Rows copy the prefix in steps of this many bytes: data() is readable, and a row must be writable, up to
  /// the next multiple.
  static constexpr std::size_t kStep = 32;

  void set_origin(const Origin& origin);
  /// Whether the part behind the origin is this flow's.
  bool fits(const FlowRecord& flow) const {
    return flow.sampling_rate == sampling_rate_ && flow.etype == etype_ &&
           flow.sampling_rate_source == rate_source_;
  }
  void set_shared(const FlowRecord& flow);

  const std::byte* data() const { return bytes_.data(); }
  std::size_t size() const { return size_; }
  /// Bytes that a row may have to write for any prefix of this origin.
  std::size_t bound() const { return bytes_.size(); }

 private:
  void encode_shared();

  std::vector<std::byte> bytes_;
  std::size_t origin_size_ = 0;
  std::size_t size_ = 0;
  std::uint64_t sampling_rate_ = 0;
  std::uint16_t etype_ = 0;
  SamplingRateSource rate_source_ = SamplingRateSource::unknown;
};

}  // namespace sluice::encode
