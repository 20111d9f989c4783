#include "store/sessions.hpp"

#include <algorithm>

#include "store/error_text.hpp"
#include "store/sql_text.hpp"

namespace sluice::store {
namespace {

constexpr std::size_t kMostSessions = 256;
constexpr std::size_t kMostSetStatements = 1000;  // of one session
// A client that has its answer may send its next request before the session is back.
constexpr std::chrono::milliseconds kHandOver{500};

Result<void, EngineError> run(Session& session, const std::string& sql) {
  if (sql.empty()) return {};
  if (const auto done = session.run(sql, "Null", {}); !done) return failure(done.error());
  return {};
}

Result<void, EngineError> apply(Session& session, const QueryRequest& request, bool readonly) {
  if (!request.database.empty())
    if (auto used = run(session, "USE " + quoted_name(request.database)); !used) return used;
  return run(session, set_statement(request, readonly));
}

}  // namespace

class Sessions::Fresh : public Lease {
 public:
  explicit Fresh(std::unique_ptr<Session> session) : session_(std::move(session)) {}
  Session& session() override { return *session_; }
  void ran(std::string_view) override {}

 private:
  std::unique_ptr<Session> session_;
};

class Sessions::Kept : public Lease {
 public:
  Kept(Sessions& sessions, Entry& entry, const QueryRequest& request)
      : sessions_(sessions), entry_(entry), request_(request) {}
  ~Kept() override { sessions_.give_back(request_.session_id, request_.session_timeout, restore()); }
  Kept(const Kept&) = delete;
  Kept& operator=(const Kept&) = delete;

  Result<void, EngineError> prepare() {
    if (!request_.database.empty()) {
      const auto current = entry_.session->run("SELECT currentDatabase()", "TabSeparatedRaw", {});
      if (!current) return failure(current.error());
      database_ = current->bytes.substr(0, current->bytes.find('\n'));
    }
    // GET is told apart by the statement here: what is readonly once stays so.
    return apply(*entry_.session, request_, false);
  }
  Session& session() override { return *entry_.session; }
  void ran(std::string_view statement) override {
    if (analyse(statement).kind != StatementKind::set) return;
    if (entry_.set_statements.size() == kMostSetStatements)
      entry_.set_statements.erase(entry_.set_statements.begin());
    entry_.set_statements.emplace_back(statement);
  }

 private:
  /// A request's own settings are not for the next one.
  bool restore() {
    std::string defaults;
    for (const auto& [name, value] : request_.settings)
      defaults += (defaults.empty() ? "SET " : ", ") + name + " = DEFAULT";
    bool right = run(*entry_.session, defaults).has_value();
    if (!defaults.empty())
      for (const auto& statement : entry_.set_statements)
        right = run(*entry_.session, statement).has_value() && right;
    if (!database_.empty())
      right = run(*entry_.session, "USE " + quoted_name(database_)).has_value() && right;
    return right;
  }

  Sessions& sessions_;
  Entry& entry_;
  const QueryRequest& request_;
  std::string database_;
};

Result<std::unique_ptr<Lease>, EngineError> Sessions::lease(const QueryRequest& request) {
  expire();
  if (request.session_id.empty()) {
    auto session = engine_.open();
    if (!session) return failure(session.error());
    if (const auto ready = apply(**session, request, request.readonly); !ready) return failure(ready.error());
    return std::make_unique<Fresh>(std::move(*session));
  }
  const auto entry = take(request);
  if (!entry) return failure(entry.error());
  auto kept = std::make_unique<Kept>(*this, **entry, request);
  if (const auto ready = kept->prepare(); !ready) return failure(ready.error());
  return kept;
}

Result<Sessions::Entry*, EngineError> Sessions::take(const QueryRequest& request) {
  std::unique_lock lock(mutex_);
  auto found = entries_.find(request.session_id);
  given_back_.wait_for(lock, kHandOver, [&] {
    found = entries_.find(request.session_id);
    return found == entries_.end() || !found->second.busy;
  });
  if (found != entries_.end() && !found->second.busy && found->second.until <= Clock::now()) {
    entries_.erase(found);  // it came back while this request waited, and its time was over
    found = entries_.end();
  }
  if (found == entries_.end()) {
    if (request.session_check)
      return failure(error_text(code::kSessionNotFound, "Session " + request.session_id + " not found"));
    if (entries_.size() >= kMostSessions)
      return failure(
          error_text(code::kTooManyQueries, "there are 256 sessions already; session_timeout ends them"));
    auto session = engine_.open();
    if (!session) return failure(session.error());
    found = entries_
                .emplace(request.session_id,
                         Entry{.session = std::move(*session), .set_statements = {}, .until = {}})
                .first;
  }
  if (found->second.busy)
    return failure(error_text(code::kSessionIsLocked,
                              "Session " + request.session_id + " is locked by a concurrent client"));
  found->second.busy = true;
  return &found->second;
}

void Sessions::give_back(const std::string& id, unsigned seconds, bool usable) {
  const std::lock_guard lock(mutex_);
  const auto found = entries_.find(id);
  if (usable) {
    found->second.busy = false;
    found->second.until = Clock::now() + std::chrono::seconds(seconds);
  } else {
    entries_.erase(found);
  }
  given_back_.notify_all();
}

void Sessions::expire() {
  const auto now = Clock::now();
  const std::lock_guard lock(mutex_);
  std::erase_if(entries_, [&](const auto& each) { return !each.second.busy && each.second.until <= now; });
}

}  // namespace sluice::store
