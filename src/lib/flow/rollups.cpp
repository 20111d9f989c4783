#include "flow/rollups.hpp"

#include <algorithm>
#include <stdexcept>

#include "flow/columns.hpp"
#include "sluice/flow/fields.hpp"

namespace sluice {
namespace {

using std::chrono::seconds;

constexpr RollupStep kMinute{.length = seconds(60),
                             .words = "minute",
                             .of_flows = "toStartOfMinute(time_received)",
                             .of_slots = "toStartOfMinute(time)"};
constexpr RollupStep kFiveMinutes{.length = seconds(300),
                                  .words = "five minutes",
                                  .of_flows = "toStartOfFiveMinutes(toDateTime(time_received, 'UTC'))",
                                  .of_slots = "toStartOfFiveMinutes(time)"};
constexpr RollupStep kHour{.length = seconds(3600),
                           .words = "hour",
                           .of_flows = "toStartOfHour(toDateTime(time_received, 'UTC'))",
                           .of_slots = "toStartOfHour(time)"};

constexpr RollupRetention k1m{"1m", 90};
constexpr RollupRetention k5m{"5m", 400};
constexpr RollupRetention k1h{"1h", 1830};
constexpr RollupRetention kTop{"top", 90};

constexpr std::string_view kWeeks = "toMonday(time)";
constexpr std::string_view kMonths = "toYYYYMM(time)";

constexpr std::string_view kFlowKeys =
    "sampler_address, in_if, out_if, src_as, dst_as, etype, proto, sampling_rate";
constexpr std::string_view kInterfaceKeys = "sampler_address, in_if, out_if, etype, proto, sampling_rate";
constexpr std::string_view kAsKeys = "sampler_address, src_as, dst_as, sampling_rate";
constexpr std::string_view kTraffic = "bytes, packets, flows";

constexpr Rollup kRollups[] = {
    {.name = "flows_1m",
     .source = kRawTable,
     .step = kMinute,
     .keys = kFlowKeys,
     .sums = kTraffic,
     .retention = k1m,
     .partition = kWeeks,
     .weight = 489,
     .comment = "",
     .about = R"(Sums per minute, five minutes and hour, kept for {kept} ({options}).
The three have the same columns. `time` is when the flows were received, in UTC, and bounds the slot at its start.
Rows of one key are merged in the background, some time: always ask with `sum()` and `GROUP BY`. The sampling rate is
part of the key, so that `bytes_corrected` stays exact.)"},
    {.name = "flows_5m",
     .source = "flows_1m",
     .step = kFiveMinutes,
     .keys = kFlowKeys,
     .sums = kTraffic,
     .retention = k5m,
     .partition = kMonths,
     .weight = 333,
     .comment = "",
     .about = ""},
    {.name = "flows_1h",
     .source = "flows_5m",
     .step = kHour,
     .keys = kFlowKeys,
     .sums = kTraffic,
     .retention = k1h,
     .partition = kMonths,
     .weight = 159,
     .comment = "",
     .about = ""},
    {.name = "interfaces_5m",
     .source = "flows_5m",
     .step = kFiveMinutes,
     .keys = kInterfaceKeys,
     .sums = kTraffic,
     .retention = k5m,
     .partition = kMonths,
     .weight = 43,
     .comment = "",
     .about =
         R"(`flows_5m` and `flows_1h` without the ASes, kept as long. Where many ASes talk to each other they have a tenth of the rows
and less, so take them for every question that names no AS.)"},
    {.name = "interfaces_1h",
     .source = "flows_1h",
     .step = kHour,
     .keys = kInterfaceKeys,
     .sums = kTraffic,
     .retention = k1h,
     .partition = kMonths,
     .weight = 6,
     .comment = "",
     .about = ""},
    {.name = "ases_5m",
     .source = "flows_5m",
     .step = kFiveMinutes,
     .keys = kAsKeys,
     .sums = kTraffic,
     .retention = k5m,
     .partition = kMonths,
     .weight = 90,
     .comment = "",
     .about = "The same without interfaces, ethertype and protocol, for questions of ASes alone."},
    {.name = "ases_1h",
     .source = "flows_1h",
     .step = kHour,
     .keys = kAsKeys,
     .sums = kTraffic,
     .retention = k1h,
     .partition = kMonths,
     .weight = 26,
     .comment = "",
     .about = ""},
    {.name = "countries_1h",
     .source = kRawTable,
     .step = kHour,
     .keys = "sampler_address, src_country, dst_country, sampling_rate",
     .sums = kTraffic,
     .retention = k1h,
     .partition = kMonths,
     // Made-up traffic leaves 3. Real traffic knows more countries, and tables that were made before have no
     // history here: what asks for neither is not to prefer it.
     .weight = 7,
     .comment = "",
     .about =
         R"(Sums per hour by the two countries, kept for {kept} ({options}). A row for each exporter where the collector looks up no
countries.)"},
    {.name = "sources_1h",
     .source = kRawTable,
     .step = kHour,
     .keys = "sampler_address, src_addr, proto, sampling_rate",
     .sums = kTraffic,
     .retention = kTop,
     .partition = kWeeks,
     .weight = 228,
     .comment =
         R"(Rollups by what flows_1m leaves out, by the hour, for the question who and what has the most: addresses as sources
and as destinations, and ports. Each is by itself: all of it in one would be nearly as long as flows_raw. Columns
have the names that they have there, so that a statement can take either.)",
     .about =
         R"(Sums per hour by source address, kept for {kept} ({options}), for the question who has the most: the tables
above have no addresses, and to sort out a day of flows takes many seconds. Ask with `sum()` and `GROUP BY` here too. The
tables by the hour have the names of `flows_raw`'s columns, so that one statement can ask either.)"},
    {.name = "sources_all_1h",
     .source = "sources_1h",
     .step = kHour,
     .keys = "src_addr, sampling_rate",
     .sums = kTraffic,
     .retention = kTop,
     .partition = kWeeks,
     .weight = 95,
     .comment = "",
     .about =
         R"(`sources_1h` over all exporters and protocols, with less than half of its rows, kept as long. A flow that passed two
exporters counts twice.)"},
    {.name = "destinations_1h",
     .source = kRawTable,
     .step = kHour,
     .keys = "sampler_address, dst_addr, proto, sampling_rate",
     .sums = kTraffic,
     .retention = kTop,
     .partition = kWeeks,
     .weight = 227,
     .comment = "",
     .about = "The same by destination address."},
    {.name = "destinations_all_1h",
     .source = "destinations_1h",
     .step = kHour,
     .keys = "dst_addr, sampling_rate",
     .sums = kTraffic,
     .retention = kTop,
     .partition = kWeeks,
     .weight = 91,
     .comment = "",
     .about = "`destinations_1h` over all exporters and protocols."},
    {.name = "ports_1h",
     .source = kRawTable,
     .step = kHour,
     .keys = "sampler_address, proto, service_port, sampling_rate",
     .sums = kTraffic,
     .retention = kTop,
     .partition = kWeeks,
     .weight = 107,
     .comment = "",
     .about =
         R"(The same by port. Of the two ports of a flow the lower one counts: a client's is mostly the higher one. 0 is a protocol
without ports, or a fragment.)"},
};

struct Words {
  std::string_view name;
  std::string_view unit;
  std::string_view meaning;
};
/// Of keys, where they are not those of flows_raw's column of that name.
constexpr Words kKeyWords[] = {
    {"sampler_address", "", "Exporter"},
    {"etype", "", "Ethertype of the network layer"},
    {"sampling_rate", "1 in N", "Packets that one sampled packet stands for; 0 unknown"},
};

/// Wide enough for whatever flows are made up: they may say 2^64 - 1 bytes each.
struct Sum {
  std::string_view name;
  std::string_view type;
  std::string_view unit;
  std::string_view meaning;
  std::string_view of_flows;
};
constexpr Sum kSums[] = {
    {"bytes", "UInt128", "bytes", "Bytes as counted, never multiplied by the rate", "sum(toUInt128(bytes))"},
    {"packets", "UInt128", "packets", "Packets as counted, never multiplied by the rate",
     "sum(toUInt128(packets))"},
    {"flows", "UInt64", "flows", "Flows", "count()"},
};

/// Columns that flows_raw works out when asked, and a rollup too where it has what they are made of.
struct Alias {
  std::string_view name;
  std::string_view needs;
  std::string_view meaning;  ///< where it is not the one that flows_raw's has
};
constexpr Alias kAliases[] = {
    {"bytes_corrected", "bytes, sampling_rate", ""},
    {"packets_corrected", "packets, sampling_rate", ""},
    {"sampler_ip", "sampler_address", "Exporter as text"},
};

/// Of flows_raw; there must be one of that name.
const AliasColumn& alias_column(std::string_view name) {
  const auto found = std::ranges::find(alias_columns(), name, &AliasColumn::name);
  if (found == alias_columns().end())
    throw std::logic_error("flows_raw has no column " + std::string(name) + " that a rollup could have");
  return *found;
}

RollupColumn key_column(std::string_view name) {
  RollupColumn out{.name = name,
                   .role = RollupColumn::Role::key,
                   .type = "",
                   .unit = "",
                   .meaning = "",
                   .of_flows = name,
                   .alias = ""};
  if (const FieldInfo* field = find_field(name)) {
    out.unit = field->unit;
    out.meaning = field->meaning;
  } else {
    const AliasColumn& column = alias_column(name);
    out.unit = column.unit;
    out.meaning = column.meaning;
    out.of_flows = column.expression;
  }
  if (const auto* words = std::ranges::find(kKeyWords, name, &Words::name); words != std::end(kKeyWords)) {
    out.unit = words->unit;
    out.meaning = words->meaning;
  }
  return out;
}

RollupColumn sum_column(std::string_view name) {
  const auto* sum = std::ranges::find(kSums, name, &Sum::name);
  if (sum == std::end(kSums)) throw std::logic_error("there is no sum " + std::string(name));
  return {.name = name,
          .role = RollupColumn::Role::sum,
          .type = sum->type,
          .unit = sum->unit,
          .meaning = std::string(sum->meaning),
          .of_flows = sum->of_flows,
          .alias = ""};
}

RollupColumn alias_of(const Alias& alias) {
  const AliasColumn& column = alias_column(alias.name);
  return {.name = alias.name,
          .role = RollupColumn::Role::alias,
          .type = column.type,
          .unit = column.unit,
          .meaning = std::string(alias.meaning.empty() ? column.meaning : alias.meaning),
          .of_flows = "",
          .alias = column.expression};
}

}  // namespace

std::span<const Rollup> rollups() { return kRollups; }

const Rollup* find_rollup(std::string_view name) {
  const auto* found = std::ranges::find(kRollups, name, &Rollup::name);
  return found == std::end(kRollups) ? nullptr : found;
}

std::vector<std::string_view> names_in(std::string_view list) {
  std::vector<std::string_view> out;
  while (!list.empty()) {
    const auto comma = list.find(", ");
    out.push_back(list.substr(0, comma));
    list.remove_prefix(comma == std::string_view::npos ? list.size() : comma + 2);
  }
  return out;
}

std::vector<RollupColumn> rollup_columns(const Rollup& rollup) {
  std::vector<RollupColumn> out;
  out.push_back({.name = "time",
                 .role = RollupColumn::Role::time,
                 .type = "DateTime('UTC')",
                 .unit = "s",
                 .meaning = "Start of the " + std::string(rollup.step.words) +
                            " in which the collector received the flows",
                 .of_flows = rollup.step.of_flows,
                 .alias = ""});
  for (const std::string_view key : names_in(rollup.keys)) out.push_back(key_column(key));
  for (const std::string_view sum : names_in(rollup.sums)) out.push_back(sum_column(sum));
  const auto there = [&](std::string_view name) {
    return std::ranges::find(out, name, &RollupColumn::name) != out.end();
  };
  for (const Alias& alias : kAliases)
    if (std::ranges::all_of(names_in(alias.needs), there)) out.push_back(alias_of(alias));
  return out;
}

bool has_column(const Rollup& rollup, std::string_view column) {
  const auto columns = rollup_columns(rollup);
  return std::ranges::find(columns, column, &RollupColumn::name) != columns.end();
}

bool only_shortens(const Rollup& rollup) {
  const Rollup* source = find_rollup(rollup.source);
  return source && source->step.length == rollup.step.length;
}

std::vector<const Rollup*> made_of(const Rollup& rollup) {
  std::vector<const Rollup*> out;
  for (const Rollup& other : kRollups) {
    const bool behind =
        other.source == rollup.name || std::ranges::find(out, other.source, &Rollup::name) != out.end();
    if (behind) out.push_back(&other);
  }
  return out;
}

}  // namespace sluice
