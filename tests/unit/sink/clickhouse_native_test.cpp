// Blocks of ClickHouse's Native format, read back by a reader of their own and held against the flows that
// they were made of, field by field.
#include <gmock/gmock.h>

#include <map>

#include "flow/columns.hpp"
#include "flow/enumerations.hpp"
#include "sink/clickhouse/inserter.hpp"
#include "sink/clickhouse/native.hpp"
#include "sink_support.hpp"
#include "support/random_flow.hpp"

namespace sluice::sink {
namespace {

using testing::HasSubstr;
using Values = std::vector<std::string>;

std::string joined(const Values& values) {
  std::string out = "[";
  for (const std::string& value : values) out += value + ",";
  return out + "]";
}

/// As the format's document describes it; values as text.
class NativeReader {
 public:
  explicit NativeReader(std::string_view bytes) : rest_(bytes) {}

  std::map<std::string, Values> block(std::size_t& rows) {
    const std::uint64_t columns = varint();
    rows = varint();
    std::map<std::string, Values> out;
    for (std::uint64_t i = 0; i < columns; ++i) {
      const std::string name = string();
      out[name] = values(string(), rows);
    }
    EXPECT_EQ(rest_, "");
    return out;
  }

 private:
  std::string_view take(std::size_t size) {
    EXPECT_LE(size, rest_.size());
    const std::string_view out = rest_.substr(0, size);
    rest_.remove_prefix(out.size());
    return out;
  }
  std::uint64_t little(std::size_t width) {
    std::uint64_t out = 0;
    const std::string_view bytes = take(width);
    for (std::size_t i = 0; i < bytes.size(); ++i)
      out |= static_cast<std::uint64_t>(static_cast<unsigned char>(bytes[i])) << (8 * i);
    return out;
  }
  std::uint64_t varint() {
    std::uint64_t out = 0;
    for (unsigned shift = 0;; shift += 7) {
      const std::uint64_t byte = little(1);
      out |= (byte & 0x7f) << shift;
      if (byte < 0x80) return out;
    }
  }
  std::string string() { return std::string(take(varint())); }

  std::string value(const std::string& type) {
    if (type == "Int8") return std::to_string(static_cast<std::int8_t>(little(1)));
    if (type == "UInt32") return std::to_string(little(4));
    if (type == "UInt64" || type == "DateTime64(9, 'UTC')") return std::to_string(little(8));
    if (type == "IPv6") return IpAddress::from_bytes(std::as_bytes(std::span(take(16)))).to_string();
    EXPECT_EQ(type, "String");
    return string();
  }
  static std::string inner(const std::string& type, std::string_view outer) {
    return type.substr(outer.size() + 1, type.size() - outer.size() - 2);
  }
  Values values(const std::string& type, std::size_t rows) {
    Values out;
    if (type.starts_with("Nullable")) {
      const std::string_view nulls = take(rows);
      out = values(inner(type, "Nullable"), rows);
      for (std::size_t i = 0; i < rows; ++i)
        if (nulls[i] != 0) out[i] = "NULL";
    } else if (type.starts_with("Array")) {
      std::vector<std::uint64_t> sizes;
      for (std::uint64_t i = 0, before = 0; i < rows; ++i) {
        const std::uint64_t end = little(8);
        sizes.push_back(end - before);
        before = end;
      }
      for (const std::uint64_t size : sizes) {
        Values elements;
        for (std::uint64_t i = 0; i < size; ++i) elements.push_back(value(inner(type, "Array")));
        out.push_back(joined(elements));
      }
    } else {
      for (std::size_t i = 0; i < rows; ++i) out.push_back(value(type));
    }
    return out;
  }

  std::string_view rest_;
};

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
    encode::make_row_encoder({})->encode(batch, rows);
    block_.begin(rows.rows());
    for (std::size_t i = 0; i < rows.rows(); ++i) {
      const auto added = block_.add(encode::strip_length_prefix(rows.row(i)));
      EXPECT_TRUE(added) << added.error();
    }
    std::string bytes;
    block_.write(bytes);
    std::size_t count = 0;
    auto out = NativeReader(bytes).block(count);
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
