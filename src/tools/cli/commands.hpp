#pragma once
// One function for each subcommand: it adds itself to the command line, with what to do where it is given.
#include "cli/command.hpp"

namespace sluice::cli {

void add_run(Command app);
void add_check(Command app);
void add_decode(Command app);
void add_doctor(Command app);
void add_enrich(Command app);
void add_exporters(Command app);
void add_generate(Command app);
void add_grafana(Command app);
void add_health(Command app);
void add_import(Command app);
void add_query(Command app);
void add_replay(Command app);
void add_schema(Command app);
void add_standalone(Command app);
void add_store(Command app);
void add_version(Command app);
void add_web(Command app);

/// What `sluice` does without a subcommand.
int run_with_defaults();

}  // namespace sluice::cli
