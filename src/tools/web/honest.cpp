// What stands beside an answer so that its numbers can be trusted, and its plan.
#include <algorithm>
#include <cstdio>

#include "web/answers.hpp"
#include "web/nfdump.hpp"

namespace sluice::web {
namespace {

/// A share of unknown sampling rate from which on it is told: a tenth of a per cent, as it is printed.
constexpr double kWorthTelling = 0.0005;

std::string percent(double share) {
  char text[40];
  std::snprintf(text, sizeof(text), "%.1f %%", share * 100);
  return text;
}

std::vector<std::string> addresses(const Question& question) {
  std::vector<std::string> out;
  for (const IpAddress& one : question.exporters) out.push_back(one.to_string());
  return out;
}

/// "edge-7, 192.0.2.9": who they are.
std::string unknown_exporters(const Question& question, const Plan& plan, Asking& asking,
                              const Surroundings& around) {
  const auto rows = asking.rows(unknown_statement(question, plan));
  if (!rows) return "";
  std::vector<Key> keys;
  for (const json& row : *rows)
    if (row.size() == 2) keys.push_back({row[0]});
  std::string out;
  for (const auto& cells : named_cells(around.store, {*find_dimension("sampler_address")}, keys))
    out += (out.empty() ? "" : ", ") + cells[0].value("name", cells[0].value("value", ""));
  return out;
}

bool tells_exporters(const Plan& plan) {
  return plan.rollup == nullptr || has_column(*plan.rollup, "sampler_address");
}

}  // namespace

json honest_line(const Question& question, const Plan& plan, Asking& asking, const Surroundings& around,
                 double unknown, json gaps) {
  json notes = json::array();
  const bool at_least = unknown >= kWorthTelling;
  if (at_least) {
    const std::string who = tells_exporters(plan) ? unknown_exporters(question, plan, asking, around) : "";
    notes.push_back(
        {{"level", "warning"},
         {"text", percent(unknown) + " of this is of exporters whose sampling rate is not known" +
                      (who.empty() ? "" : " (" + who + ")") + "; it is counted as 1, so this is the least"}});
  }
  for (json& one : around.collectors.notes(addresses(question))) notes.push_back(std::move(one));
  for (const std::string& warning : plan.warnings) notes.push_back({{"level", "info"}, {"text", warning}});
  return {{"honest",
           {{"complete_until", (around.now - kArrival).time_since_epoch().count()},
            {"gaps", std::move(gaps)},
            {"unknown_share", unknown},
            {"at_least", at_least},
            {"notes", std::move(notes)}}}};
}

json plan_json(const Question& question, const Plan& plan, const std::string& id,
               const std::vector<Statement>& statements) {
  json sql = json::array();
  for (const Statement& one : statements) sql.push_back({{"text", one.sql}, {"parameters", one.parameters}});
  return {{"plan",
           {{"id", id},
            {"table", plan.table},
            {"step", plan.step.count()},
            {"from", plan.from.time_since_epoch().count()},
            {"to", plan.to.time_since_epoch().count()},
            {"slots", plan.slots()},
            {"reason", plan.reason},
            {"rows", plan.rows},
            {"seconds", plan.seconds},
            {"costly", plan.costly},
            {"filter", to_text(question.filter)},
            {"warnings", plan.warnings},
            {"sql", std::move(sql)},
            {"nfdump", nfdump_command(question)}}}};
}

}  // namespace sluice::web
