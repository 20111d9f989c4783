// Names that options data or the flow itself gives to interfaces, VRFs and applications.
#include <gtest/gtest.h>

#include "support/decode_fixture.hpp"
#include "support/sflow_builder.hpp"

namespace sluice::decode {
namespace {

using test::DecodeFixture;
using test::SetMessage;
using test::WireBytes;

/// A text in a field of fixed length, filled up with zeros.
WireBytes text(std::string_view value, std::size_t length) {
  return WireBytes().text(value).zeros(length - value.size());
}
WireBytes variable(std::string_view value) { return WireBytes().u8(value.size()).text(value); }

std::string text_of(const DecodeFixture& decode, ExtraText field, std::size_t i = 0) {
  const FlowExtras* extras = decode.extras(i);
  return extras && extras->has(field) ? extras->get(field) : "-";
}

/// Input 3, output 4.
SetMessage v9_flow(std::uint32_t domain = 1) {
  return SetMessage::v9(domain).tmpl(256, {{10, 4}, {14, 4}}).data(256, WireBytes().u32(3).u32(4));
}
SetMessage ipfix_flow(std::uint32_t domain = 1) {
  return SetMessage::ipfix(domain).tmpl(256, {{10, 4}, {14, 4}}).data(256, WireBytes().u32(3).u32(4));
}
/// Interface 3 is called `name`.
SetMessage ipfix_names(std::uint32_t domain, std::string_view name) {
  return SetMessage::ipfix(domain)
      .options_tmpl(300, {{10, 4}}, {{82, kVariableLength}})
      .data(300, WireBytes().u32(3).raw(variable(name).data()));
}

TEST(Names, InterfaceTableOfCiscoInV9) {
  DecodeFixture decode;
  const auto report = decode(SetMessage::v9()
                                 .options_tmpl(257, {{1, 4}}, {{10, 4}, {82, 8}, {83, 12}})
                                 .data(257, WireBytes()
                                                .u32(0xc0000209)
                                                .u32(3)
                                                .raw(text("Gi0/3", 8).data())
                                                .raw(text("to the north", 12).data())
                                                .u32(0xc0000209)
                                                .u32(4)
                                                .raw(text("Gi0/4", 8).data())
                                                .raw(text("", 12).data())));
  EXPECT_EQ(report.count(DecodeCount::options_records), 2u);
  EXPECT_FALSE(report.any_error());
  decode(v9_flow());
  EXPECT_EQ(text_of(decode, ExtraText::in_if_name), "Gi0/3");
  EXPECT_EQ(text_of(decode, ExtraText::in_if_description), "to the north");
  EXPECT_EQ(text_of(decode, ExtraText::out_if_name), "Gi0/4");
  EXPECT_EQ(text_of(decode, ExtraText::out_if_description), "-");
}

TEST(Names, InterfaceScopeOfV9) {
  DecodeFixture decode;
  decode(SetMessage::v9()
             .options_tmpl(257, {{2, 2}}, {{82, 8}})
             .data(257, WireBytes().u16(4).raw(text("Gi0/4", 8).data())));
  decode(v9_flow());
  EXPECT_EQ(text_of(decode, ExtraText::in_if_name), "-");
  EXPECT_EQ(text_of(decode, ExtraText::out_if_name), "Gi0/4");
}

TEST(Names, OtherV9ScopesAreNoInterfaces) {
  DecodeFixture decode;
  for (const auto scope : std::vector<std::uint16_t>{1, 3, 4, 5})
    decode(SetMessage::v9()
               .options_tmpl(257, {{scope, 4}}, {{82, 8}})
               .data(257, WireBytes().u32(3).raw(text("no", 8).data())));
  decode(v9_flow());
  EXPECT_EQ(decode.extras(), nullptr);
}

TEST(Names, InterfaceScopesOfIpfix) {
  for (const auto scope : std::vector<std::uint16_t>{10, 14, 252, 253}) {
    DecodeFixture decode;
    decode(SetMessage::ipfix()
               .options_tmpl(300, {{scope, 4}}, {{82, kVariableLength}, {83, kVariableLength}})
               .data(300, WireBytes().u32(3).raw(variable("eth3").data()).raw(variable("north").data())));
    decode(ipfix_flow());
    EXPECT_EQ(text_of(decode, ExtraText::in_if_name), "eth3") << scope;
    EXPECT_EQ(text_of(decode, ExtraText::in_if_description), "north") << scope;
  }
}

TEST(Names, AnyOtherScopeIsPassedOver) {
  DecodeFixture decode;
  // Line card, an enterprise's own, metering process, then the interface.
  decode(SetMessage::ipfix()
             .options_tmpl(300, {{141, 4}, {7, kVariableLength, 9}, {143, 2}, {10, 2}}, {{82, 4}})
             .data(300, WireBytes().u32(1).raw(variable("card").data()).u16(2).u16(3).text("eth3")));
  decode(ipfix_flow());
  EXPECT_EQ(text_of(decode, ExtraText::in_if_name), "eth3");
}

TEST(Names, VrfTable) {
  DecodeFixture decode;
  decode(SetMessage::v9()
             .options_tmpl(257, {{1, 4}}, {{234, 4}, {236, 8}})
             .data(257, WireBytes()
                            .u32(0)
                            .u32(0)
                            .raw(text("default", 8).data())
                            .u32(0)
                            .u32(9)
                            .raw(text("red", 8).data())));
  decode(SetMessage::v9().tmpl(256, {{234, 4}, {235, 4}}).data(256, WireBytes().u32(0).u32(9)));
  EXPECT_EQ(text_of(decode, ExtraText::ingress_vrf_name), "default");
  EXPECT_EQ(text_of(decode, ExtraText::egress_vrf_name), "red");
  decode(v9_flow());
  EXPECT_EQ(decode.extras(), nullptr) << "a flow without a VRF id is in no VRF";
}

TEST(Names, VrfTableByTheEgressId) {
  DecodeFixture decode;
  decode(SetMessage::ipfix()
             .options_tmpl(300, {{235, 4}}, {{236, kVariableLength}})
             .data(300, WireBytes().u32(9).raw(variable("red").data())));
  decode(SetMessage::ipfix().tmpl(256, {{234, 4}}).data(256, WireBytes().u32(9)));
  EXPECT_EQ(text_of(decode, ExtraText::ingress_vrf_name), "red");
}

TEST(Names, ApplicationTableOfCisco) {
  DecodeFixture decode;
  decode(SetMessage::v9()
             .options_tmpl(257, {{1, 4}}, {{95, 4}, {96, 8}, {94, 16}})
             .data(257, WireBytes()
                            .u32(0)
                            .u32(0x03000050)
                            .raw(text("http", 8).data())
                            .raw(text("World Wide Web", 16).data())
                            .u32(0)
                            .u32(0x0d000001)
                            .raw(text("", 8).data())
                            .raw(text("described only", 16).data())));
  decode(SetMessage::v9()
             .tmpl(256, {{95, 4}})
             .data(256, WireBytes().u32(0x03000050).u32(0x0d000001).u32(0x0d000002)));
  EXPECT_EQ(text_of(decode, ExtraText::application_name, 0), "http");
  EXPECT_EQ(text_of(decode, ExtraText::application_name, 1), "described only");
  EXPECT_EQ(text_of(decode, ExtraText::application_name, 2), "-");
  EXPECT_EQ(text_of(decode, ExtraText::application_id, 2), (std::string("\x0d\0\0\2", 4)));
}

TEST(Names, ApplicationScopeOfIpfix) {
  DecodeFixture decode;
  decode(SetMessage::ipfix()
             .options_tmpl(300, {{95, 9}}, {{96, kVariableLength}})
             .data(300, WireBytes()
                            .text("\x14"
                                  "12345678")
                            .raw(variable("video").data())));
  decode(SetMessage::ipfix()
             .tmpl(256, {{95, kVariableLength}})
             .data(256, WireBytes().raw(variable("\x14"
                                                 "12345678")
                                            .data())));
  EXPECT_EQ(text_of(decode, ExtraText::application_name), "video");
}

TEST(Names, TheRecordsOwnNameIsKept) {
  DecodeFixture decode;
  decode(ipfix_names(1, "of options"));
  decode(SetMessage::ipfix()
             .tmpl(256, {{10, 4}, {82, 4}, {95, 1}, {96, 4}})
             .data(256, WireBytes().u32(3).text("mine").u8(1).text("app1")));
  EXPECT_EQ(text_of(decode, ExtraText::in_if_name), "mine");
  EXPECT_EQ(text_of(decode, ExtraText::application_name), "app1");
}

TEST(Names, ANameThatChangesServesLaterFlows) {
  DecodeFixture decode;
  decode(ipfix_names(1, "old"));
  decode(ipfix_flow());
  EXPECT_EQ(text_of(decode, ExtraText::in_if_name), "old");
  decode(ipfix_names(1, "new"));
  decode(ipfix_flow());
  EXPECT_EQ(text_of(decode, ExtraText::in_if_name), "new");
  decode(ipfix_names(1, ""));
  decode(ipfix_flow());
  EXPECT_EQ(decode.extras(), nullptr);
}

TEST(Names, OptionsOfDomainZeroServeAllDomains) {
  DecodeFixture decode;
  decode(ipfix_names(0, "of zero"));
  decode(ipfix_names(5, "of five"));
  decode(ipfix_flow(5));
  EXPECT_EQ(text_of(decode, ExtraText::in_if_name), "of five");
  decode(ipfix_flow(6));
  EXPECT_EQ(text_of(decode, ExtraText::in_if_name), "of zero");
}

TEST(Names, SeveralDomainsWithNamesDoNotServeOthers) {
  DecodeFixture decode;
  decode(ipfix_names(5, "of five"));
  decode(ipfix_flow(7));
  EXPECT_EQ(text_of(decode, ExtraText::in_if_name), "of five") << "the only domain with names";
  decode(ipfix_names(6, "of six"));
  decode(ipfix_flow(7));
  EXPECT_EQ(decode.extras(), nullptr);
}

TEST(Names, AnotherExportersNamesAreNotTaken) {
  DecodeFixture decode;
  decode(ipfix_names(1, "eth3"));
  decode.source = IpAddress::v4(0xc000020a);
  decode(ipfix_flow());
  EXPECT_EQ(decode.extras(), nullptr);
}

TEST(Names, OptionsOfOneProtocolServeTheOthers) {
  DecodeFixture decode;
  decode(ipfix_names(0, "eth3"));
  decode(v9_flow());
  EXPECT_EQ(text_of(decode, ExtraText::in_if_name), "eth3");

  WireBytes v5;
  v5.u16(5).u16(1).u32(0).u32(test::kHeaderSeconds).u32(0).u32(0).u32(0);
  v5.u32(0).u32(0).u32(0).u16(3).u16(4).zeros(32);
  decode(v5.data());
  ASSERT_EQ(decode.batch.size(), 1u);
  EXPECT_EQ(text_of(decode, ExtraText::in_if_name), "eth3");
}

TEST(Names, OfOptionsServeSflowWhereTheAgentIsTheExporter) {
  DecodeFixture decode;
  decode(ipfix_names(0, "eth3"));
  const auto sample = [] {
    return test::SflowSample::flow().rate(10).input(3).output(9).raw_header(
        test::PacketBuilder().ethernet().ipv4("192.0.2.1", "192.0.2.2").udp(1, 2).bytes(), 60);
  };
  decode(test::SflowDatagram().agent("192.0.2.9").add(sample()).bytes());
  ASSERT_EQ(decode.batch.size(), 1u);
  EXPECT_EQ(text_of(decode, ExtraText::in_if_name), "eth3");
  decode(test::SflowDatagram().agent("192.0.2.10").add(sample()).bytes());
  ASSERT_EQ(decode.batch.size(), 1u);
  EXPECT_EQ(text_of(decode, ExtraText::in_if_name), "-") << "another box's interface 3";
}

TEST(Names, OptionsAndFlowsInOneMessage) {
  DecodeFixture decode;
  decode(SetMessage::ipfix()
             .options_tmpl(300, {{10, 4}}, {{82, 4}})
             .tmpl(256, {{10, 4}})
             .data(256, WireBytes().u32(3))
             .data(300, WireBytes().u32(3).text("eth3")));
  EXPECT_EQ(text_of(decode, ExtraText::in_if_name), "eth3");
}

TEST(Names, InterfaceZeroHasNoName) {
  DecodeFixture decode;
  decode(
      SetMessage::ipfix().options_tmpl(300, {{10, 4}}, {{82, 4}}).data(300, WireBytes().u32(0).text("null")));
  decode(SetMessage::ipfix().tmpl(256, {{10, 4}}).data(256, WireBytes().u32(0)));
  EXPECT_EQ(decode.extras(), nullptr);
}

TEST(Names, AreBoundedAndTheRefusedCounted) {
  Limits limits;
  limits.max_names = 1;
  DecodeFixture decode(limits);
  const auto report = decode(SetMessage::ipfix()
                                 .options_tmpl(300, {{10, 4}}, {{82, 4}})
                                 .data(300, WireBytes().u32(3).text("eth3").u32(4).text("eth4")));
  EXPECT_EQ(report.count(DecodeError::name_limit), 1u);
  EXPECT_EQ(report.count(DecodeCount::options_records), 2u);
  decode(ipfix_flow());
  EXPECT_EQ(text_of(decode, ExtraText::in_if_name), "eth3");
  EXPECT_EQ(text_of(decode, ExtraText::out_if_name), "-");
}

TEST(Names, NumbersThatNoFlowCanHaveAreNotLearnt) {
  DecodeFixture decode;
  const auto report = decode(SetMessage::ipfix()
                                 .options_tmpl(300, {{10, 8}}, {{82, 4}})
                                 .options_tmpl(301, {{10, 9}}, {{82, 4}})
                                 .options_tmpl(302, {{95, 25}}, {{96, 4}})
                                 .data(300, WireBytes().u64(0x100000003ULL).text("wide"))
                                 .data(301, WireBytes().zeros(8).u8(3).text("nine"))
                                 .data(302, WireBytes().zeros(25).text("long")));
  EXPECT_EQ(report.count(DecodeError::name_limit), 1u) << "the application id";
  decode(ipfix_flow());
  EXPECT_EQ(decode.extras(), nullptr);
}

TEST(Names, ASamplerTableNamesNothingAndANameTableTeachesNoRate) {
  DecodeFixture decode;
  decode(SetMessage::v9()
             .options_tmpl(257, {{1, 4}}, {{48, 1}, {49, 1}, {50, 4}})
             .data(257, WireBytes().u32(0).u8(1).u8(2).u32(100)));
  decode(ipfix_names(1, "eth3"));
  decode(SetMessage::v9().tmpl(256, {{48, 1}, {10, 4}}).data(256, WireBytes().u8(1).u32(3)));
  EXPECT_EQ(decode.flow().sampling_rate, 100u);
  decode(ipfix_flow());
  EXPECT_EQ(decode.flow().sampling_rate, 0u);
}

// Names in the flow records themselves.

/// The table of labels that Cisco's `mpls` options send: label, type, prefix and its length, route
/// distinguisher.
SetMessage label_table(std::uint32_t domain = 1) {
  return SetMessage::v9(domain)
      .options_tmpl(257, {{1, 4}}, {{70, 3}, {46, 1}, {47, 4}, {91, 1}, {90, 8}})
      .data(257, WireBytes()
                     .u32(0)
                     .u8(0)
                     .u16(0x0110)  // 17, the way to a router
                     .u8(5)
                     .address("192.0.2.7")
                     .u8(32)
                     .u64(0)
                     .u32(0)
                     .u8(0)
                     .u16(0x0121)  // 18, bottom of the stack
                     .u8(3)
                     .address("198.51.100.0")
                     .u8(24)
                     .u64(0x0000fde800000064));
}

TEST(Names, LabelsAreWhatOptionsDataSaysOfThem) {
  DecodeFixture decode;
  EXPECT_FALSE(decode(label_table()).any_error());
  decode(SetMessage::v9()
             .tmpl(256, {{70, 3}, {71, 3}})
             .data(256, WireBytes().u8(0).u16(0x0112).u8(0).u16(0x0123)));
  const FlowExtras* extras = decode.extras(0);
  ASSERT_TRUE(extras);
  EXPECT_EQ(extras->list(ExtraList::mpls_label), (std::vector<std::uint32_t>{17, 18}));
  EXPECT_EQ(extras->get(ExtraScalar::mpls_label_type), 5u) << "the top label's";
  EXPECT_EQ(extras->get(ExtraScalar::mpls_prefix_length), 32u);
  EXPECT_EQ(extras->list(ExtraAddressList::mpls_ip), std::vector{*IpAddress::parse("192.0.2.7")});
  EXPECT_EQ(text_of(decode, ExtraText::mpls_vpn_rd), std::string("\0\0\xfd\xe8\0\0\0\x64", 8))
      << "that of the VPN's label, which lies below";
  EXPECT_EQ(decode.exporters.all().at(0)->names.size(), 2u);
}

TEST(Names, ALabelWithItsTtlIsTheSameLabelAndWhatTheFlowSaysCounts) {
  DecodeFixture decode;
  decode(label_table());
  decode(SetMessage::v9()
             .tmpl(256, {{70, 4}, {46, 1}, {47, 4}, {91, 1}, {90, 8}})
             .data(256, WireBytes().u32(0x0001203f).u8(4).address("203.0.113.1").u8(25).u64(7)));
  const FlowExtras* extras = decode.extras(0);
  ASSERT_TRUE(extras);
  EXPECT_EQ(extras->list(ExtraList::mpls_label), std::vector<std::uint32_t>{18});
  EXPECT_EQ(extras->get(ExtraScalar::mpls_label_type), 4u);
  EXPECT_EQ(extras->get(ExtraScalar::mpls_prefix_length), 25u);
  EXPECT_EQ(extras->list(ExtraAddressList::mpls_ip), std::vector{*IpAddress::parse("203.0.113.1")});
  EXPECT_EQ(text_of(decode, ExtraText::mpls_vpn_rd), std::string("\0\0\0\0\0\0\0\7", 8));
  decode(SetMessage::v9().tmpl(258, {{70, 4}}).data(258, WireBytes().u32(0x0001203f)));
  EXPECT_EQ(decode.extras(0)->get(ExtraScalar::mpls_label_type), 3u) << "the same label with its TTL";
}

TEST(Names, ALabelThatIsNothingMoreIsForgotten) {
  DecodeFixture decode;
  decode(label_table());
  decode(SetMessage::v9()
             .options_tmpl(257, {{1, 4}}, {{70, 3}, {46, 1}, {47, 4}, {91, 1}, {90, 8}})
             .data(257, WireBytes().u32(0).u8(0).u16(0x0110).u8(0).u32(0).u8(0).u64(0)));
  EXPECT_EQ(decode.exporters.all().at(0)->names.size(), 1u);
}

TEST(NamesInFlows, OpenVswitchNamesTheInterfaceJustNumbered) {
  DecodeFixture decode;
  decode(
      SetMessage::ipfix()
          .tmpl(256, {{61, 1}, {10, 4}, {368, 4}, {82, kVariableLength}, {83, kVariableLength}})
          .data(256,
                WireBytes().u8(0).u32(1).u32(6).raw(variable("veth1").data()).raw(variable("one").data())));
  EXPECT_EQ(text_of(decode, ExtraText::in_if_name), "veth1");
  EXPECT_EQ(text_of(decode, ExtraText::in_if_description), "one");
  EXPECT_EQ(text_of(decode, ExtraText::out_if_name), "-");

  decode(SetMessage::ipfix()
             .tmpl(257, {{61, 1},
                         {10, 4},
                         {368, 4},
                         {82, kVariableLength},
                         {83, kVariableLength},
                         {14, 4},
                         {368, 4},
                         {82, kVariableLength},
                         {83, kVariableLength}})
             .data(257, WireBytes()
                            .u8(1)
                            .u32(1)
                            .u32(6)
                            .raw(variable("veth1").data())
                            .raw(variable("one").data())
                            .u32(2)
                            .u32(6)
                            .raw(variable("veth2").data())
                            .raw(variable("two").data())));
  EXPECT_EQ(text_of(decode, ExtraText::in_if_name), "veth1");
  EXPECT_EQ(text_of(decode, ExtraText::in_if_description), "one");
  EXPECT_EQ(text_of(decode, ExtraText::out_if_name), "veth2");
  EXPECT_EQ(text_of(decode, ExtraText::out_if_description), "two");
}

TEST(NamesInFlows, ANameOfTheOnlyInterfaceOfTheRecord) {
  DecodeFixture decode;
  decode(SetMessage::v9().tmpl(256, {{82, 4}, {14, 4}}).data(256, WireBytes().text("eth4").u32(4)));
  EXPECT_EQ(text_of(decode, ExtraText::out_if_name), "eth4");
  EXPECT_EQ(text_of(decode, ExtraText::in_if_name), "-");
}

TEST(NamesInFlows, OneNameForTwoInterfacesFollowsTheDirection) {
  for (const bool direction_last : {false, true}) {
    DecodeFixture decode;
    auto fields = SetMessage::Fields{{10, 4}, {14, 4}, {82, 4}};
    fields.insert(direction_last ? fields.end() : fields.begin(), {61, 1});
    for (const unsigned direction : {0U, 1U, 255U}) {
      WireBytes record;
      if (!direction_last) record.u8(direction);
      record.u32(3).u32(4).text("name");
      if (direction_last) record.u8(direction);
      decode(SetMessage::v9().tmpl(256, fields).data(256, record));
      EXPECT_EQ(text_of(decode, ExtraText::in_if_name), direction == 1 ? "-" : "name") << direction;
      EXPECT_EQ(text_of(decode, ExtraText::out_if_name), direction == 1 ? "name" : "-") << direction;
    }
  }
}

TEST(NamesInFlows, TwoNamesBehindBothNumbersStandInTheirOrder) {
  DecodeFixture decode;
  decode(SetMessage::v9()
             .tmpl(256, {{10, 4}, {14, 4}, {82, 4}, {82, 4}})
             .data(256, WireBytes().u32(3).u32(4).text("eth3").text("eth4")));
  EXPECT_EQ(text_of(decode, ExtraText::in_if_name), "eth3");
  EXPECT_EQ(text_of(decode, ExtraText::out_if_name), "eth4");
}

TEST(NamesInFlows, TheSameNameTwiceForOneInterface) {
  DecodeFixture decode;
  decode(SetMessage::v9()
             .tmpl(256, {{10, 4}, {82, 4}, {82, 4}})
             .data(256, WireBytes().u32(3).text("eth3").text("more").u32(3).zeros(4).text("eth3")));
  EXPECT_EQ(text_of(decode, ExtraText::in_if_name, 0), "eth3");
  EXPECT_EQ(text_of(decode, ExtraText::in_if_name, 1), "eth3");
  EXPECT_EQ(text_of(decode, ExtraText::out_if_name, 0), "-");
}

TEST(NamesInFlows, VrfNames) {
  DecodeFixture decode;
  decode(SetMessage::v9()
             .tmpl(256, {{234, 4}, {236, 4}, {235, 4}, {236, 4}})
             .data(256, WireBytes().u32(1).text("red1").u32(2).text("blue")));
  EXPECT_EQ(text_of(decode, ExtraText::ingress_vrf_name), "red1");
  EXPECT_EQ(text_of(decode, ExtraText::egress_vrf_name), "blue");
}

TEST(NamesInFlows, AreSwappedInTheFlowOfTheWayBack) {
  DecodeFixture decode;
  decode(SetMessage::ipfix()
             .tmpl(256, {{1, 4}, {232, 4}, {10, 4}, {82, 4}, {14, 4}, {82, 4}})
             .data(256, WireBytes().u32(100).u32(200).u32(3).text("eth3").u32(4).text("eth4")));
  ASSERT_EQ(decode.batch.size(), 2u);
  EXPECT_EQ(text_of(decode, ExtraText::in_if_name, 1), "eth4");
  EXPECT_EQ(text_of(decode, ExtraText::out_if_name, 1), "eth3");
}

}  // namespace
}  // namespace sluice::decode
