// User-defined fields through messages and JSON, and back.
#include <gmock/gmock.h>

#include "flow.pb.h"
#include "sluice/encode/rows.hpp"

namespace sluice::encode {
namespace {

using namespace std::string_literals;
using testing::HasSubstr;
using testing::Not;

UserField field(std::string name, std::uint32_t number, UserType type, bool list = false) {
  UserField out;
  out.name = std::move(name);
  out.number = number;
  out.type = type;
  out.list = list;
  return out;
}

UserFieldsPtr all_kinds() {
  return make_user_fields(
      {field("a_uint", 2000, UserType::uint), field("a_string", 2001, UserType::string),
       field("a_bytes", 19999 + 1, UserType::bytes), field("an_address", kLastUserNumber, UserType::address),
       field("uints", 3000, UserType::uint, true), field("addresses", 3001, UserType::address, true)});
}

/// A flow with a value of each.
void fill(const UserFields& fields, FlowBatch& batch) {
  batch.add_origin().type = FlowType::ipfix;
  FlowRecord& flow = batch.append_one();
  flow.bytes = 7;
  UserValues& values = batch.extras(flow).user();
  const auto all = fields.all();
  values.put(all[4], 5);
  values.put(all[0], ~0ULL);
  values.put(all[1], "caf\xc3\xa9 \xff");
  values.put(all[4], std::uint64_t{0});
  values.put(all[2], "\0\xff"s);
  values.put(all[5], "\xc0\x00\x02\x01"s);
  values.put(all[3], "\xc0\x00\x02\x02"s);
  values.put(all[4], 300);
  values.put(all[5], "\x20\x01\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\x01"s);
}

std::string_view text_of(Bytes bytes) { return {reinterpret_cast<const char*>(bytes.data()), bytes.size()}; }

std::string row(const FlowBatch& batch, const FormatSpec& spec) {
  RowBuffer rows;
  make_row_encoder(spec)->encode(batch, rows);
  EXPECT_EQ(rows.rows(), 1U);
  const Bytes bytes = rows.row(0);
  return std::string(text_of(spec.format == Format::protobuf ? strip_length_prefix(bytes) : bytes));
}

Bytes bytes_of(std::string_view text) { return std::as_bytes(std::span(text)); }

FormatSpec json(UserFieldsPtr fields) {
  FormatSpec spec;
  spec.format = Format::json;
  spec.user_fields = std::move(fields);
  return spec;
}

TEST(UserFieldsInMessages, AreUnknownFieldsToThoseWhoDoNotKnowThem) {
  const auto fields = all_kinds();
  FlowBatch batch;
  fill(*fields, batch);
  FlowMessage message;
  ASSERT_TRUE(message.ParseFromString(row(batch, {})));
  EXPECT_EQ(message.bytes(), 7U);
  const auto& unknown = message.GetReflection()->GetUnknownFields(message);
  ASSERT_EQ(unknown.field_count(), 9);
  std::map<int, std::vector<std::string>> seen;
  for (int i = 0; i < unknown.field_count(); ++i) {
    const auto& one = unknown.field(i);
    seen[one.number()].push_back(one.type() == google::protobuf::UnknownField::TYPE_VARINT
                                     ? std::to_string(one.varint())
                                     : one.length_delimited());
  }
  using V = std::vector<std::string>;
  EXPECT_EQ(seen[2000], V{"18446744073709551615"});
  EXPECT_EQ(seen[2001], V{"caf\xc3\xa9 \xef\xbf\xbd"});  // a string has to be UTF-8
  EXPECT_EQ(seen[20000], V{"\0\xff"s});
  EXPECT_EQ(seen[536870911], V{"\xc0\x00\x02\x02"s});
  EXPECT_EQ(seen[3000], (V{"5", "0", "300"}));
  EXPECT_EQ(seen[3001].size(), 2U);
}

TEST(UserFieldsInMessages, AreReadBack) {
  const auto fields = all_kinds();
  FlowBatch batch, back;
  fill(*fields, batch);
  const std::string message = row(batch, {});
  ASSERT_TRUE(decode_message(bytes_of(message), back, fields.get()));
  EXPECT_EQ(row(back, {}), message);
}

TEST(UserFieldsInMessages, ArePassedOverByThoseWithoutThem) {
  const auto fields = all_kinds();
  FlowBatch batch, back;
  fill(*fields, batch);
  ASSERT_TRUE(decode_message(bytes_of(row(batch, {})), back));
  EXPECT_EQ(back.extras_of(back.flows()[0]), nullptr);
  EXPECT_EQ(back.flows()[0].bytes, 7U);
}

TEST(UserFieldsInMessages, APackedListIsReadToo) {
  const auto fields = all_kinds();
  FlowBatch back;
  ASSERT_TRUE(decode_message(bytes_of("\xc2\xbb\x01\x03\x01\xac\x02"), back, fields.get()));
  EXPECT_THAT(row(back, json(fields)), HasSubstr(R"("uints":[1,300])"));
}

TEST(UserFieldsInMessages, DamageIsToldWithTheName) {
  const auto fields = all_kinds();
  FlowBatch back;
  const auto address = decode_message(bytes_of("\xca\xbb\x01\x03\x01\x02\x03"), back, fields.get());
  ASSERT_FALSE(address);
  EXPECT_EQ(address.error(), "addresses: an address of 3 bytes, not of 4 or 16");
  const auto list = decode_message(bytes_of("\xc2\xbb\x01\x01\x80"), back, fields.get());
  ASSERT_FALSE(list);
  EXPECT_EQ(list.error(), "uints: the message ends within a varint");
  EXPECT_TRUE(back.empty());
}

TEST(UserFieldsInMessages, EveryCutMessageIsReadOrRefused) {
  const auto fields = all_kinds();
  FlowBatch batch;
  fill(*fields, batch);
  const std::string message = row(batch, {});
  for (std::size_t size = 0; size < message.size(); ++size) {
    FlowBatch back;
    const auto read = decode_message(bytes_of(message).first(size), back, fields.get());
    EXPECT_EQ(back.size(), read ? 1U : 0U) << size;
  }
}

TEST(UserFieldsInJson, StandUnderTheirNamesInTheOrderOfConfiguration) {
  const auto fields = all_kinds();
  FlowBatch batch;
  fill(*fields, batch);
  EXPECT_THAT(
      row(batch, json(fields)),
      HasSubstr(R"(,"a_uint":18446744073709551615,"a_string":"café \uefff","a_bytes":"00ff",)"
                R"("an_address":"192.0.2.2","uints":[5,0,300],"addresses":["192.0.2.1","2001:db8::1"]})"
                "\n"));
}

TEST(UserFieldsInJson, AreReadBack) {
  const auto fields = all_kinds();
  FlowBatch batch, back;
  fill(*fields, batch);
  const std::string line = row(batch, json(fields));
  ASSERT_TRUE(decode_json_line(line, back, fields.get()));
  EXPECT_EQ(row(back, json(fields)), line);
}

TEST(UserFieldsInJson, AFlowWithoutThemHasNone) {
  FlowBatch batch;
  batch.add_origin();
  batch.append_one();
  EXPECT_THAT(row(batch, json(all_kinds())), Not(HasSubstr("uint")));
}

TEST(UserFieldsInJson, ValuesThatDoNotFitAreTold) {
  const auto fields = all_kinds();
  const auto error = [&](const char* line) {
    FlowBatch back;
    const auto read = decode_json_line(line, back, fields.get());
    return read ? std::string() : read.error();
  };
  EXPECT_EQ(error(R"({"a_uint":-1})"), "a_uint: expected an integer of 0 to 18446744073709551615");
  EXPECT_EQ(error(R"({"a_bytes":"0"})"), "a_bytes: expected hexadecimal digits, two for each byte");
  EXPECT_EQ(error(R"({"an_address":"here"})"), "an_address: expected an IPv4 or IPv6 address");
  EXPECT_EQ(error(R"({"uints":5})"), "uints: expected an array");
  EXPECT_EQ(error(R"({"uints":[5]})"), "");
}

}  // namespace
}  // namespace sluice::encode
