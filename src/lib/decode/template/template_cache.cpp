#include "sluice/decode/template_cache.hpp"

#include <algorithm>

#include "decode/template/plan.hpp"
namespace sluice::decode {

Template::Template() = default;
Template::~Template() = default;

TemplateCache::TemplateCache(const Limits& limits, UserFieldsPtr user_fields, bool post_counters_reverse)
    : max_templates_(limits.max_templates),
      max_fields_(limits.max_template_fields),
      max_record_length_(limits.max_record_length),
      user_fields_(std::move(user_fields)),
      post_counters_reverse_(post_counters_reverse) {}
TemplateCache::~TemplateCache() = default;

Template* TemplateCache::find(const Domain& domain, std::uint16_t id) {
  const auto found = templates_.find(key(domain, id));
  return found == templates_.end() ? nullptr : found->second.get();
}

bool TemplateCache::put(const Domain& domain, std::unique_ptr<Template> fresh, DecodeReport& report) {
  fresh->min_length = 0;
  fresh->variable = false;
  for (const TemplateField& field : fresh->fields) {
    const bool variable = field.length == kVariableLength;
    fresh->variable |= variable;
    fresh->min_length += variable ? 1 : field.length;
  }
  if (fresh->fields.size() > max_fields_ || fresh->min_length > max_record_length_) {
    withdraw(domain, fresh->id);
    report.fail(DecodeError::template_too_large);
    return false;
  }
  // Records without a byte would never end a set.
  if (fresh->min_length == 0) {
    withdraw(domain, fresh->id);
    report.fail(DecodeError::bad_template);
    return false;
  }
  auto& slot = templates_[key(domain, fresh->id)];
  if (!slot && templates_.size() > max_templates_) {
    templates_.erase(key(domain, fresh->id));
    report.fail(DecodeError::template_limit);
    return false;
  }
  report.add(DecodeCount::templates);
  if (slot && slot->options == fresh->options && slot->scope_fields == fresh->scope_fields &&
      slot->foreign_layout == fresh->foreign_layout && slot->fields == fresh->fields) {
    slot->last_seen_ns = fresh->last_seen_ns;  // a refresh: the plan stands
    slot->restored = false;
    return true;
  }
  fresh->plan = std::make_unique<const Plan>(compile(*fresh, user_fields_.get(), post_counters_reverse_));
  slot = std::move(fresh);
  ++changes_;
  return true;
}

void TemplateCache::read_post_counters(bool post_counters_reverse) {
  if (post_counters_reverse == post_counters_reverse_) return;
  post_counters_reverse_ = post_counters_reverse;
  for (auto& [where, tmpl] : templates_)
    tmpl->plan = std::make_unique<const Plan>(compile(*tmpl, user_fields_.get(), post_counters_reverse));
}

std::size_t TemplateCache::withdraw(const Domain& domain, std::uint16_t id) {
  const std::size_t gone = templates_.erase(key(domain, id));
  changes_ += gone;
  return gone;
}

std::size_t TemplateCache::withdraw_all(const Domain& domain, bool options) {
  const std::uint64_t stream = key(domain, 0);
  const std::size_t gone = std::erase_if(templates_, [&](const auto& entry) {
    return (entry.first & ~0xffffULL) == stream && entry.second->options == options;
  });
  changes_ += gone;
  return gone;
}

std::size_t TemplateCache::size(Protocol version) const {
  return static_cast<std::size_t>(std::ranges::count_if(templates_, [&](const auto& entry) {
    return entry.first >> 48 == static_cast<std::uint64_t>(version);
  }));
}

std::size_t TemplateCache::expire(std::uint64_t before_ns) {
  const std::size_t gone =
      std::erase_if(templates_, [&](const auto& entry) { return entry.second->last_seen_ns < before_ns; });
  changes_ += gone;
  return gone;
}

std::size_t TemplateCache::restored(Protocol version) const {
  return static_cast<std::size_t>(std::ranges::count_if(templates_, [&](const auto& entry) {
    return entry.second->restored && entry.first >> 48 == static_cast<std::uint64_t>(version);
  }));
}

void TemplateCache::for_each(const std::function<void(const Domain&, const Template&)>& visit) const {
  for (const auto& [where, tmpl] : templates_)
    visit({static_cast<Protocol>(where >> 48), static_cast<std::uint32_t>(where >> 16)}, *tmpl);
}

}  // namespace sluice::decode
