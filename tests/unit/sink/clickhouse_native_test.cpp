// Blocks of ClickHouse's Native format, read back by a reader of their own and held against the flows that
// they were made of, field by field.
#include <gmock/gmock.h>

#include <map>

#include "flow/columns.hpp"
#include "flow/enumerations.hpp"
#include "native_reader.hpp"
#include "sink/clickhouse/inserter.hpp"
#include "sink/clickhouse/native.hpp"
#include "sink_support.hpp"
#include "support/random_flow.hpp"

namespace sluice::sink {
namespace {

using test::joined;
using test::NativeReader;
using test::Values;
using testing::HasSubstr;

std::string mapped(const IpAddress& address) {
  if (address.empty()) return "::";
  return address.is_v4() ? "::ffff:" + address.to_string() : address.to_string();
}

std::string enumerated(FieldKind kind, std::uint64_t value) {
  for (const Enumerator& one : enumeration_of(kind)->values)
    if (one.value == value) return std::to_string(value);
  return "-1";
}

/// What flows_raw has of the field where the server takes its own default for a column that is not there.
std::string stored(const FieldInfo& field, const FlowBatch& batch, const FlowRecord& flow) {
  if (field.optional && !field_present(field, batch, flow)) return "NULL";
  Values list;
  switch (field.kind) {
    case FieldKind::address: {
      const Origin& origin = batch.origin(flow.origin);
      // Not in the message where it is the sampler's.
      if (field.name == "exporter_address" && origin.exporter_address == origin.sampler_address) return "::";
      return mapped(address_field(field, batch, flow));
    }
    case FieldKind::raw:
    case FieldKind::text:
      return std::string(text_field(field, batch, flow));
    case FieldKind::uint32_list:
      for (const std::uint32_t one : test::list_field(field, batch, flow))
        list.push_back(std::to_string(one));
      return joined(list);
    case FieldKind::layer_list:
      for (const std::uint32_t one : test::list_field(field, batch, flow))
        list.push_back(enumerated(field.kind, one));
      return joined(list);
    case FieldKind::address_list:
      for (const IpAddress& one : test::address_list_field(field, batch, flow)) list.push_back(mapped(one));
      return joined(list);
    case FieldKind::flow_type:
    case FieldKind::direction:
    case FieldKind::rate_source:
      return enumerated(field.kind, integer_field(field, batch, flow));
    default:
      return std::to_string(integer_field(field, batch, flow));
  }
}

/// What flows_raw has in a column that is not in the block. Of an enumeration that is the lowest of its
/// numbers, which no flow has that says nothing.
std::string absent(const FieldInfo& field) {
  if (enumeration_of(field.kind) != nullptr && field.kind != FieldKind::layer_list) return "-1";
  const FlowBatch none = [] {
    FlowBatch batch;
    batch.add_origin();
    batch.append_one();
    return batch;
  }();
  return stored(field, none, none.flows()[0]);
}

/// Times as flows_raw_view completes them.
std::string completed(const FieldInfo& field, const FlowBatch& batch, const FlowRecord& flow) {
  const auto value = [](std::uint64_t ns) { return ns > INT64_MAX ? 0 : ns; };
  const std::uint64_t received = value(batch.origin(flow.origin).time_received_ns);
  const std::uint64_t end = value(flow.time_flow_end_ns) != 0 ? flow.time_flow_end_ns : received;
  const std::uint64_t start = value(flow.time_flow_start_ns) != 0 ? flow.time_flow_start_ns : end;
  return std::to_string(field.name == "time_received_ns"   ? received
                        : field.name == "time_flow_end_ns" ? end
                                                           : start);
}

class ClickhouseNativeTest : public testing::Test {
 protected:
  /// The block's columns.
  std::map<std::string, Values> native(const FlowBatch& batch) {
    encode::RowBuffer rows;
    encode::FormatSpec spec;
    spec.user_fields = user_fields_;
    encode::make_row_encoder(spec)->encode(batch, rows);
    block_.begin(rows.rows());
    for (std::size_t i = 0; i < rows.rows(); ++i) {
      const auto added = block_.add(encode::strip_length_prefix(rows.row(i)));
      EXPECT_TRUE(added) << added.error();
    }
    std::string bytes;
    block_.write(bytes);
    std::size_t count = 0;
    NativeReader reader(bytes);
    auto out = reader.block(count);
    EXPECT_TRUE(reader.at_end());
    EXPECT_EQ(count, batch.size());
    return out;
  }

  void expect_same(const FlowBatch& batch) {
    const auto columns = native(batch);
    for (const FieldInfo& field : flow_fields()) {
      const auto found = columns.find(std::string(column_name(field)));
      for (std::size_t row = 0; row < batch.size(); ++row) {
        const std::string is = found == columns.end() ? absent(field) : found->second[row];
        const std::string expected = field.kind == FieldKind::time_ns
                                         ? completed(field, batch, batch.flows()[row])
                                         : stored(field, batch, batch.flows()[row]);
        ASSERT_EQ(is, expected) << field.name << " of flow " << row;
      }
    }
  }

  UserFieldsPtr user_fields_;
  NativeBlock block_;
};

TEST_F(ClickhouseNativeTest, HasEveryFieldOfEveryFlow) {
  test::RandomFlows random(17);
  for (int round = 0; round < 30; ++round) {
    FlowBatch batch;
    random.fill(batch, 4, 12);
    if (batch.size() != 0) expect_same(batch);
  }
}

/// As the tables have them by way of the message: what a message does not hold is what it says of nothing.
TEST_F(ClickhouseNativeTest, HasWhatTheMessageSaysOfAllAndOfNothing) {
  test::RandomFlows random(23);
  FlowBatch everything, nothing;
  for (int n = 0; n < 20; ++n) {
    random.add_origin(everything);
    FlowRecord& flow = everything.append_one();
    for (const FieldInfo& field : flow_fields()) random.set_random(field, everything, flow);
  }
  nothing.add_origin();
  nothing.append_one();
  for (const FlowBatch* const batch : {&everything, &nothing}) {
    encode::RowBuffer rows;
    encode::make_row_encoder({})->encode(*batch, rows);
    FlowBatch read;
    for (std::size_t i = 0; i < rows.rows(); ++i)
      ASSERT_TRUE(encode::decode_message(encode::strip_length_prefix(rows.row(i)), read, nullptr));
    expect_same(read);
  }
}

TEST_F(ClickhouseNativeTest, WritesOnlyWhatAFlowHas) {
  FlowBatch batch;
  batch.add_origin().time_received_ns = 5;
  batch.append_one().src_port = 443;
  batch.append_one();
  const auto columns = native(batch);
  EXPECT_THAT(columns, testing::UnorderedElementsAre(testing::Pair("type", Values{"0", "0"}),
                                                     testing::Pair("flow_direction", Values{"0", "0"}),
                                                     testing::Pair("sampling_rate_source", Values{"0", "0"}),
                                                     testing::Pair("src_port", Values{"443", "0"}),
                                                     testing::Pair("time_received", Values{"5", "5"}),
                                                     testing::Pair("time_flow_end", Values{"5", "5"}),
                                                     testing::Pair("time_flow_start", Values{"5", "5"})));
}

TEST_F(ClickhouseNativeTest, HasTheFieldsThatAUserAdds) {
  const auto field = [](const char* name, std::uint32_t number, UserType type, bool list = false) {
    UserField out;
    out.name = name;
    out.number = number;
    out.type = type;
    out.list = list;
    return out;
  };
  const UserFieldsPtr fields = make_user_fields(
      {field("number", 2000, UserType::uint), field("numbers", kLastUserNumber, UserType::uint, true),
       field("text", 2002, UserType::string), field("texts", 2001, UserType::bytes, true),
       field("address", 2004, UserType::address), field("addresses", 2003, UserType::address, true)});
  const auto put = [&](UserValues& values, std::string_view name, auto value) {
    values.put(*fields->find(name), value);
  };
  FlowBatch batch;
  batch.add_origin().time_received_ns = 5;
  batch.append_one().src_port = 1;
  UserValues& values = batch.extras(batch.append_one()).user();
  put(values, "number", 1ULL << 63);
  for (const std::uint64_t one : {1ULL << 40, 0ULL, 300ULL}) put(values, "numbers", one);
  put(values, "text", std::string_view("acl"));
  for (const std::string_view one : {"a", "", "ccc"}) put(values, "texts", one);
  put(values, "address", std::string_view("\xc0\x00\x02\x07", 4));
  put(values, "addresses", std::string_view("\xc0\x00\x02\x08", 4));
  put(values, "addresses", std::string_view("\xc0\x00\x02\x09", 4));
  batch.append_one().src_port = 3;
  user_fields_ = fields;
  block_ = NativeBlock(fields);
  const auto columns = native(batch);
  const auto are = [&](const char* name, const Values& expected) {
    const auto found = columns.find(name);
    EXPECT_EQ(found == columns.end() ? Values{"no column"} : found->second, expected) << name;
  };
  are("number", {"NULL", "9223372036854775808", "NULL"});
  are("numbers", {"[]", "[1099511627776,0,300,]", "[]"});
  are("text", {"", "acl", ""});
  are("texts", {"[]", "[a,,ccc,]", "[]"});
  are("address", {"::", "::ffff:192.0.2.7", "::"});
  are("addresses", {"[]", "[::ffff:192.0.2.8,::ffff:192.0.2.9,]", "[]"});
  are("src_port", {"1", "0", "3"});
  block_ = NativeBlock();
  EXPECT_FALSE(native(batch).contains("text")) << "who has no such field";
}

/// They are Enum8 in the tables.
TEST_F(ClickhouseNativeTest, EnumerationsAreSmall) {
  for (const Enumeration& enumeration : enumerations())
    for (const Enumerator& one : enumeration.values) EXPECT_LT(one.value, 128U) << enumeration.type;
}

TEST_F(ClickhouseNativeTest, ABrokenMessageIsToldOf) {
  const auto add = [&](std::string_view message) {
    block_.begin(1);
    const auto added = block_.add(std::as_bytes(std::span(message.data(), message.size())));
    return added ? std::string() : added.error();
  };
  EXPECT_EQ(add(""), "");
  EXPECT_THAT(add("\x32\x03\x01\x02\x03"), HasSubstr("an address of 3 bytes, not of 4 or 16"));
  EXPECT_THAT(add("\x32\x7f"), HasSubstr("longer than the message"));
  EXPECT_THAT(add("\x08"), HasSubstr("ends within a varint"));
  FlowBatch batch;
  batch.add_origin().time_received_ns = 1;
  batch.append_one().proto = 6;
  expect_same(batch);
}

TEST_F(ClickhouseNativeTest, ATokenFollowsFromTheRowsAlone) {
  const auto first = test::block_of(3, test::framed("abc"));
  const auto again = test::block_of(3, test::framed("abc"), test::exporter(9));
  EXPECT_EQ(insert_token(*first), insert_token(*again));
  EXPECT_EQ(insert_token(*first).size(), 32U);
  EXPECT_NE(insert_token(*first), insert_token(*test::block_of(3, test::framed("abd"))));
  EXPECT_NE(insert_token(*first), insert_token(*test::block_of(4, test::framed("abc"))));
}

}  // namespace
}  // namespace sluice::sink
