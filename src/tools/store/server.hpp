#pragma once
// Listens, and gives each connection a thread.
#include <chrono>
#include <list>
#include <memory>
#include <mutex>
#include <stop_token>
#include <string>
#include <thread>

#include "sluice/flow/address.hpp"
#include "store/connection.hpp"

namespace sluice::store {

class Server {
 public:
  /// Listens at once; nothing is answered before run(). The error is a sentence.
  static Result<std::unique_ptr<Server>, std::string> listen(const IpAddress& address, std::uint16_t port,
                                                             unsigned max_connections);
  ~Server();
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;

  std::uint16_t port() const { return port_; }
  /// Answers until `stop` is requested; then takes nothing new, waits up to `grace` for what is under way,
  /// calls `hurry` to end that, and returns when all connections are over.
  void run(const Handler& handler, const std::stop_token& stop, std::chrono::milliseconds grace,
           const std::function<void()>& hurry);

 private:
  struct Client;
  Server(UniqueFd listener, UniqueFd wake, std::uint16_t port, unsigned max_connections);
  void accept_one(const Handler& handler);
  void reap();
  bool wait_for_idle(std::chrono::milliseconds time);

  UniqueFd listener_, wake_;
  const std::uint16_t port_;
  const unsigned max_connections_;
  std::atomic<bool> stopping_{false};
  std::list<std::unique_ptr<Client>> clients_;  // only on the thread of run()
};

}  // namespace sluice::store
