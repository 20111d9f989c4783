#include "sluice/decode/template_cache.hpp"

#include <algorithm>

#include "decode/template/plan.hpp"
namespace sluice::decode {

Template::Template() = default;
Template::~Template() = default;

TemplateCache::TemplateCache(const Limits& limits, UserFieldsPtr user_fields, bool post_counters_reverse,
                             StateAccount* account)
    : account_(account),
      max_templates_(limits.max_templates),
      max_fields_(limits.max_template_fields),
      max_record_length_(limits.max_record_length),
      user_fields_(std::move(user_fields)),
      post_counters_reverse_(post_counters_reverse) {}
TemplateCache::~TemplateCache() = default;

Template* TemplateCache::find(const Domain& domain, std::uint16_t id) {
  const auto found = templates_.find(key(domain, id));
  return found == templates_.end() ? nullptr : found->second.get();
}

/// Measures it, and tells where it is none that can be taken.
bool TemplateCache::fits(Template& fresh, DecodeReport& report) {
  fresh.min_length = 0;
  fresh.variable = false;
  for (const TemplateField& field : fresh.fields) {
    const bool variable = field.length == kVariableLength;
    fresh.variable |= variable;
    fresh.min_length += variable ? 1 : field.length;
  }
  if (fresh.fields.size() > max_fields_ || fresh.min_length > max_record_length_)
    report.fail(DecodeError::template_too_large);
  else if (fresh.min_length == 0)  // records without a byte would never end a set
    report.fail(DecodeError::bad_template);
  else
    return true;
  return false;
}

std::uint64_t TemplateCache::cost_of(const Template& tmpl) {
  const Plan& plan = *tmpl.plan;
  const auto steps = [](const std::vector<Step>& of) { return heap_cost(of.capacity() * sizeof(Step)); };
  return entry_cost<Map::value_type>() + heap_cost(sizeof(Template)) + heap_cost(sizeof(Plan)) +
         heap_cost(tmpl.fields.capacity() * sizeof(TemplateField)) + steps(plan.steps) +
         steps(plan.inner_steps) + steps(plan.reverse.steps);
}

/// Its part of the books; the caller takes it out.
void TemplateCache::forget(const Template& tmpl) {
  unused_ -= !tmpl.used;
  if (account_) account_->give(cost_of(tmpl));
}

template <class Which>
std::size_t TemplateCache::erase_if(const Which& which) {
  const std::size_t gone = std::erase_if(templates_, [&](const auto& entry) {
    if (!which(entry.first, *entry.second)) return false;
    forget(*entry.second);
    return true;
  });
  changes_ += gone;
  return gone;
}

bool TemplateCache::put(const Domain& domain, std::unique_ptr<Template> fresh, DecodeReport& report) {
  const std::uint16_t id = fresh->id;
  if (!fits(*fresh, report)) {
    withdraw(domain, id);
    return false;
  }
  const auto known = templates_.find(key(domain, id));
  if (known == templates_.end() && templates_.size() >= max_templates_) {
    report.fail(DecodeError::template_limit);
    return false;
  }
  if (known != templates_.end()) {
    Template& old = *known->second;
    if (old.options == fresh->options && old.scope_fields == fresh->scope_fields &&
        old.foreign_layout == fresh->foreign_layout && old.fields == fresh->fields) {
      old.last_seen_ns = fresh->last_seen_ns;  // a refresh: the plan stands
      old.restored = false;
      report.add(DecodeCount::templates);
      return true;
    }
    withdraw(domain, id);
  }
  // Whatever throws from here on, for want of memory, leaves no half of a template behind.
  fresh->plan = std::make_unique<const Plan>(compile(*fresh, user_fields_.get(), post_counters_reverse_));
  StateCharge room(account_, cost_of(*fresh));
  if (!room) {
    report.fail(DecodeError::state_limit);
    return false;
  }
  fresh->used = false;
  templates_.emplace(key(domain, id), std::move(fresh));
  room.keep();
  ++unused_;
  ++changes_;
  report.add(DecodeCount::templates);
  return true;
}

void TemplateCache::read_post_counters(bool post_counters_reverse) {
  if (post_counters_reverse == post_counters_reverse_) return;
  post_counters_reverse_ = post_counters_reverse;
  for (auto& [where, tmpl] : templates_)
    tmpl->plan = std::make_unique<const Plan>(compile(*tmpl, user_fields_.get(), post_counters_reverse));
}

std::size_t TemplateCache::withdraw(const Domain& domain, std::uint16_t id) {
  const auto known = templates_.find(key(domain, id));
  if (known == templates_.end()) return 0;
  forget(*known->second);
  templates_.erase(known);
  ++changes_;
  return 1;
}

std::size_t TemplateCache::evict(Protocol version, bool unused_alone) {
  if (unused_alone && unused_ == 0) return 0;
  const std::size_t gone = erase_if([&](std::uint64_t where, const Template& tmpl) {
    return where >> 48 == static_cast<std::uint64_t>(version) && !(unused_alone && tmpl.used);
  });
  if (templates_.empty()) templates_ = Map();  // the table of buckets too
  return gone;
}

std::size_t TemplateCache::withdraw_all(const Domain& domain, bool options) {
  const std::uint64_t stream = key(domain, 0);
  return erase_if([&](std::uint64_t where, const Template& tmpl) {
    return (where & ~0xffffULL) == stream && tmpl.options == options;
  });
}

std::size_t TemplateCache::size(Protocol version) const {
  return static_cast<std::size_t>(std::ranges::count_if(templates_, [&](const auto& entry) {
    return entry.first >> 48 == static_cast<std::uint64_t>(version);
  }));
}

std::size_t TemplateCache::expire(std::uint64_t before_ns) {
  return erase_if([&](std::uint64_t, const Template& tmpl) { return tmpl.last_seen_ns < before_ns; });
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
