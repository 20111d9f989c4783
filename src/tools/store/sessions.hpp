#pragma once
// Sessions of HTTP clients (session_id): what SET, USE and CREATE TEMPORARY TABLE leave stays for the next
// request of the same session. Called by the threads of all connections.
#include <chrono>
#include <condition_variable>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "store/engine.hpp"
#include "store/query_request.hpp"

namespace sluice::store {

/// An engine's session with the settings and the database of one request, for as long as the request lasts.
class Lease {
 public:
  virtual ~Lease() = default;
  virtual Session& session() = 0;
  /// To be told of a statement that succeeded and may have changed the session.
  virtual void ran(std::string_view statement) = 0;
};

class Sessions {
 public:
  using Clock = std::chrono::steady_clock;

  explicit Sessions(Engine& engine) : engine_(engine) {}
  Sessions(const Sessions&) = delete;
  Sessions& operator=(const Sessions&) = delete;

  /// Without session_id a fresh one, which costs half a millisecond and leaves nothing of one request for
  /// another. Gives ClickHouse's errors: 373 where the session has a request already, 372 where it should be
  /// there and is not, 115 and 81 for settings and databases that do not exist.
  Result<std::unique_ptr<Lease>, EngineError> lease(const QueryRequest& request);

 private:
  class Fresh;
  class Kept;
  struct Entry {
    std::unique_ptr<Session> session;
    std::vector<std::string>
        set_statements;  // what clients SET, to be said again after a request's own settings
    bool busy = false;
    Clock::time_point until;
  };

  Result<Entry*, EngineError> take(const QueryRequest& request);
  void give_back(const std::string& id, unsigned seconds, bool usable);
  void expire();

  Engine& engine_;
  std::mutex mutex_;
  std::condition_variable given_back_;
  std::map<std::string, Entry, std::less<>> entries_;
};

}  // namespace sluice::store
