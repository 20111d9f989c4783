#pragma once
// One question under way: its statements run one after the other, each on a thread of its own, while this one
// tells the browser how far they are and looks whether it is still there. Of the handler's thread.
#include <chrono>
#include <string>
#include <vector>

#include "http/exchange.hpp"
#include "web/running.hpp"
#include "web/store.hpp"

namespace sluice::web {

class Asking {
 public:
  /// All outlive it. `progress`: lines that tell it may be written.
  Asking(const Store& store, Running& running, const Running::Place& place, http::Exchange& exchange,
         bool progress)
      : store_(store), running_(running), place_(place), exchange_(exchange), progress_(progress) {}

  /// The rows of the answer. An error where it failed, was stopped, or where the browser has gone.
  Or<std::vector<json>> rows(const Statement& statement);
  /// Pieces of the answer as they come, to `take` on this thread; it returns false to stop.
  Or<void> pass(const Statement& statement, const std::string& format,
                const std::function<bool(std::string_view)>& take);

  /// What has been read so far.
  const query::Cost& cost() const { return cost_; }
  std::chrono::milliseconds taken() const;
  /// The statements that were asked, for who wants to see them.
  const std::vector<Statement>& statements() const { return statements_; }

 private:
  Or<void> wait_for_turn();
  bool is_to_end();
  void tell(const Progress& now);

  const Store& store_;
  Running& running_;
  const Running::Place& place_;
  http::Exchange& exchange_;
  const bool progress_;
  const std::chrono::steady_clock::time_point begun_ = std::chrono::steady_clock::now();
  query::Cost cost_;
  std::vector<Statement> statements_;
};

}  // namespace sluice::web
