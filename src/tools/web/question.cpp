#include "web/question.hpp"

#include <algorithm>
#include <functional>

#include "filter/parser.hpp"
#include "query/parameters.hpp"
#include "sluice/util/words.hpp"
#include "web/check.hpp"

namespace sluice::web {
namespace {

using std::chrono::seconds;
using std::chrono::sys_seconds;

constexpr Words<Unit, 3> kUnits{{{"bits", Unit::bits}, {"packets", Unit::packets}, {"flows", Unit::flows}}};
constexpr Words<Rank, 4> kRanks{
    {{"mean", Rank::mean}, {"max", Rank::max}, {"last", Rank::last}, {"p95", Rank::p95}}};
constexpr Words<Order, 6> kTableOrders{{{"bytes", Order::bytes},
                                        {"packets", Order::packets},
                                        {"flows", Order::flows},
                                        {"bps", Order::bps},
                                        {"pps", Order::pps},
                                        {"bpp", Order::bpp}}};
constexpr Words<Order, 4> kFlowOrders{{{"time", Order::time},
                                       {"bytes", Order::bytes},
                                       {"packets", Order::packets},
                                       {"duration", Order::duration}}};

constexpr Words<filter::Kind, 9> kKinds{{{"number", filter::Kind::number},
                                         {"words", filter::Kind::words},
                                         {"flags", filter::Kind::flags},
                                         {"time", filter::Kind::time},
                                         {"mac", filter::Kind::mac},
                                         {"address", filter::Kind::address},
                                         {"text", filter::Kind::text},
                                         {"numbers", filter::Kind::numbers},
                                         {"addresses", filter::Kind::addresses}}};
constexpr std::string_view kAmount = "amount";

constexpr seconds kLongestRange = std::chrono::days(10 * 366);
constexpr std::size_t kLongestCursor = 200;

ApiError wrong(std::string_view key, std::string text, std::string code = "value") {
  return {.status = 400, .code = std::move(code), .text = std::move(text), .more = {{"key", key}}};
}

template <class V, std::size_t N>
std::vector<std::string_view> texts_of(const Words<V, N>& words) {
  std::vector<std::string_view> out;
  for (const auto& word : words) out.push_back(word.text);
  return out;
}

template <class V, std::size_t N>
std::string listed(const Words<V, N>& words) {
  std::string out;
  for (const auto& word : words) out += (out.empty() ? "" : ", ") + std::string(word.text);
  return out;
}

/// Reads one body; the first thing that is wrong is kept.
class Reader {
 public:
  Reader(const json& body, Question& out, sys_seconds now, const QuestionLimits& limits)
      : body_(body), out_(out), now_(now), limits_(limits) {}

  std::optional<ApiError> read() {
    for (const auto& [key, value] : body_.items()) {
      const auto row = std::ranges::find(rows(), key, &Row::key);
      if (row == rows().end()) return wrong(key, "there is no key " + key, "unknown_key");
      if (value.is_null()) continue;
      (this->*row->read)(value);
      if (error_) return error_;
    }
    read_times();
    if (!error_ && out_.columns.empty()) take_set("line");
    return error_;
  }

 private:
  struct Row {
    std::string_view key;
    void (Reader::*read)(const json&);
  };
  static const std::vector<Row>& rows() {
    static const std::vector<Row> table{
        {"from", &Reader::nothing},  {"to", &Reader::nothing},          {"filter", &Reader::filter},
        {"by", &Reader::by},         {"unit", &Reader::unit},           {"rank", &Reader::rank},
        {"limit", &Reader::limit},   {"both_ways", &Reader::both_ways}, {"before", &Reader::before},
        {"points", &Reader::points}, {"step", &Reader::step},           {"exporters", &Reader::exporters},
        {"order", &Reader::order},   {"ascending", &Reader::ascending}, {"columns", &Reader::columns},
        {"cursor", &Reader::cursor}, {"costly", &Reader::costly},       {"fresh", &Reader::fresh},
        {"id", &Reader::id},         {"for", &Reader::nothing},         {"what", &Reader::nothing},
        {"rows", &Reader::nothing},  {"tz", &Reader::nothing},
    };
    return table;
  }

  void fail(std::string_view key, std::string text, std::string code = "value") {
    if (!error_) error_ = wrong(key, std::string(key) + " " + text, std::move(code));
  }

  void nothing(const json&) {}  // read elsewhere

  void flag(std::string_view key, const json& value, bool& to) {
    if (!value.is_boolean()) return fail(key, "wants true or false");
    to = value.get<bool>();
  }
  void costly(const json& value) { flag("costly", value, out_.costly); }
  void fresh(const json& value) { flag("fresh", value, out_.fresh); }
  void both_ways(const json& value) { flag("both_ways", value, out_.both_ways); }
  void ascending(const json& value) { flag("ascending", value, out_.ascending); }

  unsigned number(std::string_view key, const json& value, unsigned low, unsigned high, unsigned otherwise) {
    if (!value.is_number_integer() || value.get<std::int64_t>() < low || value.get<std::int64_t>() > high) {
      fail(key, "wants a whole number from " + std::to_string(low) + " to " + std::to_string(high));
      return otherwise;
    }
    return value.get<unsigned>();
  }
  void limit(const json& value) {
    out_.limit =
        number("limit", value, 1, out_.view == View::series ? kMostSeries : limits_.rows, out_.limit);
  }
  void points(const json& value) {
    out_.points = number("points", value, kLeastPoints, kMostPoints, out_.points);
  }
  void step(const json& value) { out_.step = seconds(number("step", value, 1, 30 * 86400, 0)); }

  template <class V, std::size_t N>
  void word(std::string_view key, const json& value, const Words<V, N>& words, V& to,
            const std::string& wants = "wants one of ") {
    if (value.is_string())
      for (const auto& one : words)
        if (one.text == value.get_ref<const std::string&>()) return void(to = one.value);
    fail(key, wants + listed(words));
  }
  void unit(const json& value) { word("unit", value, kUnits, out_.unit); }
  void rank(const json& value) { word("rank", value, kRanks, out_.rank); }
  void order(const json& value) {
    if (out_.view == View::flows)
      word("order", value, kFlowOrders, out_.order, "of flows wants one of ");
    else
      word("order", value, kTableOrders, out_.order, "of a table wants one of ");
  }

  template <class F>
  void texts(std::string_view key, const json& value, std::size_t most, F each) {
    if (!value.is_array() || value.size() > most)
      return fail(key, "wants a list of at most " + std::to_string(most) + " texts");
    for (const json& one : value) {
      if (!one.is_string()) return fail(key, "wants a list of texts");
      each(one.get_ref<const std::string&>());
    }
  }

  void filter(const json& value) {
    if (!value.is_string()) return fail("filter", "wants a text");
    const auto& text = value.get_ref<const std::string&>();
    auto parsed = filter::parse(text);
    if (!parsed) {
      error_ =
          ApiError{.status = 400,
                   .code = "filter",
                   .text = filter::describe(text, parsed.error()),
                   .more = {{"key", "filter"}, {"errors", json::array({error_in(text, parsed.error())})}}};
      return;
    }
    out_.filter = std::move(*parsed);
    out_.filter_text = text;
  }

  void by(const json& value) {
    texts("by", value, kMostDimensions, [&](const std::string& text) {
      const auto dimension = find_dimension(text);
      if (!dimension) return fail("by", "has \"" + text.substr(0, 60) + "\", which is no dimension");
      if (std::ranges::find(out_.by, *dimension) != out_.by.end())
        return fail("by", "has " + text + " twice");
      out_.by.push_back(*dimension);
    });
  }

  void exporters(const json& value) {
    texts("exporters", value, kMostExporters, [&](const std::string& text) {
      const auto address = IpAddress::parse(text);
      if (!address) return fail("exporters", "wants addresses, not \"" + text.substr(0, 60) + '"');
      out_.exporters.push_back(address->unmapped());
    });
  }

  void take_set(std::string_view name) {
    for (const ColumnSet& set : column_sets())
      if (set.name == name)
        for (const std::string_view column : set.columns)
          out_.columns.push_back(filter::find_quantity(column));
  }
  void columns(const json& value) {
    texts("columns", value, kMostColumns, [&](const std::string& text) {
      for (const filter::Quantity& quantity : filter::quantities())
        if (quantity.name == text && lists(quantity)) return out_.columns.push_back(&quantity);
      fail("columns", "has \"" + text.substr(0, 60) + "\", which is no column");
    });
  }

  void cursor(const json& value) {
    if (!value.is_string() || value.get_ref<const std::string&>().size() > kLongestCursor)
      return fail("cursor", "wants the text that the page before gave");
    out_.cursor = value.get<std::string>();
  }

  void id(const json& value) {
    constexpr std::string_view kLetters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-";
    if (value.is_string()) out_.id = value.get<std::string>();
    if (out_.id.size() < 8 || out_.id.size() > 40 || out_.id.find_first_not_of(kLetters) != std::string::npos)
      fail("id", "wants 8 to 40 of A-Z, a-z, 0-9, _ and -");
  }

  void before(const json& value) {
    if (value == "period")
      before_period_ = true;
    else if (value == "day")
      out_.before = std::chrono::days(1);
    else if (value == "week")
      out_.before = std::chrono::days(7);
    else
      out_.before = seconds(number("before", value, 1, 366 * 86400, 0));
  }

  std::string time_text(std::string_view key, std::string otherwise) {
    const auto found = body_.find(key);
    if (found == body_.end() || found->is_null()) return otherwise;
    if (found->is_string()) return found->get<std::string>();
    if (found->is_number()) {
      const double value = found->get<double>();
      if (value >= 0 && value < 4e9) return std::to_string(static_cast<std::int64_t>(value));
    }
    fail(key, "wants Unix seconds, now, now-6h or 2026-11-29T10:00:00Z", "time");
    return otherwise;
  }

  std::optional<sys_seconds> time(std::string_view key, const std::string& text) {
    if (!text.empty() && text.size() <= 10 && text.find_first_not_of("0123456789") == std::string::npos)
      return sys_seconds(seconds(std::stoll(text)));
    // The names of people's texts are not to reach the other time.
    const auto resolved = query::resolve({{std::string(key), "DateTime"}}, {{std::string(key), text}}, now_);
    const auto out = resolved ? query::time_of(resolved->at(std::string(key))) : std::nullopt;
    if (!out)
      fail(key,
           "is \"" + text.substr(0, 40) + "\"; it wants Unix seconds, now, now-6h or 2026-11-29T10:00:00Z",
           "time");
    return out;
  }

  void read_times() {
    const auto from = time("from", time_text("from", "now-1h")), to = time("to", time_text("to", "now"));
    if (!from || !to || error_) return;
    if (*from >= *to) return fail("to", "is not after from", "time");
    if (*to - *from > kLongestRange) return fail("from", "is more than ten years before to", "time");
    out_.from = *from;
    out_.to = *to;
    out_.to_now = *to >= now_ - seconds(1);
    if (before_period_) out_.before = *to - *from;
  }

  const json& body_;
  Question& out_;
  const sys_seconds now_;
  const QuestionLimits& limits_;
  bool before_period_ = false;
  std::optional<ApiError> error_;
};

}  // namespace

Or<Question> read_question(const json& body, View view, sys_seconds now, const QuestionLimits& limits) {
  if (!body.is_object())
    return failure(ApiError{
        .status = 400, .code = "json", .text = "the body is no JSON object", .more = json::object()});
  Question out;
  out.view = view;
  if (view != View::series) out.limit = 100;
  if (view == View::flows) out.order = Order::time;
  if (auto error = Reader(body, out, now, limits).read()) return failure(*error);
  return out;
}

const std::vector<ColumnSet>& column_sets() {
  static const std::vector<ColumnSet> sets{
      {"line",
       {"time_flow_start", "duration", "proto", "src_addr", "src_port", "dst_addr", "dst_port", "packets",
        "bytes"}},
      {"long",
       {"time_flow_start", "duration", "proto", "src_addr", "src_port", "dst_addr", "dst_port", "tcp_flags",
        "ip_tos", "packets", "bytes"}},
      {"extended",
       {"time_flow_start",
        "duration",
        "proto",
        "src_addr",
        "src_port",
        "dst_addr",
        "dst_port",
        "tcp_flags",
        "ip_tos",
        "packets",
        "bytes",
        "pps",
        "bps",
        "bpp",
        "src_as",
        "dst_as",
        "in_if",
        "out_if",
        "sampler_address",
        "sampling_rate"}},
  };
  return sets;
}

bool lists(const filter::Quantity& quantity) {
  return quantity.field == nullptr || quantity.field->kind != FieldKind::raw;
}

std::string_view name_of(Unit unit) { return word_of(kUnits, unit); }
std::string_view name_of(Rank rank) { return word_of(kRanks, rank); }
std::string_view name_of(Order order) {
  const std::string_view of_table = word_of(kTableOrders, order);
  return of_table.empty() ? word_of(kFlowOrders, order) : of_table;
}
std::string_view kind_name(const filter::Quantity& quantity) {
  return quantity.derived == filter::Derived::none ? word_of(kKinds, quantity.kind) : kAmount;
}

json words_json() {
  std::vector<std::string_view> kinds = texts_of(kKinds);
  kinds.push_back(kAmount);
  json sets = json::object();
  for (const ColumnSet& set : column_sets()) sets[std::string(set.name)] = set.columns;
  return {{"units",
           {{{"name", name_of(Unit::bits)}, {"rate", "bit/s"}, {"sum", "bytes"}},
            {{"name", name_of(Unit::packets)}, {"rate", "packet/s"}, {"sum", "packets"}},
            {{"name", name_of(Unit::flows)}, {"rate", "flow/s"}, {"sum", "flows"}}}},
          {"ranks", texts_of(kRanks)},
          {"orders", {{"table", texts_of(kTableOrders)}, {"flows", texts_of(kFlowOrders)}}},
          {"kinds", std::move(kinds)},
          {"column_sets", std::move(sets)}};
}

}  // namespace sluice::web
