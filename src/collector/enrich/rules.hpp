#pragma once
// Rules of the configuration, compiled once. Of those about interfaces each interface is asked once and what
// was found is kept; those about flows ask each flow that is of their exporters. Made by one thread, then
// read by any.
#include <re2/re2.h>

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "enrich/attributes.hpp"
#include "enrich/settings.hpp"
#include "filter/expression.hpp"
#include "sluice/flow/fields.hpp"

namespace sluice::enrich {

/// What is wrong with a rule: of its settings the one, and one sentence.
struct RuleFault {
  std::string setting;  ///< "match", "interface", "set.provider"
  std::string text;
};
/// Empty where the rule can be taken.
std::vector<RuleFault> faults_of(const RuleSettings& rule);

class Rule {
 public:
  /// Of settings without a fault.
  explicit Rule(const RuleSettings& settings);

  bool about_interfaces() const { return pattern_ != nullptr; }
  bool is_of(const IpAddress& exporter) const { return !exporter_ || exporter_->contains(exporter); }

  // Of a rule about interfaces.

  /// Sets what no rule before it has set; `taken` has a bit for each of kInterfaceAttributes that one has.
  void classify(InterfaceFacts& facts, unsigned& taken) const;

  // Of a rule about flows.

  bool matches(const FlowBatch& batch, const FlowRecord& flow) const;
  bool drops() const { return drop_; }
  struct Setting {
    const FieldInfo* field;
    std::string value;
  };
  const std::vector<Setting>& settings() const { return settings_; }

 private:
  struct AttributeSetting {
    std::size_t attribute;  // in kInterfaceAttributes
    std::string rewrite;    // RE2's: \1 is what the first brackets held
  };
  std::optional<IpPrefix> exporter_;
  filter::Expression match_;
  std::unique_ptr<const RE2> pattern_;
  std::vector<AttributeSetting> attributes_;
  std::vector<Setting> settings_;
  bool drop_ = false;
};

/// Whether a rule about flows may set it: what this collector adds (docs/enrichment.md).
bool may_be_set(const FieldInfo& field);

}  // namespace sluice::enrich
