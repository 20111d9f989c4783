#pragma once
// One connection to a PostgreSQL server, by libpq: every wait ends when its time is up, or when it is time to
// end. What a server says comes back in one line.
#include <chrono>
#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "sink/block_writer.hpp"
#include "sink/postgres/settings.hpp"
#include "sink/sql/server.hpp"
#include "sluice/util/result.hpp"

struct pg_conn;
struct pg_result;

namespace sluice::sink::postgres {

using sql::Server;
using sql::Trouble;

/// A server that answers so would refuse the same rows for ever: they, not the server, are what is wrong.
bool refuses_rows(std::string_view code);
FailReason reason_of(std::string_view code);

/// What a statement brought.
class Answer {
 public:
  explicit Answer(pg_result* result) : result_(result, &clear) {}
  std::size_t rows() const;
  std::string_view value(std::size_t row, int column) const;
  /// Rows that were written.
  std::string_view written() const;
  /// What the server says it did: "COMMIT".
  std::string_view tag() const;

 private:
  static void clear(pg_result* result);
  std::unique_ptr<pg_result, void (*)(pg_result*)> result_;
};

/// One thread. No function throws but for want of memory, and then the connection is of no more use.
class Session {
 public:
  /// `timeout` is for each statement; a connection has five seconds of it at the most.
  static Result<Session, Trouble> open(const Server& server, const PostgresSettings& settings,
                                       const GiveUp& give_up);

  /// One statement with values for $1, $2 and on, or several without any, which are one transaction then. The
  /// answer is that of the last.
  Result<Answer, Trouble> ask(const std::string& sql, const GiveUp& give_up,
                              const std::vector<std::string>& values = {});
  /// COPY ... FROM STDIN with this data.
  Result<Answer, Trouble> copy(const std::string& sql, std::string_view data, const GiveUp& give_up);

 private:
  struct Until;
  using Held = std::unique_ptr<pg_conn, void (*)(pg_conn*)>;

  Session(Held connection, const Server& server, std::chrono::seconds timeout)
      : connection_(std::move(connection)), server_(server.text), timeout_(timeout) {}

  std::optional<Trouble> connect(const Until& until);
  std::optional<Trouble> wait(short events, const Until& until);
  std::optional<Trouble> flush(const Until& until);
  Result<pg_result*, Trouble> next(const Until& until);
  Result<Answer, Trouble> last(const Until& until);
  Trouble lost(const std::string& doing) const;
  Trouble refused(const pg_result* result) const;

  Held connection_;
  std::string server_;
  std::chrono::seconds timeout_;
};

}  // namespace sluice::sink::postgres
