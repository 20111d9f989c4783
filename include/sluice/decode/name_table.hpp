#pragma once
// The names that one exporter gave its interfaces, VRFs and applications in options data, and what it said of
// its MPLS labels, for the fields of its later flows. They belong to the device and not to a protocol, so the
// export version is no part of the key: what IPFIX options said also names the flows of NetFlow v5 and sFlow
// from the same address. Bounded in entries and in the bytes of each. Guarded by the exporter's lock.
#include <array>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

#include "sluice/decode/state_budget.hpp"
#include "sluice/util/seeded_hash.hpp"

namespace sluice::decode {

enum class NameKind : std::uint8_t {
  interface_name,
  interface_description,
  vrf_name,
  application_name,
  mpls_label
};

/// One name as it is learnt, or kept on disk. Views are borrowed for the call.
struct NameEntry {
  NameKind kind = NameKind::interface_name;
  std::uint32_t domain = 0;           ///< observation domain or v9 source id of the options data
  std::uint32_t number = 0;           ///< ifIndex, VRF id or MPLS label; unused for applications
  std::string_view application = {};  ///< raw bytes of IE 95, for application names
  std::string_view text = {};         ///< as sent, without padding; of a label its facts
};

/// Both names of an interface; empty where not known.
struct InterfaceNames {
  std::string_view name;
  std::string_view description;
};

class NameTable {
 public:
  static constexpr std::size_t kMaxText = 255;        ///< bytes; longer names are cut at a character
  static constexpr std::size_t kMaxApplication = 24;  ///< bytes of an application id; longer ones are refused

  enum class Learned : std::uint8_t {
    same,     ///< was known so
    changed,  ///< new, other than before, or forgotten
    refused,  ///< the table is full, or the application id too long
    no_room   ///< in the exporter's account
  };

  /// An interface is one entry with both its names, a VRF one, an application one, a label
  /// one.
  /// `account` outlives the table and may be null.
  explicit NameTable(std::uint32_t max_entries, StateAccount* account = nullptr)
      : account_(account), max_entries_(max_entries) {}

  /// Remembers the name in place of the one before. An empty text forgets it: a description that was taken
  /// away.
  Learned learn(const NameEntry& entry);
  /// The same for a name read back from disk; it counts in restored() until the exporter says it again.
  bool restore(const NameEntry& entry);
  /// Forgets everything; returns how many entries went.
  std::size_t clear();

  /// Nothing to look up: the one check for exporters that send no names.
  bool empty() const { return entries_ == 0; }
  std::size_t size() const { return entries_; }
  /// Entries that were read back and not heard of since.
  std::size_t restored() const { return restored_; }
  /// Grows with each learn() that changed something; tells a writer whether there is anything to write.
  std::uint64_t changes() const { return changes_; }

  // What flows of `domain` are given: the name learnt in that domain, else in domain 0 (some boxes send all
  // options there), else, for interfaces, in the only domain that interface names ever came from. Views hold
  // until the next learn() or restore(). Empty where not known.
  InterfaceNames interface_names(std::uint32_t domain, std::uint32_t if_index) const;
  std::string_view vrf_name(std::uint32_t domain, std::uint32_t vrf) const;
  std::string_view application_name(std::uint32_t domain, std::string_view id) const;
  std::string_view mpls_label(std::uint32_t domain, std::uint32_t label) const;
  /// Whether anything is known of any label.
  bool has_labels() const { return !labels_.empty(); }

  /// All names in no order; an interface with both names is visited twice.
  void for_each(const std::function<void(const NameEntry&)>& visit) const;

 private:
  struct Entry {
    std::string text;         // the interface's name, the VRF's, the application's, of a label its facts
    std::string description;  // of an interface
    bool restored = false;
  };
  struct ApplicationKey {
    std::uint32_t domain = 0;
    std::uint32_t size = 0;
    std::array<std::uint64_t, kMaxApplication / 8> id{};
    void hash_into(HashMixer& mixer) const noexcept {
      mixer.add(static_cast<std::uint64_t>(domain) << 32 | size);
      for (const std::uint64_t word : id) mixer.add(word);
    }
    friend bool operator==(const ApplicationKey&, const ApplicationKey&) = default;
  };
  using Numbered = SeededMap<std::uint64_t, Entry>;  // by domain and number
  using Applications = SeededMap<ApplicationKey, Entry>;

  static std::uint64_t key(std::uint32_t domain, std::uint32_t number) {
    return static_cast<std::uint64_t>(domain) << 32 | number;
  }
  static std::string_view text_of(const Numbered& map, std::uint32_t domain, std::uint32_t number);
  static ApplicationKey application_key(std::uint32_t domain, std::string_view id);
  void give(std::uint64_t bytes);
  template <class Map>
  Learned put(Map& map, const typename Map::key_type& where, const NameEntry& name, bool from_disk);
  Learned put(const NameEntry& name, bool from_disk);

  StateAccount* const account_;
  std::uint64_t cost_ = 0;  // taken from the account
  Numbered interfaces_;
  Numbered vrfs_;
  Numbered labels_;
  Applications applications_;
  std::uint32_t interface_domain_ = 0;  // of the first interface
  bool several_interface_domains_ = false;
  std::uint64_t changes_ = 0;
  std::size_t entries_ = 0;
  std::size_t restored_ = 0;
  std::uint32_t max_entries_;
};

}  // namespace sluice::decode
