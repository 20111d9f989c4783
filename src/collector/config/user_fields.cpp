// The setting `fields`: what a user adds to the message.
#include <algorithm>
#include <string_view>

#include "config/tables.hpp"
#include "decode/elements.hpp"
#include "flow/columns.hpp"
#include "setting/text.hpp"
#include "sluice/flow/fields.hpp"

namespace sluice::config {
namespace {

constexpr std::size_t kLongestName = 63;
constexpr std::uint32_t kMaxBitOffset = 65'535;
constexpr std::uint32_t kMaxBits = 16'384;
constexpr std::uint16_t kMaxEnterpriseId = 0x7fff;  // the bit above says that an enterprise number follows
// protobuf keeps these for itself.
constexpr std::uint32_t kFirstReserved = 19'000, kLastReserved = 19'999;

Codec<std::string> field_name() {
  return text("name", "1 to 63 of a-z, 0-9 and _ that begin with a letter, such as acl_name",
              [](std::string_view given) {
                return !given.empty() && given.size() <= kLongestName && given.front() >= 'a' &&
                       given.front() <= 'z' && std::ranges::all_of(given, [](char c) {
                         return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_';
                       });
              });
}

Codec<std::uint32_t> field_number() {
  auto codec = integer<std::uint32_t>(kFirstUserNumber, kLastUserNumber);
  codec.type = "integer from 2000 to 536870911, not 19000 to 19999";
  codec.wants = "it takes a whole number from 2000 to 536870911 that is not one of 19000 to 19999";
  codec.parse = [parse = codec.parse](std::string_view given) -> std::optional<std::uint32_t> {
    const auto number = parse(given);
    return number && (*number < kFirstReserved || *number > kLastReserved) ? number : std::nullopt;
  };
  return codec;
}

Codec<PacketLayer> layer() {
  std::vector<Word<PacketLayer>> names;
  for (std::size_t i = 0; i < static_cast<std::size_t>(PacketLayer::count); ++i)
    names.push_back({sluice::name(static_cast<PacketLayer>(i)), static_cast<PacketLayer>(i)});
  return choice(std::move(names));
}

const Table<PacketSource>& packet_table() {
  using P = PacketSource;
  static const Table<P> table{
      row<P, &P::layer>("layer", layer(), "", "Header that the bits are counted from")
          .defaults_to("none, must be given"),
      row<P, &P::offset>("offset", integer<std::uint32_t>(0, kMaxBitOffset), "bits",
                         "Bits of the header in front of those wanted; may reach past the header"),
      row<P, &P::length>("length", integer<std::uint32_t>(1, kMaxBits), "bits",
                         "How many bits; up to 64 of type uint, 32 or 128 of type address")
          .defaults_to("none, must be given"),
      row<P, &P::inner>("inner", boolean(), "",
                        "true: the header of the packet within a tunnel; false: of the packet outside"),
  };
  return table;
}

constexpr const char* kElementForm =
    "it takes an element's number (61), ENTERPRISE:NUMBER (9:12235) or a name such as flowDirection";

/// "61", "9:12235" or a name of the table of elements.
std::optional<ElementSource> parse_element(std::string_view text) {
  for (const decode::ElementInfo& known : decode::elements())
    if (known.name == text) return ElementSource{known.pen, known.id};
  const auto colon = text.find(':');
  const auto pen = colon == std::string_view::npos ? 0 : parse_integer(text.substr(0, colon));
  const auto id = parse_integer(colon == std::string_view::npos ? text : text.substr(colon + 1));
  if (!pen || !id || *pen > 0xffff'ffff || *id == 0) return std::nullopt;
  // v9 has field types of 16 bits.
  if (*id > (*pen == 0 ? 0xffffU : kMaxEnterpriseId)) return std::nullopt;
  return ElementSource{static_cast<std::uint32_t>(*pen), static_cast<std::uint16_t>(*id)};
}

void read_elements(Reading& in, const std::string& path, const Value& value, UserField& field) {
  in.note(path, value);
  const auto list = as_list(in, path, value, "it takes a list of elements such as [61, \"9:12235\"]");
  if (!list) return;
  for (std::size_t i = 0; i < list->items.size(); ++i) {
    const Value& item = list->items[i];
    const auto text = as_text(in, element(path, i), item, kElementForm);
    if (!text) continue;
    if (const auto source = parse_element(*text)) {
      field.elements.push_back(*source);
      continue;
    }
    std::vector<std::string> names;
    for (const decode::ElementInfo& known : decode::elements()) names.emplace_back(known.name);
    const auto meant = nearest(*text, names);
    in.fault(element(path, i), item.origin,
             element(path, i) + " is " + quote(*text) + "; " +
                 (meant ? "did you mean " + *meant + "?" : std::string(kElementForm)));
  }
}

Value write_elements(const UserField& field) {
  return list_of(field.elements, [](const ElementSource& source) {
    const std::string id = std::to_string(source.id);
    return Value::of(source.pen == 0 ? id : std::to_string(source.pen) + ":" + id);
  });
}

bool read_packet_source(Reading& in, const std::string& path, const Value& value, PacketSource& source) {
  in.note(path, value);
  const auto map = as_map(in, path, value, "it takes a map such as {layer: tcp, offset: 112, length: 16}");
  if (!map) return false;
  const std::size_t before = in.findings().size();
  read_section(in, packet_table(), path, *map, source);
  for (const char* needed : {"layer", "length"})
    if (map->find(needed) == nullptr)
      in.fault(path, value.origin,
               path + " has no " + needed + "; it takes a map such as {layer: tcp, offset: 112, length: 16}");
  return in.findings().size() == before;
}

void read_packet(Reading& in, const std::string& path, const Value& value, UserField& field) {
  in.note(path, value);
  const auto list =
      as_list(in, path, value, "it takes a list of maps such as [{layer: tcp, offset: 112, length: 16}]");
  if (!list) return;
  for (std::size_t i = 0; i < list->items.size(); ++i) {
    PacketSource source;
    if (read_packet_source(in, element(path, i), list->items[i], source)) field.packet.push_back(source);
  }
}

Value write_packet(const UserField& field) {
  return list_of(field.packet,
                 [](const PacketSource& source) { return write_section(packet_table(), source); });
}

/// How protobuf's JSON and ClickHouse tell names apart: without underscores.
std::string bare(std::string_view name) {
  std::string out(name);
  std::erase(out, '_');
  return out;
}

/// The message field or column that the name is, or is as good as; "" where there is none.
std::string taken_name(const std::string& name) {
  for (const FieldInfo& field : flow_fields())
    if (bare(field.name) == bare(name)) return std::string(field.name);
  for (const std::string_view column : column_names())
    if (bare(column) == bare(name)) return std::string(column);
  return {};
}

/// What is wrong with a range of bits for a field of this type; "" where nothing is.
std::string misfit(const UserField& field, std::uint32_t length) {
  const std::string bits = std::to_string(length) + " bits";
  switch (field.type) {
    case UserType::uint:
      if (length > 64) return "takes " + bits + ", but a uint has 64 at most; type bytes takes more";
      if (field.little_endian && length % 8 != 0)
        return "takes " + bits + ", but endian little wants whole bytes";
      return {};
    case UserType::address:
      return length == 32 || length == 128 ? "" : "takes " + bits + ", but an address has 32 or 128";
    case UserType::string:
    case UserType::bytes:
      return length % 8 == 0 ? "" : "takes " + bits + ", but string and bytes want whole bytes";
  }
  return {};
}

void check_field(Reading& in, const std::string& path, const UserField& field) {
  const std::string name = path + ".name";
  if (const auto taken = taken_name(field.name); !field.name.empty() && !taken.empty())
    in.fault(name, in.origin(name),
             name + " is " + quote(field.name) + ", too like " + taken +
                 ", which the message or its table has; "
                 "choose another name");
  for (std::size_t i = 0; i < field.packet.size(); ++i) {
    const std::string where = element(path + ".packet", i);
    if (const auto wrong = misfit(field, field.packet[i].length); !wrong.empty())
      in.fault(where, in.origin(where), std::string(where).append(" ").append(wrong));
  }
  if (field.little_endian && field.type != UserType::uint)
    in.fault(path + ".endian", in.origin(path + ".endian"),
             path + ".endian is little, which only a field of type uint has; leave it out");
}

void check_twins(Reading& in, const std::string& path, const UserField& field, const std::string& first,
                 const UserField& earlier) {
  const std::string same = " of " + first + line_of(in.origin(first)) + "; give each its own";
  if (!field.name.empty() && bare(field.name) == bare(earlier.name))
    in.fault(path + ".name", in.origin(path + ".name"),
             path + ".name is " + quote(field.name) + ", too like the name" + same);
  if (field.number != 0 && field.number == earlier.number)
    in.fault(path + ".number", in.origin(path + ".number"),
             path + ".number is " + std::to_string(field.number) + ", the number" + same);
}

}  // namespace

const Table<UserField>& user_field_table() {
  using U = UserField;
  static const Table<U> table{
      row<U, &U::name>("name", field_name(), "",
                       "Name of the field in JSON, in the .proto file and as column")
          .defaults_to("none, must be given"),
      row<U, &U::number>("number", field_number(), "",
                         "Number of the field in the message; never to be reused")
          .defaults_to("none, must be given"),
      row<U, &U::type>("type",
                       choice<UserType>({{"uint", UserType::uint},
                                         {"string", UserType::string},
                                         {"bytes", UserType::bytes},
                                         {"address", UserType::address}}),
                       "", "What the value is: up to 64 bits, text, bytes as they are, or an IP address"),
      row<U, &U::list>("list", boolean(), "",
                       "true: all values that are met, in their order; false: the first that is not zero"),
      row<U, &U::little_endian>("endian", choice<bool>({{{"big", false}, {"little", true}}}), "",
                                "Order of a uint's bytes as they are sent"),
      special<U>("elements", "list of elements",
                 "NetFlow v9 and IPFIX: elements that fill the field, by number, ENTERPRISE:NUMBER or name; "
                 "the first named counts first",
                 "[]", read_elements, write_elements),
      special<U>("packet", "list",
                 "Sampled packets of sFlow, NetFlow v9 and IPFIX: bits that fill the field, maps of the keys "
                 "below; the outermost header counts first",
                 "[]", read_packet, write_packet),
  };
  return table;
}

const Table<PacketSource>& user_packet_table() { return packet_table(); }

void read_user_fields(Reading& in, const std::string& path, const Value& value, Config& config) {
  in.note(path, value);
  const auto list = as_list(in, path, value,
                            "it takes a list of maps such as [{name: acl_name, number: 2000, type: string, "
                            "elements: [\"9:12235\"]}]");
  if (!list) return;
  if (list->items.size() > kMaxUserFields)
    in.fault(path, value.origin,
             path + " has " + std::to_string(list->items.size()) + " entries; there may be " +
                 std::to_string(kMaxUserFields));
  config.fields.clear();
  for (std::size_t i = 0; i < list->items.size(); ++i) {
    const std::string where = element(path, i);
    const Value& item = list->items[i];
    in.note(where, item);
    UserField& field = config.fields.emplace_back();
    const auto map = as_map(in, where, item,
                            "it takes a map such as {name: acl_name, number: 2000, type: string, elements: "
                            "[\"9:12235\"]}");
    if (!map) continue;
    const std::size_t before = in.findings().size();
    read_section(in, user_field_table(), where, *map, field);
    const bool whole = in.findings().size() == before;
    for (const auto& [needed, example] : {std::pair{"name", "name: acl_name"}, {"number", "number: 2000"}})
      if (map->find(needed) == nullptr)
        in.fault(where, item.origin, where + " has no " + needed + "; add one, such as " + example);
    if (whole && field.elements.empty() && field.packet.empty())
      in.fault(where, item.origin,
               where +
                   " has no source; name elements, such as elements: [61], or bits of a packet, such as "
                   "packet: [{layer: tcp, offset: 112, length: 16}]");
  }
}

Value write_user_fields(const Config& config) {
  return list_of(config.fields, [](const UserField& f) { return write_section(user_field_table(), f); });
}

void check_user_fields(Reading& in, const Config& config) {
  for (std::size_t i = 0; i < config.fields.size(); ++i) {
    const std::string path = element("fields", i);
    check_field(in, path, config.fields[i]);
    for (std::size_t j = 0; j < i; ++j)
      check_twins(in, path, config.fields[i], element("fields", j), config.fields[j]);
  }
}

}  // namespace sluice::config
