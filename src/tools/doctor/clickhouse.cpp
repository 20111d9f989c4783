// ClickHouse: is it there, are the tables there and of the right version, does anybody consume, how far
// behind.
#include <cmath>
#include <cstdlib>
#include <map>
#include <sstream>
#include <string>
#include <string_view>
#include <vector>

#include "doctor/checks.hpp"
#include "doctor/examine.hpp"
#include "flow/rollups.hpp"

namespace sluice::doctor {
namespace {

constexpr const char* kApply = "deploy/clickhouse/apply.sh";
/// A block is written at the latest after the flush interval of 7.5 s; a minute is beyond every setting in
/// use.
constexpr double kOldSeconds = 60;
/// Since this version flows_errors tells reasons.
constexpr unsigned kReasonsSince = 5;

std::vector<std::string_view> wanted_tables() {
  std::vector<std::string_view> out{kRawTable, "flows_errors", "flows_consumer", "schema_version"};
  for (const Rollup& rollup : rollups()) out.push_back(rollup.name);
  return out;
}

/// The first row's fields; the TSV escapes that can come here are those of quotes and line ends.
std::vector<std::string> fields(const std::string& tsv) {
  std::vector<std::string> out(1);
  for (std::size_t i = 0; i < tsv.size() && tsv[i] != '\n'; ++i) {
    if (tsv[i] == '\t') {
      out.emplace_back();
    } else if (tsv[i] == '\\' && i + 1 < tsv.size()) {
      ++i;
      out.back() += tsv[i] == 'n' || tsv[i] == 't' ? ' ' : tsv[i];
    } else {
      out.back() += tsv[i];
    }
  }
  return out;
}

double number(const std::vector<std::string>& row, std::size_t at) {
  return at < row.size() ? std::strtod(row[at].c_str(), nullptr) : 0;
}

/// True where "24.3.1" is older than "24.8".
bool older(const std::string& version, const std::string& least) {
  std::istringstream a(version), b(least);
  int have = 0, want = 0;
  while (b >> want) {
    if (!(a >> have) || have != want) return have < want;
    a.ignore();
    b.ignore();
  }
  return false;
}

struct KafkaTable {
  std::string database;  ///< "sluice"; on a cluster that of what a node stores
  std::string name;
  std::string topic, group;
};

/// Topics of the sinks that write flows to Kafka, with the sink's name.
struct Topics {
  std::map<std::string, std::string> rows, columns;
};

std::string listed(const std::map<std::string, std::string>& topics) {
  std::string all;
  for (const auto& [topic, sink] : topics) all += (all.empty() ? "" : ", ") + topic;
  return all;
}

const char* advice(query::Problem::Kind kind) {
  switch (kind) {
    case query::Problem::Kind::unreachable:
      return "; is it up, is --clickhouse right?";
    case query::Problem::Kind::refused:
    case query::Problem::Kind::strange:
      return "; are --user and --password-file right?";
    case query::Problem::Kind::untrusted:  // its text says what to do
      break;
  }
  return ".";
}

class Examination {
 public:
  Examination(const config::Config& config, const Store& store, double now_seconds)
      : config_(config), store_(store), now_(now_seconds) {}

  Findings all() {
    if (!check_server()) return std::move(out_);
    const auto table = find_table("flows");
    if (!table) return std::move(out_);
    const auto native = find_table("flows_native");
    check_version(*table);
    check_names();
    const Topics topics = topics_of_sinks();
    check_formats(*table, native, topics);
    check_native_topic(native, topics);
    // Who has gone over to columns may have no topic of rows at all, or one that is for others.
    const bool by_columns = native && topics.columns.contains(native->topic);
    if (!by_columns || topics.rows.contains(table->topic)) {
      check_topic(*table, topics);
      check_consumers(*table);
      check_lag(*table);
    }
    if (native) {
      check_consumers(*native);
      check_lag(*native);
    }
    check_errors(*table);
    return std::move(out_);
  }

 private:
  void say(const char* check, Status status, std::string sentence) {
    out_.push_back({check, status, std::move(sentence)});
  }

  /// The first row; where ClickHouse refuses, that is a finding.
  std::optional<std::vector<std::string>> row(const char* check, const std::string& sql) {
    const auto answer = store_.ask(sql);
    if (answer) return fields(*answer);
    say(check, Status::fail,
        "ClickHouse refuses a question: " + answer.error().text + "; look at the user's rights.");
    return std::nullopt;
  }

  bool check_server() {
    const auto answer = store_.ask("SELECT version(), toUnixTimestamp64Milli(now64(3)) / 1000");
    if (!answer) {
      const bool away = answer.error().kind == query::Problem::Kind::unreachable;
      if (away && !store_.named)
        say("ClickHouse", Status::warning,
            "No ClickHouse answers at " + store_.where +
                "; where it is elsewhere, --clickhouse or CLICKHOUSE_URL names it.");
      else
        say("ClickHouse", Status::fail, answer.error().text + advice(answer.error().kind));
      return false;
    }
    const auto found = fields(*answer);
    if (older(found[0], oldest_server())) {
      say("ClickHouse", Status::fail,
          "The server is ClickHouse " + found[0] + ", and " + oldest_server() +
              " or newer is needed; upgrade it.");
      return false;
    }
    say("ClickHouse", Status::ok, "ClickHouse " + found[0] + " answers at " + store_.where + ".");
    if (const double off = number(found, 1) - now_; std::abs(off) > 5)
      say("ClickHouse's clock", Status::warning,
          "It differs from this machine's by " + counted(std::abs(off), "second") +
              ", and rows near now will be missed; "
              "synchronise both (NTP).");
    return true;
  }

  /// Where `flows` is missing, that is a finding.
  std::optional<KafkaTable> find_table(const std::string& name) {
    const auto extract = [](const std::string& setting) {
      return "extract(engine_full, '" + setting + " = \\'([^\\']*)\\'')";
    };
    const auto found =
        row("tables", "SELECT database, " + extract("kafka_topic_list") + ", " + extract("kafka_group_name") +
                          " FROM system.tables WHERE database IN ('sluice', 'sluice_shard') AND "
                          "name = '" +
                          name + "' AND engine = 'Kafka'");
    if (!found) return std::nullopt;
    if (found->size() < 3) {
      if (name == "flows_native") return std::nullopt;
      say("tables", Status::fail,
          std::string("The table sluice.flows, which consumes the topic, is not there; run ") + kApply + ".");
      return std::nullopt;
    }
    return KafkaTable{(*found)[0], name, (*found)[1], (*found)[2]};
  }

  void check_version(const KafkaTable& table) {
    const auto tables = wanted_tables();
    std::string names;
    for (const std::string_view name : tables)
      names += (names.empty() ? "'" : ", '") + std::string(name) + "'";
    const auto there = row("tables", "SELECT countIf(name IN (" + names +
                                         ")) FROM system.tables WHERE database = '" + table.database + "'");
    if (!there) return;
    if (number(*there, 0) < static_cast<double>(tables.size()))
      return say(
          "tables", Status::fail,
          "Of the tables of database " + table.database + " some are missing; run " + kApply + " again.");
    const auto found =
        row("schema version", "SELECT max(version) FROM " + table.database + ".schema_version");
    if (!found) return;
    version_ = static_cast<unsigned>(number(*found, 0));
    const std::string text = "The tables are of version " + std::to_string(version_);
    if (version_ < schema_version())
      say("schema version", Status::warning,
          text + ", and this sluice has version " + std::to_string(schema_version()) + "; run its " + kApply +
              ".");
    else if (version_ > schema_version())
      say("schema version", Status::warning,
          text + ", newer than version " + std::to_string(schema_version()) + " of this sluice; upgrade it.");
    else
      say("schema version", Status::ok, text + ", as this sluice's scripts.");
  }

  /// Names of ASes, protocols and ports come from files that somebody may have edited.
  void check_names() {
    const auto found = row("names",
                           "SELECT count(), any(name), any(last_exception) FROM system.dictionaries WHERE "
                           "database = 'sluice' AND last_exception != ''");
    if (!found || found->size() < 3 || number(*found, 0) == 0) return;
    say("names", Status::fail,
        "The dictionary sluice." + (*found)[1] +
            " cannot be read, and panels and queries that name such things fail (" +
            (*found)[2].substr(0, 300) +
            "); mend its file in user_files_path or its user's rights, then SYSTEM RELOAD DICTIONARY "
            "sluice." +
            (*found)[1] + '.');
  }

  Topics topics_of_sinks() const {
    Topics out;
    for (const auto& [name, sink] : config_.sinks)
      if (sink.kafka() && sink.stream == encode::Stream::flows)
        (sink.native ? out.columns : out.rows).emplace(sink.kafka()->topic, name);
    return out;
  }

  /// Records of one format in a topic that is read as the other end in flows_errors, all of them.
  void check_formats(const KafkaTable& table, const std::optional<KafkaTable>& native, const Topics& topics) {
    if (const auto found = topics.columns.find(table.topic); found != topics.columns.end())
      say("format of the topic", Status::fail,
          "The sink " + found->second + " writes format native to topic " + table.topic +
              ", which ClickHouse reads as protobuf, and its flows end in flows_errors; give the sink a "
              "topic "
              "of its own and run " +
              kApply + " with --native-topic.");
    if (!native) return;
    if (const auto found = topics.rows.find(native->topic); found != topics.rows.end())
      say("format of the topic", Status::fail,
          "The sink " + found->second + " does not write format native to topic " + native->topic +
              ", which ClickHouse reads as that, and its flows end in flows_errors; set its format, or give "
              "it "
              "topic " +
              table.topic + ".");
  }

  void check_topic(const KafkaTable& table, const Topics& topics) {
    if (topics.rows.empty() || topics.rows.contains(table.topic)) return;
    say("topic of the tables", Status::fail,
        "ClickHouse consumes topic " + table.topic + " while sluice writes to " + listed(topics.rows) +
            "; run " + kApply + " with --topic, or set kafka.topic.");
  }

  void check_native_topic(const std::optional<KafkaTable>& native, const Topics& topics) {
    if (topics.columns.empty() || (native && topics.columns.contains(native->topic))) return;
    say("topic of the tables", Status::fail,
        "Sluice writes format native to topic " + listed(topics.columns) + ", and ClickHouse reads " +
            (native ? "topic " + native->topic + " as that" : "none as that") + "; run " + kApply +
            " with --native-topic.");
  }

  void check_consumers(const KafkaTable& table) {
    const auto found =
        row("consumers",
            "SELECT count(), sum(length(assignments.partition_id)), "
            // Behind its first sentence an exception has the engine's stack.
            "splitByRegexp(', Stack trace|\\n', argMax(exceptions.text[-1], exceptions.time[-1]))[1], "
            "toUnixTimestamp(now()) - max(toUnixTimestamp(exceptions.time[-1])), "
            "countIf(notEmpty(exceptions.time) AND exceptions.time[-1] >= last_commit_time) FROM "
            "system.kafka_consumers WHERE database = '" +
                table.database + "' AND table = '" + table.name + "'");
    if (!found || found->size() < 5) return;
    const double partitions = number(*found, 1);
    const double age = number(*found, 3);
    const std::string error = (*found)[2].substr(0, 600);
    const std::string last = error.empty() ? "" : " (its last error: " + error + ")";
    if (!error.empty() && age <= kOldSeconds && number(*found, 4) > 0)
      return say("consumers", Status::fail,
                 "The consumer of topic " + table.topic + " has written nothing since an error of " +
                     counted(age, "second") + " ago, and reads the same records again and again: " + error +
                     "; see \"When something is wrong\" in docs/clickhouse.md.");
    if (partitions == 0)
      return say("consumers", Status::fail,
                 "No consumer of group " + table.group + " has a partition of topic " + table.topic + last +
                     "; see \"When something is wrong\" in docs/clickhouse.md.");
    say("consumers", Status::ok,
        counted(number(*found, 0), "consumer") + " of this server " +
            (number(*found, 0) == 1 ? "has " : "have ") + counted(partitions, "partition") + " of topic " +
            table.topic + '.');
  }

  void check_lag(const KafkaTable& table) {
    const auto lag = store_.lag(table.topic, table.group);
    if (!lag) return;
    if (!*lag)
      return say("lag", Status::warning,
                 "How far behind ClickHouse is cannot be told: " + lag->error() + "; look at the broker.");
    const auto newest = row("lag", "SELECT toUnixTimestamp(max(time_received)) FROM " + table.database +
                                       ".flows_raw WHERE time_received > now() - INTERVAL 1 DAY");
    if (!newest) return;
    const double age = now_ - number(*newest, 0);
    const std::string behind = counted(static_cast<double>(**lag), "record");
    if (**lag > 0 && age > kOldSeconds)
      return say("lag", Status::warning,
                 behind + " of topic " + table.topic + " are not consumed yet, and the newest row is " +
                     (number(*newest, 0) == 0 ? std::string("over a day") : counted(age, "second")) +
                     " old; see ClickHouseConsumerLag in docs/operations.md.");
    say("lag", Status::ok, behind + " of topic " + table.topic + " on the way.");
  }

  void check_errors(const KafkaTable& table) {
    const std::string reasons =
        version_ < kReasonsSince ? "count()"
                                 : "countIf(reason = 'unreadable'), countIf(reason = 'time'), sumIf(flows, "
                                   "reason = 'time'), sumIf(flows, reason = 'expired')";
    const auto found =
        row("unreadable records", "SELECT " + reasons + " FROM " + table.database +
                                      ".flows_errors WHERE inserted_at > now() - INTERVAL 1 DAY");
    if (!found) return;
    if (number(*found, 1) > 0)
      say("times of receipt", Status::warning,
          counted(number(*found, 2), "flow") + " in " + counted(number(*found, 1), "record") +
              " of a day were received at a time that cannot be, and have the time of their record; look at "
              "the collectors' clocks and at " +
              table.database + ".flows_errors.");
    if (number(*found, 3) > 0)
      say("old flows", Status::warning,
          counted(number(*found, 3), "flow") +
              " came within a day that are older than flows_raw keeps (--retention-days of " + kApply +
              "); only tables that keep longer have them.");
    if (number(*found, 0) > 0)
      return say("unreadable records", Status::warning,
                 counted(number(*found, 0), "record") + " of the topic could not be read within a day; " +
                     table.database + ".flows_errors has them with the reason.");
    say("unreadable records", Status::ok, "None within a day.");
  }

  const config::Config& config_;
  const Store& store_;
  double now_;
  unsigned version_ = 0;  ///< of the tables
  Findings out_;
};

}  // namespace

Findings check_clickhouse(const config::Config& config, const Store& store, double now_seconds) {
  return Examination(config, store, now_seconds).all();
}

}  // namespace sluice::doctor
