#include "web/plan.hpp"

#include <algorithm>

#include "flow/columns.hpp"
#include "query/choose_table.hpp"

namespace sluice::web {
namespace {

using std::chrono::seconds;
using std::chrono::sys_seconds;

constexpr seconds kSteps[] = {seconds(10),    seconds(30),    seconds(60),        seconds(120),
                              seconds(300),   seconds(600),   seconds(900),       seconds(1800),
                              seconds(3600),  seconds(7200),  seconds(10800),     seconds(21600),
                              seconds(43200), seconds(86400), seconds(2 * 86400), seconds(7 * 86400)};
/// Exporters send a flow once a minute or so: only for so short a range is a shorter step worth every flow.
constexpr seconds kMinute{60}, kShortRange{15 * 60};
/// Two cores, as measured (docs/dashboards.md).
constexpr double kRowsPerSecond = 30e6;

sys_seconds floor_to(sys_seconds time, seconds step) {
  return sys_seconds(time.time_since_epoch() / step * step);
}
sys_seconds ceil_to(sys_seconds time, seconds step) { return floor_to(time + step - seconds(1), step); }

/// How many slots a range touches.
std::int64_t slots_in(const Question& question, seconds step) {
  return (ceil_to(question.to, step) - floor_to(question.from, step)) / step;
}

seconds step_for(const Question& question) {
  const seconds range = question.to - question.from;
  seconds least = (range + seconds(question.points - 1)) / question.points;
  if (question.step.count() > 0)
    least = std::max(least, question.step);
  else if (range > kShortRange)
    least = std::max(least, kMinute);
  for (const seconds step : kSteps)
    if (step >= least && slots_in(question, step) <= question.points) return step;
  const seconds longest = kSteps[std::size(kSteps) - 1];
  seconds step = longest * (least / longest + 1);
  while (slots_in(question, step) > question.points) step += longest;
  return step;
}

bool of_single_flow(const filter::Quantity& quantity) {
  if (quantity.derived != filter::Derived::none) return quantity.derived != filter::Derived::flows;
  return quantity.name != column_name(*quantity.field);  // bytes and packets as counted, by other names
}

void add(std::vector<std::string>& to, std::string name) {
  if (std::ranges::find(to, name) == to.end()) to.push_back(std::move(name));
}

/// Its columns, with those of the way back where that is asked too.
void add_dimension(std::vector<std::string>& to, const Question& question, const Dimension& dimension) {
  add(to, dimension.column());
  if (question.both_ways) add(to, reversed(dimension).column());
}

ApiError too_old(const query::NoTable& no) {
  return {.status = 400,
          .code = "too_old",
          .text = no.reason,
          .more = {{"since", no.since.time_since_epoch().count()}}};
}

query::TableWish wish_of(const Question& question, const Needs& needs, seconds step) {
  return {.columns = needs.columns, .from = question.from - question.before, .to = question.to, .step = step};
}

/// The choice; every flow where single ones are meant.
Or<query::TableChoice> choose(const query::TableWish& wish, const Needs& needs, sys_seconds now,
                              const TableSizes& sizes) {
  const auto among = needs.single_flows ? std::span<const Rollup>{} : rollups();
  const auto kept = [&](std::string_view table) { return kept_for(sizes, table); };
  auto chosen = query::choose_table(wish, now, kept, among);
  if (!chosen) return failure(too_old(chosen.error()));
  if (needs.single_flows)
    chosen->reason = "the filter asks for single flows, by their bytes, packets or times";
  return *chosen;
}

/// Rows behind a range: the table's, times the share of its time.
void estimate(Plan& plan, const Question& question, const TableSizes& sizes, std::uint64_t ask_above) {
  const auto size = sizes.find(plan.table);
  if (size == sizes.end() || !size->second.oldest || !size->second.newest) return;
  const sys_seconds oldest = *size->second.oldest,
                    newest = std::max(*size->second.newest, oldest + seconds(1));
  const auto within = [&](sys_seconds from, sys_seconds to) {
    const seconds both = std::min(to, newest) - std::max(from, oldest);
    return std::clamp(static_cast<double>(both.count()) / static_cast<double>((newest - oldest).count()), 0.0,
                      1.0);
  };
  double share = within(plan.from, plan.to);
  if (question.before.count() > 0) share += within(plan.from - question.before, plan.to - question.before);
  if (question.both_ways) share *= 2;
  plan.rows = static_cast<std::uint64_t>(share * static_cast<double>(size->second.rows));
  plan.seconds = static_cast<double>(plan.rows) / kRowsPerSecond;
  plan.costly = ask_above > 0 && plan.rows > ask_above;
}

Plan of_choice(const query::TableChoice& chosen) {
  Plan out;
  out.table = chosen.table;
  out.rollup = chosen.rollup;
  out.reason = chosen.reason;
  return out;
}

seconds slots_of(const Plan& plan) { return plan.rollup ? plan.rollup->step.length : seconds(1); }

}  // namespace

seconds kept_for(const TableSizes& sizes, std::string_view table) {
  const auto found = sizes.find(table);
  if (found != sizes.end() && found->second.kept) return *found->second.kept;
  return query::default_kept(table);
}

Needs needs_of(const filter::Expression& filter) {
  Needs out;
  for (const filter::Quantity* quantity : quantities_of(filter)) {
    if (of_single_flow(*quantity))
      out.single_flows = true;
    else if (quantity->field != nullptr)
      add(out.columns, std::string(column_name(*quantity->field)));
  }
  return out;
}

Needs needs_of(const Question& question) {
  Needs out = needs_of(question.filter);
  if (question.both_ways) {
    const Needs back = needs_of(reverse(question.filter));
    for (const std::string& column : back.columns) add(out.columns, column);
  }
  for (const Dimension& dimension : question.by) add_dimension(out.columns, question, dimension);
  if (!question.exporters.empty()) add(out.columns, "sampler_address");
  return out;
}

Or<Plan> make_plan(const Question& question, sys_seconds now, const TableSizes& sizes,
                   std::uint64_t ask_above) {
  Needs needs = needs_of(question);
  const bool graph = question.view == View::series;
  if (question.view == View::flows) needs.single_flows = true;
  const seconds step = graph ? step_for(question) : seconds(0);
  const auto chosen = choose(wish_of(question, needs, step), needs, now, sizes);
  if (!chosen) return failure(chosen.error());
  Plan out = of_choice(*chosen);
  if (question.view == View::flows) out.reason = "every flow is there";
  if (graph) out.step = std::max(step, slots_of(out));
  const seconds slot = graph ? out.step : slots_of(out);
  out.from = floor_to(question.from, slot);
  out.to = ceil_to(question.to, slot);
  if (graph && out.step > step)
    out.warnings.push_back("the step is " + std::to_string(out.step.count()) +
                           " s, the shortest that reaches so far back");
  estimate(out, question, sizes, ask_above);
  return out;
}

seconds passed(const Plan& plan, sys_seconds now) {
  return std::clamp(now - kArrival - plan.from, seconds(0), plan.to - plan.from);
}

std::size_t finished_slots(const Plan& plan, sys_seconds now) {
  return plan.step.count() == 0 ? 0 : static_cast<std::size_t>(passed(plan, now) / plan.step);
}

Plan coarser(const Question& question, const Plan& plan, sys_seconds now, const TableSizes& sizes) {
  const Needs needs = needs_of(question);
  query::TableWish wish = wish_of(question, needs, seconds(0));
  wish.from = plan.from;
  wish.to = plan.to;
  const auto chosen = choose(wish, needs, now, sizes);
  if (!chosen || question.rank != Rank::mean) return plan;
  Plan out = of_choice(*chosen);
  out.step = plan.step;
  out.from = floor_to(plan.from, slots_of(out));
  out.to = ceil_to(plan.to, slots_of(out));
  return out;
}

Plan coverage(const Question& question, const Plan& plan, sys_seconds now, const TableSizes& sizes) {
  Needs needs;
  if (!question.exporters.empty()) needs.columns.push_back("sampler_address");
  query::TableWish wish{.columns = needs.columns,
                        .from = plan.from - question.before,
                        .to = plan.to,
                        .step = std::max(plan.step, seconds(1))};
  const auto chosen = choose(wish, needs, now, sizes);
  if (!chosen || (chosen->rollup != nullptr && chosen->rollup->step.length > plan.step)) return plan;
  Plan out = of_choice(*chosen);
  out.step = plan.step;
  out.from = plan.from;
  out.to = plan.to;
  return out;
}

}  // namespace sluice::web
