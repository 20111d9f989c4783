#include "sluice/decode/sampling.hpp"

namespace sluice::decode {

SamplerTable::Domain* SamplerTable::domain_of(Protocol version, std::uint32_t domain) {
  const auto found = domains_.find(key(version, domain));
  if (found != domains_.end()) return &found->second;
  if (domains_.size() >= max_entries_) return nullptr;
  return &domains_[key(version, domain)];
}

bool SamplerTable::learn(Protocol version, std::uint32_t domain, std::uint64_t sampler, std::uint64_t rate) {
  Domain* entry = domain_of(version, domain);
  if (!entry) return false;
  const auto known = entry->rate_by_sampler.find(sampler);
  if (known != entry->rate_by_sampler.end()) {
    known->second = rate;
    return true;
  }
  if (entries_ >= max_entries_) return false;
  entry->rate_by_sampler.emplace(sampler, rate);
  ++entries_;
  return true;
}

std::uint64_t SamplerTable::rate_of(Protocol version, std::uint32_t domain, bool named,
                                    std::uint64_t sampler) const {
  const auto found = domains_.find(key(version, domain));
  if (found == domains_.end()) return 0;
  const auto& rates = found->second.rate_by_sampler;
  if (named) {
    const auto exact = rates.find(sampler);
    if (exact != rates.end()) return exact->second;
  }
  const auto zero = rates.find(0);
  if (zero != rates.end()) return zero->second;
  return rates.size() == 1 ? rates.begin()->second : 0;
}

void SamplerTable::set_system_init_ms(Protocol version, std::uint32_t domain, std::uint64_t ms) {
  if (Domain* entry = domain_of(version, domain)) entry->system_init_ms = ms;
}

std::uint64_t SamplerTable::system_init_ms(Protocol version, std::uint32_t domain) const {
  const auto found = domains_.find(key(version, domain));
  return found == domains_.end() ? 0 : found->second.system_init_ms;
}

}  // namespace sluice::decode
