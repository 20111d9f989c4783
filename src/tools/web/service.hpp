#pragma once
// What is answered at which path. Called by the threads of all connections.
#include <chrono>
#include <functional>
#include <mutex>
#include <string>

#include "http/exchange.hpp"
#include "web/answers.hpp"
#include "web/cache.hpp"
#include "web/page.hpp"
#include "web/tables.hpp"

namespace sluice::web {

struct ServiceOptions {
  StoreAccess store;
  std::vector<CollectorAccess> collectors;
  std::filesystem::path page;  ///< empty: the program's own
  std::string token;           ///< empty: everybody may ask
  unsigned rows = 10'000;
  std::uint64_t export_rows = 2'000'000;
  unsigned at_once = 6;
  std::uint64_t ask_above = 200'000'000;
};

class Service {
 public:
  explicit Service(ServiceOptions options);
  void answer(http::Exchange& exchange);
  /// Stops all that runs.
  void end_all() { running_.end_all(); }

 private:
  struct Route {
    std::string_view method, path;
    void (Service::*answer)(http::Exchange&, const json& body);
  };
  static std::span<const Route> routes();
  void route(http::Exchange& exchange, std::string_view path);
  bool knows(const http::Request& request);

  void health(http::Exchange& exchange, const json&);
  void login(http::Exchange& exchange, const json& body);
  void meta(http::Exchange& exchange, const json&);
  void check(http::Exchange& exchange, const json& body);
  void complete(http::Exchange& exchange, const json& body);
  void nfdump(http::Exchange& exchange, const json& body);
  void plan(http::Exchange& exchange, const json& body);
  void series(http::Exchange& exchange, const json& body);
  void table(http::Exchange& exchange, const json& body);
  void flows(http::Exchange& exchange, const json& body);
  void prepare_export(http::Exchange& exchange, const json& body);
  void take_export(http::Exchange& exchange, std::string_view ticket);
  void end_query(http::Exchange& exchange, std::string_view id);

  /// A question with its plan, or the answer that there is none.
  struct Asked {
    Question question;
    Plan plan;
  };
  Or<Asked> asked(const json& body, View view);
  using Make = Or<Lines> (*)(const Question&, const Plan&, Asking&, const Surroundings&);
  void stream(http::Exchange& exchange, const json& body, View view, Make make, bool keep);

  const ServiceOptions options_;
  Store store_;
  Collectors collectors_;
  Tables tables_;
  Page page_;
  Running running_;
  Cache cache_;
  Tickets tickets_;
  Sessions sessions_;
};

}  // namespace sluice::web
