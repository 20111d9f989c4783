#pragma once
// One function for each subcommand: it adds itself to the command line and, where it is the one that was
// given, leaves what to do in `chosen`. What an action needs lives as long as the action.
#include <CLI/CLI.hpp>
#include <functional>

namespace sluice::cli {

/// Returns the exit status.
using Action = std::function<int()>;

void add_run(CLI::App& app, Action& chosen);
void add_check(CLI::App& app, Action& chosen);
void add_decode(CLI::App& app, Action& chosen);
void add_doctor(CLI::App& app, Action& chosen);
void add_exporters(CLI::App& app, Action& chosen);
void add_generate(CLI::App& app, Action& chosen);
void add_grafana(CLI::App& app, Action& chosen);
void add_health(CLI::App& app, Action& chosen);
void add_query(CLI::App& app, Action& chosen);
void add_replay(CLI::App& app, Action& chosen);
void add_schema(CLI::App& app, Action& chosen);
void add_store(CLI::App& app, Action& chosen);
void add_version(CLI::App& app, Action& chosen);

/// What `sluice` does without a subcommand.
int run_with_defaults();

}  // namespace sluice::cli
