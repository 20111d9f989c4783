#include "sluice/decode/name_table.hpp"

#include <cstring>

namespace sluice::decode {
namespace {

bool continues_character(char c) { return (static_cast<unsigned char>(c) & 0xc0U) == 0x80U; }

/// At most kMaxText bytes, and none of a character that is cut in two.
std::string_view bounded(std::string_view text) {
  if (text.size() <= NameTable::kMaxText) return text;
  std::size_t end = NameTable::kMaxText;
  while (end > 0 && continues_character(text[end])) --end;
  return text.substr(0, end);
}

/// Of a text of so many bytes, beside the string itself.
std::uint64_t text_cost(std::size_t size) { return size <= 15 ? 0 : heap_cost(size + 1); }

template <class Map, class Key>
const typename Map::mapped_type* find(const Map& map, const Key& key) {
  const auto found = map.find(key);
  return found == map.end() ? nullptr : &found->second;
}

}  // namespace

NameTable::ApplicationKey NameTable::application_key(std::uint32_t domain, std::string_view id) {
  ApplicationKey key{.domain = domain, .size = static_cast<std::uint32_t>(id.size()), .id = {}};
  std::memcpy(key.id.data(), id.data(), id.size());
  return key;
}

template <class Map>
NameTable::Learned NameTable::put(Map& map, const typename Map::key_type& where, const NameEntry& name,
                                  bool from_disk) {
  constexpr std::uint64_t kEntryCost = entry_cost<typename Map::value_type>();
  const std::string_view text = bounded(name.text);
  const bool description = name.kind == NameKind::interface_description;
  auto found = map.find(where);
  if (found == map.end()) {
    if (text.empty()) return Learned::same;
    if (entries_ >= max_entries_) return Learned::refused;
    const std::uint64_t cost = kEntryCost + text_cost(text.size());
    StateCharge room(account_, cost);
    if (!room) return Learned::no_room;
    Entry fresh;
    (description ? fresh.description : fresh.text) = text;
    fresh.restored = from_disk;
    map.emplace(where, std::move(fresh));
    room.keep();
    cost_ += cost;
    ++entries_;
    restored_ += from_disk;
    return Learned::changed;
  }
  Entry& entry = found->second;
  if (entry.restored && !from_disk) {
    entry.restored = false;
    --restored_;
  }
  std::string& kept = description ? entry.description : entry.text;
  if (kept == text) return Learned::same;
  const std::uint64_t before = text_cost(kept.capacity());
  StateCharge room(account_, text_cost(text.size()));
  if (!room) return Learned::no_room;
  kept = std::string(text);
  room.keep();
  cost_ += text_cost(text.size());
  give(before);
  if (entry.text.empty() && entry.description.empty()) {
    restored_ -= entry.restored;
    map.erase(found);
    --entries_;
    give(kEntryCost);
  }
  return Learned::changed;
}

void NameTable::give(std::uint64_t bytes) {
  cost_ -= bytes;
  if (account_) account_->give(bytes);
}

std::size_t NameTable::clear() {
  const std::size_t gone = entries_;
  give(cost_);
  interfaces_ = Numbered();
  vrfs_ = Numbered();
  labels_ = Numbered();
  applications_ = Applications();
  interface_domain_ = 0;
  several_interface_domains_ = false;
  entries_ = restored_ = 0;
  changes_ += gone > 0;
  return gone;
}

NameTable::Learned NameTable::put(const NameEntry& name, bool from_disk) {
  switch (name.kind) {
    case NameKind::interface_name:
    case NameKind::interface_description: {
      const bool first = interfaces_.empty();
      const Learned learned = put(interfaces_, key(name.domain, name.number), name, from_disk);
      if (learned != Learned::changed) return learned;
      if (first) interface_domain_ = name.domain;
      several_interface_domains_ = !first && (several_interface_domains_ || interface_domain_ != name.domain);
      return learned;
    }
    case NameKind::vrf_name:
      return put(vrfs_, key(name.domain, name.number), name, from_disk);
    case NameKind::mpls_label:
      return put(labels_, key(name.domain, name.number), name, from_disk);
    case NameKind::application_name:
      if (name.application.empty() || name.application.size() > kMaxApplication) return Learned::refused;
      return put(applications_, application_key(name.domain, name.application), name, from_disk);
  }
  return Learned::refused;
}

NameTable::Learned NameTable::learn(const NameEntry& entry) {
  const Learned learned = put(entry, false);
  changes_ += learned == Learned::changed;
  return learned;
}

bool NameTable::restore(const NameEntry& entry) {
  const Learned learned = put(entry, true);
  return learned == Learned::same || learned == Learned::changed;
}

InterfaceNames NameTable::interface_names(std::uint32_t domain, std::uint32_t if_index) const {
  const Entry* entry = find(interfaces_, key(domain, if_index));
  if (!entry && domain != 0) entry = find(interfaces_, key(0, if_index));
  if (!entry && !several_interface_domains_) entry = find(interfaces_, key(interface_domain_, if_index));
  if (!entry) return {};
  return {.name = entry->text, .description = entry->description};
}

std::string_view NameTable::text_of(const Numbered& map, std::uint32_t domain, std::uint32_t number) {
  const Entry* entry = find(map, key(domain, number));
  if (!entry && domain != 0) entry = find(map, key(0, number));
  return entry ? std::string_view(entry->text) : std::string_view{};
}

std::string_view NameTable::vrf_name(std::uint32_t domain, std::uint32_t vrf) const {
  return text_of(vrfs_, domain, vrf);
}

std::string_view NameTable::mpls_label(std::uint32_t domain, std::uint32_t label) const {
  return text_of(labels_, domain, label);
}

std::string_view NameTable::application_name(std::uint32_t domain, std::string_view id) const {
  if (id.empty() || id.size() > kMaxApplication) return {};
  const Entry* entry = find(applications_, application_key(domain, id));
  if (!entry && domain != 0) entry = find(applications_, application_key(0, id));
  return entry ? std::string_view(entry->text) : std::string_view{};
}

void NameTable::for_each(const std::function<void(const NameEntry&)>& visit) const {
  const auto numbered = [&](const Numbered& map, NameKind kind, std::string Entry::* text) {
    for (const auto& [where, entry] : map)
      if (!(entry.*text).empty())
        visit({.kind = kind,
               .domain = static_cast<std::uint32_t>(where >> 32),
               .number = static_cast<std::uint32_t>(where),
               .text = entry.*text});
  };
  numbered(interfaces_, NameKind::interface_name, &Entry::text);
  numbered(interfaces_, NameKind::interface_description, &Entry::description);
  numbered(vrfs_, NameKind::vrf_name, &Entry::text);
  numbered(labels_, NameKind::mpls_label, &Entry::text);
  for (const auto& [where, entry] : applications_)
    visit({.kind = NameKind::application_name,
           .domain = where.domain,
           .application = {reinterpret_cast<const char*>(where.id.data()), where.size},
           .text = entry.text});
}

}  // namespace sluice::decode
