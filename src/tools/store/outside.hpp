#pragma once
// What is left of a statement's ways to the outside where the engine asks nobody's leave: files of the answer
// and of the data, sources of dictionaries, disks of tables. Looked for in the text that the engine's own
// formatter makes of the statement, so that nothing hides in comments or odd quotes.
#include <memory>
#include <mutex>
#include <optional>
#include <string_view>

#include "store/engine.hpp"

namespace sluice::store {

/// Whether the text has a word that makes a closer look worth it.
bool may_reach_outside(std::string_view statement);

/// `formatted`: as the engine's formatQuerySingleLine() writes it. ClickHouse's error text, or nothing.
std::optional<EngineError> reaches_outside(std::string_view formatted);

/// Asks the engine in a session of its own, whose settings no client has touched. Any thread.
class Outside {
 public:
  explicit Outside(Engine& engine) : engine_(engine) {}
  std::optional<EngineError> forbids(std::string_view statement);

 private:
  Engine& engine_;
  std::mutex mutex_;
  std::unique_ptr<Session> session_;
};

}  // namespace sluice::store
