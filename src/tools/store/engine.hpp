#pragma once
// What the HTTP side asks of the ClickHouse engine. Errors are ClickHouse's own text, "Code: 60.
// DB::Exception:
// ...". An Engine is called from any thread; what it opens belongs to one thread at a time.
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "sluice/util/result.hpp"

namespace sluice::store {

using EngineError = std::string;

/// A value for {name:Type} in a statement.
struct Parameter {
  std::string name;
  std::string value;
};
using Parameters = std::vector<Parameter>;

struct Counts {
  std::uint64_t read_rows = 0;
  std::uint64_t read_bytes = 0;
  std::uint64_t written_rows = 0;
  std::uint64_t written_bytes = 0;
  std::uint64_t result_rows = 0;
  double seconds = 0;
};

/// Bytes of a result. `owner` keeps them alive.
struct Answer {
  std::shared_ptr<const void> owner;
  std::string_view bytes;
  Counts counts;
};

/// What a text would do, said by the engine's own parser.
struct Classification {
  unsigned statements = 0;  ///< 0: it does not parse, or there is nothing in it
  bool reads_only = false;  ///< changes nothing that outlives it
};

/// A result that comes in pieces. Ending it early cancels the statement.
class Rows {
 public:
  virtual ~Rows() = default;
  /// Empty bytes: that was all.
  virtual Result<Answer, EngineError> next() = 0;
};

/// An INSERT that takes data in pieces, cut anywhere. Ending it without finish() cancels it; blocks that were
/// already written stay, as on a server.
class Insert {
 public:
  virtual ~Insert() = default;
  /// False: it has failed, and finish() says why.
  virtual bool append(std::string_view data) = 0;
  virtual Result<Answer, EngineError> finish() = 0;
};

/// Settings, a current database and temporary tables of its own. One statement at a time.
class Session {
 public:
  virtual ~Session() = default;
  virtual Classification classify(std::string_view sql) = 0;
  virtual Result<Answer, EngineError> run(std::string_view sql, std::string_view format,
                                          const Parameters& parameters) = 0;
  /// One SELECT.
  virtual Result<std::unique_ptr<Rows>, EngineError> stream(std::string_view sql, std::string_view format,
                                                            const Parameters& parameters) = 0;
  /// Ends the statement that runs, if any, with an error. Any thread, while the session lives.
  virtual void cancel() = 0;
  /// `head`: an INSERT without FORMAT clause and without data.
  virtual Result<std::unique_ptr<Insert>, EngineError> insert(std::string_view head, std::string_view format,
                                                              const Parameters& parameters) = 0;
};

class Engine {
 public:
  virtual ~Engine() = default;
  virtual Result<std::unique_ptr<Session>, EngineError> open() = 0;
  virtual const std::string& version() const = 0;   ///< ClickHouse's, "26.7.2.1"
  virtual const std::string& timezone() const = 0;  ///< "Europe/Berlin"
};

}  // namespace sluice::store
