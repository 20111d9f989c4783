#include "web/statements.hpp"

#include <algorithm>
#include <charconv>
#include <cstdio>

#include "filter/sql.hpp"
#include "flow/columns.hpp"
#include "flow/enumerations.hpp"

namespace sluice::web {
namespace {

using std::chrono::sys_seconds;

/// "2026-11-29 10:00:00", UTC.
std::string time_text(sys_seconds time) {
  const auto day = std::chrono::floor<std::chrono::days>(time);
  const std::chrono::year_month_day date(day);
  const std::chrono::hh_mm_ss clock(time - day);
  char text[80];
  std::snprintf(text, sizeof(text), "%04d-%02u-%02u %02d:%02d:%02d", int(date.year()), unsigned(date.month()),
                unsigned(date.day()), static_cast<int>(clock.hours().count()),
                static_cast<int>(clock.minutes().count()), static_cast<int>(clock.seconds().count()));
  return text;
}

std::string address_text(const IpAddress& address) {
  return IpAddress{.bytes = filter::mapped(address), .size = 16}.to_string();
}

std::string_view summed(Unit unit) {
  switch (unit) {
    case Unit::bits:
      return "bytes_corrected";
    case Unit::packets:
      return "packets_corrected";
    case Unit::flows:
      break;
  }
  return "flows";
}

/// A statement in the making.
class Maker {
 public:
  Maker(const Question& question, const Plan& plan, Part part = {})
      : question_(question), plan_(plan), part_(part) {}

  std::string bind(std::string_view type, std::string value) {
    const std::string name = "p" + std::to_string(parameters_.size());
    parameters_.emplace(name, std::move(value));
    return "{" + name + ":" + std::string(type) + "}";
  }
  std::string bind(std::uint64_t value) { return bind("UInt64", std::to_string(value)); }
  std::string bind(sys_seconds time) { return bind("DateTime('UTC')", time_text(time)); }

  std::string time_column() const { return plan_.rollup ? "time" : "time_received"; }
  sys_seconds from() const { return plan_.from - shift(); }
  sys_seconds to() const { return plan_.to - shift(); }

  /// " FROM table WHERE ...", the filter left out where all that was received is meant.
  std::string source(bool filtered = true) {
    std::string out = " FROM " + plan_.table + " WHERE " + time_column() + " >= " + bind(from()) + " AND " +
                      time_column() + " < " + bind(to());
    if (!question_.exporters.empty()) out += " AND sampler_address IN " + bind("Array(IPv6)", exporters());
    if (!filtered || question_.filter.kind == filter::Expression::Kind::any) return out;
    const filter::Sql sql =
        filter::to_sql(part_.reverse ? reverse(question_.filter) : question_.filter, "filter_");
    parameters_.insert(sql.parameters.begin(), sql.parameters.end());
    return out + " AND " + sql.condition;
  }

  /// As a number; its values are bound under names of their own.
  std::string condition(const filter::Expression& part) {
    const filter::Sql sql = filter::to_sql(part, "term" + std::to_string(parameters_.size()) + "_");
    parameters_.insert(sql.parameters.begin(), sql.parameters.end());
    return sql.condition;
  }

  std::string slot() {
    return "intDiv(toUnixTimestamp(" + time_column() + ") - " +
           bind(static_cast<std::uint64_t>(from().time_since_epoch().count())) + ", " +
           bind(static_cast<std::uint64_t>(plan_.step.count())) + ")";
  }

  std::vector<Dimension> dimensions() const {
    std::vector<Dimension> out;
    for (const Dimension& one : question_.by) out.push_back(part_.reverse ? reversed(one) : one);
    return out;
  }

  /// "a AS k0, b AS k1".
  std::string keys() const {
    std::string out;
    for (std::size_t d = 0; d < question_.by.size(); ++d)
      out += (d == 0 ? "" : ", ") + sql_of(dimensions()[d]) + " AS k" + std::to_string(d);
    return out;
  }

  /// Which of the keys a row has: 1, 2 and so on; 0 where none. By a table of values for each dimension, and
  /// one of what these make together: comparing each row with each key takes as much again as the sums, and
  /// more.
  std::string key_number(const std::vector<Key>& keys) {
    if (keys.empty()) return "toUInt64(0)";
    const std::vector<Dimension> all = dimensions();
    std::vector<std::uint64_t> codes(keys.size());
    std::string code;
    for (std::size_t d = 0; d < all.size(); ++d) {
      std::map<std::string, std::uint64_t> numbers;
      std::string values;
      for (const Key& key : keys)
        if (numbers.emplace(bound_text(key[d]), numbers.size() + 1).second)
          values += (values.empty() ? "" : ", ") + bind(type_of(all[d]), bound_text(key[d]));
      const std::uint64_t times = numbers.size() + 1;
      for (std::size_t k = 0; k < keys.size(); ++k)
        codes[k] = codes[k] * times + numbers.at(bound_text(keys[k][d]));
      const std::string number = "transform(" + sql_of(all[d]) + ", [" + values + "], range(toUInt64(1), " +
                                 std::to_string(times) + "), toUInt64(0))";
      code = d == 0 ? number : "(" + code + ") * " + std::to_string(times) + " + " + number;
    }
    if (all.size() == 1) return code;  // the codes are 1, 2 and so on
    std::string known;
    for (const std::uint64_t one : codes)
      known += (known.empty() ? "toUInt64(" : ", toUInt64(") + std::to_string(one) + ")";
    return "transform(" + code + ", [" + known + "], range(toUInt64(1), " + std::to_string(keys.size() + 1) +
           "), toUInt64(0))";
  }

  Statement statement(std::string sql) {
    return {.sql = std::move(sql), .parameters = std::move(parameters_)};
  }

 private:
  std::chrono::seconds shift() const { return part_.before ? question_.before : std::chrono::seconds(0); }
  std::string exporters() const {
    std::string out;
    for (const IpAddress& one : question_.exporters)
      out += (out.empty() ? "['" : ", '") + address_text(one) + "'";
    return out + "]";
  }

  const Question& question_;
  const Plan& plan_;
  const Part part_;
  std::map<std::string, std::string> parameters_;
};

/// "k0, k1".
std::string key_names(std::size_t count) {
  std::string out;
  for (std::size_t i = 0; i < count; ++i) out += (i == 0 ? "k" : ", k") + std::to_string(i);
  return out;
}

constexpr std::string_view kSums =
    "sum(bytes_corrected) AS b, sum(packets_corrected) AS p, sum(flows) AS f, sum(packets) AS sampled, "
    "sumIf(bytes_corrected, sampling_rate = 0) AS unknown";

std::string_view sorted_by(Order order) {
  switch (order) {
    case Order::packets:
    case Order::pps:
      return "p";
    case Order::flows:
      return "f";
    case Order::bpp:
      return "b / greatest(p, 1)";
    default:
      return "b";
  }
}

/// What flows are sorted by; a whole number.
std::string flow_order(Order order) {
  switch (order) {
    case Order::bytes:
      return "bytes_corrected";
    case Order::packets:
      return "packets_corrected";
    case Order::duration:
      return "toUInt64(" + filter::value_sql(*filter::find_quantity("duration")) + ")";
    default:
      return "toUnixTimestamp64Nano(time_received)";
  }
}

std::string column_sql(const filter::Quantity& quantity) {
  using filter::Kind;
  const std::string value = filter::value_sql(quantity);
  const bool enumerated = quantity.field != nullptr && enumeration_of(quantity.field->kind) != nullptr;
  if (quantity.kind == Kind::time) return "toUnixTimestamp64Nano(" + value + ")";
  if (enumerated) return "toString(" + std::string(column_name(*quantity.field)) + ")";
  if (quantity.kind == Kind::numbers || quantity.kind == Kind::addresses)
    return "arrayStringConcat(arrayMap(e -> toString(e), " + value + "), ' ')";
  if (quantity.field != nullptr && quantity.field->optional) return std::string(column_name(*quantity.field));
  return value;
}

}  // namespace

Statement rank_statement(const Question& question, const Plan& plan, std::size_t finished) {
  Maker make(question, plan);
  const std::string keys = make.keys(), names = key_names(question.by.size());
  const std::string sum = "sum(" + std::string(summed(question.unit)) + ")";
  const std::string end =
      " GROUP BY " + names + " ORDER BY score DESC, " + names + " LIMIT " + make.bind(question.limit);
  if (question.rank == Rank::mean)
    return make.statement("SELECT " + keys + ", " + sum + " AS score, count() OVER () AS keys" +
                          make.source() + end);
  const std::string inner = "SELECT " + keys + ", " + make.slot() + " AS slot, " + sum + " AS v" +
                            make.source() + " GROUP BY " + names + ", slot";
  const std::string slots = make.bind(std::max<std::size_t>(finished, 1)), over = "slot < " + slots;
  // Slots without a row are zeros, and stand before the others.
  const std::string place =
      "toInt64(ceil(0.95 * " + slots + ")) - (toInt64(" + slots + ") - toInt64(countIf(" + over + ")))";
  const std::string score =
      question.rank == Rank::max ? "maxIf(v, " + over + ")"
      : question.rank == Rank::last
          ? "sumIf(v, slot = " + slots + " - 1)"
          : "if(" + place + " < 1, 0, arraySort(groupArrayIf(v, " + over + "))[greatest(" + place + ", 1)])";
  return make.statement("SELECT " + names + ", " + score + " AS score, count() OVER () AS keys FROM (" +
                        inner + ")" + end);
}

Statement series_statement(const Question& question, const Plan& plan, const std::vector<Key>& keys,
                           Part part) {
  Maker make(question, plan, part);
  const std::string sum(summed(question.unit));
  const std::string slot = make.slot(), key = make.key_number(keys);
  return make.statement("SELECT " + slot + " AS slot, " + key + " AS key, sum(" + sum +
                        ") AS v, sum(packets) AS sampled, sumIf(" + sum +
                        ", sampling_rate = 0) AS unknown, sum(flows) AS f" + make.source() +
                        " GROUP BY slot, key ORDER BY slot, key");
}

Statement coverage_statement(const Question& question, const Plan& plan, Part part) {
  Maker make(question, plan, {.reverse = false, .before = part.before});
  const std::string slot = make.slot();
  return make.statement("SELECT " + slot + " AS slot, sum(flows) AS f" + make.source(false) +
                        " GROUP BY slot ORDER BY slot");
}

Statement terms_statement(const Question& question, const Plan& plan) {
  Maker make(question, plan);
  std::string sums;
  for (const filter::Expression& part : question.filter.parts)
    sums += (sums.empty() ? "" : ", ") + ("sumIf(flows, " + make.condition(part) + ")");
  return make.statement("SELECT " + sums + make.source(false));
}

Statement table_statement(const Question& question, const Plan& plan) {
  Maker make(question, plan);
  const std::string keys = make.keys(), names = key_names(question.by.size());
  return make.statement("SELECT " + keys + (keys.empty() ? "" : ", ") + std::string(kSums) + make.source() +
                        (names.empty() ? "" : " GROUP BY " + names) + " ORDER BY " +
                        std::string(sorted_by(question.order)) + (question.ascending ? "" : " DESC") +
                        (names.empty() ? "" : ", " + names) + " LIMIT " + make.bind(question.limit));
}

Statement total_statement(const Question& question, const Plan& plan) {
  Maker make(question, plan);
  std::string keys;
  for (const Dimension& one : question.by) keys += (keys.empty() ? "" : ", ") + sql_of(one);
  return make.statement("SELECT " + std::string(kSums) + ", " +
                        (keys.empty() ? "toUInt64(0)" : "uniqCombined(" + keys + ")") + " AS keys" +
                        make.source());
}

Statement unknown_statement(const Question& question, const Plan& plan) {
  Maker make(question, plan);
  return make.statement("SELECT sampler_address, sumIf(bytes_corrected, sampling_rate = 0) AS unknown" +
                        make.source() +
                        " GROUP BY sampler_address HAVING unknown > 0 ORDER BY unknown DESC LIMIT 5");
}

namespace {

/// As people read it, in the type that a file keeps.
std::string file_value(const filter::Quantity& quantity) {
  const std::string value = filter::value_sql(quantity);
  if (quantity.kind == filter::Kind::address) return "sluice_ip(" + value + ")";
  if (quantity.kind == filter::Kind::mac) return "sluice_mac(" + value + ")";
  if (quantity.kind == filter::Kind::time) return value;
  return column_sql(quantity);
}

std::string file_key(const Dimension& dimension) {
  const std::string value = sql_of(dimension);
  if (dimension.quantity == nullptr) return value;
  if (dimension.quantity->kind == filter::Kind::address) return "sluice_ip(" + value + ")";
  if (dimension.quantity->kind == filter::Kind::mac) return "sluice_mac(" + value + ")";
  return value;
}

/// "src_addr_24" for src_addr/24: a name for every program.
std::string file_name(std::string name) {
  std::replace(name.begin(), name.end(), '/', '_');
  return name;
}

Statement exported_flows(const Question& question, const Plan& plan, std::uint64_t most) {
  Maker make(question, plan);
  std::string columns;
  for (const filter::Quantity* one : question.columns)
    columns += (columns.empty() ? "" : ", ") + file_value(*one) + " AS c_" + std::string(one->name);
  // Names of the outer query alone, so that none stands for a column of the table in the condition.
  std::string names;
  for (const filter::Quantity* one : question.columns)
    names += (names.empty() ? "" : ", ") + ("c_" + std::string(one->name)) + " AS `" +
             std::string(one->name) + "`";
  return make.statement("SELECT " + names + " FROM (SELECT " + columns + make.source() + " ORDER BY " +
                        flow_order(question.order) + (question.ascending ? "" : " DESC") + " LIMIT " +
                        make.bind(most) + ")");
}

}  // namespace

Statement export_statement(const Question& question, const Plan& plan, std::uint64_t most) {
  if (question.view == View::flows) return exported_flows(question, plan, most);
  Maker make(question, plan);
  const bool graph = question.view == View::series;
  std::string keys, names, outer;
  if (graph) {
    keys = make.slot() + " AS slot, ";
    names = "slot";
    outer = "fromUnixTimestamp(toInt64(" +
            make.bind(static_cast<std::uint64_t>(plan.from.time_since_epoch().count())) + " + slot * " +
            make.bind(static_cast<std::uint64_t>(plan.step.count())) + "), 'UTC') AS time, ";
  }
  for (std::size_t d = 0; d < question.by.size(); ++d) {
    const std::string key = "k" + std::to_string(d);
    keys += file_key(question.by[d]) + " AS " + key + ", ";
    names += (names.empty() ? "" : ", ") + key;
    outer += key + " AS `" + file_name(question.by[d].text) + "`, ";
  }
  std::string sql = "SELECT " + outer +
                    "b AS bytes, p AS packets, f AS flows, sampled AS packets_sampled, unknown AS "
                    "bytes_of_unknown_rate FROM (SELECT " +
                    keys + std::string(kSums) + make.source() + (names.empty() ? "" : " GROUP BY " + names) +
                    " ORDER BY " + (graph ? "slot, " : "") + std::string(sorted_by(question.order)) +
                    (question.ascending ? "" : " DESC") + " LIMIT " + make.bind(most) + ")";
  return make.statement(std::move(sql));
}

std::optional<FlowCursor> parse_cursor(const std::string& text) {
  const std::size_t colon = text.find(':');
  if (colon == std::string::npos || colon == 0 || colon > 20) return std::nullopt;
  FlowCursor out{.value = text.substr(0, colon)};
  if (out.value.find_first_not_of("0123456789") != std::string::npos) return std::nullopt;
  const char* const end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data() + colon + 1, end, out.skip);
  if (error != std::errc{} || stop != end || out.skip > 1'000'000) return std::nullopt;
  return out;
}

std::string cursor_text(const FlowCursor& cursor) { return cursor.value + ":" + std::to_string(cursor.skip); }

Statement flows_statement(const Question& question, const Plan& plan,
                          const std::optional<FlowCursor>& cursor) {
  Maker make(question, plan);
  const std::string order = flow_order(question.order), way = question.ascending ? "" : " DESC";
  std::string columns;
  for (const filter::Quantity* quantity : question.columns) columns += column_sql(*quantity) + ", ";
  std::string sql = "SELECT " + columns + order + " AS sorted" + make.source();
  if (cursor)
    sql +=
        " AND sorted " + std::string(question.ascending ? ">= " : "<= ") + make.bind("UInt64", cursor->value);
  // Flows that are equal in what they are sorted by stand in an order of their own, so that pages fit.
  sql += " ORDER BY sorted" + way +
         ", kafka_partition, kafka_offset, src_addr, dst_addr, src_port, dst_port, bytes LIMIT " +
         make.bind(question.limit + 1ULL);
  if (cursor) sql += " OFFSET " + make.bind(cursor->skip);
  return make.statement(std::move(sql));
}

}  // namespace sluice::web
