// What is generated comes out of the decoders field for field.
#include <cstring>

#include "capture.hpp"
#include "generate/as_decoded.hpp"
#include "generate/mock_exporter.hpp"
#include "sluice/decode/datagram_decoder.hpp"
#include "sluice/flow/fields.hpp"

namespace sluice::generate::test {
namespace {

/// Every field of the message, by the field table; lists and all.
void expect_same(const FlowBatch& expected, const FlowBatch& decoded) {
  ASSERT_EQ(expected.size(), decoded.size());
  for (std::size_t i = 0; i < expected.size(); ++i) {
    const FlowRecord &want = expected.flows()[i], &got = decoded.flows()[i];
    const FlowExtras none{};
    const FlowExtras *want_extras = expected.extras_of(want), *got_extras = decoded.extras_of(got);
    if (!want_extras) want_extras = &none;
    if (!got_extras) got_extras = &none;
    for (const auto& field : flow_fields()) {
      SCOPED_TRACE(std::string(field.name) + " of flow " + std::to_string(i));
      switch (field.kind) {
        case FieldKind::address:
          EXPECT_EQ(address_field(field, expected, want), address_field(field, decoded, got));
          break;
        case FieldKind::raw:
        case FieldKind::text:
          EXPECT_EQ(text_field(field, expected, want), text_field(field, decoded, got));
          break;
        case FieldKind::uint32_list:
        case FieldKind::layer_list: {
          const auto list = static_cast<ExtraList>(field.index);
          EXPECT_EQ(want_extras->list(list), got_extras->list(list));
          break;
        }
        case FieldKind::address_list: {
          const auto list = static_cast<ExtraAddressList>(field.index);
          EXPECT_EQ(want_extras->list(list), got_extras->list(list));
          break;
        }
        default:
          EXPECT_EQ(integer_field(field, expected, want), integer_field(field, decoded, got));
          EXPECT_EQ(field_present(field, expected, want), field_present(field, decoded, got));
      }
    }
  }
}

class RoundTrip : public testing::TestWithParam<FlowType> {};

TEST_P(RoundTrip, EveryField) {
  auto wanted = options(GetParam(), 0);
  wanted.sampling = 321;
  wanted.to = "127.0.0.1:2055";
  const auto population = std::make_shared<const Population>(wanted.seed, wanted.conversations);
  MockExporter exporter(wanted, 0, population, kStart, 4000);
  const IpAddress source = IpAddress::v4(0x7f000002);
  const bool domains = GetParam() == FlowType::netflow9 || GetParam() == FlowType::ipfix;

  decode::ExporterTable table({}, {});
  decode::DatagramDecoder decoder(table);
  std::vector<std::byte> room(kMaxPayload);
  FlowBatch decoded, expected;
  std::uint64_t now = kStart, flows = 0;
  for (; !exporter.done(); now += 37'000'000) {
    const Made made = exporter.next(now, room);
    decoded.clear();
    const auto report = decoder.decode({Bytes(room).first(made.written.size), source, 40000, now}, decoded);
    EXPECT_FALSE(report.any_error());
    EXPECT_EQ(report.count(decode::DecodeCount::flows), made.flows.size());
    EXPECT_EQ(report.count(decode::DecodeCount::templates), made.written.templates);
    EXPECT_EQ(report.count(decode::DecodeCount::options_records), made.written.options_records);
    EXPECT_EQ(report.count(decode::DecodeCount::counter_samples), made.written.counter_samples);
    EXPECT_EQ(report.count(decode::DecodeCount::times_replaced) +
                  report.count(decode::DecodeCount::starts_replaced) +
                  report.count(decode::DecodeCount::rates_unknown),
              0U);
    if (made.flows.empty()) continue;

    expected.clear();
    Origin& origin = expected.add_origin();
    origin.type = GetParam();
    origin.sequence_num = decoded.origin(0).sequence_num;  // the walkers look after it
    origin.observation_domain_id = domains ? exporter.identity().observation_domain : 0;
    origin.time_received_ns = now;
    origin.exporter_address = source;
    origin.sampler_address = GetParam() == FlowType::sflow5 ? exporter.identity().agent : source;
    for (const auto& flow : made.flows) append_as_decoded(GetParam(), flow, wanted.sampling, expected);
    expect_same(expected, decoded);
    flows += made.flows.size();
    if (HasFailure()) break;
  }
  EXPECT_EQ(flows, 4000U);
}

std::string protocol_name(const testing::TestParamInfo<FlowType>& protocol) {
  static constexpr const char* kNames[] = {"unknown", "sflow", "netflow5", "netflow9", "ipfix"};
  return kNames[static_cast<int>(protocol.param)];
}

INSTANTIATE_TEST_SUITE_P(, RoundTrip,
                         testing::Values(FlowType::sflow5, FlowType::netflow5, FlowType::netflow9,
                                         FlowType::ipfix),
                         protocol_name);

}  // namespace
}  // namespace sluice::generate::test
