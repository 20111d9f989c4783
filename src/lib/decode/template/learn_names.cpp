#include "decode/template/learn_names.hpp"

#include <limits>

#include "decode/elements.hpp"

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

}  // namespace

void learn_names(const Domain& domain, const Template& tmpl, std::span<const Bytes> values, NameTable& names,
                 DecodeReport& report) {
  const Said said = read(domain.version, tmpl, values);
  NameEntry entry{.domain = domain.id};
  const auto learn = [&](NameKind kind, const Bytes* text) {
    if (!text) return;
    entry.kind = kind;
    entry.text = text_of(*text);
    const NameTable::Learned learned = names.learn(entry);
    if (learned == NameTable::Learned::refused) report.fail(DecodeError::name_limit);
    if (learned == NameTable::Learned::no_room) report.fail(DecodeError::state_limit);
  };
  // ifIndex 0 is no interface: it stands in flows for "none" and "dropped".
  if (number_of(said.interface, entry.number) && entry.number != 0) {
    learn(NameKind::interface_name, said.interface_name);
    learn(NameKind::interface_description, said.interface_description);
  }
  if (number_of(said.vrf, entry.number)) learn(NameKind::vrf_name, said.vrf_name);
  if (said.application && !said.application->empty()) {
    entry.application = {reinterpret_cast<const char*>(said.application->data()), said.application->size()};
    const bool named = said.application_name && !text_of(*said.application_name).empty();
    learn(NameKind::application_name, named ? said.application_name : said.application_description);
  }
}

}  // namespace sluice::decode
