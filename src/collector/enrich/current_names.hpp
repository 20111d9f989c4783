#pragma once
// The names in force, which one thread replaces and others take when their number has changed: a look at a
// number that is hardly ever written, no lock and no shared count of references on a flow's way.
#include <atomic>
#include <cstdint>
#include <memory>
#include <utility>

#include "enrich/names.hpp"
#include "util/guarded.hpp"

namespace sluice::enrich {

class CurrentNames {
 public:
  /// Any thread. Null: there are none.
  void replace(std::shared_ptr<const Names> names) {
    names_.with([&](auto& now) { now.swap(names); });
    version_.fetch_add(1, std::memory_order_release);
  }

  /// Other than at the last look: now() gives others. Any thread.
  std::uint64_t version() const { return version_.load(std::memory_order_acquire); }
  std::shared_ptr<const Names> now() const {
    return names_.with([](const auto& names) { return names; });
  }

 private:
  Guarded<std::shared_ptr<const Names>> names_;
  std::atomic<std::uint64_t> version_{1};
};

}  // namespace sluice::enrich
