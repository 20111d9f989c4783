// A graph: which keys, their values by slot, and what is behind them. What is not shown is Other, so that all
// lines of a direction always sum up to the total.
#include <algorithm>
#include <cmath>

#include "web/amount.hpp"
#include "web/answers.hpp"

namespace sluice::web {
namespace {

using std::chrono::sys_seconds;

struct Slot {
  Amount sum, sampled, unknown, flows;
  void add(const Slot& other) {
    sum += other.sum;
    sampled += other.sampled;
    unknown += other.unknown;
    flows += other.flows;
  }
};
using Slots = std::vector<Slot>;

double scale_of(Unit unit) { return unit == Unit::bits ? 8 : 1; }

/// [key number][slot] from the rows of series_statement().
std::vector<Slots> slots_of(const std::vector<json>& rows, std::size_t keys, std::size_t slots) {
  std::vector<Slots> out(keys + 1, Slots(slots));
  for (const json& row : rows) {
    const auto slot = row[0].get<std::int64_t>();
    const auto key = row[1].get<std::uint64_t>();
    if (slot < 0 || static_cast<std::size_t>(slot) >= slots || key > keys) continue;
    out[key][static_cast<std::size_t>(slot)].add(
        {Amount::of(row[2]), Amount::of(row[3]), Amount::of(row[4]), Amount::of(row[5])});
  }
  return out;
}

/// Rounded so that a line is short: three digits behind the point are more than any count has.
double rounded(double value) { return std::round(value * 1000) / 1000; }

class Graph {
 public:
  /// `finished`: how many of the slots are.
  Graph(const Question& question, const Plan& plan, std::size_t finished)
      : question_(question), plan_(plan), finished_(finished) {}

  json line(std::string_view kind, Part part, const Slots& slots, const Slots& total,
            const std::vector<bool>& received) const {
    json out{{"kind", kind},
             {"direction", part.reverse ? "reverse" : "forward"},
             {"when", part.before ? "before" : "now"},
             {"values", values(slots, &Slot::sum, received)},
             {"summary", summary(slots, total, part.before ? slots.size() : finished_)}};
    const bool is_sampled = std::ranges::any_of(
        slots, [&](const Slot& one) { return question_.unit != Unit::flows && one.sampled > Amount{}; });
    if (is_sampled) out["sampled"] = counts(slots);
    if (std::ranges::any_of(slots, [](const Slot& one) { return one.unknown > Amount{}; }))
      out["unknown"] = values(slots, &Slot::unknown, received);
    return {{"series", std::move(out)}};
  }

 private:
  double rate(Amount sum) const {
    return sum.number() * scale_of(question_.unit) / static_cast<double>(plan_.step.count());
  }

  json values(const Slots& slots, Amount Slot::* which, const std::vector<bool>& received) const {
    json out = json::array();
    for (std::size_t i = 0; i < slots.size(); ++i)
      out.push_back(received[i] ? json(rounded(rate(slots[i].*which))) : json());
    return out;
  }

  static json counts(const Slots& slots) {
    json out = json::array();
    for (const Slot& one : slots) out.push_back(one.sampled.to_json());
    return out;
  }

  /// Over the first `count` slots; those without anything are zeros.
  json summary(const Slots& slots, const Slots& total, std::size_t count) const {
    std::vector<double> rates;
    Slot sum;
    Amount all;
    for (std::size_t i = 0; i < count; ++i) {
      rates.push_back(rate(slots[i].sum));
      sum.add(slots[i]);
      all += total[i].sum;
    }
    json out{{"sum", sum.sum.to_json()},
             {"flows", sum.flows.to_json()},
             {"slots", count},
             {"share", share_of(sum.sum, all)}};
    if (rates.empty()) {
      for (const char* name : {"min", "mean", "max", "last", "p95"}) out[name] = nullptr;
      return out;
    }
    out["last"] = rounded(rates.back());
    std::ranges::sort(rates);
    double mean = 0;
    for (const double one : rates) mean += one / static_cast<double>(rates.size());
    out["min"] = rounded(rates.front());
    out["max"] = rounded(rates.back());
    out["mean"] = rounded(mean);
    out["p95"] =
        rounded(rates[static_cast<std::size_t>(std::ceil(0.95 * static_cast<double>(rates.size()))) - 1]);
    return out;
  }

  const Question& question_;
  const Plan& plan_;
  const std::size_t finished_;
};

struct Ranked {
  std::vector<Key> keys;
  std::uint64_t all = 0;  ///< how many there are
};

Or<Ranked> rank(const Question& question, const Plan& plan, Asking& asking, sys_seconds now,
                std::size_t finished, const TableSizes& sizes) {
  Ranked out;
  if (question.by.empty()) return out;
  const auto rows = asking.rows(rank_statement(question, coarser(question, plan, now, sizes), finished));
  if (!rows) return failure(rows.error());
  for (const json& row : *rows) {
    if (row.size() != question.by.size() + 2) continue;
    out.keys.emplace_back(row.begin(), row.begin() + static_cast<std::ptrdiff_t>(question.by.size()));
    out.all = row.back().get<std::uint64_t>();
  }
  return out;
}

/// In which slots anything came from anybody. Slots that are not over count as if it had.
Or<std::vector<bool>> received(const Question& question, const Plan& plan, Asking& asking, Part part,
                               const Slots& total, const Surroundings& around, std::size_t finished) {
  std::vector<bool> out(total.size(), false);
  if (question.filter.kind == filter::Expression::Kind::any) {
    for (std::size_t i = 0; i < total.size(); ++i) out[i] = total[i].flows > Amount{};
  } else {
    const auto rows =
        asking.rows(coverage_statement(question, coverage(question, plan, around.now, around.sizes), part));
    if (!rows) return failure(rows.error());
    for (const json& row : *rows)
      if (const auto slot = row[0].get<std::int64_t>();
          slot >= 0 && static_cast<std::size_t>(slot) < out.size())
        out[static_cast<std::size_t>(slot)] = Amount::of(row[1]) > Amount{};
  }
  if (!part.before)
    for (std::size_t i = finished; i < out.size(); ++i) out[i] = true;
  return out;
}

json gaps_of(const Plan& plan, const std::vector<bool>& received) {
  json out = json::array();
  const auto at = [&](std::size_t slot) {
    return (plan.from + plan.step * static_cast<std::int64_t>(slot)).time_since_epoch().count();
  };
  for (std::size_t i = 0; i < received.size(); ++i) {
    if (received[i]) continue;
    std::size_t end = i;
    while (end < received.size() && !received[end]) ++end;
    out.push_back({at(i), at(end)});
    i = end;
  }
  return out;
}

/// Where nothing matched: how many flows each term of the filter finds by itself, so that it is seen which of
/// them is wrong. One scan of the range without the filter, if that may be read without being asked.
json terms_of(const Question& question, const Plan& plan, Asking& asking) {
  constexpr std::size_t kMostTerms = 20;
  json out = json::array();
  const auto& parts = question.filter.parts;
  if (question.filter.kind != filter::Expression::Kind::all_of || parts.size() > kMostTerms || plan.costly)
    return out;
  const auto rows = asking.rows(terms_statement(question, plan));
  if (!rows || rows->size() != 1 || rows->front().size() != parts.size()) return out;
  for (std::size_t i = 0; i < parts.size(); ++i)
    out.push_back({{"filter", to_text(parts[i])}, {"flows", rows->front()[i]}});
  return out;
}

struct Drawn {
  bool nothing = false;
  double unknown = 0;  ///< share
  json gaps = json::array();
};

Or<Drawn> draw(const Question& question, const Plan& plan, Asking& asking, const Surroundings& around,
               const Ranked& ranked, const std::vector<std::vector<json>>& cells, Part part,
               std::size_t finished, Lines& lines) {
  const Graph graph(question, plan, finished);
  const auto rows = asking.rows(series_statement(question, plan, ranked.keys, part));
  if (!rows) return failure(rows.error());
  const auto slots = slots_of(*rows, ranked.keys.size(), plan.slots());
  Slots total(plan.slots());
  for (const Slots& one : slots)
    for (std::size_t i = 0; i < one.size(); ++i) total[i].add(one[i]);
  const auto there = received(question, plan, asking, part, total, around, finished);
  if (!there) return failure(there.error());
  for (std::size_t k = 0; k < ranked.keys.size(); ++k) {
    lines.push_back(graph.line("key", part, slots[k + 1], total, *there));
    lines.back()["series"]["key"] = cells[k];
  }
  if (!question.by.empty()) {
    lines.push_back(graph.line("other", part, slots[0], total, *there));
    if (!part.reverse && !part.before)
      lines.back()["series"]["keys"] = ranked.all - std::min<std::uint64_t>(ranked.all, ranked.keys.size());
  }
  lines.push_back(graph.line("total", part, total, total, *there));
  Slot sum;
  for (const Slot& one : total) sum.add(one);
  return Drawn{.nothing = sum.flows == Amount{},
               .unknown = share_of(sum.unknown, sum.sum),
               .gaps = gaps_of(plan, *there)};
}

/// The cells of the way back: the same values under the reversed names.
std::vector<std::vector<json>> reversed_cells(const Question& question, const Ranked& ranked,
                                              const std::vector<std::vector<json>>& cells) {
  std::vector<std::vector<json>> out = cells;
  for (std::size_t k = 0; k < out.size(); ++k)
    for (std::size_t d = 0; d < question.by.size(); ++d) {
      json cell = cell_of(reversed(question.by[d]), ranked.keys[k][d]);
      if (out[k][d].contains("name")) cell["name"] = out[k][d]["name"];
      out[k][d] = std::move(cell);
    }
  return out;
}

}  // namespace

Or<Lines> series_answer(const Question& question, const Plan& plan, Asking& asking,
                        const Surroundings& around) {
  const std::size_t finished = finished_slots(plan, around.now);
  const auto ranked = rank(question, plan, asking, around.now, finished, around.sizes);
  if (!ranked) return failure(ranked.error());
  const auto cells = named_cells(around.store, question.by, ranked->keys);
  Lines lines;
  const auto drawn = draw(question, plan, asking, around, *ranked, cells, {}, finished, lines);
  if (!drawn) return failure(drawn.error());
  for (const Part part : {Part{true, false}, Part{false, true}, Part{true, true}}) {
    if ((part.reverse && !question.both_ways) || (part.before && question.before.count() == 0)) continue;
    const auto more =
        draw(question, plan, asking, around, *ranked,
             part.reverse ? reversed_cells(question, *ranked, cells) : cells, part, finished, lines);
    if (!more) return failure(more.error());
  }
  lines.push_back(honest_line(question, plan, asking, around, drawn->unknown, drawn->gaps));
  if (drawn->nothing)
    if (json terms = terms_of(question, plan, asking); !terms.empty())
      lines.back()["honest"]["terms"] = std::move(terms);
  return lines;
}

}  // namespace sluice::web
