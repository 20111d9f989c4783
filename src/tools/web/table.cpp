// Sums over a range by keys, and the list of flows.
#include <algorithm>

#include "web/amount.hpp"
#include "web/answers.hpp"

namespace sluice::web {
namespace {

using std::chrono::seconds;

struct Sums {
  Amount bytes, packets, flows, sampled, unknown;
};

/// From the five columns of a row that begin at `at`.
Sums sums_of(const json& row, std::size_t at) {
  return {Amount::of(row[at]), Amount::of(row[at + 1]), Amount::of(row[at + 2]), Amount::of(row[at + 3]),
          Amount::of(row[at + 4])};
}

Amount sorted_by(const Sums& sums, Order order) {
  if (order == Order::packets || order == Order::pps) return sums.packets;
  if (order == Order::flows) return sums.flows;
  return sums.bytes;
}

json row_json(std::string_view kind, const Sums& sums, const Sums& total, const Question& question,
              seconds passed) {
  const auto time = static_cast<double>(std::max<std::int64_t>(passed.count(), 1));
  return {{"kind", kind},
          {"bytes", sums.bytes.to_json()},
          {"packets", sums.packets.to_json()},
          {"flows", sums.flows.to_json()},
          {"sampled", sums.sampled.to_json()},
          {"unknown_bytes", sums.unknown.to_json()},
          {"bps", sums.bytes.number() * 8 / time},
          {"pps", sums.packets.number() / time},
          {"bpp", share_of(sums.bytes, sums.packets)},
          {"share", share_of(sorted_by(sums, question.order), sorted_by(total, question.order))}};
}

Sums less(const Sums& a, const Sums& b) {
  return {less(a.bytes, b.bytes), less(a.packets, b.packets), less(a.flows, b.flows),
          less(a.sampled, b.sampled), less(a.unknown, b.unknown)};
}

void add(Sums& to, const Sums& more) {
  to.bytes += more.bytes;
  to.packets += more.packets;
  to.flows += more.flows;
  to.sampled += more.sampled;
  to.unknown += more.unknown;
}

/// One value of the list as people and the filter write it.
json listed(const filter::Quantity& quantity, const json& value) {
  using filter::Kind;
  if (value.is_null()) return nullptr;
  switch (quantity.kind) {
    case Kind::time:
      return filter::value_text(quantity, value.is_number_unsigned() ? value.get<std::uint64_t>() : 0);
    case Kind::address: {
      const auto address = IpAddress::parse(bound_text(value));
      if (!address) return value;
      return address->all_zero() ? json("::") : json(address->unmapped().to_string());
    }
    case Kind::flags:
    case Kind::mac:
      return value.is_number_unsigned() ? json(filter::value_text(quantity, value.get<std::uint64_t>()))
                                        : value;
    case Kind::words:
      if (value.is_number_unsigned()) return filter::value_text(quantity, value.get<std::uint64_t>());
      return cell_of({.text = std::string(quantity.name), .quantity = &quantity}, value)["value"];
    default:
      return value;
  }
}

json columns_line(const Question& question) {
  json columns = json::array();
  for (const filter::Quantity* quantity : question.columns)
    columns.push_back({{"name", quantity->name}, {"kind", kind_name(*quantity)}, {"unit", quantity->unit}});
  return {{"columns", columns}};
}

}  // namespace

Or<Lines> table_answer(const Question& question, const Plan& plan, Asking& asking,
                       const Surroundings& around) {
  const auto total_rows = asking.rows(total_statement(question, plan));
  if (!total_rows) return failure(total_rows.error());
  const std::size_t dimensions = question.by.size();
  const seconds over = passed(plan, around.now);  // what is to come lowers no rate
  const Sums total = total_rows->empty() ? Sums{} : sums_of(total_rows->front(), 0);
  const std::uint64_t keys = total_rows->empty() ? 0 : total_rows->front()[5].get<std::uint64_t>();
  Lines lines;
  if (dimensions > 0) {
    const auto rows = asking.rows(table_statement(question, plan));
    if (!rows) return failure(rows.error());
    std::vector<Key> shown;
    Sums sum;
    for (const json& row : *rows) {
      shown.emplace_back(row.begin(), row.begin() + static_cast<std::ptrdiff_t>(dimensions));
      const Sums sums = sums_of(row, dimensions);
      add(sum, sums);
      lines.push_back({{"row", row_json("key", sums, total, question, over)}});
    }
    const auto cells = named_cells(around.store, question.by, shown);
    for (std::size_t i = 0; i < lines.size(); ++i) lines[i]["row"]["key"] = cells[i];
    lines.push_back({{"row", row_json("other", less(total, sum), total, question, over)}});
    lines.back()["row"]["keys"] = keys - std::min<std::uint64_t>(keys, shown.size());
  }
  lines.push_back({{"row", row_json("total", total, total, question, over)}});
  lines.push_back(
      honest_line(question, plan, asking, around, share_of(total.unknown, total.bytes), json::array()));
  return lines;
}

Or<FlowPage> flows_answer(const Question& question, const Plan& plan, Asking& asking) {
  std::optional<FlowCursor> cursor;
  if (!question.cursor.empty()) cursor = parse_cursor(question.cursor);
  if (!question.cursor.empty() && !cursor)
    return failure(ApiError{.status = 400,
                            .code = "value",
                            .text = "cursor wants the text that the page before gave",
                            .more = {{"key", "cursor"}}});
  const auto rows = asking.rows(flows_statement(question, plan, cursor));
  if (!rows) return failure(rows.error());
  FlowPage out;
  out.lines.push_back(columns_line(question));
  const std::size_t shown = std::min<std::size_t>(rows->size(), question.limit);
  for (std::size_t i = 0; i < shown; ++i) {
    json flow = json::array();
    for (std::size_t c = 0; c < question.columns.size(); ++c)
      flow.push_back(listed(*question.columns[c], (*rows)[i][c]));
    out.lines.push_back({{"flow", std::move(flow)}});
  }
  if (rows->size() <= shown || shown == 0) return out;
  // The page ends within rows that are equal in what they are sorted by; the next goes on behind as many.
  const std::string last = bound_text((*rows)[shown - 1].back());
  std::uint64_t equal = 0;
  while (equal < shown && bound_text((*rows)[shown - 1 - equal].back()) == last) ++equal;
  if (cursor && cursor->value == last && equal == shown) equal += cursor->skip;
  out.next = FlowCursor{.value = last, .skip = equal};
  return out;
}

}  // namespace sluice::web
