#include "sink/postgres/session.hpp"

#include <libpq-fe.h>
#include <poll.h>

#include <algorithm>
#include <new>

namespace sluice::sink::postgres {
namespace {

using namespace std::chrono_literals;

constexpr auto kConnect = 5s;
constexpr auto kLook = 50ms;              // how often a waiting session looks whether to give up
constexpr std::size_t kPiece = 64 << 10;  // of data that libpq is handed at once

using sql::words_of;

}  // namespace

/// When whoever waits stops.
struct Session::Until {
  Clock::time_point at;
  const GiveUp& give_up;
};

bool refuses_rows(std::string_view code) { return code.starts_with("22"); }

FailReason reason_of(std::string_view code) {
  if (refuses_rows(code)) return FailReason::refused;
  if (code.starts_with("28") || code == "42501") return FailReason::auth;
  if (code == "53100") return FailReason::no_space;
  if (code == "57014") return FailReason::timed_out;
  // It goes down or comes up, or takes no writes: another may.
  if (code.empty() || code.starts_with("08") || code.starts_with("57P") || code == "25006")
    return FailReason::unreachable;
  return FailReason::other;
}

std::size_t Answer::rows() const { return static_cast<std::size_t>(PQntuples(result_.get())); }
std::string_view Answer::value(std::size_t row, int column) const {
  return PQgetvalue(result_.get(), static_cast<int>(row), column);
}
std::string_view Answer::written() const { return PQcmdTuples(result_.get()); }
std::string_view Answer::tag() const { return PQcmdStatus(result_.get()); }
void Answer::clear(pg_result* result) { PQclear(result); }

Trouble Session::lost(const std::string& doing) const {
  return {{FailReason::unreachable,
           "cannot " + doing + ' ' + server_ + ": " + words_of(PQerrorMessage(connection_.get()))},
          {}};
}

Trouble Session::refused(const pg_result* result) const {
  const char* const state = PQresultErrorField(result, PG_DIAG_SQLSTATE);
  if (state == nullptr) return lost("write to");
  const char* const message = PQresultErrorField(result, PG_DIAG_MESSAGE_PRIMARY);
  std::string text =
      server_ + " does not take the flows: " + words_of(message) + " (" + words_of(state) + ')';
  if (std::string_view(state) == "42P01") text += "; `sluice schema postgres` prints the tables";
  return {{reason_of(state), std::move(text), 0, refuses_rows(state)}, state};
}

/// Nothing when the socket is ready for one of the events, or it is worth a look again.
std::optional<Trouble> Session::wait(short events, const Until& until) {
  for (;;) {
    if (until.give_up.reached()) return Trouble{{FailReason::shutdown, "it is time to end"}, {}};
    if (Clock::now() >= until.at)
      return Trouble{{FailReason::unreachable, server_ + " does not answer in time"}, {}};
    pollfd socket{PQsocket(connection_.get()), events, 0};
    if (::poll(&socket, 1, static_cast<int>(std::chrono::milliseconds(kLook).count())) > 0)
      return std::nullopt;
  }
}

std::optional<Trouble> Session::connect(const Until& until) {
  for (;;) {
    switch (PQconnectPoll(connection_.get())) {
      case PGRES_POLLING_OK:
        PQsetnonblocking(connection_.get(), 1);
        return std::nullopt;
      case PGRES_POLLING_READING:
        if (auto trouble = wait(POLLIN, until)) return trouble;
        break;
      case PGRES_POLLING_WRITING:
        if (auto trouble = wait(POLLOUT, until)) return trouble;
        break;
      default: {
        Trouble trouble = lost("connect to");
        if (PQconnectionNeedsPassword(connection_.get()) || PQconnectionUsedPassword(connection_.get()))
          trouble.error.reason = FailReason::auth;
        return trouble;
      }
    }
  }
}

Result<Session, Trouble> Session::open(const Server& server, const PostgresSettings& settings,
                                       const GiveUp& give_up) {
  std::vector<const char*> keys, values;
  const auto say = [&](const char* key, const std::string& value) {
    if (value.empty()) return;
    keys.push_back(key);
    values.push_back(value.c_str());
  };
  const std::string name = "sluice", encoding = "UTF8", writes = "read-write", no = "disable";
  say("host", server.host);
  say("port", server.port);
  say("dbname", settings.database);
  say("user", settings.user);
  say("password", settings.password);
  say("sslmode", settings.tls_mode);
  say("sslrootcert", settings.ca_file);
  say("gssencmode", no);
  say("client_encoding", encoding);
  say("application_name", name);
  say("target_session_attrs", writes);
  keys.push_back(nullptr);
  values.push_back(nullptr);
  Held connection(PQconnectStartParams(keys.data(), values.data(), 0), &PQfinish);
  if (!connection) throw std::bad_alloc();
  // What a server has to say besides goes to stderr otherwise.
  PQsetNoticeReceiver(connection.get(), [](void*, const PGresult*) {}, nullptr);
  Session out(std::move(connection), server, settings.timeout);
  if (PQstatus(out.connection_.get()) == CONNECTION_BAD) return failure(out.lost("connect to"));
  if (auto trouble = out.connect({Clock::now() + kConnect, give_up})) return failure(std::move(*trouble));
  return out;
}

std::optional<Trouble> Session::flush(const Until& until) {
  for (;;) {
    const int left = PQflush(connection_.get());
    if (left == 0) return std::nullopt;
    if (left < 0) return lost("write to");
    // What the server says meanwhile has to be taken, or it may stop taking what is sent.
    if (auto trouble = wait(POLLIN | POLLOUT, until)) return trouble;
    if (PQconsumeInput(connection_.get()) == 0) return lost("write to");
  }
}

/// The next result, which is the caller's; null: there is no more.
Result<pg_result*, Trouble> Session::next(const Until& until) {
  while (PQisBusy(connection_.get()) != 0) {
    if (auto trouble = wait(POLLIN, until)) return failure(std::move(*trouble));
    if (PQconsumeInput(connection_.get()) == 0) return failure(lost("read from"));
  }
  return PQgetResult(connection_.get());
}

/// The last result of what was asked, or the first that is an error; none is left for whoever asks next.
Result<Answer, Trouble> Session::last(const Until& until) {
  Answer out(nullptr);
  std::optional<Trouble> wrong;
  for (bool any = false;; any = true) {
    const auto result = next(until);
    if (!result) return failure(result.error());
    if (*result == nullptr) {
      if (wrong) return failure(std::move(*wrong));
      if (!any) return failure(lost("read from"));
      return out;
    }
    out = Answer(*result);
    const ExecStatusType status = PQresultStatus(*result);
    if (status == PGRES_COPY_IN) return out;
    if (!wrong && (status == PGRES_FATAL_ERROR || status == PGRES_BAD_RESPONSE)) wrong = refused(*result);
  }
}

Result<Answer, Trouble> Session::ask(const std::string& sql, const GiveUp& give_up,
                                     const std::vector<std::string>& values) {
  std::vector<const char*> texts;
  for (const std::string& value : values) texts.push_back(value.c_str());
  const int sent = values.empty()
                       ? PQsendQuery(connection_.get(), sql.c_str())
                       : PQsendQueryParams(connection_.get(), sql.c_str(), static_cast<int>(texts.size()),
                                           nullptr, texts.data(), nullptr, nullptr, 0);
  if (sent == 0) return failure(lost("write to"));
  const Until until{Clock::now() + timeout_, give_up};
  if (auto trouble = flush(until)) return failure(std::move(*trouble));
  return last(until);
}

Result<Answer, Trouble> Session::copy(const std::string& sql, std::string_view data, const GiveUp& give_up) {
  if (auto begun = ask(sql, give_up); !begun) return begun;
  const Until until{Clock::now() + timeout_, give_up};
  for (std::string_view rest = data; !rest.empty();) {
    const std::string_view piece = rest.substr(0, kPiece);
    rest.remove_prefix(piece.size());
    if (PQputCopyData(connection_.get(), piece.data(), static_cast<int>(piece.size())) != 1)
      return failure(lost("write to"));
    if (auto trouble = flush(until)) return failure(std::move(*trouble));
  }
  if (PQputCopyEnd(connection_.get(), nullptr) != 1) return failure(lost("write to"));
  if (auto trouble = flush(until)) return failure(std::move(*trouble));
  return last(until);
}

}  // namespace sluice::sink::postgres
