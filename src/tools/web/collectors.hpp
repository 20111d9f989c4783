#pragma once
// The collectors' ledgers, for what did not arrive: asked from their APIs, seldom, and told in words. Any
// thread.
#include <string>
#include <vector>

#include "http/url.hpp"
#include "web/error.hpp"
#include "web/refreshed.hpp"

namespace sluice::web {

struct CollectorAccess {
  http::Url url;
  std::string token;  ///< "": none
};

class Collectors {
 public:
  explicit Collectors(std::vector<CollectorAccess> all);

  /// [{"level":"warning","text":"edge-3: 1.2 % ..."}]; of the named exporters' addresses, or of all where
  /// there are none. From a cache that is some seconds old at most.
  json notes(const std::vector<std::string>& exporters);
  /// [{"url":..., "ok":true}]
  json states();

 private:
  struct Known {
    bool ok = false;
    std::string text;  ///< why not
    json exporters = json::array();
  };
  static Known ask(const CollectorAccess& one);

  const std::vector<CollectorAccess> all_;
  Refreshed<std::vector<Known>> known_;
};

/// Sentences of an answer of GET /api/v1/exporters about what was lost. Pure.
json losses_in(const json& exporters, const std::vector<std::string>& addresses);

}  // namespace sluice::web
