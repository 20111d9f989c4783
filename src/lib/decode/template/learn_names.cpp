#include "decode/template/learn_names.hpp"

#include <algorithm>
#include <limits>

#include "decode/elements.hpp"
#include "decode/label_facts.hpp"

namespace sluice::decode {
namespace {

constexpr std::uint16_t kV9ScopeInterface = 2;  // RFC 3954 section 6.1: 1 system, 2 interface ... 5 template
constexpr std::uint16_t kLastV9Scope = 5;

/// One options record, sorted by what it speaks of. A pointer is null where the record has no such field.
struct Said {
  const Bytes* interface = nullptr;
  const Bytes* vrf = nullptr;
  const Bytes* application = nullptr;
  const Bytes* interface_name = nullptr;
  const Bytes* interface_description = nullptr;
  const Bytes* vrf_name = nullptr;
  const Bytes* application_name = nullptr;
  const Bytes* application_description = nullptr;
  const Bytes* label = nullptr;
  const Bytes* label_type = nullptr;
  const Bytes* label_address = nullptr;
  const Bytes* label_prefix_length = nullptr;
  const Bytes* label_rd = nullptr;
};

void first(const Bytes*& place, const Bytes& value) {
  if (!place) place = &value;
}

void sort_in(Role role, const Bytes& value, Said& said) {
  switch (role) {
    case Role::none:
      return;
    case Role::input_interface:
    case Role::output_interface:
      return first(said.interface, value);
    case Role::input_vrf:
    case Role::output_vrf:
      return first(said.vrf, value);
    case Role::application:
      return first(said.application, value);
    case Role::interface_name:
      return first(said.interface_name, value);
    case Role::interface_description:
      return first(said.interface_description, value);
    case Role::vrf_name:
      return first(said.vrf_name, value);
    case Role::application_name:
      return first(said.application_name, value);
    case Role::application_description:
      return first(said.application_description, value);
    case Role::label:
      return first(said.label, value);
    case Role::label_type:
      return first(said.label_type, value);
    case Role::label_address:
      return first(said.label_address, value);
    case Role::label_prefix_length:
      return first(said.label_prefix_length, value);
    case Role::label_rd:
      return first(said.label_rd, value);
  }
}

Said read(Protocol version, const Template& tmpl, std::span<const Bytes> values) {
  Said said;
  for (std::size_t i = 0; i < values.size(); ++i) {
    const TemplateField& field = tmpl.fields[i];
    // In v9 the first scope types are no elements; boxes that send an element for a scope mean the element.
    if (tmpl.is_scope_type(version, i) && field.id <= kLastV9Scope) {
      if (field.id == kV9ScopeInterface) first(said.interface, values[i]);
      continue;
    }
    if (const ElementInfo* element = find_element(field.pen, field.id))
      sort_in(element->role, values[i], said);
  }
  return said;
}

/// Fixed-length strings are filled up with zeros.
std::string_view text_of(const Bytes& value) {
  const std::string_view text(reinterpret_cast<const char*>(value.data()), value.size());
  return text.substr(0, text.find('\0'));
}

/// False where the field is no number that a flow could name.
bool number_of(const Bytes* value, std::uint32_t& out) {
  if (!value || value->empty() || value->size() > 8) return false;
  const std::uint64_t number = load_be_any(*value);
  out = static_cast<std::uint32_t>(number);
  return number <= std::numeric_limits<std::uint32_t>::max();
}

/// An entry of a label stack as IE 70 has it (3 bytes: label, EXP, bottom of stack) or with its TTL behind.
bool label_of(const Bytes* value, std::uint32_t& out) {
  if (!number_of(value, out) || out == 0) return false;
  out >>= value->size() == 4 ? 12 : 4;
  return true;
}

std::uint8_t small_number_of(const Bytes* value) {
  std::uint32_t number = 0;
  return number_of(value, number) && number <= 0xff ? static_cast<std::uint8_t>(number) : std::uint8_t{0};
}

bool zero(Bytes value) {
  return std::all_of(value.begin(), value.end(), [](std::byte byte) { return byte == std::byte{}; });
}

std::string facts_of_label(const Said& said) {
  constexpr std::size_t kMaxRd = 64;  // a route distinguisher has 8 bytes (RFC 4364 section 4.2)
  LabelFacts facts;
  facts.type = small_number_of(said.label_type);
  facts.prefix_length = small_number_of(said.label_prefix_length);
  if (said.label_address && !zero(*said.label_address))
    facts.address = IpAddress::from_bytes(*said.label_address);
  if (said.label_rd && said.label_rd->size() <= kMaxRd && !zero(*said.label_rd))
    facts.rd = {reinterpret_cast<const char*>(said.label_rd->data()), said.label_rd->size()};
  return facts.text();
}

}  // namespace

void learn_names(const Domain& domain, const Template& tmpl, std::span<const Bytes> values, NameTable& names,
                 DecodeReport& report) {
  const Said said = read(domain.version, tmpl, values);
  NameEntry entry{.domain = domain.id};
  const auto learn_text = [&](NameKind kind, std::string_view text) {
    entry.kind = kind;
    entry.text = text;
    const NameTable::Learned learned = names.learn(entry);
    if (learned == NameTable::Learned::refused) report.fail(DecodeError::name_limit);
    if (learned == NameTable::Learned::no_room) report.fail(DecodeError::state_limit);
  };
  const auto learn = [&](NameKind kind, const Bytes* text) {
    if (text) learn_text(kind, text_of(*text));
  };
  // ifIndex 0 is no interface: it stands in flows for "none" and "dropped".
  if (number_of(said.interface, entry.number) && entry.number != 0) {
    learn(NameKind::interface_name, said.interface_name);
    learn(NameKind::interface_description, said.interface_description);
  }
  if (number_of(said.vrf, entry.number)) learn(NameKind::vrf_name, said.vrf_name);
  const bool of_label = said.label_type || said.label_address || said.label_prefix_length || said.label_rd;
  if (of_label && label_of(said.label, entry.number)) learn_text(NameKind::mpls_label, facts_of_label(said));
  if (said.application && !said.application->empty()) {
    entry.application = {reinterpret_cast<const char*>(said.application->data()), said.application->size()};
    const bool named = said.application_name && !text_of(*said.application_name).empty();
    learn(NameKind::application_name, named ? said.application_name : said.application_description);
  }
}

}  // namespace sluice::decode
