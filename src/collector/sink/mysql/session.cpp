#include "sink/mysql/session.hpp"

#include <errmsg.h>
#include <mysqld_error.h>
#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <new>
#include <numeric>

namespace sluice::sink::mysql {
namespace {

using namespace std::chrono_literals;

constexpr auto kConnect = 5s;
constexpr auto kLook = 50ms;  // how often a waiting session looks whether to give up
// A call that waits keeps its stack meanwhile; names are looked up and TLS spoken on it.
constexpr std::size_t kStack = 256 << 10;
// Of an answer: a server may send what it wants to, and it is all held.
constexpr std::size_t kMostRows = 10'000;
constexpr std::size_t kMostBytes = 4 << 20;

constexpr std::size_t kMostAsked = 8;  // columns of an answer

/// One that is not read to its end is left with its connection: the library would read on, for as long as the
/// server sends.
void let_go(MYSQL_RES* result) {
  if (result != nullptr) result->handle = nullptr;
  mysql_free_result(result);
}

bool is_own(unsigned number) { return (number >= 2000 && number < 3000) || number >= 5000; }

template <std::size_t N>
bool one_of(unsigned number, const std::array<unsigned, N>& numbers) {
  return std::ranges::find(numbers, number) != numbers.end();
}

// Of servers, by their documents; MariaDB has no names for those of MySQL alone.
constexpr std::array<unsigned, 4> kRows{ER_WARN_DATA_OUT_OF_RANGE, WARN_DATA_TRUNCATED, ER_DATA_TOO_LONG,
                                        ER_TRUNCATED_WRONG_VALUE_FOR_FIELD};
constexpr std::array<unsigned, 8> kRights{
    ER_ACCESS_DENIED_ERROR,       ER_DBACCESS_DENIED_ERROR,          ER_TABLEACCESS_DENIED_ERROR,
    ER_COLUMNACCESS_DENIED_ERROR, ER_SPECIFIC_ACCESS_DENIED_ERROR,   ER_HOST_NOT_PRIVILEGED,
    ER_HOST_IS_BLOCKED,           ER_ACCESS_DENIED_NO_PASSWORD_ERROR};
constexpr std::array<unsigned, 2> kNoSpace{ER_DISK_FULL, ER_RECORD_FILE_FULL};
constexpr std::array<unsigned, 3> kTimes{ER_LOCK_WAIT_TIMEOUT, ER_STATEMENT_TIMEOUT, 3024};
/// It goes down or comes up, has no room for a connection, or takes no writes: another may.
constexpr std::array<unsigned, 10> kElsewhere{ER_SERVER_SHUTDOWN,
                                              ER_NORMAL_SHUTDOWN,
                                              ER_ABORTING_CONNECTION,
                                              ER_CON_COUNT_ERROR,
                                              ER_TOO_MANY_USER_CONNECTIONS,
                                              ER_OPTION_PREVENTS_STATEMENT,
                                              ER_READ_ONLY_MODE,
                                              ER_CONNECTION_KILLED,
                                              ER_QUERY_INTERRUPTED,
                                              3032};

}  // namespace

/// When whoever waits stops.
struct Session::Until {
  Clock::time_point at;
  const GiveUp& give_up;
};

bool refuses_rows(unsigned number, std::string_view state) {
  return !is_own(number) && (state.starts_with("22") || one_of(number, kRows));
}

FailReason reason_of(unsigned number, std::string_view state) {
  if (number == CR_AUTH_PLUGIN_CANNOT_LOAD) return FailReason::auth;
  if (is_own(number) || one_of(number, kElsewhere) || state.starts_with("08")) return FailReason::unreachable;
  if (refuses_rows(number, state)) return FailReason::refused;
  if (state.starts_with("28") || one_of(number, kRights)) return FailReason::auth;
  if (one_of(number, kNoSpace)) return FailReason::no_space;
  if (one_of(number, kTimes)) return FailReason::timed_out;
  return FailReason::other;
}

void Session::close(MYSQL* connection) { mysql_close(connection); }

/// The latest packet is an error, so its number is the server's, which may be any. Without a buffer the
/// connection has failed, and nobody knows.
bool Session::told_by_server() const {
  const NET& net = connection_->net;
  constexpr unsigned char kError = 0xff;
  return net.buff == nullptr || *net.read_pos == kError;
}

Trouble Session::refused(unsigned number, const char* state, const char* text) const {
  if (number == CR_OUT_OF_MEMORY && !told_by_server()) throw std::bad_alloc();
  const std::string words = sql::words_of(text) + " (" + std::to_string(number) + ')';
  const FailReason reason = reason_of(number, state);
  if (is_own(number)) return {{reason, "cannot write to " + server_ + ": " + words}, {}};
  std::string sentence = server_ + " does not take the flows: " + words;
  if (number == ER_NO_SUCH_TABLE) sentence += "; `sluice schema mysql` prints the tables";
  return {{reason, std::move(sentence), 0, refuses_rows(number, state)}, state};
}

Trouble Session::refused() const {
  return refused(mysql_errno(connection_.get()), mysql_sqlstate(connection_.get()),
                 mysql_error(connection_.get()));
}

/// In the middle of a call: nothing but to close the connection can follow, and must not wait either.
Trouble Session::cut_off(FailReason reason, const std::string& sentence) {
  ::shutdown(mysql_get_socket(connection_.get()), SHUT_RDWR);
  return {{reason, sentence}, {}};
}

/// What has become ready.
Result<int, Trouble> Session::wait(int status, const Until& until) {
  const auto events = static_cast<short>(((status & MYSQL_WAIT_READ) != 0 ? POLLIN : 0) |
                                         ((status & MYSQL_WAIT_WRITE) != 0 ? POLLOUT : 0) |
                                         ((status & MYSQL_WAIT_EXCEPT) != 0 ? POLLPRI : 0));
  for (;;) {
    if (until.give_up.reached()) return failure(cut_off(FailReason::shutdown, "it is time to end"));
    if (Clock::now() >= until.at)
      return failure(cut_off(FailReason::unreachable, server_ + " does not answer in time"));
    pollfd socket{mysql_get_socket(connection_.get()), events, 0};
    if (::poll(&socket, 1, static_cast<int>(std::chrono::milliseconds(kLook).count())) <= 0) continue;
    int ready = 0;
    if ((socket.revents & (POLLIN | POLLHUP | POLLERR)) != 0) ready |= MYSQL_WAIT_READ;
    if ((socket.revents & (POLLOUT | POLLHUP | POLLERR)) != 0) ready |= MYSQL_WAIT_WRITE;
    if ((socket.revents & POLLPRI) != 0) ready |= MYSQL_WAIT_EXCEPT;
    ready &= status;
    if (ready != 0) return ready;
  }
}

/// A call of libmariadb's, from its start to its end.
template <class R, class Start, class Continue>
std::optional<Trouble> Session::run(R& result, const Until& until, Start start, Continue go_on) {
  int status = start(&result);
  while (status != 0) {
    const auto ready = wait(status, until);
    if (!ready) return ready.error();
    status = go_on(&result, *ready);
  }
  return std::nullopt;
}

Result<Session, Trouble> Session::open(const Server& server, const MysqlSettings& settings,
                                       const GiveUp& give_up) {
  static const bool usable = mysql_library_init(0, nullptr, nullptr) == 0;  // of threads the first alone
  MYSQL* const made = usable ? mysql_init(nullptr) : nullptr;
  if (made == nullptr) throw std::bad_alloc();
  Session out(Held(made, &close), server, settings.timeout);
  const bool is_socket = server.host.starts_with('/');
  const unsigned protocol = is_socket ? MYSQL_PROTOCOL_SOCKET : MYSQL_PROTOCOL_TCP;
  if (mysql_options(made, MYSQL_OPT_NONBLOCK, &kStack) != 0) throw std::bad_alloc();
  mysql_options(made, MYSQL_OPT_PROTOCOL, &protocol);
  mysql_options(made, MYSQL_SET_CHARSET_NAME, "utf8mb4");
  mysql_options(made, MYSQL_OPT_MAX_ALLOWED_PACKET, &kMostBytes);  // of one row, which comes in one piece
  mysql_options4(made, MYSQL_OPT_CONNECT_ATTR_ADD, "program_name", "sluice");
  const my_bool on = 1;
  const bool verify = settings.tls_mode == "verify-full";
  if (settings.tls_mode != "disable" && !is_socket)
    mysql_ssl_set(made, nullptr, nullptr, settings.ca_file.empty() ? nullptr : settings.ca_file.c_str(),
                  nullptr, nullptr);
  if (verify || settings.tls_mode == "require") mysql_options(made, MYSQL_OPT_SSL_ENFORCE, &on);
  if (verify) mysql_options(made, MYSQL_OPT_SSL_VERIFY_SERVER_CERT, &on);
  MYSQL* connected = nullptr;
  const Until until{Clock::now() + kConnect, give_up};
  const auto start = [&](MYSQL** result) {
    return mysql_real_connect_start(result, made, is_socket ? nullptr : server.host.c_str(),
                                    settings.user.empty() ? nullptr : settings.user.c_str(),
                                    settings.password.c_str(), settings.database.c_str(),
                                    is_socket ? 0 : static_cast<unsigned>(std::stoul(server.port)),
                                    is_socket ? server.host.c_str() : nullptr, 0);
  };
  if (auto trouble = out.run(connected, until, start, [&](MYSQL** result, int ready) {
        return mysql_real_connect_cont(result, made, ready);
      }))
    return failure(std::move(*trouble));
  if (connected != nullptr) {
    // To libmariadb it is a wish, but where the certificate is looked at.
    if ((verify || settings.tls_mode == "require") && mysql_get_ssl_cipher(made) == nullptr)
      return failure(Trouble{{FailReason::unreachable, "cannot connect to " + server.text +
                                                           ": it speaks no TLS, which tls.mode demands"},
                             {}});
    return out;
  }
  Trouble trouble = out.refused();
  trouble.error.sentence = "cannot connect to " + server.text + ": " + sql::words_of(mysql_error(made));
  trouble.code.clear();
  return failure(std::move(trouble));
}

Result<Answer, Trouble> Session::ask(const std::string& sql, const GiveUp& give_up) {
  MYSQL* const to = connection_.get();
  const Until until{Clock::now() + timeout_, give_up};
  int failed = 0;
  if (auto trouble = run(
          failed, until,
          [&](int* result) { return mysql_real_query_start(result, to, sql.data(), sql.size()); },
          [&](int* result, int ready) { return mysql_real_query_cont(result, to, ready); }))
    return failure(std::move(*trouble));
  if (failed != 0) return failure(refused());
  // Row by row, as the library would store as many as the server sends.
  const std::unique_ptr<MYSQL_RES, void (*)(MYSQL_RES*)> result(mysql_use_result(to), &let_go);
  if (!result && mysql_errno(to) != 0) return failure(refused());
  Answer out;
  if (!result)
    out.written = mysql_affected_rows(to);
  else if (auto trouble = read_rows(*result, until, out))
    return failure(std::move(*trouble));
  return out;
}

std::optional<Trouble> Session::read_rows(MYSQL_RES& result, const Until& until, Answer& out) {
  std::size_t bytes = 0;
  for (;;) {
    MYSQL_ROW row = nullptr;
    if (auto trouble = run(
            row, until, [&](MYSQL_ROW* next) { return mysql_fetch_row_start(next, &result); },
            [&](MYSQL_ROW* next, int ready) { return mysql_fetch_row_cont(next, &result, ready); }))
      return trouble;
    if (row == nullptr) break;
    const unsigned columns = mysql_num_fields(&result);
    const unsigned long* const lengths = mysql_fetch_lengths(&result);
    bytes += columns * sizeof(std::string) + std::accumulate(lengths, lengths + columns, std::size_t{0});
    if (out.rows.size() >= kMostRows || bytes > kMostBytes)
      return cut_off(FailReason::unreachable, server_ + " sends more than it was asked for");
    std::vector<std::string>& values = out.rows.emplace_back();
    values.reserve(std::max<std::size_t>(columns, kMostAsked));
    for (unsigned i = 0; i < columns; ++i)
      values.emplace_back(row[i] == nullptr ? std::string() : std::string(row[i], lengths[i]));
    // Whoever asks looks at columns by their number; a server that sends fewer than it was asked for said
    // nothing there.
    if (values.size() < kMostAsked) values.resize(kMostAsked);
  }
  if (mysql_errno(connection_.get()) != 0) return refused();
  return std::nullopt;
}

bool Session::takes_arrays() const {
  unsigned capabilities = 0;  // the upper half
  mariadb_get_infov(connection_.get(), MARIADB_CONNECTION_EXTENDED_SERVER_CAPABILITIES, &capabilities);
  return (capabilities & static_cast<unsigned>(MARIADB_CLIENT_STMT_BULK_OPERATIONS >> 32)) != 0;
}

Result<Statement, Trouble> Session::prepare(const std::string& sql, const GiveUp& give_up) {
  Statement out(mysql_stmt_init(connection_.get()),
                [](MYSQL_STMT* statement) { mysql_stmt_close(statement); });
  if (!out) throw std::bad_alloc();
  int failed = 0;
  if (auto trouble = run(
          failed, {Clock::now() + timeout_, give_up},
          [&](int* result) { return mysql_stmt_prepare_start(result, out.get(), sql.data(), sql.size()); },
          [&](int* result, int ready) { return mysql_stmt_prepare_cont(result, out.get(), ready); })) {
    abandoned_.push_back(std::move(out));
    return failure(std::move(*trouble));
  }
  if (failed != 0)
    return failure(
        refused(mysql_stmt_errno(out.get()), mysql_stmt_sqlstate(out.get()), mysql_stmt_error(out.get())));
  return out;
}

Result<void, Trouble> Session::execute(Statement& statement, std::vector<MYSQL_BIND>& values, unsigned rows,
                                       const GiveUp& give_up) {
  MYSQL_STMT* const one = statement.get();
  const auto wrong = [&] {
    return failure(refused(mysql_stmt_errno(one), mysql_stmt_sqlstate(one), mysql_stmt_error(one)));
  };
  mysql_stmt_attr_set(one, STMT_ATTR_ARRAY_SIZE, &rows);
  if (mysql_stmt_bind_param(one, values.data()) != 0) return wrong();
  int failed = 0;
  if (auto trouble = run(
          failed, {Clock::now() + timeout_, give_up},
          [&](int* result) { return mysql_stmt_execute_start(result, one); },
          [&](int* result, int ready) { return mysql_stmt_execute_cont(result, one, ready); }))
    return failure(std::move(*trouble));
  if (failed != 0) return wrong();
  return {};
}

}  // namespace sluice::sink::mysql
