#pragma once
// The datagram that all figures of NetFlow v9 are given for: 1,396 bytes, 28 flows of 49 bytes, 18 fields,
// heavy tailed counters, random addresses. The same shape as the yardstick programs beside which we measure.
#include <cstdint>
#include <random>
#include <vector>

#include "support/set_message.hpp"

namespace sluice::bench {

inline constexpr std::size_t kFlows = 28;
inline constexpr std::uint16_t kTemplateId = 256;
inline constexpr std::uint32_t kSeconds = 1700000000;

using Payload = std::vector<std::byte>;

inline Payload reference_template() {
  return test::SetMessage::v9(1, 0)
      .tmpl(kTemplateId, {{8, 4},
                          {12, 4},
                          {15, 4},
                          {7, 2},
                          {11, 2},
                          {4, 1},
                          {5, 1},
                          {6, 1},
                          {10, 2},
                          {14, 2},
                          {22, 4},
                          {21, 4},
                          {1, 4},
                          {2, 4},
                          {16, 4},
                          {17, 4},
                          {9, 1},
                          {13, 1}})
      .bytes();
}

class ReferenceDatagrams {
 public:
  explicit ReferenceDatagrams(std::uint32_t seed) : random_(seed) {}

  Payload next() {
    const std::uint32_t uptime = 86400000 + sequence_;
    test::WireBytes records;
    for (std::size_t i = 0; i < kFlows; ++i) record(records, uptime);
    return test::SetMessage::v9(1, sequence_++, uptime).data(kTemplateId, records).bytes();
  }

 private:
  std::uint32_t bits(std::uint32_t n) { return static_cast<std::uint32_t>(random_()) % n; }
  /// Every length of varint comes up: the number of significant bits is uniform.
  std::uint32_t heavy(std::uint32_t max_bits) {
    const std::uint32_t width = bits(max_bits) + 1;
    const std::uint32_t top = 1U << (width - 1);
    return top | (static_cast<std::uint32_t>(random_()) & (top - 1));
  }
  std::uint32_t as_number() { return bits(4) ? 1 + bits(65535) : 65536 + bits(400000); }

  void record(test::WireBytes& out, std::uint32_t uptime) {
    static constexpr std::uint16_t kServices[] = {443, 80, 53, 22, 8080, 123, 25, 993};
    const std::uint32_t packets = heavy(14);
    const std::uint16_t low = kServices[bits(8)];
    const auto high = static_cast<std::uint16_t>(32768 + bits(32768));
    const bool server = bits(2);
    out.u32(0x0a000000U | (random_() & 0xffffffU)).u32(random_() & 0xffffffffU).u32(0xc0000200U | bits(256));
    out.u16(server ? low : high).u16(server ? high : low);
    out.u8(bits(10) < 7 ? 6 : 17).u8(bits(8) ? 0 : bits(256)).u8(bits(32));
    out.u16(1 + bits(96)).u16(1 + bits(96));
    out.u32(uptime - heavy(16) - bits(1000)).u32(uptime - bits(1000));
    out.u32(packets * (40 + bits(1460)))
        .u32(packets)
        .u32(as_number())
        .u32(as_number())
        .u8(8 + bits(25))
        .u8(8 + bits(25));
  }

  std::mt19937 random_;
  std::uint32_t sequence_ = 0;
};

}  // namespace sluice::bench
