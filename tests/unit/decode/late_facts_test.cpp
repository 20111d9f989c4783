// Options data that comes behind the flows it concerns.
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "sluice/encode/rows.hpp"
#include "support/decode_fixture.hpp"

namespace sluice::decode {
namespace {

using test::DecodeFixture;
using test::SetMessage;
using test::WireBytes;

constexpr std::uint16_t kFlows = 256, kOptions = 257;
constexpr std::uint32_t kUptimeMs = 60000;
constexpr std::uint64_t kInitMs = 1699999900000;

/// One thing that options data says, and what flows are to show of it.
struct Fact {
  const char* name;
  SetMessage::Fields scopes, options;
  WireBytes record;
  const char* field;
  std::string value;
  bool ipfix_only = false;
};

/// Interfaces 3 and 4, sampler 5, VRF 6, application 3:80.
const SetMessage::Fields kFlowFields{{1, 4}, {10, 4}, {14, 4}, {48, 1}, {234, 4}, {95, 4}, {22, 4}, {21, 4}};
WireBytes a_flow() {
  return WireBytes().u32(100).u32(3).u32(4).u8(5).u32(6).u32(0x03000050).u32(kUptimeMs).u32(kUptimeMs + 1000);
}

WireBytes named(std::uint32_t id, const std::string& text) {
  WireBytes out;
  out.u32(id);
  for (std::size_t i = 0; i < 8; ++i) out.u8(i < text.size() ? static_cast<unsigned char>(text[i]) : 0);
  return out;
}

const std::vector<Fact> kFacts{
    {"rate", {{149, 4}}, {{34, 4}}, WireBytes().u32(1).u32(1000), "sampling_rate", "1000"},
    {"rate_source", {{149, 4}}, {{34, 4}}, WireBytes().u32(1).u32(1000), "sampling_rate_source", "OPTIONS"},
    {"random_rate", {{149, 4}}, {{50, 2}}, WireBytes().u32(1).u16(512), "sampling_rate", "512"},
    {"rate_of_the_sampler",
     {{149, 4}},
     {{48, 1}, {50, 4}},
     WireBytes().u32(1).u8(5).u32(99),
     "sampling_rate",
     "99"},
    {"interval_and_space",
     {{149, 4}},
     {{305, 4}, {306, 4}},
     WireBytes().u32(1).u32(1).u32(63),
     "sampling_rate",
     "64"},
    {"input_name", {{10, 4}}, {{82, 8}}, named(3, "eth3"), "in_if_name", "eth3"},
    {"output_name", {{10, 4}}, {{82, 8}}, named(4, "eth4"), "out_if_name", "eth4"},
    {"description", {{10, 4}}, {{83, 8}}, named(3, "uplink"), "in_if_description", "uplink"},
    {"vrf", {{234, 4}}, {{236, 8}}, named(6, "red"), "ingress_vrf_name", "red"},
    {"application", {{95, 4}}, {{96, 8}}, named(0x03000050, "http"), "application_name", "http"},
    {"start",
     {{149, 4}},
     {{160, 8}},
     WireBytes().u32(1).u64(kInitMs),
     "time_flow_start_ns",
     std::to_string((kInitMs + kUptimeMs) * 1000000),
     true},
    {"end",
     {{149, 4}},
     {{160, 8}},
     WireBytes().u32(1).u64(kInitMs),
     "time_flow_end_ns",
     std::to_string((kInitMs + kUptimeMs + 1000) * 1000000),
     true},
};

/// `t` flow template, `d` flow, `T` options template, `D` options record, `|` the next datagram.
const std::vector<std::string> kOrders{"TDtd",  "tTdD",  "tdTD",  "T|tdD", "t|dTD",  "d|tTD",
                                       "d|TtD", "dT|tD", "dD|tT", "dD|Tt", "d|T|tD", "dd|tdTDd"};

class LateFactsOf : public testing::TestWithParam<Protocol> {};

INSTANTIATE_TEST_SUITE_P(Protocols, LateFactsOf, testing::Values(Protocol::netflow9, Protocol::ipfix),
                         [](const auto& one) { return std::string(name(one.param)); });

std::vector<nlohmann::json> rows_of(const FlowBatch& batch) {
  encode::FormatSpec spec;
  spec.format = encode::Format::json;
  encode::RowBuffer rows;
  encode::make_row_encoder(spec)->encode(batch, rows);
  std::vector<nlohmann::json> out;
  for (std::size_t i = 0; i < rows.rows(); ++i) {
    const auto* row = reinterpret_cast<const char*>(rows.row(i).data());
    out.push_back(nlohmann::json::parse(row, row + rows.row(i).size()));
  }
  return out;
}

std::string text_of(const nlohmann::json& row, const std::string& field) {
  if (!row.contains(field)) return "-";
  return row[field].is_string() ? row[field].get<std::string>() : row[field].dump();
}

/// All flows of the datagrams, and what their reports counted as without a rate.
struct Decoded {
  Decoded(Protocol protocol, const Fact& fact, const std::string& order) {
    std::uint32_t sequence = 0;
    const auto begin = [&] {
      return protocol == Protocol::ipfix ? SetMessage::ipfix(1, ++sequence) : SetMessage::v9(1, ++sequence);
    };
    DecodeFixture decode;
    SetMessage message = begin();
    const auto send = [&] {
      rates_unknown += decode(message).count(DecodeCount::rates_unknown);
      std::ranges::move(rows_of(decode.batch), std::back_inserter(rows));
    };
    for (const char set : order) {
      if (set == 't') message.tmpl(kFlows, kFlowFields);
      if (set == 'd') message.data(kFlows, a_flow());
      if (set == 'T') message.options_tmpl(kOptions, fact.scopes, fact.options);
      if (set == 'D') message.data(kOptions, fact.record);
      if (set != '|') continue;
      send();
      message = begin();
    }
    send();
  }
  std::vector<nlohmann::json> rows;
  std::uint32_t rates_unknown = 0;
};

TEST_P(LateFactsOf, AreGivenToTheFlowsBeforeThem) {
  for (const Fact& fact : kFacts) {
    if (fact.ipfix_only && GetParam() != Protocol::ipfix) continue;
    for (const std::string& order : kOrders) {
      const Decoded decoded(GetParam(), fact, order);
      ASSERT_EQ(decoded.rows.size(), static_cast<std::size_t>(std::ranges::count(order, 'd'))) << order;
      for (const auto& row : decoded.rows)
        EXPECT_EQ(text_of(row, fact.field), fact.value) << fact.name << ' ' << order;
      EXPECT_EQ(decoded.rates_unknown, fact.field == std::string("sampling_rate") ||
                                               fact.field == std::string("sampling_rate_source")
                                           ? 0
                                           : decoded.rows.size())
          << fact.name << ' ' << order;
    }
  }
}

TEST_P(LateFactsOf, ARateThatTheRecordSaysStands) {
  DecodeFixture decode;
  SetMessage message = GetParam() == Protocol::ipfix ? SetMessage::ipfix() : SetMessage::v9();
  message.tmpl(kFlows, {{1, 4}, {34, 4}})
      .data(kFlows, WireBytes().u32(100).u32(7).u32(100).u32(0).u32(100).u32(8))
      .options_tmpl(kOptions, {{149, 4}}, {{34, 4}})
      .data(kOptions, WireBytes().u32(1).u32(1000));
  const auto report = decode(message);
  ASSERT_EQ(decode.batch.size(), 3U);
  EXPECT_EQ(decode.flow(0).sampling_rate, 7U);
  EXPECT_EQ(decode.flow(1).sampling_rate, 1000U);
  EXPECT_EQ(decode.flow(1).sampling_rate_source, SamplingRateSource::options);
  EXPECT_EQ(decode.flow(2).sampling_rate, 8U);
  EXPECT_EQ(report.count(DecodeCount::rates_unknown), 0U);
}

TEST_P(LateFactsOf, EachSamplerHasItsOwn) {
  DecodeFixture decode;
  SetMessage message = GetParam() == Protocol::ipfix ? SetMessage::ipfix() : SetMessage::v9();
  message.tmpl(kFlows, {{1, 4}, {48, 1}})
      .data(kFlows, WireBytes().u32(100).u8(1).u32(100).u8(2).u32(100).u8(2).u32(100).u8(1))
      .options_tmpl(kOptions, {{149, 4}}, {{48, 1}, {50, 4}})
      .data(kOptions, WireBytes().u32(1).u8(1).u32(10).u32(1).u8(2).u32(20));
  decode(message);
  ASSERT_EQ(decode.batch.size(), 4U);
  for (const auto& [flow, rate] : {std::pair{0U, 10U}, {1U, 20U}, {2U, 20U}, {3U, 10U}})
    EXPECT_EQ(decode.flow(flow).sampling_rate, rate) << flow;
}

TEST_P(LateFactsOf, ConfigurationStillDecides) {
  ExporterSettings settings;
  settings.sampling_rate_default = 3;
  ExporterSettings forced;
  forced.sampling_rate_override = 4;
  for (const auto& [with, rate] : {std::pair{settings, 1000U}, {forced, 4U}}) {
    DecodeFixture decode({}, with);
    SetMessage message = GetParam() == Protocol::ipfix ? SetMessage::ipfix() : SetMessage::v9();
    message.tmpl(kFlows, {{1, 4}})
        .data(kFlows, WireBytes().u32(100))
        .options_tmpl(kOptions, {{149, 4}}, {{34, 4}})
        .data(kOptions, WireBytes().u32(1).u32(1000));
    decode(message);
    EXPECT_EQ(decode.flow().sampling_rate, rate);
  }
}

TEST(LateFacts, BothFlowsOfABiflowHaveThem) {
  DecodeFixture decode;
  decode(SetMessage::ipfix()
             .tmpl(kFlows, {{1, 4}, {1, 4, 29305}, {22, 4}, {21, 4}})
             .data(kFlows, WireBytes().u32(100).u32(200).u32(kUptimeMs).u32(kUptimeMs + 1000))
             .options_tmpl(kOptions, {{149, 4}}, {{34, 4}, {160, 8}})
             .data(kOptions, WireBytes().u32(1).u32(1000).u64(kInitMs)));
  ASSERT_EQ(decode.batch.size(), 2U);
  for (std::size_t i = 0; i < 2; ++i) {
    EXPECT_EQ(decode.flow(i).sampling_rate, 1000U) << i;
    EXPECT_EQ(decode.flow(i).time_flow_start_ns, (kInitMs + kUptimeMs) * 1000000) << i;
  }
}

TEST(LateFacts, TimesAreJudgedByWhatIsKnownLast) {
  ExporterSettings settings;
  settings.times_received = true;
  for (const bool received : {false, true}) {
    DecodeFixture decode({}, received ? settings : ExporterSettings{});
    const auto report = decode(SetMessage::ipfix()
                                   .tmpl(kFlows, {{22, 4}, {21, 4}})
                                   .data(kFlows, WireBytes().u32(kUptimeMs).u32(kUptimeMs + 1000))
                                   .options_tmpl(kOptions, {{149, 4}}, {{160, 8}})
                                   .data(kOptions, WireBytes().u32(1).u64(1)));  // in 1970
    EXPECT_EQ(report.count(DecodeCount::times_replaced), received ? 0U : 1U) << "their end is not judged";
    EXPECT_EQ(decode.flow().time_flow_end_ns, test::kReceivedNs);
  }
}

}  // namespace
}  // namespace sluice::decode
