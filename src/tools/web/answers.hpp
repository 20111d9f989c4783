#pragma once
// The answers themselves: a graph, a table, a list of flows, as the lines that follow the plan. Each asks its
// statements by `asking` and stops where that does. Of the handler's thread.
#include <chrono>
#include <functional>
#include <vector>

#include "web/asking.hpp"
#include "web/collectors.hpp"
#include "web/names.hpp"
#include "web/plan.hpp"
#include "web/question.hpp"

namespace sluice::web {

struct Surroundings {
  const Store& store;
  Collectors& collectors;
  const TableSizes& sizes;
  std::chrono::sys_seconds now;
};

using Lines = std::vector<json>;

Or<Lines> series_answer(const Question& question, const Plan& plan, Asking& asking,
                        const Surroundings& around);
Or<Lines> table_answer(const Question& question, const Plan& plan, Asking& asking,
                       const Surroundings& around);

struct FlowPage {
  Lines lines;
  std::optional<FlowCursor> next;  ///< nothing: these were the last
};
Or<FlowPage> flows_answer(const Question& question, const Plan& plan, Asking& asking);

/// What must be known beside the numbers. `unknown`: the share of bytes whose sampling rate is unknown.
json honest_line(const Question& question, const Plan& plan, Asking& asking, const Surroundings& around,
                 double unknown, json gaps);

/// A plan as the page is told it.
json plan_json(const Question& question, const Plan& plan, const std::string& id,
               const std::vector<Statement>& statements);

}  // namespace sluice::web
