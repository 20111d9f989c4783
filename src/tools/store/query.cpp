#include "store/query.hpp"

#include <algorithm>
#include <array>
#include <optional>

#include "store/error_text.hpp"
#include "store/formats.hpp"

namespace sluice::store {
namespace {

constexpr std::size_t kPiece = 1U << 16;
constexpr std::size_t kMaxStatement = 16U << 20;
// How much must follow the head of an INSERT before it is sure that the head was read whole: a name or a
// clause may be cut anywhere.
constexpr std::size_t kSureOfHead = 4096;
// An answer that is no larger goes out as a whole, so that an error on the way still has its status.
constexpr std::size_t kWholeAnswer = 1U << 20;

QueryError of_body(const BodyError& error) {
  const int code = error.status == 415 ? code::kNotImplemented : code::kIncorrectData;
  return {error_text(code, error.sentence), error.status};
}

std::string summary_of(const Counts& counts, std::size_t result_bytes) {
  const auto item = [](std::string_view name, std::uint64_t value) {
    return '"' + std::string(name) + "\":\"" + std::to_string(value) + '"';
  };
  return '{' + item("read_rows", counts.read_rows) + ',' + item("read_bytes", counts.read_bytes) + ',' +
         item("written_rows", counts.written_rows) + ',' + item("written_bytes", counts.written_bytes) + ',' +
         item("total_rows_to_read", 0) + ',' + item("result_rows", counts.result_rows) + ',' +
         item("result_bytes", result_bytes) + ',' +
         item("elapsed_ns", static_cast<std::uint64_t>(counts.seconds * 1e9)) + '}';
}

Headers common_headers(const std::string& query_id, const ServerFacts& facts) {
  return {{"X-ClickHouse-Server-Display-Name", facts.display_name},
          {"X-ClickHouse-Query-Id", query_id},
          {"X-ClickHouse-Timezone", facts.timezone}};
}

void add(Counts& sum, const Counts& more) {
  sum.read_rows += more.read_rows;
  sum.read_bytes += more.read_bytes;
  sum.result_rows += more.result_rows;
  sum.seconds += more.seconds;
}

/// While the engine works on a statement its client may leave, and then nobody wants it any more.
class WhileWanted {
 public:
  WhileWanted(Exchange& exchange, Session& session) : exchange_(exchange) {
    exchange_.when_gone([&session] { session.cancel(); });
  }
  ~WhileWanted() { exchange_.when_gone({}); }
  WhileWanted(const WhileWanted&) = delete;
  WhileWanted& operator=(const WhileWanted&) = delete;

 private:
  Exchange& exchange_;
};

class Run {
 public:
  Run(Exchange& exchange, const QueryRequest& request, const StatementText& text, Lease& lease,
      const ServerFacts& facts, Outside* outside)
      : exchange_(exchange),
        request_(request),
        text_(text),
        lease_(lease),
        session_(lease.session()),
        facts_(facts),
        outside_(outside) {
    const std::string_view said = text.statement.format;
    format_ = text.statement.kind == StatementKind::insert_data || said.empty() ? request.format
                                                                                : std::string(said);
  }

  void run() {
    const Statement& statement = text_.statement;
    if (auto no = forbidden()) return fail(*no);
    if (auto no = reaches_outside()) return fail(*no);
    if (statement.kind == StatementKind::insert_data) return insert();
    if (const auto no = not_one_statement()) return fail(*no);
    if (statement.kind == StatementKind::select && !request_.whole && comes_in_pieces(format_))
      return stream();
    whole();
  }

 private:
  /// What a server forbids its HTTP clients, or what cannot be done here.
  std::optional<EngineError> forbidden() const {
    const Statement& statement = text_.statement;
    if (statement.writes_file) return error_text(code::kIntoOutfileNotAllowed, "INTO OUTFILE is not allowed");
    if (statement.reads_file)
      return error_text(code::kNotImplemented,
                        "FROM INFILE is for clients with files of their own; send the data");
    if (statement.data_for_query)
      return error_text(code::kNotImplemented,
                        "INSERT ... SELECT ... FORMAT with data (the table function input) is "
                        "not known here; insert into a table with the data's columns");
    if (request_.readonly && statement.kind == StatementKind::insert_data) return readonly_error();
    return std::nullopt;
  }

  std::optional<EngineError> reaches_outside() {
    if (outside_ == nullptr) return std::nullopt;
    if (text_.statement.kind != StatementKind::insert_data) return outside_->forbids(text_.text);
    return outside_->forbids(text_.statement.insert_head + " FORMAT Null");
  }

  static EngineError readonly_error() {
    return error_text(code::kReadonly,
                      "Cannot execute query in readonly mode. For queries over HTTP, method GET "
                      "implies readonly. You should use method POST for modifying queries");
  }

  std::optional<EngineError> not_one_statement() {
    if (text_.statement.kind == StatementKind::none)
      return error_text(code::kSyntax, "Syntax error: Empty query");
    const Classification classification = session_.classify(text_.text);
    // A session that is kept is not the engine's readonly, which could not be taken back: what is not known
    // to read only is refused here, and the engine never sees it.
    if (request_.readonly && !request_.session_id.empty() && classification.statements == 0)
      return readonly_error();
    if (classification.statements == 1) {
      if (request_.readonly && !classification.reads_only) return readonly_error();
      return std::nullopt;
    }
    // The engine would run the first of several before it looked at the next. Asked for a stream it takes
    // only one, and says what is wrong and where.
    const auto stream = session_.stream(text_.text, request_.format, request_.parameters);
    if (!stream && code_of(stream.error()) == code::kSyntax) return stream.error();
    if (classification.statements > 1)
      return error_text(code::kSyntax, "Syntax error (Multi-statements are not allowed)");
    return std::nullopt;  // e.g. a word the classifier does not know
  }

  void whole() {
    const auto answer = run_while_wanted();
    if (!answer) return fail(answer.error());
    lease_.ran(text_.text);
    respond(answer->bytes, answer->counts);
  }

  Result<Answer, EngineError> run_while_wanted() {
    const WhileWanted wanted(exchange_, session_);
    return session_.run(text_.text, request_.format, request_.parameters);
  }

  void insert() {
    auto insert = session_.insert(text_.statement.insert_head, text_.statement.format, request_.parameters);
    if (!insert) return fail(insert.error());
    bool taken = (*insert)->append(std::string_view(text_.text).substr(text_.statement.data_begin));
    std::array<char, kPiece> piece{};
    while (taken) {
      const auto got = exchange_.read(piece.data(), piece.size());
      if (!got) return respond_error(exchange_, of_body(got.error()), request_.query_id, facts_);
      if (*got == 0) break;
      taken = (*insert)->append({piece.data(), *got});
    }
    const auto done = (*insert)->finish();
    if (!done) return fail(done.error());
    Counts counts = done->counts;
    respond({}, counts);
  }

  void stream() {
    const WhileWanted wanted(exchange_, session_);
    auto rows = session_.stream(text_.text, request_.format, request_.parameters);
    // WITH ... INSERT INTO ... SELECT begins as a query does.
    if (!rows && rows.error().find("Streaming query is not supported") != std::string::npos) return whole();
    if (!rows) return fail(rows.error());
    std::string first;
    Counts counts;
    while (first.size() < kWholeAnswer) {
      const auto piece = (*rows)->next();
      if (!piece) return fail(piece.error());
      if (piece->bytes.empty()) return respond(first, counts);
      first += piece->bytes;
      add(counts, piece->counts);
    }
    exchange_.begin(200, headers(counts, first.size()), request_.answer_coding);
    if (!exchange_.write(first)) return;
    for (;;) {
      const auto piece = (*rows)->next();
      if (!piece) {
        // Too late for a status: as on a server the text of the error follows the rows, and the answer is cut
        // off.
        return exchange_.cut_off(shown_error(piece.error(), facts_.version));
      }
      if (piece->bytes.empty()) break;
      if (!exchange_.write(piece->bytes)) return;
    }
    exchange_.end();
  }

  Headers headers(const Counts& counts, std::size_t result_bytes) const {
    Headers out = common_headers(request_.query_id, facts_);
    out.emplace_back("Content-Type", content_type(format_));
    out.emplace_back("X-ClickHouse-Format", format_);
    out.emplace_back("X-ClickHouse-Summary", summary_of(counts, result_bytes));
    return out;
  }
  void respond(std::string_view body, const Counts& counts) {
    exchange_.respond(200, headers(counts, body.size()), body, request_.answer_coding);
  }
  void fail(const EngineError& error) { respond_error(exchange_, {error, 0}, request_.query_id, facts_); }

  Exchange& exchange_;
  const QueryRequest& request_;
  const StatementText& text_;
  Lease& lease_;
  Session& session_;
  const ServerFacts& facts_;
  Outside* outside_;
  std::string format_;
};

}  // namespace

Result<void, QueryError> read_statement(Exchange& exchange, const QueryRequest& request, StatementText& out) {
  out.text = request.statement;
  out.statement = analyse(out.text);
  if (out.statement.kind == StatementKind::insert_data || exchange.method() != "POST") return {};
  std::size_t look_at = kPiece;  // grows, so that a long text is not looked at over and over
  for (bool separated = out.text.empty();;) {
    std::array<char, kPiece> piece{};
    const auto got = exchange.read(piece.data(), piece.size());
    if (!got) return failure(of_body(got.error()));
    if (*got > 0 && !std::exchange(separated, true)) out.text += '\n';
    out.text.append(piece.data(), *got);
    if (*got > 0 && out.text.size() < look_at) continue;
    look_at = std::min(out.text.size() * 4, kMaxStatement + 1);
    out.statement = analyse(out.text);
    if (*got == 0) return {};
    const bool head_is_whole = out.statement.kind == StatementKind::insert_data &&
                               out.text.size() >= out.statement.data_begin + kSureOfHead;
    if (head_is_whole) return {};
    if (out.text.size() > kMaxStatement)
      return failure(
          QueryError{error_text(code::kQueryIsTooLarge, "the statement is larger than 16 MiB"), 0});
  }
}

void run_query(Exchange& exchange, const QueryRequest& request, const StatementText& statement, Lease& lease,
               const ServerFacts& facts, Outside* outside) {
  Run(exchange, request, statement, lease, facts, outside).run();
}

void respond_error(Exchange& exchange, const QueryError& error, const std::string& query_id,
                   const ServerFacts& facts) {
  const int code = code_of(error.text);
  const unsigned status = error.status != 0 ? error.status : status_of(code);
  Headers headers = common_headers(query_id, facts);
  headers.emplace_back("Content-Type", "text/plain; charset=UTF-8");
  headers.emplace_back("X-ClickHouse-Exception-Code", std::to_string(code));
  if (status == 401) headers.emplace_back("WWW-Authenticate", "Basic realm=\"ClickHouse server HTTP API\"");
  if (status == 415) headers.emplace_back("Accept-Encoding", known_codings());
  exchange.respond(status, headers, shown_error(error.text, facts.version), Coding::identity);
}

}  // namespace sluice::store
