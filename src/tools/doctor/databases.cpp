// Servers of sinks that write into SQL databases, asked as the sinks would.
#include "doctor/checks.hpp"
#include "sink/type.hpp"

namespace sluice::doctor {

Findings check_databases(const config::Config& config) {
  Findings out;
  const UserFieldsPtr fields = make_user_fields(config.fields);
  for (const auto& [name, settings] : config.sinks) {
    const sink::Type& type = sink::type_of(settings);
    if (!type.look) continue;
    const std::string wrong = type.look({name, settings, 1, {}, fields});
    out.push_back({"server of sink " + name, wrong.empty() ? Status::ok : Status::fail,
                   wrong.empty() ? "It answers, and its table has the columns that the sink writes."
                                 : "No flow of this sink is stored: " + wrong + '.'});
  }
  return out;
}

}  // namespace sluice::doctor
