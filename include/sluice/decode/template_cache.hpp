#pragma once
// Templates of one exporter (NetFlow v9 and IPFIX), keyed by version, observation domain and template id,
// each compiled when it arrives into the plan that decodes its records. Guarded by the exporter's lock; a
// pointer from find() holds until the next put(), withdraw() or expire().
#include <cstdint>
#include <functional>
#include <memory>
#include <vector>

#include "sluice/decode/datagram.hpp"
#include "sluice/decode/limits.hpp"
#include "sluice/decode/state_budget.hpp"
#include "sluice/flow/user_fields.hpp"
#include "sluice/util/seeded_hash.hpp"

namespace sluice::decode {

struct Plan;

inline constexpr std::uint16_t kVariableLength = 65535;  ///< RFC 7011 section 7

/// One field specifier as sent (RFC 7011 section 3.2, RFC 3954 section 5.2).
struct TemplateField {
  std::uint32_t pen = 0;  ///< private enterprise number; 0: IANA
  std::uint16_t id = 0;
  std::uint16_t length = 0;  ///< bytes, or kVariableLength
  friend bool operator==(const TemplateField&, const TemplateField&) = default;
};

/// A template and what follows from it.
struct Template {
  Template();
  ~Template();
  std::uint16_t id = 0;
  bool options = false;
  std::uint16_t scope_fields = 0;  ///< the first fields, where options
  /// It came in a set of the other protocol: of v9 in an IPFIX message, or the reverse.
  bool foreign_layout = false;
  /// Whether field `i` is a scope as v9 has them, by type (RFC 3954 section 6.1), and no element.
  bool is_scope_type(Protocol version, std::size_t i) const {
    return i < scope_fields && (version == Protocol::netflow9) != foreign_layout;
  }
  std::vector<TemplateField> fields;
  std::size_t min_length = 0;  ///< of a record, bytes; variable fields count as 1
  bool variable = false;       ///< has a field of variable length
  std::uint64_t last_seen_ns = 0;
  bool restored = false;  ///< read back from disk; the exporter has not sent it since
  bool used = false;      ///< data of it was decoded: the last to be forgotten where room is short
  std::unique_ptr<const Plan> plan;
};

class TemplateCache {
 public:
  /// Templates are compiled for these user-defined fields too; may be null. `post_counters_reverse`: as in
  /// ExporterSettings. `account` outlives the cache and may be null.
  explicit TemplateCache(const Limits& limits, UserFieldsPtr user_fields = {},
                         bool post_counters_reverse = false, StateAccount* account = nullptr);
  ~TemplateCache();

  /// nullptr where there is none.
  Template* find(const Domain& domain, std::uint16_t id);
  /// Checks, compiles and stores; a template of the same key is replaced at once. False where it is refused:
  /// the reason goes to the report, and the one of the same key is gone too, since what the exporter sends
  /// from now on has another layout.
  bool put(const Domain& domain, std::unique_ptr<Template> fresh, DecodeReport& report);
  /// Compiles what is there anew, where `post_counters_reverse` differs from before.
  void read_post_counters(bool post_counters_reverse);
  /// RFC 7011 section 8.1: one template, or all (options) templates of the domain. Returns how many went.
  std::size_t withdraw(const Domain& domain, std::uint16_t id);
  std::size_t withdraw_all(const Domain& domain, bool options);
  /// Drops what was neither seen nor used since `before_ns`.
  std::size_t expire(std::uint64_t before_ns);
  /// Forgets those of the version that no data came for, or all of them; returns how many went.
  std::size_t evict(Protocol version, bool unused_alone);
  /// Notes that data of the template is decoded.
  void use(Template& tmpl) {
    unused_ -= !tmpl.used;
    tmpl.used = true;
  }
  std::size_t size() const { return templates_.size(); }
  std::size_t size(Protocol version) const;
  std::uint32_t max_fields() const { return max_fields_; }
  /// Grows when a template comes, goes or changes; tells a writer whether there is anything to write.
  std::uint64_t changes() const { return changes_; }
  /// Templates that were read back and not sent since.
  std::size_t restored(Protocol version) const;
  /// All templates in no order.
  void for_each(const std::function<void(const Domain&, const Template&)>& visit) const;

 private:
  static std::uint64_t key(const Domain& domain, std::uint16_t id) {
    return static_cast<std::uint64_t>(domain.version) << 48 | static_cast<std::uint64_t>(domain.id) << 16 |
           id;
  }
  using Map = SeededMap<std::uint64_t, std::unique_ptr<Template>>;
  bool fits(Template& fresh, DecodeReport& report);
  static std::uint64_t cost_of(const Template& tmpl);
  void forget(const Template& tmpl);
  template <class Which>
  std::size_t erase_if(const Which& which);

  Map templates_;
  std::size_t unused_ = 0;  // templates that no data came for
  StateAccount* const account_;
  std::uint64_t changes_ = 0;
  const std::uint32_t max_templates_;
  const std::uint32_t max_fields_;
  const std::uint32_t max_record_length_;
  const UserFieldsPtr user_fields_;
  bool post_counters_reverse_;
};

}  // namespace sluice::decode
