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

/// Ids are small and dense, domains too: all of their bits must reach the low ones.
std::uint64_t mix(std::uint64_t value) {
  value = (value ^ value >> 32) * 0x9e3779b97f4a7c15ULL;
  return value ^ value >> 29;
}

template <class Map, class Key>
const typename Map::mapped_type* find(const Map& map, const Key& key) {
  const auto found = map.find(key);
  return found == map.end() ? nullptr : &found->second;
}

}  // namespace

std::size_t NameTable::ApplicationHash::operator()(const ApplicationKey& key) const {
  std::uint64_t hash = mix(static_cast<std::uint64_t>(key.domain) << 32 | key.size);
  for (const std::uint64_t word : key.id) hash = mix(hash ^ word);
  return hash;
}

NameTable::ApplicationKey NameTable::application_key(std::uint32_t domain, std::string_view id) {
  ApplicationKey key{.domain = domain, .size = static_cast<std::uint32_t>(id.size()), .id = {}};
  std::memcpy(key.id.data(), id.data(), id.size());
  return key;
}

template <class Map>
NameTable::Learned NameTable::put(Map& map, const typename Map::key_type& where, const NameEntry& name,
                                  bool from_disk) {
  const std::string_view text = bounded(name.text);
  auto found = map.find(where);
  if (found == map.end()) {
    if (text.empty()) return Learned::same;
    if (entries_ >= max_entries_) return Learned::refused;
    found = map.try_emplace(where).first;
    ++entries_;
    found->second.restored = from_disk;
    restored_ += from_disk;
  } else if (found->second.restored && !from_disk) {
    found->second.restored = false;
    --restored_;
  }
  Entry& entry = found->second;
  std::string& kept = name.kind == NameKind::interface_description ? entry.description : entry.text;
  if (kept == text) return Learned::same;
  kept = text;
  if (entry.text.empty() && entry.description.empty()) {
    restored_ -= entry.restored;
    map.erase(found);
    --entries_;
  }
  return Learned::changed;
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

bool NameTable::restore(const NameEntry& entry) { return put(entry, true) != Learned::refused; }

InterfaceNames NameTable::interface_names(std::uint32_t domain, std::uint32_t if_index) const {
  const Entry* entry = find(interfaces_, key(domain, if_index));
  if (!entry && domain != 0) entry = find(interfaces_, key(0, if_index));
  if (!entry && !several_interface_domains_) entry = find(interfaces_, key(interface_domain_, if_index));
  if (!entry) return {};
  return {.name = entry->text, .description = entry->description};
}

std::string_view NameTable::vrf_name(std::uint32_t domain, std::uint32_t vrf) const {
  const Entry* entry = find(vrfs_, key(domain, vrf));
  if (!entry && domain != 0) entry = find(vrfs_, key(0, vrf));
  return entry ? std::string_view(entry->text) : std::string_view{};
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
  for (const auto& [where, entry] : applications_)
    visit({.kind = NameKind::application_name,
           .domain = where.domain,
           .application = {reinterpret_cast<const char*>(where.id.data()), where.size},
           .text = entry.text});
}

}  // namespace sluice::decode
