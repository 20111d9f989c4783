#include "sluice/decode/sampling.hpp"

namespace sluice::decode {

std::uint64_t SamplerTable::domain_cost() { return entry_cost<Domains::value_type>(); }
std::uint64_t SamplerTable::rate_cost() { return entry_cost<decltype(Facts::rate_by_sampler)::value_type>(); }

SamplerTable::Facts* SamplerTable::facts_of(const Domain& domain) {
  const auto found = domains_.find(key(domain));
  if (found != domains_.end()) return &found->second;
  if (domains_.size() >= max_entries_) return nullptr;
  StateCharge room(account_, domain_cost());
  if (!room) return nullptr;
  Facts& fresh = domains_[key(domain)];
  room.keep();
  return &fresh;
}

void SamplerTable::set(Known& known, std::uint64_t value, bool from_disk) {
  changes_ += known.value != value && !from_disk;
  known.value = value;
  restored_ += from_disk;
  restored_ -= known.restored;
  known.restored = from_disk;
}

bool SamplerTable::put_rate(const Domain& domain, std::uint64_t sampler, std::uint64_t rate, bool from_disk) {
  Facts* entry = facts_of(domain);
  if (!entry) return false;
  const auto known = entry->rate_by_sampler.find(sampler);
  if (known != entry->rate_by_sampler.end()) {
    set(known->second, rate, from_disk);
    return true;
  }
  if (entries_ >= max_entries_) return false;
  StateCharge room(account_, rate_cost());
  if (!room) return false;
  set(entry->rate_by_sampler[sampler], rate, from_disk);
  room.keep();
  ++entries_;
  return true;
}

std::size_t SamplerTable::clear() {
  const std::size_t gone = entries_ + domains_.size();
  if (account_) account_->give(domains_.size() * domain_cost() + entries_ * rate_cost());
  domains_ = Domains();
  entries_ = 0;
  restored_ = 0;
  changes_ += gone > 0;
  return gone;
}

bool SamplerTable::learn(const Domain& domain, std::uint64_t sampler, std::uint64_t rate) {
  return put_rate(domain, sampler, rate, false);
}

bool SamplerTable::restore_rate(const Domain& domain, std::uint64_t sampler, std::uint64_t rate) {
  return rate != 0 && put_rate(domain, sampler, rate, true);
}

std::uint64_t SamplerTable::rate_of(const Domain& domain, bool named, std::uint64_t sampler) const {
  const auto found = domains_.find(key(domain));
  if (found == domains_.end()) return 0;
  const auto& rates = found->second.rate_by_sampler;
  if (named) {
    const auto exact = rates.find(sampler);
    if (exact != rates.end()) return exact->second.value;
  }
  const auto zero = rates.find(0);
  if (zero != rates.end()) return zero->second.value;
  return rates.size() == 1 ? rates.begin()->second.value : 0;
}

void SamplerTable::set_system_init_ms(const Domain& domain, std::uint64_t ms) {
  if (Facts* entry = facts_of(domain)) set(entry->system_init_ms, ms, false);
}

bool SamplerTable::restore_system_init_ms(const Domain& domain, std::uint64_t ms) {
  Facts* entry = ms ? facts_of(domain) : nullptr;
  if (!entry) return false;
  set(entry->system_init_ms, ms, true);
  return true;
}

std::uint64_t SamplerTable::system_init_ms(const Domain& domain) const {
  const auto found = domains_.find(key(domain));
  return found == domains_.end() ? 0 : found->second.system_init_ms.value;
}

void SamplerTable::for_each_rate(
    const std::function<void(const Domain&, std::uint64_t, std::uint64_t)>& visit) const {
  for (const auto& [where, facts] : domains_)
    for (const auto& [sampler, known] : facts.rate_by_sampler) visit(domain_of(where), sampler, known.value);
}

void SamplerTable::for_each_system_init(
    const std::function<void(const Domain&, std::uint64_t)>& visit) const {
  for (const auto& [where, facts] : domains_)
    if (facts.system_init_ms.value) visit(domain_of(where), facts.system_init_ms.value);
}

}  // namespace sluice::decode
