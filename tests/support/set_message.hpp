#pragma once
// Builds NetFlow v9 and IPFIX messages for tests, a verb a set:
//   SetMessage::v9().tmpl(256, {{8, 4}, {1, 4}}).data(256,
//   WireBytes().address("192.0.2.1").u32(1500)).bytes()
#include <initializer_list>
#include <vector>

#include "sluice/decode/template_cache.hpp"
#include "support/packet_builder.hpp"

namespace sluice::test {

/// Unix time of all test headers, so that times can be written down.
inline constexpr std::uint32_t kHeaderSeconds = 1700000000;
inline constexpr std::uint32_t kHeaderUptimeMs = 86400000;
inline constexpr std::uint64_t kReceivedNs = 1700000001ULL * 1000000000ULL;

class SetMessage {
 public:
  struct Field {
    std::uint16_t id;
    std::uint16_t length;
    std::uint32_t pen = 0;
  };
  using Fields = std::vector<Field>;

  static SetMessage v9(std::uint32_t domain = 1, std::uint32_t sequence = 7,
                       std::uint32_t uptime_ms = kHeaderUptimeMs) {
    SetMessage m;
    m.ipfix_ = false;
    m.out_.u16(9).u16(1).u32(uptime_ms).u32(kHeaderSeconds).u32(sequence).u32(domain);
    return m;
  }
  static SetMessage ipfix(std::uint32_t domain = 1, std::uint32_t sequence = 7) {
    SetMessage m;
    m.ipfix_ = true;
    m.out_.u16(10).u16(0).u32(kHeaderSeconds).u32(sequence).u32(domain);
    return m;
  }

  SetMessage& tmpl(std::uint16_t id, const Fields& fields) {
    WireBytes body;
    body.u16(id).u16(fields.size());
    put_fields(body, fields);
    return set(ipfix_ ? 2 : 0, body);
  }
  SetMessage& options_tmpl(std::uint16_t id, const Fields& scopes, const Fields& options) {
    WireBytes body;
    body.u16(id);
    if (ipfix_)
      body.u16(scopes.size() + options.size()).u16(scopes.size());
    else
      body.u16(4 * scopes.size()).u16(4 * options.size());
    put_fields(body, scopes);
    put_fields(body, options);
    return set(ipfix_ ? 3 : 1, body);
  }
  SetMessage& withdraw(std::uint16_t id, bool options = false) {
    return set(options ? 3 : 2, WireBytes().u16(id).u16(0));
  }
  SetMessage& data(std::uint16_t id, const WireBytes& records) { return set(id, records); }
  SetMessage& set(std::uint16_t id, const WireBytes& body) {
    return set_of_length(id, body.size() + 4, body);
  }
  SetMessage& set_of_length(std::uint16_t id, std::size_t length, const WireBytes& body) {
    out_.u16(id).u16(length).raw(body.data());
    return *this;
  }
  SetMessage& raw(const WireBytes& bytes) {
    out_.raw(bytes.data());
    return *this;
  }
  /// The whole message; an IPFIX header gets its length here.
  std::vector<std::byte> bytes() {
    if (ipfix_) out_.set_u16(2, out_.size());
    return out_.data();
  }

 private:
  void put_fields(WireBytes& body, const Fields& fields) const {
    for (const Field& f : fields) {
      body.u16(f.pen ? f.id | 0x8000U : f.id).u16(f.length);
      if (f.pen) body.u32(f.pen);
    }
  }
  bool ipfix_ = false;
  WireBytes out_;
};

}  // namespace sluice::test
