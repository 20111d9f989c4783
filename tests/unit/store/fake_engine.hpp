#pragma once
// An engine that does as it is told and remembers what it was asked, for tests of what stands before it.
#include <atomic>
#include <functional>
#include <map>
#include <mutex>
#include <string>
#include <vector>

#include "store/engine.hpp"
#include "util/guarded.hpp"

namespace sluice::store {

class FakeEngine : public Engine {
 public:
  using Reply = Result<std::string, EngineError>;

  struct Call {
    std::string kind;  // run, stream, insert
    std::string sql;
    std::string format;
    Parameters parameters;
  };

  /// What a statement gives; asked for every one that is no SET or USE. Called on the connections' threads.
  std::function<Reply(const std::string& sql)> reply = [](const std::string&) { return Reply("1\n"); };
  /// Whether the classifier knows a statement; it is one that parses in any case.
  std::function<bool(std::string_view sql)> knows = [](std::string_view) { return true; };
  /// Into how many bytes a streamed answer is cut.
  std::size_t piece = 1U << 16;
  /// How often a session was told to end its statement.
  std::atomic<unsigned> cancelled{0};

  Result<std::unique_ptr<Session>, EngineError> open() override;
  const std::string& version() const override { return version_; }
  const std::string& timezone() const override { return timezone_; }

  std::vector<Call> calls() const {
    return calls_.with([](const auto& calls) { return calls; });
  }
  /// The statements of all calls.
  std::vector<std::string> statements() const {
    std::vector<std::string> out;
    for (const auto& call : calls()) out.push_back(call.sql);
    return out;
  }
  /// What the INSERTs that were finished took.
  std::string inserted() const {
    return inserted_.with([](const auto& data) { return data; });
  }
  unsigned sessions_opened() const {
    return opened_.with([](unsigned n) { return n; });
  }

 private:
  class FakeSession;
  class FakeRows;
  class FakeInsert;
  void note(Call call) {
    calls_.with([&](auto& calls) { calls.push_back(std::move(call)); });
  }

  std::string version_ = "26.7.2.1", timezone_ = "Etc/UTC";
  Guarded<std::vector<Call>> calls_;
  Guarded<std::string> inserted_;
  Guarded<unsigned> opened_;
};

class FakeEngine::FakeRows : public Rows {
 public:
  FakeRows(std::string all, std::size_t piece) : all_(std::move(all)), piece_(piece) {}
  Result<Answer, EngineError> next() override {
    // "...!Code: 1. ..." fails at the mark.
    const std::size_t mark = all_.find('!');
    if (at_ == mark) return failure(all_.substr(mark + 1));
    const std::size_t size = std::min(piece_, std::min(mark, all_.size()) - at_);
    Answer out{
        .owner = nullptr, .bytes = std::string_view(all_).substr(at_, size), .counts = {.result_rows = 1}};
    at_ += size;
    return out;
  }

 private:
  std::string all_;
  std::size_t piece_, at_ = 0;
};

class FakeEngine::FakeInsert : public Insert {
 public:
  FakeInsert(FakeEngine& engine, std::string error) : engine_(engine), error_(std::move(error)) {}
  bool append(std::string_view data) override {
    data_ += data;
    return error_.empty();
  }
  Result<Answer, EngineError> finish() override {
    if (!error_.empty()) return failure(error_);
    engine_.inserted_.with([&](auto& all) { all += data_; });
    return Answer{
        .owner = nullptr, .bytes = {}, .counts = {.written_rows = 2, .written_bytes = data_.size()}};
  }

 private:
  FakeEngine& engine_;
  std::string error_, data_;
};

class FakeEngine::FakeSession : public Session {
 public:
  explicit FakeSession(FakeEngine& engine) : engine_(engine) {}

  /// Statements end with ";"; SELECT and SHOW read only; "syntax" does not parse.
  Classification classify(std::string_view sql) override {
    unsigned statements = broken(sql) || !engine_.knows(sql) ? 0 : 1;
    const std::size_t mark = sql.find(';');
    if (mark != std::string_view::npos && mark + 1 < sql.size()) statements = 2;
    return {.statements = statements, .reads_only = sql.starts_with("SELECT") || sql.starts_with("SHOW")};
  }
  Result<Answer, EngineError> run(std::string_view sql, std::string_view format,
                                  const Parameters& parameters) override {
    engine_.note({"run", std::string(sql), std::string(format), parameters});
    return settled(std::string(sql));
  }
  Result<std::unique_ptr<Rows>, EngineError> stream(std::string_view sql, std::string_view format,
                                                    const Parameters& parameters) override {
    if (broken(sql) || classify(sql).statements > 1)
      return failure(EngineError("Code: 62. DB::Exception: Syntax error. (SYNTAX_ERROR)"));
    engine_.note({"stream", std::string(sql), std::string(format), parameters});
    auto told = engine_.reply(std::string(sql));
    if (!told) return failure(told.error());
    return std::make_unique<FakeRows>(*told, engine_.piece);
  }
  void cancel() override { ++engine_.cancelled; }
  Result<std::unique_ptr<Insert>, EngineError> insert(std::string_view head, std::string_view format,
                                                      const Parameters& parameters) override {
    engine_.note({"insert", std::string(head), std::string(format), parameters});
    const auto told = engine_.reply(std::string(head));
    if (!told) return failure(told.error());
    return std::make_unique<FakeInsert>(engine_, told->starts_with("Code:") ? *told : "");
  }

 private:
  static bool broken(std::string_view sql) { return sql.find("syntax") != std::string_view::npos; }
  Result<Answer, EngineError> settled(const std::string& sql) {
    const bool quiet = sql.starts_with("SET ") || sql.starts_with("USE ");
    const auto told = engine_.reply(sql);
    if (!told) return failure(told.error());
    const auto text = std::make_shared<std::string>(quiet ? "" : *told);
    return Answer{.owner = text, .bytes = *text, .counts = {.read_rows = 3, .result_rows = 1}};
  }

  FakeEngine& engine_;
};

inline Result<std::unique_ptr<Session>, EngineError> FakeEngine::open() {
  opened_.with([](unsigned& n) { ++n; });
  return std::make_unique<FakeSession>(*this);
}

}  // namespace sluice::store
