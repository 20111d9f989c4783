#include "enrich/rules.hpp"

#include <algorithm>
#include <array>

#include "filter/evaluate.hpp"
#include "filter/parser.hpp"
#include "util/one_line.hpp"

namespace sluice::enrich {
namespace {

/// Of what a device or a user wrote, long patterns have no need: RE2 bounds its own memory by it.
constexpr std::int64_t kPatternMemory = 1 << 20;
constexpr std::array<std::string_view, 2> kBoundaries{"external", "internal"};

RE2::Options options() {
  RE2::Options out;
  out.set_log_errors(false);
  out.set_case_sensitive(false);
  out.set_max_mem(kPatternMemory);
  return out;
}

std::size_t attribute_of(std::string_view key) {
  const auto found = std::ranges::find(kInterfaceAttributes, key, &Attribute<InterfaceFacts>::key);
  return static_cast<std::size_t>(found - kInterfaceAttributes.begin());
}

std::string names_of_attributes() {
  std::string out;
  for (const auto& attribute : kInterfaceAttributes)
    out += (out.empty() ? "" : ", ") + std::string(attribute.key);
  return out;
}

std::string wrong_boundary(std::string_view value) {
  return std::ranges::find(kBoundaries, value) == kBoundaries.end() ? "it takes external or internal" : "";
}

/// Of a rule about interfaces.
std::string wrong_attribute(const Assignment& one, const RE2& pattern) {
  if (attribute_of(one.field) == kInterfaceAttributes.size())
    return "is nothing that a rule about interfaces sets; it takes " + names_of_attributes();
  if (one.field == "boundary") return wrong_boundary(one.value);
  std::string error;
  return pattern.ok() && !pattern.CheckRewriteString(one.value, &error) ? error : "";
}

/// Of a rule about flows.
std::string wrong_field(const Assignment& one) {
  const FieldInfo* const field = find_field(one.field);
  if (field == nullptr || !may_be_set(*field))
    return "is nothing that a rule about flows sets; it takes the texts of what the collector adds, such as "
           "src_network_tenant";
  if (one.field.ends_with("_boundary")) return wrong_boundary(one.value);
  return "";
}

}  // namespace

bool may_be_set(const FieldInfo& field) {
  return field.number >= 300 && field.kind == FieldKind::text && field.home == FieldHome::extra_text;
}

std::vector<RuleFault> faults_of(const RuleSettings& rule) {
  std::vector<RuleFault> out;
  const bool interfaces = !rule.interface.empty();
  if (const auto parsed = filter::parse(rule.match); !parsed)
    out.push_back({"match", filter::describe(rule.match, parsed.error())});
  if (interfaces && !rule.match.empty())
    out.push_back({"match", "is about flows, and interface about interfaces; a rule has one of them"});
  if (interfaces && rule.drop)
    out.push_back({"drop", "is about flows; a rule about interfaces sets what they are"});
  if (rule.set.empty() && !rule.drop) out.push_back({"", "does nothing; it takes set, or drop: true"});
  if (!rule.set.empty() && rule.drop)
    out.push_back({"drop", "stands beside set; a flow that is dropped keeps nothing"});
  const RE2 pattern(rule.interface, options());
  if (!pattern.ok())
    out.push_back(
        {"interface", "is no regular expression: " + one_line(pattern.error()) + "; it takes RE2's syntax"});
  for (const Assignment& one : rule.set) {
    std::string wrong = interfaces ? wrong_attribute(one, pattern) : wrong_field(one);
    if (wrong.empty() && one.value.size() > kLongestText) wrong = "is longer than 255 bytes";
    if (!wrong.empty()) out.push_back({"set." + one.field, std::move(wrong)});
  }
  return out;
}

Rule::Rule(const RuleSettings& settings) : drop_(settings.drop) {
  if (!settings.exporter.empty()) exporter_ = IpPrefix::parse(settings.exporter);
  if (auto parsed = filter::parse(settings.match)) match_ = std::move(*parsed);
  if (!settings.interface.empty()) pattern_ = std::make_unique<const RE2>(settings.interface, options());
  for (const Assignment& one : settings.set)
    if (about_interfaces())
      attributes_.push_back({attribute_of(one.field), one.value});
    else
      settings_.push_back({find_field(one.field), one.value});
}

void Rule::classify(InterfaceFacts& facts, unsigned& taken) const {
  constexpr int kGroups = 10;
  std::array<re2::StringPiece, kGroups> groups;
  const int wanted = std::min(kGroups, 1 + pattern_->NumberOfCapturingGroups());
  const auto found = [&](const std::string& text) {
    return !text.empty() && pattern_->Match(text, 0, text.size(), RE2::UNANCHORED, groups.data(), wanted);
  };
  // What a rule sets must not change what the brackets held.
  const std::string description = facts.description;
  const std::string name = facts.name;
  if (!found(description) && !found(name)) return;
  for (const AttributeSetting& one : attributes_) {
    if ((taken >> one.attribute & 1U) != 0) continue;
    std::string value;
    if (!pattern_->Rewrite(&value, one.rewrite, groups.data(), wanted)) continue;
    if (value.size() > kLongestText) value.resize(kLongestText);
    facts.*kInterfaceAttributes[one.attribute].member = std::move(value);
    taken |= 1U << one.attribute;
  }
}

bool Rule::matches(const FlowBatch& batch, const FlowRecord& flow) const {
  return filter::matches(match_, batch, flow);
}

}  // namespace sluice::enrich
