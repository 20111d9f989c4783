#include "store/chdb_engine.hpp"

#include <algorithm>
#include <atomic>
#include <span>

#include "store/chdb_library.hpp"

namespace sluice::store {
namespace {

/// The parameters as the C interface takes them. Borrows from `parameters`.
class ParameterArrays {
 public:
  explicit ParameterArrays(const Parameters& parameters) {
    for (const auto& [name, value] : parameters) {
      names_.push_back(name.data());
      name_sizes_.push_back(name.size());
      values_.push_back(value.data());
      value_sizes_.push_back(value.size());
    }
  }
  const char* const* names() const { return names_.data(); }
  const std::size_t* name_sizes() const { return name_sizes_.data(); }
  const char* const* values() const { return values_.data(); }
  const std::size_t* value_sizes() const { return value_sizes_.data(); }
  std::size_t size() const { return names_.size(); }

 private:
  std::vector<const char*> names_, values_;
  std::vector<std::size_t> name_sizes_, value_sizes_;
};

/// What the engine quotes of a statement, without the mark that we put at its end.
std::string without(std::string_view mark, std::string error) {
  const std::size_t at = mark.empty() ? std::string::npos : error.find(mark);
  return at == std::string::npos ? error : error.erase(at, mark.size());
}

Result<Answer, EngineError> answer_of(const ChdbLibrary& chdb, ChdbResult* result,
                                      std::string_view mark = {}) {
  if (result == nullptr) return failure(EngineError("Code: 1001. DB::Exception: the engine gave no answer"));
  const std::shared_ptr<ChdbResult> owner(result, chdb.destroy_query_result);
  if (const char* const error = chdb.result_error(result); error != nullptr)
    return failure(EngineError(without(mark, error)));
  const std::size_t size = chdb.result_length(result);
  return Answer{.owner = owner,
                .bytes = size == 0 ? std::string_view() : std::string_view(chdb.result_buffer(result), size),
                .counts = {.read_rows = chdb.result_storage_rows_read(result),
                           .read_bytes = chdb.result_storage_bytes_read(result),
                           .written_rows = chdb.result_rows_written(result),
                           .written_bytes = chdb.result_bytes_written(result),
                           .result_rows = chdb.result_rows_read(result),
                           .seconds = chdb.result_elapsed(result)}};
}

class ChdbRows : public Rows {
 public:
  ChdbRows(const ChdbLibrary& chdb, ChdbConnection* connection, ChdbResult* stream)
      : chdb_(chdb), connection_(connection), stream_(stream) {}
  ~ChdbRows() override {
    if (!ended_) chdb_.stream_cancel_query(connection_, stream_);
    chdb_.destroy_query_result(stream_);
  }
  ChdbRows(const ChdbRows&) = delete;
  ChdbRows& operator=(const ChdbRows&) = delete;

  Result<Answer, EngineError> next() override {
    auto answer = answer_of(chdb_, chdb_.stream_fetch_result(connection_, stream_));
    ended_ = !answer || answer->bytes.empty();
    return answer;
  }

 private:
  const ChdbLibrary& chdb_;
  ChdbConnection* connection_;
  ChdbResult* stream_;
  bool ended_ = false;
};

class ChdbInsert : public Insert {
 public:
  ChdbInsert(const ChdbLibrary& chdb, ChdbInsertStream* stream) : chdb_(chdb), stream_(stream) {}
  ~ChdbInsert() override { chdb_.destroy_insert_stream(stream_); }
  ChdbInsert(const ChdbInsert&) = delete;
  ChdbInsert& operator=(const ChdbInsert&) = delete;

  bool append(std::string_view data) override {
    return data.empty() || chdb_.stream_append(stream_, data.data(), data.size()) == 0;
  }
  Result<Answer, EngineError> finish() override { return answer_of(chdb_, chdb_.stream_done(stream_)); }

 private:
  const ChdbLibrary& chdb_;
  ChdbInsertStream* stream_;
};

ChdbConnection** connect(const ChdbLibrary& chdb, std::vector<std::string> arguments) {
  std::vector<char*> pointers;
  std::ranges::transform(arguments, std::back_inserter(pointers),
                         [](std::string& text) { return text.data(); });
  return chdb.connect(static_cast<int>(pointers.size()), pointers.data());
}

/// Statements get a comment at their end, which tells those of one session from all others where they are to
/// be found again: the engine gives them ids of its own.
class ChdbSession : public Session {
 public:
  ChdbSession(const ChdbLibrary& chdb, std::string path, ChdbConnection** connection)
      : chdb_(chdb), path_(std::move(path)), connection_(connection) {
    static std::atomic<std::uint64_t> sessions{0};
    mark_ = "\n/*sluice " + std::to_string(++sessions) + "*/";
  }
  ~ChdbSession() override { chdb_.close_conn(connection_); }
  ChdbSession(const ChdbSession&) = delete;
  ChdbSession& operator=(const ChdbSession&) = delete;

  Classification classify(std::string_view sql) override {
    constexpr std::uint32_t kReadOnly = 0;
    ChdbAnalysis analysis{
        .struct_size = sizeof(ChdbAnalysis), .statement_count = 0, .flags = 0, .query_class = 4};
    if (chdb_.classify_query_n(*connection_, sql.data(), sql.size(), nullptr, 0, &analysis) != 0) return {};
    return {.statements = analysis.statement_count,
            .reads_only = analysis.statement_count > 0 && analysis.query_class == kReadOnly};
  }

  Result<Answer, EngineError> run(std::string_view sql, std::string_view format,
                                  const Parameters& parameters) override {
    const ParameterArrays arrays(parameters);
    const std::string text = marked(sql);
    return answer_of(chdb_,
                     chdb_.query_with_params_n(*connection_, text.data(), text.size(), format.data(),
                                               format.size(), arrays.names(), arrays.name_sizes(),
                                               arrays.values(), arrays.value_sizes(), arrays.size()),
                     mark_);
  }

  Result<std::unique_ptr<Rows>, EngineError> stream(std::string_view sql, std::string_view format,
                                                    const Parameters& parameters) override {
    const ParameterArrays arrays(parameters);
    const std::string text = marked(sql);
    ChdbResult* const stream = chdb_.stream_query_with_params_n(
        *connection_, text.data(), text.size(), format.data(), format.size(), arrays.names(),
        arrays.name_sizes(), arrays.values(), arrays.value_sizes(), arrays.size());
    if (stream == nullptr || chdb_.result_error(stream) != nullptr)
      return failure(answer_of(chdb_, stream, mark_).error());
    return std::make_unique<ChdbRows>(chdb_, *connection_, stream);
  }

  void cancel() override {
    ChdbConnection** const other = connect(chdb_, {"clickhouse", path_});
    if (other == nullptr) return;
    ChdbSession(chdb_, path_, other)
        .run("KILL QUERY WHERE endsWith(query, '" + mark_.substr(1) + "') ASYNC", "Null", {});
  }

  Result<std::unique_ptr<Insert>, EngineError> insert(std::string_view head, std::string_view format,
                                                      const Parameters& parameters) override {
    const ParameterArrays arrays(parameters);
    ChdbInsertStream* const stream = chdb_.stream_insert_with_params_n(
        *connection_, head.data(), head.size(), format.data(), format.size(), arrays.names(),
        arrays.name_sizes(), arrays.values(), arrays.value_sizes(), arrays.size());
    auto insert = std::make_unique<ChdbInsert>(chdb_, stream);
    if (const char* const error = chdb_.stream_insert_error(stream); error != nullptr)
      return failure(EngineError(error));
    return insert;
  }

 private:
  std::string marked(std::string_view sql) const { return std::string(sql) + mark_; }

  const ChdbLibrary& chdb_;
  const std::string path_;
  ChdbConnection** connection_;
  std::string mark_;
};

class ChdbEngine : public Engine {
 public:
  ChdbEngine(const ChdbLibrary& chdb, std::string path, ChdbConnection** first)
      : chdb_(chdb), path_(std::move(path)), first_(chdb, path_, first) {
    version_ = text_of("SELECT version()");
    timezone_ = text_of("SELECT timezone()");
  }

  Result<std::unique_ptr<Session>, EngineError> open() override {
    ChdbConnection** const connection = connect(chdb_, {"clickhouse", path_});
    if (connection == nullptr)
      return failure(
          EngineError("Code: 210. DB::Exception: the engine opens no further connection. (NETWORK_ERROR)"));
    return std::make_unique<ChdbSession>(chdb_, path_, connection);
  }
  const std::string& version() const override { return version_; }
  const std::string& timezone() const override { return timezone_; }

 private:
  std::string text_of(std::string_view sql) {
    const auto answer = first_.run(sql, "TabSeparatedRaw", {});
    if (!answer || answer->bytes.empty()) return "unknown";
    return std::string(answer->bytes.substr(0, answer->bytes.size() - 1));
  }

  const ChdbLibrary& chdb_;
  const std::string path_;
  ChdbSession first_;  // as long as one is open the engine runs
  std::string version_, timezone_;
};

}  // namespace

Result<std::unique_ptr<Engine>, std::string> open_chdb(const ChdbOptions& options) {
  const auto chdb = load_chdb(options.library);
  if (!chdb) return failure(chdb.error());
  (*chdb)->set_signal_handlers_enabled(0);
  const std::string path = "--path=" + options.data.string();
  std::vector<std::string> arguments{"clickhouse", path};
  for (const auto& setting : options.settings) arguments.push_back("--" + setting);
  ChdbConnection** const first = connect(**chdb, std::move(arguments));
  if (first == nullptr) return failure("the ClickHouse engine cannot open " + options.data.string());
  return std::make_unique<ChdbEngine>(**chdb, path, first);
}

}  // namespace sluice::store
