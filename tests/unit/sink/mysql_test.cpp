// A sink of type mysql, as far as no server is needed: what is bound for libmariadb, columns and their SQL,
// how days are parted off, and what becomes of a server's answers.
#include "sink/mysql/session.hpp"

#include <arpa/inet.h>
#include <gmock/gmock.h>
#include <sys/socket.h>

#include <chrono>
#include <functional>
#include <thread>
#include <tuple>

#include "flow/columns.hpp"
#include "own_fields.hpp"
#include "sink/mysql/bound_rows.hpp"
#include "sink/mysql/inserter.hpp"
#include "sink/mysql/tables.hpp"
#include "sink_support.hpp"
#include "support/random_flow.hpp"
#include "util/unique_fd.hpp"

namespace sluice::sink::mysql {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using namespace std::chrono_literals;

/// The flows' messages, which live as long as this, and rows of them.
struct Bound {
  Bound(const std::vector<std::string>& columns, const FlowBatch& batch) : rows(columns_named(columns)) {
    encode::make_row_encoder({})->encode(batch, messages);
    rows.begin();
    for (std::size_t i = 0; i < messages.rows(); ++i) {
      const auto added = rows.add(encode::strip_length_prefix(messages.row(i)));
      EXPECT_TRUE(added) << added.error();
    }
  }
  encode::RowBuffer messages;
  BoundRows rows;
};

std::string number(const void* at, enum_field_types type) {
  const auto as = [&](auto value) {
    std::memcpy(&value, at, sizeof(value));
    return std::to_string(value);
  };
  switch (type) {
    case MYSQL_TYPE_TINY:
      return as(std::uint8_t{});
    case MYSQL_TYPE_SHORT:
      return as(std::uint16_t{});
    case MYSQL_TYPE_LONG:
      return as(std::uint32_t{});
    default:
      return as(std::uint64_t{});
  }
}

/// As the server would show what this has: of an array the value of a row.
std::string shown(const MYSQL_BIND& bind, std::size_t row, bool array) {
  const char* const null = array ? bind.u.indicator : bind.is_null;
  if (null != nullptr && null[row] != 0) return "NULL";
  const bool is_text = bind.buffer_type == MYSQL_TYPE_STRING || bind.buffer_type == MYSQL_TYPE_BLOB;
  const bool is_time = bind.buffer_type == MYSQL_TYPE_DATETIME;
  if (!is_text && !is_time) {
    const std::size_t width = bind.buffer_type == MYSQL_TYPE_TINY    ? 1
                              : bind.buffer_type == MYSQL_TYPE_SHORT ? 2
                              : bind.buffer_type == MYSQL_TYPE_LONG  ? 4
                                                                     : 8;
    EXPECT_TRUE(bind.is_unsigned);
    return number(static_cast<const char*>(bind.buffer) + row * width, bind.buffer_type);
  }
  const void* const at = array ? static_cast<const void**>(bind.buffer)[row] : bind.buffer;
  if (is_text) return std::string(static_cast<const char*>(at), bind.length[row]);
  const auto& time = *static_cast<const MYSQL_TIME*>(at);
  std::array<char, 64> text{};
  std::snprintf(text.data(), text.size(), "%04u-%02u-%02u %02u:%02u:%02u.%06lu", time.year, time.month,
                time.day, time.hour, time.minute, time.second, time.second_part);
  return text.data();
}

/// The row's values, which are the same in arrays and one by one.
std::vector<std::string> row_of(BoundRows& rows, std::size_t row) {
  std::vector<std::string> out, alone;
  for (const MYSQL_BIND& bind : rows.arrays(0)) out.push_back(shown(bind, row, true));
  const std::vector<MYSQL_BIND> values = rows.values(0, row + 1);
  const std::size_t columns = rows.columns().size();
  for (std::size_t i = row * columns; i < values.size(); ++i) alone.push_back(shown(values[i], 0, false));
  EXPECT_EQ(out, alone);
  return out;
}

std::vector<std::string> row_of(const std::vector<std::string>& columns, const FlowBatch& batch) {
  Bound bound(columns, batch);
  return row_of(bound.rows, 0);
}

FlowBatch one_flow() {
  FlowBatch batch;
  batch.add_origin().time_received_ns = 1'796'083'200'000'001'999;
  batch.append_one();
  return batch;
}

TEST(MysqlRows, NumbersOfEachWidthAreWhole) {
  FlowBatch batch = one_flow();
  FlowRecord& flow = batch.flows()[0];
  flow.proto = 255;
  flow.src_port = 65535;
  flow.in_if = 0xffffffff;
  flow.bytes = ~0ULL;
  EXPECT_THAT(row_of({"proto", "src_port", "in_if", "bytes", "dst_port"}, batch),
              ElementsAre("255", "65535", "4294967295", "18446744073709551615", "0"));
}

TEST(MysqlRows, WhatNoColumnHoldsIsCut) {
  FlowBatch batch = one_flow();
  batch.flows()[0].src_as = 0xffffffff;
  set_text_field(*find_field("in_if_name"), batch, batch.flows()[0], std::string(254, 'x') + "\xc3\xa4");
  Bound bound({"src_as", "in_if_name"}, batch);
  EXPECT_THAT(row_of(bound.rows, 0), ElementsAre("4294967295", std::string(254, 'x')));
  EXPECT_EQ(bound.rows.cut(), 1U);
  const std::string vlan_of_65536("\xe8\x01\x80\x80\x04");
  BoundRows rows(columns_named({"vlan_id"}));
  rows.begin();
  ASSERT_TRUE(rows.add(std::as_bytes(std::span(vlan_of_65536))));
  EXPECT_THAT(row_of(rows, 0), ElementsAre("65535"));
  EXPECT_EQ(rows.cut(), 1U);
}

TEST(MysqlRows, AddressesMacsAndOptionalNumbers) {
  FlowBatch batch = one_flow();
  FlowRecord& flow = batch.flows()[0];
  set_address_field(*find_field("src_addr"), batch, flow, *IpAddress::parse("192.0.2.1"));
  set_address_field(*find_field("dst_addr"), batch, flow, *IpAddress::parse("2001:db8::1"));
  flow.src_mac = 0x0200'5e00'5301;
  EXPECT_THAT(
      row_of({"src_addr", "dst_addr", "next_hop", "src_mac", "dst_mac", "ingress_vrf_id"}, batch),
      ElementsAre(std::string("\xc0\0\2\1", 4), std::string("\x20\1\r\xb8\0\0\0\0\0\0\0\0\0\0\0\1", 16),
                  "NULL", std::string("\2\0\x5e\0\x53\1", 6), "NULL", "NULL"));
  set_integer_field(*find_field("ingress_vrf_id"), batch, flow, 0);
  EXPECT_THAT(row_of({"ingress_vrf_id"}, batch), ElementsAre("0"));
}

TEST(MysqlRows, TimesAreOfUtcAndAbsentOnesFilledIn) {
  FlowBatch batch = one_flow();
  EXPECT_THAT(
      row_of({"time_received", "time_flow_start", "time_flow_end"}, batch),
      ElementsAre("2026-12-01 00:00:00.000001", "2026-12-01 00:00:00.000001", "2026-12-01 00:00:00.000001"));
  batch.flows()[0].time_flow_end_ns = 1'796'083'199'999'999'999;
  batch.flows()[0].time_flow_start_ns = 1'796'083'199'000'000'000 - 86'400'000'000'000;
  EXPECT_THAT(
      row_of({"time_received", "time_flow_start", "time_flow_end"}, batch),
      ElementsAre("2026-12-01 00:00:00.000001", "2026-11-29 23:59:59.000000", "2026-11-30 23:59:59.999999"));
}

TEST(MysqlRows, ListsAreJson) {
  // as_path 64500 and 64501, packed; layer_stack IPv4, UDP, one of no name, one by one; mpls_ip, one of them
  // empty.
  const std::string message(
      "\xb2\x06\x06\xf4\xf7\x03\xf5\xf7\x03"
      "\xb8\x06\x01\xb8\x06\x04\xb8\x06\x32"
      "\x92\x05\x04\xc0\x00\x02\x01\x92\x05\x00",
      28);
  BoundRows rows(columns_named({"as_path", "layer_stack", "mpls_ip", "mpls_label"}));
  rows.begin();
  ASSERT_TRUE(rows.add(std::as_bytes(std::span(message))));
  EXPECT_THAT(row_of(rows, 0),
              ElementsAre("[64500,64501]", R"(["IPv4","UDP","OTHER"])", R"(["192.0.2.1",null])", "NULL"));
}

TEST(MysqlRows, FieldsOfOnesOwn) {
  const UserFieldsPtr own = test::own_fields();
  BoundRows rows(columns_named({"seen", "zone", "keys", "ports", "zones", "far"}, own.get()));
  const std::string message = test::own_fields_message();
  rows.begin();
  ASSERT_TRUE(rows.add(std::as_bytes(std::span(message))));
  ASSERT_TRUE(rows.add(Bytes{}));
  EXPECT_THAT(row_of(rows, 0),
              ElementsAre("5", std::string("a\0b", 3), R"(["ff",""])", "[53]", R"(["q\"r"])", "7"));
  EXPECT_THAT(row_of(rows, 1), ElementsAre("NULL", "NULL", "NULL", "NULL", "NULL", "NULL"));
}

/// With all columns, whatever is in the flows: what is bound in arrays is what is bound one by one.
TEST(MysqlRows, AreTheSameInArraysAndOneByOne) {
  std::vector<std::string> names;
  for (const FieldInfo& field : flow_fields()) names.emplace_back(column_name(field));
  test::RandomFlows random(23);
  for (int round = 0; round < 10; ++round) {
    FlowBatch batch;
    random.fill(batch, 4, 12);
    Bound bound(names, batch);
    for (std::size_t row = 0; row < batch.size(); ++row) row_of(bound.rows, row);
  }
}

TEST(MysqlRows, PiecesAreNoLargerThanAServerTakes) {
  FlowBatch batch;
  batch.add_origin().time_received_ns = 1'796'083'200'000'000'000;
  for (int i = 0; i < 2500; ++i) batch.append_one();
  EXPECT_THAT(Bound({}, batch).rows.pieces(), ElementsAre(1000, 2000, 2500));
  const std::vector<std::string> texts{"in_if_name",         "out_if_name", "in_if_description",
                                       "out_if_description", "user_name",   "application_name"};
  FlowBatch large;
  large.add_origin();
  for (int i = 0; i < 700; ++i) {
    large.append_one();
    for (const std::string& name : texts)
      set_text_field(*find_field(name), large, large.flows()[large.size() - 1], std::string(255, 'x'));
  }
  EXPECT_THAT(Bound(texts, large).rows.pieces(), ElementsAre(686, 700));
}

TEST(MysqlRows, ABrokenMessageIsToldOf) {
  const std::string message("\x32\x03\x01\x02\x03");
  BoundRows rows(columns_named({}));
  rows.begin();
  EXPECT_THAT(rows.add(std::as_bytes(std::span(message))).error(),
              HasSubstr("an address of 3 bytes, not of 4 or 16"));
}

TEST(MysqlColumns, TypesAreToldByServersInTheirWays) {
  EXPECT_EQ(plain_type("bigint(20) unsigned"), "bigint unsigned");
  EXPECT_EQ(plain_type("bigint unsigned"), "bigint unsigned");
  EXPECT_EQ(plain_type("int(10)"), "int");
  EXPECT_EQ(plain_type("datetime(6)"), "datetime(6)");
  EXPECT_EQ(plain_type("varchar(255)"), "varchar(255)");
  EXPECT_EQ(quoted("a`b"), "`a``b`");
  EXPECT_EQ(literal("it's\\"), "'it''s\\\\'");
}

TEST(MysqlTables, AreMadeOfTheColumns) {
  MysqlSettings settings;
  settings.table = "some";
  settings.columns = {"time_received", "src_addr", "flow_id", "as_path"};
  const std::string sql = create_tables(settings);
  EXPECT_THAT(sql, HasSubstr("CREATE TABLE IF NOT EXISTS `some` (\n"
                             "    `time_received` datetime(6) NOT NULL COMMENT "));
  EXPECT_THAT(sql,
              HasSubstr("    `src_addr` varbinary(16) COMMENT 'Source address',\n"
                        "    `flow_id` bigint unsigned COMMENT 'The exporter''s flow identifier (IE 148)',\n"
                        "    `as_path` mediumtext COMMENT "));
  EXPECT_THAT(sql,
              HasSubstr("PARTITION BY RANGE COLUMNS (`time_received`) (PARTITION `rest` VALUES LESS THAN "
                        "(MAXVALUE));\n"));
  EXPECT_EQ(insert_statement("some", columns_named({"time_received", "bytes"}), 2),
            "INSERT INTO `some` (`time_received`, `bytes`) VALUES (?,?),(?,?)");
}

TEST(MysqlTables, OldBlocksAreDeletedAFewAtATime) {
  EXPECT_EQ(delete_old_blocks(10),
            "DELETE FROM `sluice_blocks` WHERE written < UTC_TIMESTAMP() - INTERVAL 7 DAY ORDER BY written "
            "LIMIT 10");
}

/// Speaks as a server does, to one connection after the other, and says to each statement what it is told to.
class Server {
 public:
  /// Payloads of packets, to a statement.
  using Say = std::function<std::vector<std::string>(const std::string&)>;

  explicit Server(Say say) : say_(std::move(say)) {
    sockaddr_in at{};
    at.sin_family = AF_INET;
    at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof at;
    if (::bind(listener_.get(), reinterpret_cast<sockaddr*>(&at), size) != 0 ||
        ::listen(listener_.get(), 4) != 0 ||
        ::getsockname(listener_.get(), reinterpret_cast<sockaddr*>(&at), &size) != 0)
      throw std::runtime_error("no socket");
    port = std::to_string(ntohs(at.sin_port));
    thread_ = std::thread([this] {
      for (;;) {
        const UniqueFd fd(::accept(listener_.get(), nullptr, nullptr));
        if (fd.get() < 0) return;
        serve(fd.get());
      }
    });
  }
  /// Clients are gone by then.
  ~Server() {
    ::shutdown(listener_.get(), SHUT_RDWR);
    thread_.join();
  }
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;

  static std::string little(std::size_t value, std::size_t bytes) {
    std::string out;
    for (; bytes > 0; --bytes, value >>= 8) out += static_cast<char>(value & 0xff);
    return out;
  }
  static std::string measured(const std::string& text) {
    return (text.size() < 251 ? little(text.size(), 1) : "\xfd" + little(text.size(), 3)) + text;
  }
  static std::vector<std::string> done(std::size_t rows = 0) {
    return {little(0, 1) + (rows < 251 ? little(rows, 1) : "\xfd" + little(rows, 3)) + little(0, 1) +
            little(2, 2) + little(0, 2)};
  }
  static std::vector<std::string> error(std::size_t number, const std::string& text) {
    return {"\xff" + little(number, 2) + "#HY000" + text};
  }
  static std::vector<std::string> rows(std::size_t count, std::size_t columns, const std::string& value,
                                       bool ends = true) {
    const std::string end = "\xfe" + little(0, 4);
    std::vector<std::string> out{little(columns, 1)};
    for (std::size_t i = 0; i < columns; ++i)
      out.push_back(measured("def") + little(0, 3) + measured("c") + measured("c") + little(0x0c, 1) +
                    little(45, 2) + little(255, 4) + little(253, 1) + little(0, 5));
    out.push_back(end);
    std::string row;
    for (std::size_t i = 0; i < columns; ++i) row += measured(value);
    out.insert(out.end(), count, row);
    if (ends) out.push_back(end);
    return out;
  }

  std::string port;

 private:
  static bool send(int fd, std::uint8_t number, const std::vector<std::string>& payloads) {
    std::string bytes;
    for (const std::string& one : payloads) bytes += little(one.size(), 3) + little(number++, 1) + one;
    for (std::size_t sent = 0; sent < bytes.size();) {
      const auto now = ::send(fd, bytes.data() + sent, bytes.size() - sent, MSG_NOSIGNAL);
      if (now <= 0) return false;
      sent += static_cast<std::size_t>(now);
    }
    return true;
  }
  static std::optional<std::string> receive(int fd) {
    std::array<unsigned char, 4> head{};
    if (::recv(fd, head.data(), head.size(), MSG_WAITALL) != 4) return std::nullopt;
    std::string out(
        head[0] | static_cast<std::size_t>(head[1]) << 8 | static_cast<std::size_t>(head[2]) << 16, ' ');
    if (::recv(fd, out.data(), out.size(), MSG_WAITALL) != static_cast<ssize_t>(out.size()))
      return std::nullopt;
    return out;
  }
  void serve(int fd) const {
    const std::string salt(8, 's'), rest(12, 's');
    const std::string hello = "\x0a" + ("5.5.5-10.11.0-MariaDB" + little(0, 1)) + little(1, 4) + salt +
                              little(0, 1) + little(0xa209, 2) + little(45, 1) + little(2, 2) +
                              little(0x0008, 2) + little(21, 1) + little(0, 10) + rest + little(0, 1) +
                              "mysql_native_password" + little(0, 1);
    if (!send(fd, 0, {hello}) || !receive(fd) || !send(fd, 2, done())) return;
    while (const auto request = receive(fd))
      if (request->empty() || (*request)[0] != 3 || !send(fd, 1, say_(request->substr(1)))) return;
  }

  const Say say_;
  UniqueFd listener_{::socket(AF_INET, SOCK_STREAM, 0)};
  std::thread thread_;
};

MysqlSettings settings_for(const Server& server) {
  MysqlSettings out;
  out.servers = "127.0.0.1:" + server.port;
  out.user = "somebody";
  out.tls_mode = "disable";
  out.timeout = 20s;
  return out;
}

/// What a session gets to a statement.
Result<Answer, Trouble> asked(const Server::Say& say, std::chrono::seconds timeout = 20s) {
  const Server server(say);
  const GiveUp give_up;
  MysqlSettings settings = settings_for(server);
  settings.timeout = timeout;
  auto session = Session::open({"127.0.0.1", server.port, "the server"}, settings, give_up);
  if (!session) return failure(session.error());
  return session->ask("SELECT", give_up);
}

TEST(MysqlSession, ReadsRowsAndHasEightColumnsOfEach) {
  const auto answer = asked([](const std::string&) { return Server::rows(10'000, 2, "value"); });
  ASSERT_TRUE(answer) << answer.error().error.sentence;
  ASSERT_EQ(answer->rows.size(), 10'000U);
  EXPECT_THAT(answer->rows.back(), ElementsAre("value", "value", "", "", "", "", "", ""));
}

TEST(MysqlSession, GivesUpWhereMoreComesThanIsAskedFor) {
  const std::vector<std::vector<std::string>> floods{
      Server::rows(10'001, 1, "v"), Server::rows(100'000, 1, "v", false),
      Server::rows(9'000, 1, std::string(1000, 'v'), false), Server::rows(5'000, 200, "", false),
      Server::rows(1, 1, std::string(5 << 20, 'v'))};
  for (const auto& flood : floods) {
    const auto began = std::chrono::steady_clock::now();
    const auto answer = asked([&](const std::string&) { return flood; });
    ASSERT_FALSE(answer) << flood.size();
    EXPECT_EQ(answer.error().code, "");
    EXPECT_EQ(answer.error().error.reason, FailReason::unreachable);
    EXPECT_LT(std::chrono::steady_clock::now() - began, 15s) << "it reads no further";
  }
}

TEST(MysqlSession, RowsThatCeaseAreNotWaitedFor) {
  const auto answer = asked([](const std::string&) { return Server::rows(3, 1, "v", false); }, 1s);
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().code, "");
  EXPECT_THAT(answer.error().error.sentence, HasSubstr("does not answer in time"));
}

TEST(MysqlSession, AnErrorInTheMidstOfRowsIsTheAnswer) {
  auto said = Server::rows(3, 1, "v", false);
  said.push_back(Server::error(1317, "interrupted").front());
  const auto answer = asked([&](const std::string&) { return said; });
  ASSERT_FALSE(answer);
  EXPECT_THAT(answer.error().error.sentence, HasSubstr("interrupted"));
}

/// 2008 is what libmariadb says for want of memory.
TEST(MysqlSession, AServersErrorIsNeverOurWantOfMemory) {
  const auto answer =
      asked([](const std::string&) { return Server::error(2008, "Client run out of memory"); });
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().error.reason, FailReason::unreachable);
  EXPECT_EQ(answer.error().code, "");
}

/// Where each block is there already, and of the old ones more than are deleted at once.
TEST(MysqlWriter, DeletesOldBlocksTurnByTurnWhileThereAreMany) {
  std::mutex mutex;
  std::vector<std::size_t> left{0, 7, 10'000, 10'000};
  std::vector<std::string> heard;
  const Server server([&](const std::string& sql) {
    const std::lock_guard lock(mutex);
    heard.push_back(sql);
    if (sql.starts_with("SELECT @@")) return Server::rows(1, 2, "0");
    if (sql.starts_with("SELECT COLUMN_NAME")) {
      auto out = Server::rows(0, 2, "", false);
      out.push_back(Server::measured("time_received") + Server::measured("datetime(6)"));
      out.push_back("\xfe" + Server::little(0, 4));
      return out;
    }
    if (sql.starts_with("SELECT t.TABLE_NAME")) {
      auto out = Server::rows(0, 3, "", false);
      for (const char* table : {"flows", "sluice_blocks"})
        out.push_back(Server::measured(table) + Server::measured("InnoDB") + Server::measured("YES"));
      out.push_back("\xfe" + Server::little(0, 4));
      return out;
    }
    if (sql.starts_with("SELECT")) return Server::rows(0, 2, "");
    if (!sql.starts_with("DELETE")) return Server::done();
    const std::size_t deleted = left.back();
    if (left.size() > 1) left.pop_back();
    return Server::done(deleted);
  });
  MysqlSettings settings = settings_for(server);
  settings.columns = {"time_received"};
  const auto writer = make_mysql_writer("tables", settings, [](LogLevel, const std::string&) {});
  const GiveUp give_up;
  for (int i = 0; i < 5; ++i) {
    const auto written = writer->write(*test::block_of(1, std::string(1, '\0')), give_up);
    ASSERT_TRUE(written) << written.error().sentence;
  }
  const std::lock_guard lock(mutex);
  std::vector<std::size_t> commits;  // before each of them
  std::size_t seen = 0;
  for (const std::string& sql : heard) {
    if (sql == "COMMIT") ++seen;
    if (sql == delete_old_blocks(10'000)) commits.push_back(seen);
  }
  EXPECT_THAT(commits, ElementsAre(1, 1, 2)) << "once for the hour, then before a block while there are more";
}

/// 20787 is 2026-11-30.
TEST(MysqlTables, ADayIsPartedOffTheLastPartition) {
  const std::string day = "2026-11-30 00:00:00", next = "2026-12-01 00:00:00";
  const auto split = [](const std::vector<Partition>& partitions) {
    const auto place = place_of("flows", partitions, 20'787);
    return place ? place->within + ": " + place->split : "none";
  };
  EXPECT_EQ(
      split({{"rest", ""}}),
      "rest: ALTER TABLE `flows` REORGANIZE PARTITION `rest` INTO (PARTITION `before_20261130` VALUES LESS "
      "THAN "
      "('2026-11-30 00:00:00'), PARTITION `day_20261130` VALUES LESS THAN ('2026-12-01 00:00:00'), PARTITION "
      "`rest` VALUES LESS THAN (MAXVALUE))");
  EXPECT_EQ(
      split({{"day_20261129", day}, {"rest", ""}}),
      "rest: ALTER TABLE `flows` REORGANIZE PARTITION `rest` INTO (PARTITION `day_20261130` VALUES LESS THAN "
      "('2026-12-01 00:00:00'), PARTITION `rest` VALUES LESS THAN (MAXVALUE))");
  EXPECT_EQ(
      split({{"before_20261201", next}, {"day_20261201", "2026-12-02 00:00:00"}, {"rest", ""}}),
      "before_20261201: ALTER TABLE `flows` REORGANIZE PARTITION `before_20261201` INTO (PARTITION "
      "`before_20261130` VALUES LESS THAN ('2026-11-30 00:00:00'), PARTITION `day_20261130` VALUES LESS THAN "
      "('2026-12-01 00:00:00'))");
  EXPECT_EQ(split({{"before_20261130", day}, {"day_20261130", next}, {"rest", ""}}), "day_20261130: ");
  EXPECT_EQ(split({{"november", next}, {"rest", ""}}), "november: ");
  EXPECT_EQ(split({{"until_october", "2026-11-01 00:00:00"}}), "none");
  EXPECT_EQ(split({}), "none");
}

TEST(MysqlErrors, OnlyRowsThatAreWrongFailForGood) {
  const std::vector<std::tuple<unsigned, const char*, FailReason>> reasons{
      {1264, "22003", FailReason::refused},     {1366, "HY000", FailReason::refused},
      {1644, "22001", FailReason::refused},     {1045, "28000", FailReason::auth},
      {1142, "42000", FailReason::auth},        {1021, "HY000", FailReason::no_space},
      {1205, "HY000", FailReason::timed_out},   {1053, "08S01", FailReason::unreachable},
      {1290, "HY000", FailReason::unreachable}, {1040, "08004", FailReason::unreachable},
      {2013, "HY000", FailReason::unreachable}, {2059, "HY000", FailReason::auth},
      {1213, "40001", FailReason::other},       {1146, "42S02", FailReason::other}};
  for (const auto& [number, state, reason] : reasons) {
    EXPECT_EQ(reason_of(number, state), reason) << number;
    EXPECT_EQ(refuses_rows(number, state), reason == FailReason::refused) << number;
  }
}

}  // namespace
}  // namespace sluice::sink::mysql
