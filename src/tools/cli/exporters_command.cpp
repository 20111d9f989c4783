#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <ctime>
#include <nlohmann/json.hpp>

#include "cli/cli.hpp"
#include "cli/commands.hpp"
#include "cli/credentials.hpp"
#include "cli/options.hpp"
#include "cli/output.hpp"
#include "cli/servers.hpp"
#include "query/client.hpp"
#include "query/table.hpp"
#include "sink/counts.hpp"
#include "sluice/decode/counts.hpp"

namespace sluice::cli {
namespace {

using nlohmann::json;

constexpr const char* kPath = "/api/v1/exporters";

struct Options {
  std::string url;
  std::string token_file, ca_file;
  bool json = false;
  bool verbose = false;
};

/// As a field of the TSV that query::parse_table() reads, which makes it fit for a terminal: names come from
/// exporters.
std::string field(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (c == '\\')
      out += "\\\\";
    else if (c == '\t' || c == '\n')
      out += ' ';
    else
      out += c;
  }
  return out;
}

std::uint64_t number(const json& object, std::string_view name) {
  const auto found = object.find(name);
  return found != object.end() && found->is_number_unsigned() ? found->get<std::uint64_t>() : 0;
}

std::string text(const json& object, const char* name) {
  const auto found = object.find(name);
  return found != object.end() && found->is_string() ? field(found->get<std::string>()) : std::string();
}

/// "~" before what is estimated from neighbouring datagrams.
std::string lost(const json& part, const char* name) {
  const bool estimated = part.value("lost_is_estimated", false) && number(part, name) != 0;
  return (estimated ? "~" : "") + std::to_string(number(part, name));
}

std::string clock(const json& ledger) {
  const auto found = ledger.find("clock_difference_seconds");
  if (found == ledger.end() || !found->is_number()) return "";
  char out[32];
  std::snprintf(out, sizeof out, "%+.1f s", found->get<double>());
  return out;
}

/// How long ago, in the largest whole unit.
std::string age(const json& exporter) {
  const auto found = exporter.find("last_seen_seconds");
  if (found == exporter.end() || !found->is_number()) return "";
  const auto seconds = static_cast<std::uint64_t>(
      std::max(0.0, static_cast<double>(std::time(nullptr)) - found->get<double>()));
  if (seconds < 120) return std::to_string(seconds) + " s ago";
  if (seconds < 7200) return std::to_string(seconds / 60) + " min ago";
  return std::to_string(seconds / 3600) + " h ago";
}

/// Errors in what was received; data without its template is apart, since it may be decoded yet.
std::uint64_t not_decoded(const json& errors) {
  std::uint64_t sum = 0;
  for (const auto& [reason, n] : errors.items())
    if (reason != "missing_template" && n.is_number_unsigned()) sum += n.get<std::uint64_t>();
  return sum;
}

json part(const json& object, const char* name) {
  const auto found = object.find(name);
  return found != object.end() && found->is_object() ? *found : json::object();
}

/// A column of the console's table.
struct Column {
  std::string_view head;
  std::string (*cell)(const json& row);
};

std::string count(const json& exporter, decode::DecodeCount which) {
  return std::to_string(number(exporter, row_of(decode::kDecodeCounts, which).key));
}

std::uint64_t held(const json& exporter, decode::HeldCount which) {
  return number(part(exporter, "held"), row_of(decode::kHeldCounts, which).key);
}

json ledger(const json& exporter, const char* section) { return part(part(exporter, "ledger"), section); }

using Count = decode::DecodeCount;
using Held = decode::HeldCount;

/// The first three are texts.
constexpr Column kExporterColumns[] = {
    {"exporter", [](const json& e) { return text(e, "address"); }},
    {"name", [](const json& e) { return text(e, "name"); }},
    {"protocol", [](const json& e) { return text(e, "protocol"); }},
    {"datagrams", [](const json& e) { return count(e, Count::datagrams); }},
    {"records", [](const json& e) { return count(e, Count::flow_records); }},
    {"flows", [](const json& e) { return count(e, Count::flows); }},
    {"lost on the way", [](const json& e) { return lost(ledger(e, "datagrams"), "lost_on_network"); }},
    {"lost in kernel",
     [](const json& e) { return std::to_string(number(ledger(e, "datagrams"), "lost_in_kernel")); }},
    {"lost records", [](const json& e) { return lost(ledger(e, "records"), "lost"); }},
    {"not decoded", [](const json& e) { return std::to_string(not_decoded(part(e, "errors"))); }},
    {"waiting", [](const json& e) { return std::to_string(held(e, Held::datagrams)); }},
    {"waited in vain",
     [](const json& e) {
       return std::to_string(held(e, Held::expired_datagrams) + held(e, Held::refused_datagrams));
     }},
    {"sampling", [](const json& e) { return std::to_string(number(e, "sampling_rate")); }},
    {"clock", [](const json& e) { return clock(part(e, "ledger")); }},
    {"last seen", [](const json& e) { return age(e); }},
};

std::string exporter_head() {
  std::string names, types;
  for (const Column& column : kExporterColumns) {
    names += (names.empty() ? "" : "\t") + std::string(column.head);
    types += types.empty() ? "String" : &column < kExporterColumns + 3 ? "\tString" : "\tUInt64";
  }
  return names + '\n' + types + '\n';
}

std::string exporter_line(const json& exporter) {
  std::string out;
  for (const Column& column : kExporterColumns)
    out += (&column == kExporterColumns ? "" : "\t") + column.cell(exporter);
  return out + '\n';
}

std::string sink_head() {
  std::string names = "exporter\tsink", types = "String\tString";
  for (const sink::BookColumn& column : sink::kBookColumns) {
    std::string name = column.name;
    std::ranges::replace(name, '_', ' ');
    names += '\t' + name;
    types += "\tUInt64";
  }
  return names + '\n' + types + '\n';
}

std::string sink_line(const json& row) {
  std::string out = text(row, "exporter") + '\t' + text(row, "sink");
  for (const sink::BookColumn& column : sink::kBookColumns)
    out += '\t' + std::to_string(number(row, column.name));
  return out + '\n';
}

/// A table of an answer's list; nothing where the answer has no such list.
Result<std::string, std::string> table_of(const json& answer, const char* list, std::string tsv,
                                          std::string (*line)(const json&)) {
  const auto found = answer.find(list);
  if (found == answer.end() || !found->is_array()) return failure(std::string("no list of ") + list);
  for (const json& row : *found)
    if (row.is_object()) tsv += line(row);
  const auto table = query::parse_table(tsv);
  if (!table) return failure(table.error());
  winsize size{};
  const std::size_t width = ::ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 ? size.ws_col : 0;
  return table->rows.empty() ? std::string("none\n") : query::render(*table, width);
}

int show(const Options& options, const Server& server, const std::string& body) {
  const json answer = json::parse(body, nullptr, false);
  if (!answer.is_object())
    return failed("exporters", "what answers at " + server.text + " is no sluice: its answer is no JSON");
  auto out = table_of(answer, "exporters", exporter_head(), exporter_line);
  if (!out)
    return failed("exporters",
                  "what answers at " + server.text + " is no sluice: its answer has " + out.error());
  std::string shown = *out;
  if (options.verbose) {
    const auto sinks = table_of(answer, "sinks", sink_head(), sink_line);
    if (sinks) shown += '\n' + *sinks;
  }
  return print("exporters", shown);
}

int run_exporters(const Options& options) {
  const auto server = server_of("--url", options.url, kApi);
  if (!server) return mistake("exporters", server.error());
  const auto token = options.token_file.empty() ? Result<std::string, std::string>(std::string())
                                                : content_of("--token-file", options.token_file);
  if (!token) return mistake("exporters", token.error());
  const auto trust = trust_of(options.ca_file);
  if (!trust) return mistake("exporters", trust.error());
  const auto body = query::get(server->url, kPath, *token, *trust);
  if (!body) {
    const char* advice = body.error().code == 401 ? "; --token-file names the file with api.token"
                         : body.error().kind == query::Problem::Kind::unreachable
                             ? "; is sluice running, and is this its api.listen?"
                             : "";
    return failed("exporters", body.error().text + advice);
  }
  return options.json ? print("exporters", *body) : show(options, *server, *body);
}

}  // namespace

void add_exporters(Command app) {
  const Command command = app.add_subcommand("exporters", "What became of all that each exporter sent");
  command.footer(
      "Asks a running sluice. Numbers with ~ are estimated from neighbouring datagrams; what the columns "
      "mean "
      "is in\n"
      "docs/metrics.md, \"The loss ledger\".\n"
      "\n"
      "Examples:\n"
      "  sluice exporters\n"
      "  sluice exporters -v                          and what each sink did with their flows\n"
      "  sluice exporters --url http://192.0.2.1:8081 --token-file /etc/sluice/api-token --json\n");
  auto options = std::make_shared<Options>();
  add_server_option(command, "--url", options->url, "Its API", kApi);
  command.add_option("--token-file", options->token_file, "File with api.token, where one is set")
      .type_name("FILE");
  command.add_option("--ca-file", options->ca_file, kCaFileHelp).type_name("FILE");
  command.add_flag("--json", options->json, "Print the answer as it is");
  command.add_flag("-v,--verbose", options->verbose, "A second table: the flows by sink");
  command.action([options] { return run_exporters(*options); });
}

}  // namespace sluice::cli
