#include <gmock/gmock.h>

#include <nlohmann/json.hpp>

#include "process.hpp"
#include "unit/source/capture_builder.hpp"

namespace sluice::cli::test {
namespace {

using nlohmann::json;
using source::test::Octets;
using source::test::Wire;
using testing::HasSubstr;
using testing::Not;

constexpr std::uint32_t kSeconds = 1700000000;

/// NetFlow v5, sysUptime 100 s, `records` flows 10.0.0.1:1000 -> 10.0.0.2:80 of 1000 bytes each.
Octets netflow5(unsigned records) {
  Wire w;
  w.u16(5).u16(records).u32(100000).u32(kSeconds).u32(0).u32(42).u8(0).u8(0).u16(100);
  for (unsigned i = 0; i < records; ++i)
    w.u32(0x0a000001)
        .u32(0x0a000002)
        .u32(0x0a0000fe)
        .u16(3)
        .u16(4)
        .u32(7)
        .u32(1000)
        .u32(90000)
        .u32(95000)
        .u16(1000)
        .u16(80)
        .u8(0)
        .u8(0x1b)
        .u8(6)
        .u8(0)
        .u16(64500)
        .u16(64501)
        .u8(24)
        .u8(16)
        .u16(0);
  return w.octets;
}

Octets ipfix(const Octets& set) {
  return Wire()
      .u16(10)
      .u16(static_cast<unsigned>(16 + set.size()))
      .u32(kSeconds)
      .u32(1)
      .u32(7)
      .add(set)
      .octets;
}
/// Template 256: source address, destination address, octets.
const Octets kTemplate =
    ipfix(Wire().u16(2).u16(20).u16(256).u16(3).u16(8).u16(4).u16(12).u16(4).u16(1).u16(4).octets);
const Octets kData = ipfix(Wire().u16(256).u16(16).u32(0x0a000001).u32(0x0a000002).u32(555).octets);

Octets captured(std::uint32_t source, const Octets& payload) {
  namespace t = source::test;
  return t::ethernet(0x0800, t::ipv4({.source = source}, t::udp(5000, 2055, payload)));
}

TEST(Decode, ARawFileGivesJsonLinesAndASummary) {
  const Folder folder;
  const auto ended = sluice("decode " + folder.write("v5.dat", netflow5(2)));
  EXPECT_EQ(ended.status, 0) << ended.err;
  const auto flows = lines(ended.out);
  ASSERT_EQ(flows.size(), 2U);
  const auto flow = json::parse(flows[0]);
  EXPECT_EQ(flow.at("src_addr"), "10.0.0.1");
  EXPECT_EQ(flow.at("dst_addr"), "10.0.0.2");
  EXPECT_EQ(flow.at("sampler_address"), "127.0.0.1");
  EXPECT_EQ(flow.at("bytes"), 1000);
  EXPECT_EQ(flow.at("packets"), 7);
  EXPECT_EQ(flow.at("src_port"), 1000);
  EXPECT_EQ(flow.at("sampling_rate"), 100);
  // The header's time stands for the time of receipt, so flow times years ago are no reason to replace them.
  EXPECT_EQ(flow.at("time_received_ns"), kSeconds * 1000000000ULL);
  EXPECT_EQ(flow.at("time_flow_end_ns"), (kSeconds - 5) * 1000000000ULL);
  EXPECT_EQ(ended.err,
            "datagrams                 1 (netflow5 1)\n"
            "flow records              2\n"
            "flows                     2\n"
            "options records           0\n"
            "sets without template     0\n");
}

TEST(Decode, FilesShareOneMemoryOfTemplates) {
  const Folder folder;
  const auto tmpl = folder.write("t.dat", kTemplate);
  const auto data = folder.write("d.dat", kData);
  const auto ended = sluice("decode " + tmpl + ' ' + data);
  EXPECT_EQ(ended.status, 0);
  ASSERT_EQ(lines(ended.out).size(), 1U);
  EXPECT_EQ(json::parse(ended.out).at("bytes"), 555);
  EXPECT_THAT(ended.err, HasSubstr("sets without template     0\ntemplates                 1\n"));

  const auto without = sluice("decode " + data);
  EXPECT_EQ(without.status, 0);
  EXPECT_EQ(without.out, "");
  EXPECT_THAT(without.err, HasSubstr("flow records              0\n"));
  EXPECT_THAT(without.err, HasSubstr("sets without template     1\n"));
}

TEST(Decode, FieldsOfOnesOwnAreDecodedWrittenAndReadBack) {
  const Folder folder;
  const auto config = folder.write(
      "c.yaml", "fields: [{name: from, number: 2000, type: address, elements: [sourceIPv4Address]}]\n");
  const auto files = folder.write("t.dat", kTemplate) + ' ' + folder.write("d.dat", kData);
  const auto ended = sluice("decode -c " + config + ' ' + files);
  EXPECT_EQ(ended.status, 0) << ended.err;
  EXPECT_EQ(json::parse(ended.out).at("from"), "10.0.0.1");

  const auto message = folder.path("flows.pb");
  EXPECT_EQ(sluice("decode --format protobuf -c " + config + ' ' + files + " >" + message).status, 0);
  EXPECT_EQ(json::parse(sluice("decode -c " + config + ' ' + message).out).at("from"), "10.0.0.1");
  EXPECT_FALSE(json::parse(sluice("decode " + message).out).contains("from"));

  const auto wrong = sluice("decode --set 'fields=[{name: from}]' " + files);
  EXPECT_EQ(wrong.status, 2);
  EXPECT_EQ(wrong.out, "");
}

TEST(Decode, ExportersOfACaptureAreToldApart) {
  const Folder folder;
  const auto file =
      folder.write("x.pcap", source::test::pcap({}, {{.octets = captured(0xc0000201, kTemplate)},
                                                     {.octets = captured(0xc0000202, kData)},
                                                     {.octets = captured(0xc0000201, kData)},
                                                     {.octets = captured(0xc0000201, {1, 2, 3, 4})}}));
  const auto ended = sluice("decode " + file);
  EXPECT_EQ(ended.status, 0);
  ASSERT_EQ(lines(ended.out).size(), 1U);
  const auto flow = json::parse(ended.out);
  EXPECT_EQ(flow.at("sampler_address"), "192.0.2.1");
  EXPECT_EQ(flow.at("time_received_ns"), 1700000000000000000ULL);
  EXPECT_THAT(ended.err, HasSubstr("datagrams                 3 (ipfix 3)\n"));
  EXPECT_THAT(ended.err, HasSubstr("sets without template     1\n"));
  EXPECT_THAT(ended.err, HasSubstr("no flow export            1 UDP datagrams\n"));
}

TEST(Decode, ProtobufComesBackAsTheSameJson) {
  const Folder folder;
  const auto v5 = folder.write("v5.dat", netflow5(30));
  const auto direct = sluice("decode " + v5);
  const auto framed = sluice("decode --format protobuf " + v5 + " >" + folder.path("x.pb"));
  EXPECT_EQ(framed.status, 0) << framed.err;
  const auto back = sluice("decode " + folder.path("x.pb"));
  EXPECT_EQ(back.status, 0) << back.err;
  EXPECT_EQ(back.out, direct.out);
  EXPECT_EQ(lines(back.out).size(), 30U);
  EXPECT_THAT(back.err, HasSubstr("messages                  30\n"));
}

TEST(Decode, OtherJsonFields) {
  const Folder folder;
  const auto v5 = folder.write("v5.dat", netflow5(1));
  EXPECT_EQ(json::parse(sluice("decode --json-fields goflow2 " + v5).out).at("type"), "NETFLOW_V5");
  const auto kflow = json::parse(sluice("decode --json-fields kflow " + v5).out);
  EXPECT_EQ(kflow.at("bytes"), 1000);
  EXPECT_TRUE(kflow.contains("dvc"));
}

TEST(Decode, RawShowsWhatWasSent) {
  const Folder folder;
  const auto ended =
      sluice("decode --raw " + folder.write("t.dat", kTemplate) + ' ' + folder.write("d.dat", kData));
  EXPECT_EQ(ended.status, 0) << ended.err;
  EXPECT_THAT(ended.out, HasSubstr("datagram 1: 36 bytes\n  header\n    version: 10\n"));
  EXPECT_THAT(ended.out, HasSubstr("observation domain: 7\n"));
  EXPECT_THAT(ended.out, HasSubstr("sourceIPv4Address: 0a000001 (10.0.0.1)\n"));
  EXPECT_THAT(ended.out, HasSubstr("octetDeltaCount: 0000022b (555)\n"));
  EXPECT_THAT(ended.out, Not(HasSubstr("{")));
  EXPECT_THAT(ended.err, HasSubstr("flow records              1\n"));
}

TEST(Decode, RawNamesErrorsWhereTheyAre) {
  const Folder folder;
  const auto ended = sluice("decode --raw " + folder.write("d.dat", ipfix(Wire().u16(99).u16(4).octets)) +
                            ' ' + folder.write("e.dat", netflow5(1)));
  const auto error = ended.out.find("\n  error: unknown_set, 1 times: ");
  ASSERT_NE(error, std::string::npos) << ended.out;
  EXPECT_LT(error, ended.out.find("\ndatagram 2"));
}

TEST(Decode, DataBeforeItsTemplateWaits) {
  const Folder folder;
  const auto data = folder.write("d.dat", kData);
  const auto tmpl = folder.write("t.dat", kTemplate);
  const auto ended = sluice("decode " + data + ' ' + tmpl);
  EXPECT_EQ(ended.status, 0);
  ASSERT_EQ(lines(ended.out).size(), 1U) << ended.err;
  EXPECT_EQ(json::parse(ended.out).at("bytes"), 555);
  EXPECT_THAT(ended.err, HasSubstr("flow records              1\n"));
  EXPECT_THAT(ended.err, HasSubstr("sets without template     0\n"));

  const auto raw = sluice("decode --raw " + data + ' ' + tmpl);
  EXPECT_THAT(raw.out, HasSubstr("\n  held: 1 sets wait for their template\n"));
  EXPECT_THAT(raw.out, HasSubstr("held set\n"));
  EXPECT_THAT(raw.out, HasSubstr("octetDeltaCount: 0000022b (555)\n"));
  EXPECT_THAT(raw.out, Not(HasSubstr("error")));
}

TEST(Decode, DataWhoseTemplateNeverComesIsTold) {
  const Folder folder;
  const auto data = folder.write("d.dat", kData);
  const auto ended = sluice("decode --raw " + data + ' ' + data);
  EXPECT_THAT(ended.out, HasSubstr("\nerror: missing_template, 2 times: "));
  EXPECT_THAT(ended.err, HasSubstr("sets without template     2\n"));
}

// Flows of 2023 in a capture that was made, or moved, years later.
TEST(Decode, TheTimeOfReceiptIsThatOfTheFileOrOfTheHeaderOrNow) {
  constexpr std::uint64_t kLater = kSeconds + 100ULL * 86400, kNs = 1000000000;
  const Folder folder;
  const auto file =
      folder.write("x.pcap", source::test::pcap({}, {{.octets = captured(1, netflow5(1)),
                                                      .seconds = static_cast<std::uint32_t>(kLater)}}));
  const auto times = [&](const std::string& with) {
    const auto flow = json::parse(sluice("decode " + with + file).out);
    return std::pair<std::uint64_t, std::uint64_t>(flow.at("time_received_ns"), flow.at("time_flow_end_ns"));
  };
  EXPECT_EQ(times("--received sent "), std::pair(kSeconds * kNs, (kSeconds - 5) * kNs));
  EXPECT_EQ(times("--received file "), std::pair(kLater * kNs, kLater * kNs));
  EXPECT_EQ(times(""), times("--received file "));
  const auto [received, end] = times("--received now ");
  EXPECT_GT(received, kLater * kNs) << "the test is run after that";
  EXPECT_EQ(end, received);
  EXPECT_EQ(sluice("decode --received yesterday " + file).status, 2);
}

TEST(Decode, ErrorsAreCountedByReason) {
  const Folder folder;
  const auto ended = sluice("decode " + folder.write("x.dat", Octets{0, 99, 1, 2, 3}));
  EXPECT_EQ(ended.status, 0);
  EXPECT_THAT(ended.err, HasSubstr("datagrams                 1 (unknown 1)\n"));
  EXPECT_THAT(ended.err, HasSubstr("error unknown_version     1: "));
}

TEST(Decode, ABadFileCostsOnlyItself) {
  const Folder folder;
  Octets cut =
      source::test::pcap({}, {{.octets = captured(1, netflow5(1))}, {.octets = captured(1, netflow5(1))}});
  cut.pop_back();
  const auto ended = sluice("decode /nowhere.pcap " + folder.write("cut.pcap", cut) + ' ' +
                            folder.write("v5.dat", netflow5(1)));
  EXPECT_EQ(ended.status, 1);
  EXPECT_EQ(lines(ended.out).size(), 2U);
  EXPECT_THAT(ended.err, HasSubstr("sluice decode: /nowhere.pcap: cannot be opened"));
  EXPECT_THAT(ended.err, HasSubstr("cut.pcap: is cut short or damaged after 1 packets, which were read"));
  EXPECT_THAT(ended.err, HasSubstr("flow records              2\n"));
}

TEST(Decode, AFullDiskIsTold) {
  const Folder folder;
  const auto ended = sluice("decode " + folder.write("v5.dat", netflow5(30)) + " >/dev/full");
  EXPECT_EQ(ended.status, 1);
  EXPECT_THAT(ended.err, HasSubstr("sluice decode: stdout cannot be written: No space left on device\n"));
}

}  // namespace
}  // namespace sluice::cli::test
