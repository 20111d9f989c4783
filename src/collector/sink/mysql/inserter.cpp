#include "sink/mysql/inserter.hpp"

#include <algorithm>
#include <map>
#include <optional>

#include "http/tls.hpp"
#include "sink/mysql/bound_rows.hpp"
#include "sink/mysql/partitions.hpp"
#include "sink/mysql/session.hpp"
#include "sink/mysql/tables.hpp"
#include "sink/sql/writer.hpp"

namespace sluice::sink {
namespace mysql {
namespace {

constexpr std::size_t kRowsOfStatement = 100;     // more were not faster
constexpr std::size_t kMostParameters = 65'535;   // of a statement
constexpr std::size_t kForgottenAtOnce = 10'000;  // tokens of blocks

/// A transaction whose client is gone goes with the connection, as late as wait_timeout; partitions are not
/// waited for: readers of the table must have ended before one is made, and whoever comes after them waits
/// behind it. Values that a column cannot hold are errors.
std::string greeting(std::chrono::seconds timeout) {
  const std::string seconds = std::to_string(timeout.count());
  return "SET SESSION time_zone = '+00:00', sql_mode = 'STRICT_ALL_TABLES,NO_ENGINE_SUBSTITUTION', "
         "autocommit = 1, lock_wait_timeout = 2, innodb_lock_wait_timeout = " +
         seconds + ", wait_timeout = " + std::to_string(2 * timeout.count());
}

class Mysql final : public sql::Database {
 public:
  Mysql(const MysqlSettings& settings, sql::Tell tell, UserFieldsPtr user_fields)
      : tell_(std::move(tell)),
        settings_(settings),
        user_fields_(std::move(user_fields)),
        rows_(columns_named(settings.columns, user_fields_.get())),
        partitions_(settings.table),
        rows_of_statement_(std::min(kRowsOfStatement, kMostParameters / rows_.columns().size())) {}

  sql::Rows& rows() override { return rows_; }
  bool connected() const override { return session_.has_value(); }
  Result<void, Trouble> connect(const Server& server, const GiveUp& give_up) override;
  void disconnect() override {
    session_.reset();  // before its statements, which would take leave of the server
    statement_.reset();
  }
  Result<void, Trouble> store(const std::string& token, const GiveUp& give_up) override;
  Result<void, Trouble> forget_old(const GiveUp& give_up) override;

 private:
  Result<void, Trouble> look_at_server(const GiveUp& give_up);
  Result<void, Trouble> check_engines(const GiveUp& give_up);
  Result<void, Trouble> check_columns(const GiveUp& give_up);
  Result<void, Trouble> send(const GiveUp& give_up);
  Result<void, Trouble> send_arrays(const GiveUp& give_up);
  Result<void, Trouble> send_rows(std::size_t from, std::size_t rows, const GiveUp& give_up);
  Result<void, Trouble> prepare(std::size_t rows, const GiveUp& give_up);
  Trouble wrong(FailReason reason, const std::string& what) const {
    return {{reason, server_ + ": " + what}, {}};
  }
  Trouble wrong_table(const std::string& what) const {
    return wrong(FailReason::other, what + "; `sluice schema mysql` prints the tables");
  }

  const sql::Tell tell_;
  const MysqlSettings settings_;
  const UserFieldsPtr user_fields_;  ///< may be null
  BoundRows rows_;
  Partitions partitions_;
  const std::size_t rows_of_statement_;
  std::optional<Session> session_;
  std::optional<Statement> statement_;  ///< the last that was prepared
  std::size_t prepared_rows_ = 0;       ///< that it is for
  bool arrays_ = false;
  bool told_of_flush_ = false;
  bool more_to_forget_ = false;  ///< the last forget_old() left some
  std::string server_;           ///< as messages call it
};

Result<void, Trouble> Mysql::connect(const Server& server, const GiveUp& give_up) {
  auto session = Session::open(server, settings_, give_up);
  if (!session) return failure(session.error());
  server_ = server.text;
  session_ = std::move(*session);
  arrays_ = settings_.insert == MysqlInsert::automatic && session_->takes_arrays();
  partitions_.clear();
  if (auto greeted = session_->ask(greeting(settings_.timeout), give_up); !greeted)
    return failure(greeted.error());
  if (auto looked = look_at_server(give_up); !looked) return looked;
  if (auto checked = check_columns(give_up); !checked) return checked;
  return check_engines(give_up);
}

Result<void, Trouble> Mysql::look_at_server(const GiveUp& give_up) {
  const auto answer =
      session_->ask("SELECT @@GLOBAL.read_only, @@GLOBAL.innodb_flush_log_at_trx_commit", give_up);
  if (!answer) return failure(answer.error());
  if (answer->rows.size() != 1) return failure(wrong(FailReason::other, "it does not tell its settings"));
  const std::string& read_only = answer->rows[0][0];
  if (read_only != "0" && read_only != "OFF")
    return failure(wrong(FailReason::unreachable, "it takes no writes (read_only)"));
  const std::string& flush = answer->rows[0][1];
  if (flush == "1" || told_of_flush_) return {};
  told_of_flush_ = true;
  tell_(server_ + " confirms what is not on its disk yet (innodb_flush_log_at_trx_commit is " + flush +
        "); it may lose about a second of flows when it or its machine ends suddenly");
  return {};
}

/// Without transactions a block could be there in part, or twice.
Result<void, Trouble> Mysql::check_engines(const GiveUp& give_up) {
  const std::string blocks(sql::kBlocksTable);
  const auto answer = session_->ask(
      "SELECT t.TABLE_NAME, t.ENGINE, e.TRANSACTIONS FROM information_schema.TABLES t LEFT JOIN "
      "information_schema.ENGINES e ON e.ENGINE = t.ENGINE WHERE t.TABLE_SCHEMA = DATABASE() AND "
      "t.TABLE_NAME IN (" +
          literal(settings_.table) + ", " + literal(blocks) + ")",
      give_up);
  if (!answer) return failure(answer.error());
  for (const std::string& name : {settings_.table, blocks}) {
    const auto row = std::ranges::find_if(answer->rows, [&](const auto& one) { return one[0] == name; });
    if (row == answer->rows.end()) return failure(wrong_table("there is no table " + name));
    if ((*row)[2] != "YES")
      return failure(wrong_table(name + " is of the engine " + (*row)[1] + ", which has no transactions"));
  }
  return {};
}

/// Before any row is sent: a column of another type would have the server refuse rows that are right.
Result<void, Trouble> Mysql::check_columns(const GiveUp& give_up) {
  const auto answer = session_->ask(
      "SELECT COLUMN_NAME, COLUMN_TYPE FROM information_schema.COLUMNS WHERE TABLE_SCHEMA = DATABASE() AND "
      "TABLE_NAME = " +
          literal(settings_.table),
      give_up);
  if (!answer) return failure(answer.error());
  if (answer->rows.empty()) return failure(wrong_table("there is no table " + settings_.table));
  std::map<std::string_view, std::string> types;
  for (const auto& row : answer->rows) types.emplace(row[0], plain_type(row[1]));
  for (const Column& column : rows_.columns()) {
    const auto type = types.find(column.name);
    const std::string name(column.name);
    if (type == types.end()) return failure(wrong_table(settings_.table + " has no column " + name));
    if (type->second != sql_name(column.type))
      return failure(wrong_table(settings_.table + '.' + name + " is of type " + type->second + ", not of " +
                                 std::string(sql_name(column.type))));
  }
  return {};
}

Result<void, Trouble> Mysql::store(const std::string& token, const GiveUp& give_up) {
  // Where the server only refuses, that waits for the next hour, and the block does not.
  if (more_to_forget_)
    if (auto forgotten = forget_old(give_up); !forgotten && forgotten.error().code.empty()) return forgotten;
  // Ends the transaction that it is in, so it comes before.
  if (auto made = partitions_.make(*session_, rows_.days(), give_up, tell_); !made) return made;
  if (auto begun = session_->ask("START TRANSACTION", give_up); !begun) return failure(begun.error());
  // Waits for another transaction that has the token, and sees what became of it.
  const auto taken = session_->ask("INSERT IGNORE INTO " + quoted(sql::kBlocksTable) +
                                       " (token, written) VALUES (UNHEX('" + token + "'), UTC_TIMESTAMP())",
                                   give_up);
  if (!taken) return failure(taken.error());
  if (taken->written != 0)
    if (auto sent = send(give_up); !sent) return sent;
  const auto ended = session_->ask("COMMIT", give_up);
  if (!ended) return failure(ended.error());
  return {};
}

Result<void, Trouble> Mysql::send(const GiveUp& give_up) {
  if (arrays_) return send_arrays(give_up);
  std::size_t from = 0;
  for (const std::size_t end : rows_.pieces())
    while (from < end) {
      const std::size_t rows = std::min(rows_of_statement_, end - from);
      if (auto sent = send_rows(from, rows, give_up); !sent) return sent;
      from += rows;
    }
  return {};
}

Result<void, Trouble> Mysql::send_arrays(const GiveUp& give_up) {
  if (auto prepared = prepare(1, give_up); !prepared) return prepared;
  std::size_t from = 0;
  for (const std::size_t end : rows_.pieces()) {
    std::vector<MYSQL_BIND> arrays = rows_.arrays(from);
    if (auto sent = session_->execute(*statement_, arrays, static_cast<unsigned>(end - from), give_up); !sent)
      return sent;
    from = end;
  }
  return {};
}

Result<void, Trouble> Mysql::send_rows(std::size_t from, std::size_t rows, const GiveUp& give_up) {
  if (auto prepared = prepare(rows, give_up); !prepared) return prepared;
  std::vector<MYSQL_BIND> values = rows_.values(from, rows);
  return session_->execute(*statement_, values, 0, give_up);
}

Result<void, Trouble> Mysql::prepare(std::size_t rows, const GiveUp& give_up) {
  if (statement_ && prepared_rows_ == rows) return {};
  statement_.reset();
  auto prepared = session_->prepare(insert_statement(settings_.table, rows_.columns(), rows), give_up);
  if (!prepared) return failure(prepared.error());
  statement_ = std::move(*prepared);
  prepared_rows_ = rows;
  return {};
}

Result<void, Trouble> Mysql::forget_old(const GiveUp& give_up) {
  more_to_forget_ = false;
  const auto forgotten = session_->ask(delete_old_blocks(kForgottenAtOnce), give_up);
  if (!forgotten) return failure(forgotten.error());
  more_to_forget_ = forgotten->written >= kForgottenAtOnce;
  return {};
}

}  // namespace
}  // namespace mysql

void find_mysql_mistakes(const std::string& sink_name, const MysqlSettings& settings,
                         const OnMistake& mistake) {
  if (settings.ca_file.empty()) return;
  if (auto trust = http::Trust::from_file(settings.ca_file); !trust)
    mistake({"sinks." + sink_name + ".tls.ca_file", trust.error()});
}

std::string look_at_mysql(const MysqlSettings& settings, UserFieldsPtr user_fields) {
  mysql::Mysql database(settings, [](const std::string& /*sentence*/) {}, std::move(user_fields));
  return sql::look(sql::servers_in(settings.servers, kMysqlPort).value_or(std::vector<sql::Server>{}),
                   database);
}

std::unique_ptr<BlockWriter> make_mysql_writer(std::string sink_name, const MysqlSettings& settings,
                                               LogFn log, UserFieldsPtr user_fields) {
  sql::Tell tell = sql::tell_log(std::move(sink_name), std::move(log));
  return sql::make_writer(sql::servers_in(settings.servers, kMysqlPort).value_or(std::vector<sql::Server>{}),
                          settings.table,
                          std::make_unique<mysql::Mysql>(settings, tell, std::move(user_fields)), tell);
}

}  // namespace sluice::sink
