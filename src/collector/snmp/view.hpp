#pragma once
// What one worker sees of the poller: the names of a datagram's exporter at the cost of a relaxed load and a
// look-up, with what was found for each exporter kept until the poller has something new. One thread.
#include <cstdint>
#include <memory>

#include "sluice/util/seeded_hash.hpp"
#include "snmp/poller.hpp"

namespace sluice::snmp {

class View {
 public:
  /// The poller outlives the view; null: there are no names.
  explicit View(Poller* poller) : poller_(poller) {}

  /// Of one exporter, until the next of().
  class Names {
   public:
    /// Null where the device has none of that number; then it is asked for.
    const Interface* find(std::uint32_t if_index) {
      if (seen_ == nullptr || seen_->interfaces == nullptr) return nullptr;
      const Interface* const found = seen_->interfaces->find(if_index);
      if (found == nullptr && seen_->reports > 0) {
        --seen_->reports;
        poller_->missing(*exporter_, if_index);
      }
      return found;
    }
    bool any() const { return seen_ != nullptr && seen_->interfaces != nullptr; }

   private:
    friend class View;
    struct Seen {
      const Interfaces* interfaces = nullptr;
      unsigned reports = kReports;  ///< of interfaces that are missing
    };
    /// More are told once the poller has asked.
    static constexpr unsigned kReports = 8;
    Seen* seen_ = nullptr;
    Poller* poller_ = nullptr;
    const IpAddress* exporter_ = nullptr;
  };

  bool on() const { return poller_ != nullptr && poller_->on(); }

  Names of(const IpAddress& exporter) {
    Names out;
    if (!on()) return out;
    if (const std::uint64_t version = poller_->version(); version != version_) take(version);
    auto found = seen_.find(exporter);
    if (found == seen_.end()) {
      if (seen_.size() >= kMaxExporters) seen_.clear();
      found = seen_.emplace(exporter, Names::Seen{snapshot_->find(exporter)}).first;
      poller_->want(exporter);
    }
    out.seen_ = &found->second;
    out.poller_ = poller_;
    out.exporter_ = &found->first;
    return out;
  }

 private:
  static constexpr std::size_t kMaxExporters = 4096;

  void take(std::uint64_t version) {
    version_ = version;
    snapshot_ = poller_->snapshot();
    seen_.clear();
  }

  Poller* poller_;
  std::uint64_t version_ = ~0ULL;
  std::shared_ptr<const Snapshot> snapshot_;
  SeededMap<IpAddress, Names::Seen> seen_;
};

}  // namespace sluice::snmp
