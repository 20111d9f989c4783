#pragma once
// The command line: `sluice` and its subcommands.

namespace sluice::cli {

/// Exit statuses of every subcommand.
inline constexpr int kFine = 0;
inline constexpr int kFailed = 1;   ///< something failed while running
inline constexpr int kMistake = 2;  ///< the command line or the configuration is wrong

/// Does what the arguments say, on the calling thread, which is the process's main one; returns the exit
/// status.
int run(int argc, char** argv);

}  // namespace sluice::cli
