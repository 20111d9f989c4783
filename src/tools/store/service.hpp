#pragma once
// What is answered at which path, to whom, and how many statements run at once.
#include <memory>
#include <semaphore>
#include <stop_token>

#include "http/server.hpp"
#include "store/credentials.hpp"
#include "store/engine.hpp"
#include "store/exchange.hpp"
#include "store/query.hpp"
#include "store/sessions.hpp"

namespace sluice::store {

struct ServiceOptions {
  Credentials credentials;
  unsigned connections = 8;  ///< statements at once; more wait
};

/// What the store asks of its server.
http::Options listener(const Endpoint& at, unsigned max_connections);

/// Called by the threads of all connections.
class Service {
 public:
  /// The engine outlives it. Requests that wait when `stop` is requested are answered 503.
  Service(Engine& engine, const ServiceOptions& options, std::stop_token stop);
  void answer(Exchange& exchange);
  /// Cancels every statement that runs.
  void cancel_all();

 private:
  void query(Exchange& connection, const Form& form);
  bool wait_for_slot();

  Engine& engine_;
  const Credentials credentials_;
  const std::stop_token stop_;
  std::counting_semaphore<> slots_;
  Sessions sessions_;
  ServerFacts facts_;
};

}  // namespace sluice::store
