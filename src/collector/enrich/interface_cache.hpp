#pragma once
// What is known of the interfaces that flows name, each at the one place that its hash gives, with the
// exporter's own words for it: another description makes it another interface. One thread's.
#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "enrich/names.hpp"
#include "sluice/util/seeded_hash.hpp"

namespace sluice::enrich {

class InterfaceCache {
 public:
  struct Known {
    InterfaceFacts facts;
    bool any = false;  ///< configuration or a rule says something of it
  };

  /// The names outlive it. Without names of interfaces there is nothing to be asked for.
  explicit InterfaceCache(const Names& names)
      : names_(names), entries_(names.any_interface() ? kEntries : 0) {}

  /// What to say of it: configuration before what the flow says, then rules. Holds until the next call.
  /// `name` and `description` are the flow's, "" where it has none.
  const Known& of(const IpAddress& exporter, std::uint32_t index, std::string_view name,
                  std::string_view description) {
    name = shortened(name);
    description = shortened(description);
    HashMixer mixer;
    exporter.hash_into(mixer);
    mixer.add(index);
    mixer.add(name);
    mixer.add(description);
    Entry& entry = entries_[mixer.done() & (kEntries - 1)];
    if (entry.index != index || entry.exporter != exporter || entry.name != name ||
        entry.description != description)
      entry = look_up(exporter, index, name, description);
    return entry.known;
  }

 private:
  static constexpr std::size_t kEntries = 2048;
  struct Entry {
    IpAddress exporter;
    std::uint32_t index = 0;
    std::string name, description;
    Known known;
  };

  /// A record may bring texts as long as a datagram; as much of them is looked at as there may be of
  /// configured ones.
  static std::string_view shortened(std::string_view text) {
    if (text.size() <= kLongestText) return text;
    std::size_t end = kLongestText;
    while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xc0) == 0x80) --end;  // no half characters
    return text.substr(0, end);
  }

  Entry look_up(const IpAddress& exporter, std::uint32_t index, std::string_view name,
                std::string_view description) const {
    Entry out{exporter, index, std::string(name), std::string(description), {}};
    out.known.facts.name = name;
    out.known.facts.description = description;
    if (const InterfaceFacts* const configured = names_.interfaces.find(exporter, index)) {
      out.known.any = true;
      for (const auto& attribute : kInterfaceAttributes)
        if (const std::string& text = configured->*attribute.member; !text.empty())
          out.known.facts.*attribute.member = text;
      out.known.facts.speed = configured->speed;
    }
    unsigned taken = 0;
    for (const Rule& rule : names_.rules)
      if (rule.about_interfaces() && rule.is_of(exporter)) rule.classify(out.known.facts, taken);
    out.known.any |= taken != 0;
    return out;
  }

  const Names& names_;
  std::vector<Entry> entries_;
};

}  // namespace sluice::enrich
