#pragma once
// Flows of random and extreme values, the same for the same seed on every machine, and a comparison of two
// flows field by field. Both follow the field table, so a new field is covered without a change here.
#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "sluice/flow/fields.hpp"

namespace sluice::test {

class RandomFlows {
 public:
  struct Options {
    bool extras = true;           ///< some flows get rare fields
    bool any_bytes_text = false;  ///< names hold bytes that are no UTF-8, too
  };

  explicit RandomFlows(std::uint64_t seed) : state_(seed) {}
  RandomFlows(std::uint64_t seed, Options options) : state_(seed), options_(options) {}

  /// 64 random bits (splitmix64).
  std::uint64_t next() {
    std::uint64_t z = state_ += 0x9e3779b97f4a7c15ULL;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ULL;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebULL;
    return z ^ (z >> 31);
  }
  std::uint64_t below(std::uint64_t n) { return next() % n; }
  bool chance(unsigned percent) { return below(100) < percent; }

  /// At most `bits` bits: 0, the largest, the neighbours of a power of two, or random with a random width.
  std::uint64_t number(unsigned bits) {
    const std::uint64_t largest = bits >= 64 ? ~0ULL : (1ULL << bits) - 1;
    const std::uint64_t power = 1ULL << below(bits);
    switch (below(6)) {
      case 0:
        return 0;
      case 1:
        return largest;
      case 2:
        return power;
      case 3:
        return power - 1;
      default:
        return (next() >> below(64)) & largest;
    }
  }

  /// None, IPv4 or IPv6; now and then all zeros, all ones, v4-mapped or with runs of zero groups.
  IpAddress address() {
    const std::uint64_t shape = below(10);
    if (shape == 0) return {};
    if (shape < 5) return IpAddress::v4(static_cast<std::uint32_t>(number(32)));
    return address_v6();
  }

  /// Valid UTF-8 with characters that JSON has to escape; any bytes where the options say so. Not empty.
  std::string text() {
    static constexpr std::array<std::string_view, 12> kPieces = {"uplink",
                                                                 " ",
                                                                 "\"",
                                                                 "\\",
                                                                 "/",
                                                                 "\n",
                                                                 std::string_view("\0", 1),
                                                                 "\x7f",
                                                                 "\x1f",
                                                                 "\u00fc\u00df",
                                                                 "\u65e5\u672c",
                                                                 "\U0001f310\uef80\uefff"};
    std::string out;
    const std::uint64_t pieces = chance(3) ? 400 : 1 + below(6);
    for (std::uint64_t i = 0; i < pieces; ++i) {
      if (options_.any_bytes_text && chance(30))
        out.push_back(static_cast<char>(next()));
      else
        out += kPieces[below(kPieces.size())];
    }
    return out;
  }
  /// Two letters, as the record's texts have.
  std::string code() { return {static_cast<char>('A' + below(26)), static_cast<char>('A' + below(26))}; }
  /// Any bytes, not none.
  std::string raw() {
    std::string out(1 + below(12), '\0');
    for (char& c : out) c = static_cast<char>(next());
    return out;
  }

  /// A random value for one field; for kinds that can be absent, always a present one.
  void set_random(const FieldInfo& field, FlowBatch& batch, FlowRecord& flow) {
    switch (field.kind) {
      case FieldKind::address:
        return set_address_field(field, batch, flow, address());
      case FieldKind::text:
        return set_text_field(field, batch, flow, field.home == FieldHome::record ? code() : text());
      case FieldKind::raw:
        return set_text_field(field, batch, flow, raw());
      case FieldKind::uint32_list:
      case FieldKind::layer_list:
        return fill_list(batch.extras(flow).list(static_cast<ExtraList>(field.index)), field.kind);
      case FieldKind::address_list: {
        auto& list = batch.extras(flow).list(static_cast<ExtraAddressList>(field.index));
        list.clear();
        for (std::uint64_t n = 1 + below(5); n > 0; --n)
          list.push_back(chance(50) ? address_v6() : IpAddress::v4(static_cast<std::uint32_t>(next())));
        return;
      }
      default:
        return set_integer_field(field, batch, flow, number_for(field));
    }
  }

  Origin& add_origin(FlowBatch& batch) {
    Origin& origin = batch.add_origin();
    origin.type = static_cast<FlowType>(below(5));
    origin.sequence_num = static_cast<std::uint32_t>(number(32));
    origin.observation_domain_id = static_cast<std::uint32_t>(number(32));
    origin.time_received_ns = chance(80) ? kSomeTime + below(1'000'000'000) : number(64);
    origin.sampler_address = address();
    origin.exporter_address = chance(60) ? origin.sampler_address : address();
    if (chance(30)) origin.exporter_name = text();
    if (chance(30)) origin.collector_id = text();
    return origin;
  }

  /// A flow of the current origin. Half of them look like traffic, the others set each field at random.
  FlowRecord& add_flow(FlowBatch& batch) {
    FlowRecord& flow = batch.append_one();
    const bool likely = chance(50);
    if (likely) set_traffic(flow);
    const bool extras = options_.extras && chance(30);
    for (const FieldInfo& field : flow_fields()) {
      if (field.home == FieldHome::origin) continue;
      if (field.home == FieldHome::record ? !likely && chance(70) : extras && chance(40))
        set_random(field, batch, flow);
    }
    return flow;
  }

  /// Appends `origins` origins of 0 to 2 * `flows` flows each.
  void fill(FlowBatch& batch, std::size_t origins, std::size_t flows) {
    for (std::size_t i = 0; i < origins; ++i) {
      add_origin(batch);
      for (std::uint64_t n = below(2 * flows + 1); n > 0; --n) add_flow(batch);
    }
  }

 private:
  static constexpr std::uint64_t kSomeTime = 1'750'000'000'000'000'000;

  IpAddress address_v6() {
    IpAddress out;
    out.size = 16;
    for (std::uint8_t& byte : out.bytes) byte = static_cast<std::uint8_t>(number(8));
    switch (below(6)) {
      case 0:
        std::fill_n(out.bytes.begin(), 16, std::uint8_t{0});
        break;
      case 1:
        std::fill_n(out.bytes.begin(), 16, std::uint8_t{0xff});
        break;
      case 2:
        std::fill_n(out.bytes.begin(), 12, std::uint8_t{0});
        break;
      case 3:
        std::fill_n(out.bytes.begin(), 10, std::uint8_t{0});
        out.bytes[10] = out.bytes[11] = 0xff;
        break;
      case 4:
        std::fill_n(out.bytes.begin() + static_cast<std::ptrdiff_t>(2 * below(6)), 4, std::uint8_t{0});
        break;
      default:
        break;
    }
    return out;
  }

  std::uint64_t number_for(const FieldInfo& field) {
    switch (field.kind) {
      case FieldKind::flow_type:
      case FieldKind::rate_source:
        return below(5);
      case FieldKind::direction:
        return below(3);
      case FieldKind::mac:
        return number(48);
      case FieldKind::uint32:
        return number(field.home == FieldHome::record ? field.width * 8U : 32);
      default:
        return number(64);
    }
  }

  void fill_list(std::vector<std::uint32_t>& list, FieldKind kind) {
    list.clear();
    for (std::uint64_t n = chance(3) ? 300 : 1 + below(8); n > 0; --n)
      list.push_back(static_cast<std::uint32_t>(kind == FieldKind::layer_list ? (chance(10) ? 99 : below(14))
                                                                              : number(32)));
  }

  void set_traffic(FlowRecord& flow) {
    const bool v4 = chance(70);
    flow.set_source(v4 ? IpAddress::v4(0x0a000000U + static_cast<std::uint32_t>(below(1 << 24)))
                       : address_v6());
    flow.set_destination(v4 ? IpAddress::v4(static_cast<std::uint32_t>(next())) : address_v6());
    flow.etype = v4 ? 0x0800 : 0x86dd;
    flow.packets = 1 + below(1 << below(16));
    flow.bytes = flow.packets * (40 + below(1460));
    flow.time_flow_end_ns = kSomeTime + below(60'000'000'000);
    flow.time_flow_start_ns = flow.time_flow_end_ns - below(60'000'000'000);
    flow.sampling_rate = chance(50) ? 1000 : 0;
    flow.sampling_rate_source =
        flow.sampling_rate ? SamplingRateSource::options : SamplingRateSource::unknown;
    flow.proto = chance(70) ? 6 : 17;
    flow.src_port = static_cast<std::uint16_t>(next());
    flow.dst_port = chance(50) ? 443 : static_cast<std::uint16_t>(next());
    flow.tcp_flags = flow.proto == 6 ? 0x1b : 0;
    flow.in_if = static_cast<std::uint32_t>(below(600));
    flow.out_if = static_cast<std::uint32_t>(below(600));
    flow.src_as = static_cast<std::uint32_t>(number(32));
    flow.dst_as = static_cast<std::uint32_t>(number(32));
  }

  std::uint64_t state_;
  Options options_;
};

inline const std::vector<std::uint32_t>& list_field(const FieldInfo& field, const FlowBatch& batch,
                                                    const FlowRecord& flow) {
  static const std::vector<std::uint32_t> kNone;
  const FlowExtras* extras = batch.extras_of(flow);
  return extras ? extras->list(static_cast<ExtraList>(field.index)) : kNone;
}

inline const std::vector<IpAddress>& address_list_field(const FieldInfo& field, const FlowBatch& batch,
                                                        const FlowRecord& flow) {
  static const std::vector<IpAddress> kNone;
  const FlowExtras* extras = batch.extras_of(flow);
  return extras ? extras->list(static_cast<ExtraAddressList>(field.index)) : kNone;
}

/// Names of the fields whose value or presence differs; none where the flows are the same.
inline std::vector<std::string> differing_fields(const FlowBatch& a_batch, const FlowRecord& a,
                                                 const FlowBatch& b_batch, const FlowRecord& b) {
  std::vector<std::string> out;
  for (const FieldInfo& field : flow_fields()) {
    bool same = field_present(field, a_batch, a) == field_present(field, b_batch, b);
    switch (field.kind) {
      case FieldKind::address:
        same &= address_field(field, a_batch, a) == address_field(field, b_batch, b);
        break;
      case FieldKind::text:
      case FieldKind::raw:
        same &= text_field(field, a_batch, a) == text_field(field, b_batch, b);
        break;
      case FieldKind::uint32_list:
      case FieldKind::layer_list:
        same &= list_field(field, a_batch, a) == list_field(field, b_batch, b);
        break;
      case FieldKind::address_list:
        same &= address_list_field(field, a_batch, a) == address_list_field(field, b_batch, b);
        break;
      default:
        same &= integer_field(field, a_batch, a) == integer_field(field, b_batch, b);
        break;
    }
    if (!same) out.emplace_back(field.name);
  }
  return out;
}

}  // namespace sluice::test
