#include <sys/ioctl.h>
#include <unistd.h>

#include <optional>

#include "cli/cli.hpp"
#include "cli/commands.hpp"
#include "cli/credentials.hpp"
#include "cli/options.hpp"
#include "cli/output.hpp"
#include "cli/query_tables.hpp"
#include "cli/servers.hpp"
#include "filter/parser.hpp"
#include "filter/sql.hpp"
#include "query/client.hpp"
#include "query/parameters.hpp"
#include "query/questions.hpp"
#include "query/table.hpp"

namespace sluice::cli {
namespace {

// What is read for a table: it needs the whole answer to know its widths, and nobody reads more on a screen.
constexpr std::size_t kTableBytes = 8U << 20U;
constexpr std::size_t kTextWidth = 100;
/// Stands for the filter in a statement.
constexpr std::string_view kFilterPlace = "{filter}";
/// What is asked where only a filter is given: the greatest flows.
constexpr std::string_view kFlowList =
    "SELECT toStartOfSecond(time_received) AS received, sampler_ip AS exporter, proto, src_ip, src_port, "
    "dst_ip, "
    "dst_port, tcp_flags_text AS flags, in_if, out_if, packets_corrected AS packets, bytes_corrected AS "
    "bytes "
    "FROM flows_raw WHERE time_received >= {from:DateTime} AND time_received < {to:DateTime} AND {filter} "
    "ORDER BY bytes DESC LIMIT {limit:UInt32}";
constexpr std::string_view kTableFormat = "TabSeparatedWithNamesAndTypes";

struct Options {
  std::string url, user, password_file, ca_file;
  std::string database = "sluice";
  std::string format = "pretty";
  std::string sql;
  std::string filter;
  unsigned question = 0;
  std::vector<std::string> parameters;
  bool list = false;
  bool tables = false;
  std::string columns;
};

using Values = std::map<std::string, std::string>;
template <class T>
using Or = Result<T, std::string>;

std::string format_name(const std::string& option) {
  if (option == "json") return "JSONEachRow";
  if (option == "csv") return "CSVWithNames";
  if (option == "tsv") return "TabSeparatedWithNames";
  return std::string(kTableFormat);
}

/// "name=value" of each --param.
Or<Values> given_values(const std::vector<std::string>& parameters) {
  Values out;
  for (const std::string& text : parameters) {
    const auto equals = text.find('=');
    if (equals == std::string::npos || equals == 0)
      return failure("--param: \"" + text + "\" is not NAME=VALUE");
    if (!out.emplace(text.substr(0, equals), text.substr(equals + 1)).second)
      return failure("--param: " + text.substr(0, equals) + " was given more than once");
  }
  return out;
}

std::string list_of(const query::Question& question) {
  std::string out;
  for (const auto& parameter : question.parameters)
    out += (out.empty() ? "" : ", ") + parameter.placeholder.name + '=' + parameter.fallback;
  return out.empty() ? "none" : out;
}

/// Parameters with their defaults where none are given; a name that the question does not have is an error.
Or<Values> values_of(const query::Question& question, Values given) {
  Values out;
  for (const auto& parameter : question.parameters) {
    const auto found = given.extract(parameter.placeholder.name);
    out.emplace(parameter.placeholder.name, found ? found.mapped() : parameter.fallback);
  }
  if (given.empty()) return out;
  return failure("--param: question " + std::to_string(question.number) + " has no " + given.begin()->first +
                 "; it has " + list_of(question));
}

std::size_t terminal_width() {
  winsize size{};
  if (::ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) != 0) return 0;
  return size.ws_col;
}

/// Writes an answer as it comes, or keeps it for a table.
class Output {
 public:
  bool take(std::string_view format, std::string_view piece) {
    if (format != kTableFormat) return written_ = write_out(piece);
    if (kept_.size() + piece.size() <= kTableBytes) {
      kept_ += piece;
      return true;
    }
    cut_ = true;
    return false;
  }

  int finish(const query::Question* question) const {
    std::string text;
    if (!kept_.empty()) {
      const auto table = query::parse_table(kept_);
      if (!table) return failed("query", table.error());
      text = table_text(*table, question);
    }
    return finish_out("query", written_ && write_out(text));
  }

 private:
  std::string table_text(const query::Table& table, const query::Question* question) const {
    const std::size_t width = terminal_width();
    std::string out;
    if (question) out += std::to_string(question->number) + ". " + question->title + "\n\n";
    out += table.rows.empty() ? "no rows\n" : query::render(table, width);
    if (cut_) out += "and more; --format csv or tsv writes all of them\n";
    if (question)
      out += '\n' + query::wrapped("Read it: " + question->reading, width == 0 ? kTextWidth : width);
    return out;
  }

  std::string kept_;
  bool cut_ = false;
  bool written_ = true;
};

std::string advice(const query::Problem& problem) {
  constexpr int kUnknownTable = 60;
  constexpr int kUnknownDatabase = 81;
  constexpr int kWrongPassword = 516;
  constexpr int kPasswordWanted = 194;
  if (problem.kind == query::Problem::Kind::unreachable)
    return "; `sluice store --path DIR` starts an engine there, --url or CLICKHOUSE_URL names another server";
  if (problem.code == kUnknownTable || problem.code == kUnknownDatabase)
    return "; deploy/clickhouse/apply.sh makes the tables of Sluice";
  if (problem.code == kWrongPassword || problem.code == kPasswordWanted)
    return "; --user and --password-file (or CLICKHOUSE_USER and CLICKHOUSE_PASSWORD) say who asks";
  return "";
}

int report(const query::Problem& problem) {
  std::string text = problem.text;
  while (text.ends_with('.')) text.pop_back();
  return failed("query", text + advice(problem));
}

int list_questions(const std::vector<query::Question>& questions) {
  std::string out;
  for (const auto& question : questions) {
    const std::string number = std::to_string(question.number);
    out += std::string(number.size() < 2 ? " " : "") + number + "  " + question.title + '\n' + "    " +
           list_of(question) + '\n';
  }
  return print("query", out);
}

/// What --filter says, as a condition.
Or<filter::Sql> condition_of(const Options& options) {
  if (options.filter.empty()) return filter::Sql{};
  const auto parsed = filter::parse(options.filter);
  if (!parsed) return failure("--filter: " + filter::describe(options.filter, parsed.error()));
  if (!options.sql.empty() && options.sql.find(kFilterPlace) == std::string::npos)
    return failure("--filter: the statement has no {filter} where it would go, as in WHERE {filter}");
  return filter::to_sql(*parsed);
}

std::string with_condition(std::string sql, const std::string& condition) {
  for (std::size_t at = 0; (at = sql.find(kFilterPlace, at)) != std::string::npos; at += condition.size())
    sql.replace(at, kFilterPlace.size(), condition);
  return sql;
}

/// The statement with its parameters: a question's, the user's own, or the list of flows that match a filter.
struct Statement {
  std::string sql;
  Values parameters;
};
Or<Statement> statement_of(const Options& options, const query::Question* question) {
  const auto given = given_values(options.parameters);
  if (!given) return failure(given.error());
  auto values = question ? values_of(*question, *given) : given;
  if (!values) return failure(values.error());
  const auto condition = condition_of(options);
  if (!condition) return failure(condition.error());
  std::string sql = question ? question->sql : options.sql;
  if (sql.empty()) {
    sql = kFlowList;
    values->insert({{"from", "to-1h"}, {"to", "now"}, {"limit", "20"}});
  }
  if (!options.filter.empty()) sql = with_condition(std::move(sql), condition->condition);
  values->insert(condition->parameters.begin(), condition->parameters.end());
  auto resolved = query::resolve(query::placeholders(sql), *values, std::chrono::system_clock::now());
  if (!resolved) return failure("--param: " + resolved.error());
  return Statement{std::move(sql), std::move(*resolved)};
}

/// `question` is the one that `options.sql` would stand for, or none.
int ask(const Options& options, const query::Question* question) {
  const auto server = server_of("--url", options.url, kClickHouse);
  if (!server) return mistake("query", server.error());
  const auto login = clickhouse_login(options.user, options.password_file);
  if (!login) return mistake("query", login.error());
  const auto trust = trust_of(options.ca_file);
  if (!trust) return mistake("query", trust.error());
  const auto statement = statement_of(options, question);
  if (!statement) return mistake("query", statement.error());

  Output output;
  const query::Request request{.sql = statement->sql,
                               .database = options.database,
                               .format = format_name(options.format),
                               .parameters = statement->parameters};
  const auto take = [&](std::string_view format, std::string_view piece) {
    return output.take(format, piece);
  };
  if (const auto answered = query::ask(server->url, *login, request, take, *trust); !answered)
    return report(answered.error());
  return output.finish(question);
}

int tell_tables(const Options& options) {
  if (options.columns.empty()) return print("query", list_tables(terminal_width()));
  const auto given = given_values(options.parameters);
  return given ? print_choice(options.columns, *given) : mistake("query", given.error());
}

int run_query(const Options& options) {
  if (options.tables) return tell_tables(options);
  if (!options.columns.empty()) return mistake("query", "--columns wants --tables");
  if (!options.list && options.question == 0) {
    if (options.sql.empty() && options.filter.empty())
      return mistake("query", "SQL, --filter, --question, --list or --tables is missing");
    return ask(options, nullptr);
  }
  const auto questions = query::parse_questions(query::document());
  if (!questions) return failed("query", questions.error());
  if (options.list) return list_questions(*questions);
  if (options.question > questions->size())
    return mistake("query", "--question: there are " + std::to_string(questions->size()) + " questions, no " +
                                std::to_string(options.question));
  return ask(options, &(*questions)[options.question - 1]);
}

}  // namespace

void add_query(Command app) {
  const Command command = app.add_subcommand("query", "Ask ClickHouse, or `sluice store`, about the flows");
  command.footer(
      "Questions are those of docs/queries.md. Times among their parameters are UTC: \"2026-11-21 12:00\", "
      "now, now-1h,\n"
      "or a distance from another parameter as in to-24h (s, m, h, d, w). The user and the password are "
      "taken "
      "from\n"
      "CLICKHOUSE_USER and CLICKHOUSE_PASSWORD where they are not given.\n"
      "\n"
      "Examples:\n"
      "  sluice query --list                          the questions and their parameters\n"
      "  sluice query --question 1                    who sends the most, in the last hour\n"
      "  sluice query --question 1 --param from=now-1d --param limit=50\n"
      "  sluice query --filter 'dst port 443 and net 192.0.2.0/24' --param from=now-5m\n"
      "  sluice query --filter 'flags S and not flags AFRPU' 'SELECT count() FROM flows_raw WHERE {filter}'\n"
      "  sluice query 'SELECT count() FROM flows_raw'\n"
      "  sluice query --tables --columns src_as,dst_as --param from=now-30d\n"
      "  sluice query --format csv 'SELECT * FROM flows_1h' > flows.csv\n");
  auto options = std::make_shared<Options>();
  const Option sql =
      command.add_option("SQL", options->sql, "One statement; {name:Type} in it are parameters");
  sql.type_name(" ");
  add_server_option(command, "--url", options->url, "ClickHouse's HTTP interface", kClickHouse);
  command.add_option("--user", options->user, "Who asks; without it the server's default user")
      .type_name("NAME");
  command.add_option("--password-file", options->password_file, "File with the user's password")
      .type_name("FILE");
  command.add_option("--ca-file", options->ca_file, kCaFileHelp).type_name("FILE");
  command.add_option("--database", options->database, "Where tables are that are named without a database")
      .type_name("NAME")
      .default_shown();
  command.add_option("--format", options->format, "Of the answer, unless the statement names one")
      .type_name("pretty|json|csv|tsv")
      .check(one_of({"pretty", "json", "csv", "tsv"}))
      .default_shown();
  const Option question =
      command.add_option("--question", options->question, "Ask question N of docs/queries.md");
  question.type_name("N").check(whole_number(1, 9999)).excludes(sql);
  command
      .add_option("--filter", options->filter,
                  "The greatest flows that this matches (docs/filter.md); in SQL, {filter} stands for it")
      .type_name("FILTER")
      .excludes(question);
  command.add_option("--param", options->parameters, "Value of a parameter; may be given many times")
      .type_name("NAME=VALUE")
      .one_value_each();
  const Option list = command.add_flag("--list", options->list, "List the questions");
  list.excludes(sql).excludes(question);
  command.add_flag("--tables", options->tables, "List the tables, or choose one by --columns")
      .excludes(sql)
      .excludes(question)
      .excludes(list);
  command
      .add_option("--columns", options->columns,
                  "Columns of a question: which table has them, between the parameters from and to, and why")
      .type_name("NAME,...");
  command.action([options] { return run_query(*options); });
}

}  // namespace sluice::cli
