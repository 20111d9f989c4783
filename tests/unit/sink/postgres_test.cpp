// A sink of type postgres, as far as no server is needed: the bytes of COPY, columns and their SQL, tokens,
// and what becomes of a server's answers.
#include <gmock/gmock.h>

#include <map>

#include "flow/columns.hpp"
#include "flow/enumerations.hpp"
#include "own_fields.hpp"
#include "sink/postgres/copy_rows.hpp"
#include "sink/postgres/inserter.hpp"
#include "sink/postgres/session.hpp"
#include "sink/postgres/tables.hpp"
#include "sink/sql/columns.hpp"
#include "sink/sql/writer.hpp"
#include "sink_support.hpp"
#include "support/random_flow.hpp"

namespace sluice::sink::postgres {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

const std::string kHeader("PGCOPY\n\xff\r\n\0\0\0\0\0\0\0\0\0", 19);

std::string hex(std::string_view bytes) {
  std::string out;
  for (const char c : bytes) {
    constexpr std::string_view kDigits = "0123456789abcdef";
    const auto byte = static_cast<unsigned char>(c);
    out += kDigits[byte >> 4U];
    out += kDigits[byte & 15U];
  }
  return out;
}

/// The flows as COPY has them.
std::string copied(CopyRows& rows, const FlowBatch& batch) {
  encode::RowBuffer messages;
  encode::make_row_encoder({})->encode(batch, messages);
  rows.begin();
  for (std::size_t i = 0; i < messages.rows(); ++i) {
    const auto added = rows.add(encode::strip_length_prefix(messages.row(i)));
    EXPECT_TRUE(added) << added.error();
  }
  return std::string(rows.finish());
}

/// The one row of one flow, in hexadecimal, without its number of columns.
std::string row_of(const std::vector<std::string>& columns, const FlowBatch& batch) {
  CopyRows rows(columns_named(columns));
  const std::string data = copied(rows, batch);
  EXPECT_EQ(data.substr(0, kHeader.size()), kHeader);
  EXPECT_EQ(hex(data.substr(data.size() - 2)), "ffff");
  const std::string row = data.substr(kHeader.size(), data.size() - kHeader.size() - 2);
  EXPECT_EQ(hex(row.substr(0, 2)), "00" + hex(std::string(1, static_cast<char>(columns.size()))));
  return hex(std::string_view(row).substr(2));
}

FlowBatch one_flow() {
  FlowBatch batch;
  batch.add_origin().time_received_ns =
      946'684'801'000'001'999;  // a second and a microsecond after 2000 began
  batch.append_one();
  return batch;
}

TEST(PostgresCopy, NumbersOfEachWidth) {
  FlowBatch batch = one_flow();
  FlowRecord& flow = batch.flows()[0];
  flow.proto = 17;
  flow.src_port = 65535;
  flow.in_if = 0xffffffff;
  flow.bytes = 1'000'000'000'000;
  EXPECT_EQ(row_of({"proto", "src_port", "in_if", "bytes", "dst_port"}, batch),
            "00000002"
            "0011"
            "00000004"
            "0000ffff"
            "00000008"
            "00000000ffffffff"
            "00000008"
            "000000e8d4a51000"
            "00000004"
            "00000000");
}

TEST(PostgresCopy, NumbersThatNoColumnHoldsAreItsLargest) {
  FlowBatch batch = one_flow();
  batch.flows()[0].bytes = ~0ULL;
  batch.flows()[0].packets = INT64_MAX;
  CopyRows rows(columns_named({"time_received", "bytes", "packets"}));
  EXPECT_THAT(hex(copied(rows, batch)), HasSubstr("00000008"
                                                  "7fffffffffffffff"
                                                  "00000008"
                                                  "7fffffffffffffff"));
  EXPECT_EQ(rows.cut(), 1U);
  rows.begin();
  EXPECT_EQ(rows.cut(), 0U);
}

TEST(PostgresCopy, NumbersOf64BitsThatAreNoCountersAreWhole) {
  const auto flow_id = [](std::uint64_t value) {
    FlowBatch batch = one_flow();
    set_integer_field(*find_field("flow_id"), batch, batch.flows()[0], value);
    return row_of({"flow_id"}, batch);
  };
  // 1844 6744 0737 0955 1615
  EXPECT_EQ(flow_id(~0ULL),
            "00000012"
            "0005"
            "0004"
            "0000"
            "0000"
            "0734"
            "1a58"
            "02e1"
            "03bb"
            "064f");
  EXPECT_EQ(flow_id(10'000),
            "0000000c"
            "0002"
            "0001"
            "0000"
            "0000"
            "0001"
            "0000");
  EXPECT_EQ(flow_id(0),
            "00000008"
            "0000"
            "0000"
            "0000"
            "0000");
}

TEST(PostgresCopy, Addresses) {
  FlowBatch batch = one_flow();
  FlowRecord& flow = batch.flows()[0];
  set_address_field(*find_field("src_addr"), batch, flow, *IpAddress::parse("192.0.2.1"));
  set_address_field(*find_field("dst_addr"), batch, flow, *IpAddress::parse("2001:db8::1"));
  EXPECT_EQ(row_of({"src_addr", "dst_addr", "next_hop"}, batch),
            "00000008"
            "02200004"
            "c0000201"
            "00000014"
            "03800010"
            "20010db8000000000000000000000001"
            "ffffffff");
}

TEST(PostgresCopy, TimesAreMicrosecondsSince2000) {
  FlowBatch batch = one_flow();
  batch.flows()[0].time_flow_start_ns = 946'684'799'999'999'000;
  EXPECT_EQ(row_of({"time_received", "time_flow_start", "time_flow_end"}, batch),
            "00000008"
            "00000000000f4241"
            "00000008"
            "ffffffffffffffff"
            "00000008"
            "00000000000f4241");
}

TEST(PostgresCopy, TextsAndEnumerations) {
  FlowBatch batch = one_flow();
  batch.origin(0).type = FlowType::ipfix;
  set_text_field(*find_field("in_if_name"), batch, batch.flows()[0], std::string_view("a\0b", 3));
  EXPECT_EQ(row_of({"type", "flow_direction", "in_if_name", "out_if_name"}, batch), "00000005" +
                                                                                        hex("IPFIX") +
                                                                                        "ffffffff"
                                                                                        "00000003"
                                                                                        "612062"
                                                                                        "ffffffff");
}

TEST(PostgresCopy, MacsAndWhatMayBeAbsent) {
  FlowBatch batch = one_flow();
  FlowRecord& flow = batch.flows()[0];
  flow.src_mac = 0x0200'5e00'5301;
  EXPECT_EQ(row_of({"src_mac", "dst_mac", "ingress_vrf_id"}, batch),
            "00000006"
            "02005e005301"
            "ffffffff"
            "ffffffff");
  set_integer_field(*find_field("ingress_vrf_id"), batch, flow, 0);
  EXPECT_EQ(row_of({"ingress_vrf_id"}, batch),
            "00000008"
            "0000000000000000");
}

TEST(PostgresCopy, Lists) {
  // as_path 64500 and 64501, packed; layer_stack IPv4, UDP, one of no name, one by one; mpls_ip, one of them
  // empty.
  const std::string message(
      "\xb2\x06\x06\xf4\xf7\x03\xf5\xf7\x03"
      "\xb8\x06\x01\xb8\x06\x04\xb8\x06\x32"
      "\x92\x05\x04\xc0\x00\x02\x01\x92\x05\x00",
      28);
  CopyRows rows(columns_named({"as_path", "layer_stack", "mpls_ip", "mpls_label"}));
  rows.begin();
  ASSERT_TRUE(rows.add(std::as_bytes(std::span(message))));
  const std::string expected =
      "0004"
      "0000002c"
      "00000001"
      "00000000"
      "00000014"
      "00000002"
      "00000001"
      "00000008"
      "000000000000fbf4"
      "00000008"
      "000000000000fbf5"
      "0000002c"
      "00000001"
      "00000000"
      "00000019"
      "00000003"
      "00000001"
      "00000004" +
      hex("IPv4") + "00000003" + hex("UDP") + "00000005" + hex("OTHER") +
      "00000024"
      "00000001"
      "00000001"
      "00000365"
      "00000002"
      "00000001"
      "00000008"
      "02200004"
      "c0000201"
      "ffffffff"
      "ffffffff"
      "ffff";
  EXPECT_EQ(hex(rows.finish().substr(kHeader.size())), expected);
}

TEST(PostgresCopy, FieldsOfOnesOwn) {
  const UserFieldsPtr own = test::own_fields();
  CopyRows rows(columns_named({"seen", "zone", "keys", "ports", "zones", "far", "not_there"}, own.get()));
  EXPECT_EQ(rows.columns().size(), 6U);
  const std::string message = test::own_fields_message();
  rows.begin();
  ASSERT_TRUE(rows.add(std::as_bytes(std::span(message))));
  ASSERT_TRUE(rows.add(Bytes{}));
  const std::string expected =
      "0006"
      "0000000a"
      "00010000000000000005"
      "00000003"
      "612062"
      "0000001d"
      "0000000100000000000000110000000200000001"
      "00000001ff"
      "00000000"
      "00000022"
      "0000000100000000000006a40000000100000001"
      "0000000a"
      "00010000000000000035"
      "0000001b"
      "0000000100000000000000190000000100000001"
      "00000003712272"
      "0000000a"
      "00010000000000000007"
      "0006"
      "ffffffffffffffffffffffffffffffffffffffffffffffff"
      "ffff";
  EXPECT_EQ(hex(rows.finish().substr(kHeader.size())), expected);
}

TEST(PostgresCopy, ABrokenMessageIsToldOf) {
  CopyRows rows(columns_named({}));
  const auto add = [&](std::string_view message) {
    rows.begin();
    const auto added = rows.add(std::as_bytes(std::span(message.data(), message.size())));
    return added ? std::string() : added.error();
  };
  EXPECT_EQ(add(""), "");
  EXPECT_THAT(add("\x32\x03\x01\x02\x03"), HasSubstr("an address of 3 bytes, not of 4 or 16"));
  EXPECT_THAT(add("\x32\x7f"), HasSubstr("longer than the message"));
  EXPECT_THAT(add("\x08"), HasSubstr("ends within a varint"));
}

/// Each row and each of its values has the length that it says, whatever is in the flows, with all columns.
TEST(PostgresCopy, IsWholeWithRandomFlows) {
  std::vector<std::string> names;
  for (const FieldInfo& field : flow_fields()) names.emplace_back(column_name(field));
  CopyRows rows(columns_named(names));
  test::RandomFlows random(23);
  for (int round = 0; round < 30; ++round) {
    FlowBatch batch;
    random.fill(batch, 4, 12);
    const std::string data = copied(rows, batch);
    std::size_t at = kHeader.size();
    const auto number = [&](std::size_t width) {
      std::uint32_t out = 0;
      for (std::size_t i = 0; i < width && at < data.size(); ++i)
        out = out << 8U | static_cast<unsigned char>(data[at++]);
      return out;
    };
    for (std::size_t row = 0; row < batch.size(); ++row) {
      ASSERT_EQ(number(2), names.size());
      for (std::size_t column = 0; column < names.size(); ++column) {
        const std::uint32_t length = number(4);
        if (length != 0xffffffff) at += length;
        ASSERT_LT(at, data.size()) << names[column];
      }
    }
    ASSERT_EQ(number(2), 0xffffU);
    ASSERT_EQ(at, data.size());
  }
}

TEST(PostgresCopy, DaysOfTheRows) {
  FlowBatch batch;
  for (const std::uint64_t second : {86'399U, 86'400U, 86'401U}) {
    batch.add_origin().time_received_ns = second * 1'000'000'000;
    batch.append_one();
  }
  CopyRows rows(columns_named({}));
  copied(rows, batch);
  EXPECT_THAT(rows.days(), ElementsAre(0, 1));
}

TEST(PostgresColumns, EveryFieldHasOneThatHoldsItsValues) {
  for (const FieldInfo& field : flow_fields()) {
    const auto columns = columns_named({std::string(column_name(field))});
    ASSERT_EQ(columns.size(), 1U) << field.name;
    const bool list = field.kind == FieldKind::uint32_list || field.kind == FieldKind::layer_list ||
                      field.kind == FieldKind::address_list;
    EXPECT_EQ(facts(columns[0].type).element != 0, list) << field.name;
  }
  EXPECT_EQ(sql::field_of_column("time_received_ns"), nullptr);
  EXPECT_EQ(columns_named({}).front().name, sql::kTimeColumn);
}

TEST(PostgresTables, AreMadeOfTheColumns) {
  PostgresSettings settings;
  settings.table = "some";
  settings.columns = {"time_received", "src_addr", "flow_id"};
  const std::string sql = create_tables(settings);
  settings.columns.emplace_back("keys");
  EXPECT_THAT(create_tables(settings, Layout::partitions, test::own_fields().get()),
              AllOf(HasSubstr("    \"keys\" bytea[]\n"), HasSubstr("\"keys\" IS 'A field of your own';")));
  settings.columns.pop_back();
  EXPECT_THAT(sql, HasSubstr("CREATE TABLE IF NOT EXISTS \"some\" (\n"
                             "    \"time_received\" timestamptz NOT NULL,\n"
                             "    \"src_addr\" inet,\n"
                             "    \"flow_id\" numeric\n"
                             ") PARTITION BY RANGE (\"time_received\");\n"));
  EXPECT_THAT(sql, HasSubstr("\"some_default\" PARTITION OF \"some\" DEFAULT;"));
  EXPECT_THAT(sql, HasSubstr("COMMENT ON COLUMN \"some\".\"src_addr\" IS 'Source address';"));
  EXPECT_THAT(sql, HasSubstr("IS 'The exporter''s flow identifier (IE 148)';"));
  EXPECT_EQ(copy_statement("some", columns_named(settings.columns)),
            "COPY \"some\" (\"time_received\", \"src_addr\", \"flow_id\") FROM STDIN (FORMAT binary)");
}

TEST(PostgresTables, APartitionIsADayOfUtc) {
  EXPECT_EQ(partition_name("flows", 20'787), "flows_20261130");
  EXPECT_EQ(
      create_partition("public", "flows", 20'787),
      "CREATE TABLE IF NOT EXISTS public.\"flows_20261130\" PARTITION OF public.\"flows\" FOR VALUES FROM "
      "('2026-11-30 00:00:00+00') TO ('2026-12-01 00:00:00+00')");
}

TEST(SqlTokens, FollowFromTheRowsAndTheTable) {
  const auto first = test::block_of(3, test::framed("abc"));
  const auto again = test::block_of(3, test::framed("abc"), test::exporter(9));
  EXPECT_EQ(sql::block_token(*first, "flows"), sql::block_token(*again, "flows"));
  EXPECT_EQ(sql::block_token(*first, "flows").size(), 32U);
  EXPECT_NE(sql::block_token(*first, "flows"), sql::block_token(*first, "copies"));
  EXPECT_NE(sql::block_token(*first, "flows"),
            sql::block_token(*test::block_of(3, test::framed("abd")), "flows"));
  EXPECT_NE(sql::block_token(*first, "flows"),
            sql::block_token(*test::block_of(4, test::framed("abc")), "flows"));
}

TEST(SqlServers, AreAddressesOrDirectories) {
  const auto text = [](std::string_view list) {
    std::vector<std::string> out;
    if (const auto servers = sql::servers_in(list, 5432))
      for (const Server& server : *servers) out.push_back(server.host + " " + server.port);
    return out;
  };
  EXPECT_THAT(text("db1,192.0.2.1:5433,[2001:db8::1]:5434"),
              ElementsAre("db1 5432", "192.0.2.1 5433", "2001:db8::1 5434"));
  EXPECT_THAT(text("/run/postgresql,/tmp/x:5433"), ElementsAre("/run/postgresql 5432", "/tmp/x 5433"));
  for (const char* wrong : {"", "db1,", "db1:0", "db1:x", "2001:db8::1", "/run/postgresql:x"})
    EXPECT_FALSE(sql::servers_in(wrong, 5432)) << wrong;
}

TEST(PostgresErrors, OnlyRowsThatAreWrongFailForGood) {
  EXPECT_TRUE(refuses_rows("22003"));
  const std::map<std::string, FailReason> reasons{
      {"22021", FailReason::refused},     {"28P01", FailReason::auth},
      {"42501", FailReason::auth},        {"53100", FailReason::no_space},
      {"57014", FailReason::timed_out},   {"57P01", FailReason::unreachable},
      {"25006", FailReason::unreachable}, {"08006", FailReason::unreachable},
      {"", FailReason::unreachable},      {"23514", FailReason::other},
      {"42P01", FailReason::other}};
  for (const auto& [code, reason] : reasons) {
    EXPECT_EQ(reason_of(code), reason) << code;
    EXPECT_EQ(refuses_rows(code), reason == FailReason::refused) << code;
  }
}

}  // namespace
}  // namespace sluice::sink::postgres
