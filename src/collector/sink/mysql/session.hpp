#pragma once
// One connection to a MySQL or MariaDB server, by libmariadb: every wait ends when its time is up, or when it
// is time to end. What a server says comes back in one line.
#include <mysql.h>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "sink/block_writer.hpp"
#include "sink/mysql/settings.hpp"
#include "sink/sql/server.hpp"
#include "sluice/util/result.hpp"

namespace sluice::sink::mysql {

using sql::Server;
using sql::Trouble;

/// A server that answers so would refuse the same rows for ever: they, not the server, are what is wrong.
bool refuses_rows(unsigned number, std::string_view state);
/// `number` is the server's or libmariadb's, which begin at 2000 and at 5000.
FailReason reason_of(unsigned number, std::string_view state);

/// What a statement brought.
struct Answer {
  std::vector<std::vector<std::string>> rows;  ///< NULL is ""
  std::uint64_t written = 0;                   ///< rows that were written
};

/// A statement that waits for values.
using Statement = std::unique_ptr<MYSQL_STMT, void (*)(MYSQL_STMT*)>;

/// One thread. No function throws but for want of memory. After a Trouble without a code, or one thrown, the
/// connection is of no more use. Statements may outlive it, and are of no more use then.
class Session {
 public:
  /// `timeout` is for each statement; a connection has five seconds of it at the most.
  static Result<Session, Trouble> open(const Server& server, const MysqlSettings& settings,
                                       const GiveUp& give_up);

  /// Rows past 10,000, or past 4 MB of memory, end the connection: nothing is asked for that has so many.
  Result<Answer, Trouble> ask(const std::string& sql, const GiveUp& give_up);
  /// The server takes a parameter's values of many rows at once.
  bool takes_arrays() const;
  Result<Statement, Trouble> prepare(const std::string& sql, const GiveUp& give_up);
  /// `rows` of arrays; 0: each parameter has one value.
  Result<void, Trouble> execute(Statement& statement, std::vector<MYSQL_BIND>& values, unsigned rows,
                                const GiveUp& give_up);

 private:
  struct Until;
  static void close(MYSQL* connection);
  using Held = std::unique_ptr<MYSQL, void (*)(MYSQL*)>;

  Session(Held connection, const Server& server, std::chrono::seconds timeout)
      : connection_(std::move(connection)), server_(server.text), timeout_(timeout) {}

  template <class R, class Start, class Continue>
  std::optional<Trouble> run(R& result, const Until& until, Start start, Continue go_on);
  Result<int, Trouble> wait(int status, const Until& until);
  std::optional<Trouble> read_rows(MYSQL_RES& result, const Until& until, Answer& out);
  Trouble cut_off(FailReason reason, const std::string& sentence);
  bool told_by_server() const;
  Trouble refused(unsigned number, const char* state, const char* text) const;
  Trouble refused() const;

  std::vector<Statement> abandoned_;  ///< wait within a call, and end after the connection
  Held connection_;
  std::string server_;
  std::chrono::seconds timeout_;
};

}  // namespace sluice::sink::mysql
