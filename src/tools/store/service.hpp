#pragma once
// What is answered at which path, to whom, and how many statements run at once.
#include <functional>
#include <memory>
#include <semaphore>
#include <stop_token>

#include "http/counts.hpp"
#include "http/server.hpp"
#include "store/credentials.hpp"
#include "store/engine.hpp"
#include "store/exchange.hpp"
#include "store/query.hpp"
#include "store/sessions.hpp"

namespace sluice::store {

struct ServiceOptions {
  Credentials credentials;
  unsigned connections = 8;     ///< statements at once; more wait
  bool allow_external = false;  ///< statements may reach what is outside of the tables
  std::function<sluice::Counts<http::HttpCount>()> counts =
      {};  ///< of its server, for /metrics; empty: none there
};

/// Who may connect and ask, and how many at once.
struct ListenerOptions {
  Endpoint at;
  unsigned connections = 256;
  unsigned per_client = 128;
  std::vector<std::string> hosts;  ///< names that it may be asked by, besides the machine's own
  bool password = false;           ///< one is demanded
};

/// What the store asks of its server.
http::Options listener(const ListenerOptions& wanted);

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
  Outside outside_;
  const bool allow_external_;
  const std::function<sluice::Counts<http::HttpCount>()> counts_;
  ServerFacts facts_;
};

}  // namespace sluice::store
