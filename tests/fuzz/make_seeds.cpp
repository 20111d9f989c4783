// Writes one folder of seeds for each fuzz target: small valid inputs that show the fuzzer what is worth
// changing.
#include <boost/crc.hpp>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "sink/spool/format.hpp"
#include "sluice/encode/rows.hpp"
#include "snmp/kept.hpp"
#include "state/message.hpp"
#include "support/bmp_builder.hpp"
#include "support/decode_fixture.hpp"
#include "support/nfdump_builder.hpp"
#include "support/packet_builder.hpp"
#include "support/random_flow.hpp"
#include "support/set_message.hpp"
#include "support/sflow_builder.hpp"

namespace {

using namespace sluice;
using namespace sluice::test;
using Message = std::vector<std::byte>;

std::filesystem::path root;

void write(const std::string& target, const std::string& name, const std::vector<std::byte>& bytes) {
  std::filesystem::create_directories(root / target);
  std::ofstream(root / target / name, std::ios::binary)
      .write(reinterpret_cast<const char*>(bytes.data()), static_cast<std::streamsize>(bytes.size()));
}

std::vector<std::byte> series(const std::vector<Message>& messages) {
  WireBytes out;
  for (const Message& message : messages) out.u16(message.size()).raw(message);
  return out.data();
}

/// Names by options data, and flows that get them or bring their own.
void names(const char* target, SetMessage (*start)()) {
  const auto text = [](std::string_view value) { return WireBytes().u8(value.size()).text(value); };
  write(target, "names",
        series({start()
                    .options_tmpl(260, {{2, 4}}, {{10, 4}, {82, 4}, {83, 0xffff}})
                    .options_tmpl(261, {{1, 4}}, {{234, 4}, {236, 4}})
                    .options_tmpl(262, {{1, 4}}, {{95, 5}, {96, 4}, {94, 4}})
                    .data(260, WireBytes().u32(3).u32(3).text("eth3").raw(text("north").data()))
                    .data(261, WireBytes().u32(0).u32(7).text("red1"))
                    .data(262, WireBytes().u32(0).u8(3).u32(80).text("http").text("desc"))
                    .bytes(),
                start()
                    .tmpl(263, {{10, 4}, {14, 4}, {234, 4}, {235, 4}, {95, 5}})
                    .data(263, WireBytes().u32(3).u32(4).u32(7).u32(7).u8(3).u32(80))
                    .bytes()}));
  write(target, "own_names",
        series({start()
                    .tmpl(264, {{61, 1}, {10, 4}, {82, 0xffff}, {14, 4}, {82, 4}, {83, 4}, {236, 4}})
                    .data(264, WireBytes()
                                   .u8(1)
                                   .u32(3)
                                   .raw(text("eth3").data())
                                   .u32(4)
                                   .text("eth4")
                                   .text("desc")
                                   .text("red1"))
                    .bytes()}));
}

/// Data before its template; templates taken back and defined again; elements twice; lists.
void order(const char* target, SetMessage (*start)()) {
  const SetMessage::Fields fields{{1, 4}, {1, 4}, {70, 3}, {70, 3}, {291, 0xffff}, {293, 3}};
  const auto record =
      WireBytes().u32(0).u32(9).u16(0x101).u8(0).u16(0x202).u8(1).u8(255).u16(2).u16(7).zeros(3);
  write(target, "order",
        series({start().data(270, record).data(270, record).bytes(), start().data(271, record).bytes(),
                start().tmpl(270, fields).data(270, record).bytes(),
                start().withdraw(270).data(270, record).tmpl(270, {{2, 4}}).data(270, record).bytes(),
                start().withdraw(2).withdraw(3, true).data(270, record).bytes()}));
}

void sets(const char* target, SetMessage (*start)()) {
  const SetMessage::Fields plain{{8, 4}, {12, 4}, {7, 2}, {11, 2}, {4, 1}, {1, 4}, {22, 4}, {21, 4}};
  const auto record =
      WireBytes().address("192.0.2.1").address("192.0.2.2").u16(1).u16(2).u8(1).u32(3).u32(4).u32(5);
  write(target, "plain",
        series({start().tmpl(256, plain).data(256, record).bytes(), start().data(256, record).bytes()}));
  const SetMessage::Fields rare{{27, 16}, {58, 2},       {61, 1}, {70, 3}, {95, 5},
                                {234, 4}, {371, 0xffff}, {34, 4}, {152, 8}};
  const auto long_record = WireBytes()
                               .address("2001:db8::1")
                               .u16(7)
                               .u8(1)
                               .u8(0)
                               .u16(0x101)
                               .zeros(5)
                               .u32(0)
                               .u8(2)
                               .u16(0x6162)
                               .u32(9)
                               .u64(1700000000000);
  write(target, "rare", series({start().tmpl(257, rare).data(257, long_record).bytes()}));
  write(target, "options",
        series({start()
                    .options_tmpl(258, {{1, 4}}, {{48, 1}, {50, 2}, {160, 8}, {305, 4}, {306, 4}, {311, 8}})
                    .data(258, WireBytes().u32(1).u8(2).u16(3).u64(4).u32(5).u32(6).u64(7))
                    .bytes()}));
  const auto frame =
      PacketBuilder().ethernet().vlan(7).ipv4("192.0.2.1", "192.0.2.2").tcp(443, 50000).bytes();
  write(target, "section",
        series({start()
                    .tmpl(259, {{315, 0xffff}, {312, 2}})
                    .data(259, WireBytes().u8(frame.size()).raw(frame).u16(99))
                    .bytes()}));
}

void netflow5() {
  WireBytes v5;
  v5.u16(5).u16(2).u32(1000).u32(1700000000).u32(0).u32(1).u16(0).u16(0x4064).zeros(96);
  write("netflow5", "plain", series({v5.data()}));
}

void sflow() {
  const auto packet = PacketBuilder().ethernet().ipv4("192.0.2.1", "192.0.2.2").tcp(443, 50000).bytes();
  write("sflow", "flow",
        series({SflowDatagram()
                    .agent("192.0.2.1")
                    .add(SflowSample::flow().rate(512).raw_header(packet, 1400))
                    .bytes()}));
  write("sflow", "expanded",
        series({SflowDatagram()
                    .agent("2001:db8::1")
                    .add(SflowSample::expanded_flow().raw_header(packet, 99).extended_switch(1, 2, 3, 4))
                    .bytes()}));
  write("sflow", "gateway",
        series({SflowDatagram()
                    .agent("192.0.2.1")
                    .add(SflowSample::flow()
                             .extended_gateway(
                                 {"192.0.2.9", 64500, 64501, 64502, {{64503, 64504}, {64505}}, {65536}, 100})
                             .extended_router("192.0.2.9", 24, 16))
                    .bytes()}));
  write("sflow", "others",
        series({SflowDatagram()
                    .agent("192.0.2.1")
                    .add(SflowSample::counter())
                    .add(SflowSample::discarded())
                    .add(SflowSample::unknown(7, 8, 12))
                    .bytes()}));
}

XdrBytes numbers(std::initializer_list<std::uint32_t> values) {
  XdrBytes out;
  for (const std::uint32_t value : values) out.u32(value);
  return out;
}

/// Every record beside those above, and packets that were discarded.
Message rare_sflow() {
  const auto packet = PacketBuilder().ethernet().vlan(7).ipv4("192.0.2.1", "192.0.2.2").udp(1, 2).bytes();
  XdrBytes user, mpls, nat, tags;
  user.u32(4).u32(3);
  user.opaque(std::as_bytes(std::span("J\xf6rg", 3))).u32(106).u32(0);
  mpls.typed_address("192.0.2.9").list({16U << 12 | 64, 17U << 12 | 0x100}).list({18U << 12});
  nat.typed_address("203.0.113.1").typed_address("2001:db8::7");
  tags.list({0x88a80000U | 5U << 13 | 100, 0x81000000U | 200});
  return SflowDatagram()
      .agent("127.0.0.1")
      .add(SflowSample::flow()
               .input(3)
               .raw_header(packet, 64)
               .record(1004, user)
               .record(1006, mpls)
               .record(1007, nat)
               .record(1012, tags)
               .record(1020, numbers({1025, 8443}))
               .record(1029, numbers({7}))
               .record(1030, numbers({8})))
      .add(SflowSample::discarded().input(7).output(8).reason(258).drops(12).raw_header(packet, 64))
      .bytes();
}

/// All protocols from one exporter, which has named its interfaces.
void together() {
  WireBytes v5;
  v5.u16(5).u16(1).u32(1000).u32(1700000000).u32(0).u32(1).u16(0).u16(0x4064).zeros(12).u16(3).zeros(34);
  const SetMessage::Fields interfaces{{10, 4}, {14, 4}};
  const auto record = WireBytes().u32(3).u32(7);
  write("datagram", "together",
        series({SetMessage::ipfix(0)
                    .options_tmpl(260, {{10, 4}}, {{82, 4}})
                    .data(260, WireBytes().u32(3).text("eth3").u32(7).text("eth7"))
                    .bytes(),
                v5.data(), rare_sflow(), SetMessage::v9().tmpl(256, interfaces).data(256, record).bytes()}));
}

void packets() {
  const auto put = [](const char* name, std::uint8_t first, const Message& packet) {
    write("packet", name, WireBytes().u8(first).raw(packet).data());
  };
  put("vlan", 0,
      PacketBuilder().ethernet().vlan(7).vlan(8).ipv4("192.0.2.1", "192.0.2.2").udp(53, 5353).bytes());
  put("mpls", 0,
      PacketBuilder()
          .ethernet()
          .mpls(16, 64, false)
          .mpls(17, 64, true)
          .ipv6("2001:db8::1", "2001:db8::2")
          .tcp(1, 2)
          .bytes());
  put("pppoe", 0,
      PacketBuilder().ethernet().pppoe().ppp(0x21, false).ipv4("192.0.2.1", "192.0.2.2").udp(1, 2).bytes());
  put("v4", 1, PacketBuilder().ipv4("192.0.2.1", "192.0.2.2").udp(53, 5353).bytes());
  put("v6", 2, PacketBuilder().ipv6("2001:db8::1", "2001:db8::2").options(0).udp(53, 5353).bytes());
}

void tunnels() {
  const auto put = [](const char* name, PacketBuilder packet) {
    write("packet", name,
          WireBytes().u8(1).raw(packet.ipv4("10.0.0.1", "10.0.0.2").tcp(443, 50000).bytes()).data());
  };
  const auto outer = [] { return PacketBuilder().ipv4("192.0.2.1", "192.0.2.2"); };
  put("ipip", outer());
  put("gre", outer().gre(0xb000, 12));
  put("pptp", outer().gre(0x3081, 12).then_ethertype(0x880b).ppp(0x21));
  put("vxlan", outer().udp(1, 4789).vxlan(7).ethernet().vlan(8));
  put("geneve", outer().udp(1, 6081).geneve(7, 8).ethernet());
  put("gtpu", outer().udp(1, 2152).gtpu(0x34).raw(WireBytes().u16(0).u8(0).u8(0x85).u8(1).u16(9).u8(0)));
  const auto route = PacketBuilder().ipv6("2001:db8::1", "2001:db8::2").routing(4, 1, {"fc00::3", "fc00::2"});
  write("packet", "srv6",
        WireBytes()
            .u8(2)
            .raw(PacketBuilder(route).ethernet().ipv4("10.0.0.1", "10.0.0.2").udp(1, 2).bytes())
            .data());
  write("packet", "teredo",
        WireBytes()
            .u8(1)
            .raw(outer()
                     .udp(1, 3544)
                     .raw(WireBytes().u16(1).u8(2).u8(3).zeros(14).u16(0).u16(0xfe00).u32(7))
                     .ipv6("2001:0:a::1", "2001:db8::2")
                     .udp(1, 2)
                     .bytes())
            .data());
}

void messages() {
  for (unsigned seed = 1; seed <= 4; ++seed) {
    FlowBatch batch;
    RandomFlows random(seed);
    random.add_origin(batch);
    random.add_flow(batch);
    for (const auto format : {encode::Format::protobuf, encode::Format::json}) {
      encode::RowBuffer rows;
      encode::FormatSpec spec;
      spec.format = format;
      encode::make_row_encoder(spec)->encode(batch, rows);
      const bool protobuf = format == encode::Format::protobuf;
      const Bytes row = protobuf ? encode::strip_length_prefix(rows.row(0)) : rows.row(0);
      write("message", (protobuf ? "protobuf" : "json") + std::to_string(seed),
            WireBytes().u8(protobuf ? 1 : 0).raw(row).data());
      if (protobuf)
        write("message", "record" + std::to_string(seed),
              WireBytes().u8(0x81).raw(rows.bytes()).raw(rows.bytes()).data());
    }
  }
}

/// What one exporter taught, with and without the frame of a file (see the target).
void spool_block(const char* name, const sink::Block& block) {
  WireBytes out;
  out.u8(1);
  for (const auto& part :
       {*sink::spool::head_and_table(block, kReceivedNs / 1'000'000'000), block.bytes, block.keys})
    for (const std::byte byte : part) out.u8(std::to_integer<std::uint8_t>(byte));
  write("spool", name, out.data());
}

void spool_blocks() {
  sink::Block batch;
  batch.flows = 3;
  batch.exporters = {{IpAddress::v4(0xC0000201), 1}, {IpAddress::v4(0xC0000202), 2}};
  batch.runs = {{0, 1}, {1, 2}};
  batch.bytes.resize(30, std::byte{9});
  spool_block("batch", batch);
  sink::Block rows;
  rows.flows = 2;
  rows.exporters = {{IpAddress::v4(0xC0000201), 2}};
  rows.bytes.resize(10);
  rows.row_ends = {4, 10};
  rows.row_exporters = {0, 0};
  rows.keys.resize(8);
  rows.key_ends = {4, 8};
  spool_block("rows", rows);
}

/// A file of each layout with a flow, as little of it as there may be.
void archives() {
  NfdumpFile one(1), two(2);
  const auto exporter = [](const NfdumpFile& file) {
    return file.host().u32(9).zeros(8).u32(0x7f000001).zeros(4).u16(2).u16(1).u32(42);
  };
  one.record(7, exporter(one)).record(2, one.host().u16(1).u16(0).u16(5).u16(22).u16(27).u16(0));
  one.record(10, one.host()
                     .u8(0)
                     .u8(9)
                     .u16(1)
                     .zeros(4)
                     .u32(1700000000)
                     .u32(1700000001)
                     .zeros(4)
                     .u16(1)
                     .u16(2)
                     .u16(1)
                     .zeros(2 + 8 + 8 + 8 + 40 + 8));
  const HostBytes generic = two.host().u64(1700000000000).u64(1700000000001).zeros(8).u64(1).u64(64).zeros(8);
  HostBytes flow = two.host().u16(2).u16(0).u16(1).u8(2).u8(9);
  flow = element(element(flow, 1, generic), 2, two.host().zeros(8));
  two.record(7, exporter(two)).record(11, flow);
  for (auto [name, file] : {std::pair{"layout1", one}, std::pair{"layout2", two}}) {
    const std::vector<std::byte> bytes = file.block().bytes();
    WireBytes out;
    for (const std::byte byte : bytes) out.u8(std::to_integer<std::uint8_t>(byte));
    write("nfdump", name, out.data());
  }
}

/// Column, index and kind of each object, then its text; see snmp_fuzz.cpp.
void snmp_answers() {
  WireBytes answer;
  for (std::uint8_t index = 1; index < 9; ++index)
    answer.u8(3)
        .u8(0)
        .u8(index)
        .u8(0)
        .u8(4)
        .text("xe-0")
        .u8(1)
        .u8(index)
        .u8(0)
        .u8(2)
        .text("to")
        .u8(2)
        .u8(index)
        .u8(1)
        .u8(1)
        .text("x");
  write("snmp", "walk", answer.data());
}

void state_files() {
  DecodeFixture decode;
  decode.source = IpAddress::v4(0x7f000001);
  decode(SetMessage::v9(1).tmpl(256, {{8, 4}, {1, 4}, {10, 4}}));
  decode(SetMessage::ipfix(1).tmpl(257, {{8, 4}, {371, decode::kVariableLength}, {5, 2, 29305}}));
  decode(
      SetMessage::ipfix(1)
          .options_tmpl(258, {{10, 4}}, {{34, 4}, {160, 8}, {82, 4}, {83, 4}, {234, 4}, {236, 4}})
          .data(258,
                WireBytes().u32(3).u32(64).u64(1600000000000).text("eth3").text("desc").u32(7).text("red1"))
          .options_tmpl(259, {{95, 5}}, {{96, 4}})
          .data(259, WireBytes().u8(3).u32(80).text("http")));
  std::string kept;
  decode.exporters.for_each([&](decode::Exporter& exporter) { state::append(exporter, kept); });
  write("state", "kept", WireBytes().u8(0).text(kept).data());
  const snmp::Answer interfaces{
      std::make_shared<const snmp::Interfaces>(std::vector<snmp::Interfaces::Entry>{
          {1, {"xe-0/0/1", "Transit: carrier", 10'000'000'000}}, {7, {"lo0", "", 0}}}),
      kReceivedNs};
  state::append(6, snmp::to_message(IpAddress::v4(0xc0000201), interfaces), kept);
  write("state", "device", WireBytes().u8(0).text(kept).data());
  const std::string file = state::file_head(kReceivedNs) + kept;
  boost::crc_32_type crc;
  crc.process_bytes(file.data(), file.size());
  write("state", "file", WireBytes().u8(1).text(file).text(state::file_tail(crc.checksum())).data());
}

void requests() {
  static constexpr const char* kTexts[] = {
      "GET /metrics HTTP/1.1\r\nHost: localhost:8080\r\n\r\n",
      "GET /?query=SELECT+1&user=a&param_x=%27 HTTP/1.1\r\nHost: [::1]:8123\r\nSec-Fetch-Site: cross-site\r\n"
      "Sec-Fetch-Mode: navigate\r\nSec-Fetch-Dest: document\r\n\r\n",
      "POST https://192.0.2.1:8443/x HTTP/1.1\r\nHost: evil.example\r\nHost: listed.example.\r\n"
      "Origin: https://listed.example\r\nAuthorization: Bearer s3cret\r\n\r\n"
      "CREATE DICTIONARY d (k UInt64) PRIMARY KEY k SOURCE(CLICKHOUSE(HOST 'a' QUERY 'b')) LIFETIME(0)",
      "GET /healthz HTTP/1.1\r\nAuthorization: Basic dXNlcjpwYXNz\r\n\r\nINSERT INTO t SETTINGS a = 0.5 "
      "FORMAT CSV\n1",
      "POST / HTTP/1.1\r\nOrigin: null\r\n\r\nSELECT $tag$ ( $tag$ INTO/**/OUTFILE 'x'"};
  for (std::size_t i = 0; i < std::size(kTexts); ++i)
    write("http", "request" + std::to_string(i), WireBytes().text(kTexts[i]).data());
}

void filters() {
  constexpr std::string_view kTexts[] = {
      "src or dst ip in [192.0.2.1, 2001:db8::/32] and not (port > 1k || flags SA)",
      "in_if_name like \"ae%\" and dst_port not in (22, 80..88) # comment",
      "first seen >= 2026-11-29T10:00:00.5Z and as_path[1] = AS65001 or mpls label2 < 0x10",
      "net 192.0.2.0 255.255.255.0 && src_port < dst_port && tcp_flags has-any 3 && user_name != 'x'",
      "mac 00:53:00:00:00:01 or bytes > 10m or type = ipfix or next ip :: or 192.0.2.1..192.0.2.9"};
  for (std::size_t i = 0; i < std::size(kTexts); ++i)
    write("filter", "text" + std::to_string(i), WireBytes().text(kTexts[i]).data());
}

/// The first byte is the step in which they come.
void streams() {
  const auto tmpl = SetMessage::ipfix().tmpl(256, {{8, 4}, {1, 4}}).bytes();
  const auto data = SetMessage::ipfix().data(256, WireBytes().address("192.0.2.1").u32(7)).bytes();
  write("framing", "two", WireBytes().u8(6).raw(tmpl).raw(data).data());
  write("framing", "of_no_length", WireBytes().u8(0).raw(tmpl).u16(10).u16(4).raw(data).data());
  write("framing", "cut_off", WireBytes().u8(20).raw(data).raw(tmpl).u16(10).u16(900).u32(1).data());
}

/// Sessions of routers, and one UPDATE alone.
void sessions() {
  const auto session = [](const std::vector<Message>& messages) {
    WireBytes out;
    out.u8(0);
    for (const Message& message : messages) out.raw(message);
    return out.data();
  };
  const auto plain = [] { return BgpUpdate().path({64501, 64502}).next_hop("192.0.2.9"); };
  const BmpPeer peer, after{.flags = 0x40}, legacy{.flags = 0x20}, local{.type = 3, .address = "0.0.0.0"};
  const BmpPeer v6{.address = "2001:db8::9"};
  write("bmp", "plain",
        session({bmp_initiation("edge"), bmp_peer_up(peer, bgp_open(64500), bgp_open(64501)),
                 bmp_route(peer, plain().communities({1, 2}).med(1).announce("10.0.0.0/8")),
                 bmp_route(peer, BgpUpdate().withdraw("10.0.0.0/8")), bmp_route(peer, BgpUpdate()),
                 bmp_peer_down(peer), bmp_termination()}));
  write("bmp", "policy_and_local_rib",
        session({bmp_route(peer, plain().announce("10.0.0.0/8")),
                 bmp_route(after, plain().local_pref(5).announce("10.0.0.0/8")),
                 bmp_route(local, plain().announce("10.0.0.0/9")), bmp_peer_down(local),
                 bmp_route(peer, plain().announce("10.1.0.0/16"))}));
  write("bmp", "path_ids",
        session({bmp_peer_up(peer, bgp_open(64500, 3, 3), bgp_open(64501, 3, 3)),
                 bmp_route(peer, plain().announce("10.0.0.0/8", 1).announce("10.0.0.0/8", 2)),
                 bmp_route(peer, BgpUpdate().path({1}).reach(2, "2001:db8::1", {"2001:db8::/32"}, 1)),
                 bmp_route(peer, BgpUpdate().withdraw("10.0.0.0/8", 1))}));
  write("bmp", "ipv6",
        session({bmp_route(v6, BgpUpdate().path({1}).reach(2, "2001:db8::1", {"2001:db8::/32", "::/0"})),
                 bmp_route(v6, BgpUpdate().unreach(2, {"2001:db8::/32"}))}));
  write("bmp", "legacy",
        session({bmp_route(legacy, BgpUpdate()
                                       .legacy()
                                       .path({64501, 23456})
                                       .as4_path({{2, {200000}}, {1, {1, 2}}})
                                       .next_hop("192.0.2.9")
                                       .announce("10.0.0.0/8"))}));
  const Message update = plain()
                             .communities({1})
                             .reach(2, "2001:db8::1", {"2001:db8::/32"})
                             .unreach(1, {"10.2.0.0/15"})
                             .announce("10.0.0.0/9")
                             .withdraw("10.1.0.0/16")
                             .bytes();
  write("bmp", "update", WireBytes().u8(1).raw(update).data());
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 2) return 2;
  root = argv[1];
  const auto v9 = [] { return SetMessage::v9(); };
  const auto ipfix = [] { return SetMessage::ipfix(); };
  for (const auto& write_all : {sets, names, order}) {
    write_all("netflow9", v9);
    write_all("ipfix", ipfix);
    write_all("datagram", ipfix);
  }
  netflow5();
  sflow();
  write("sflow", "rare", series({rare_sflow()}));
  together();
  packets();
  tunnels();
  messages();
  state_files();
  snmp_answers();
  spool_blocks();
  archives();
  filters();
  requests();
  streams();
  sessions();
  return 0;
}
