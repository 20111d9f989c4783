#pragma once
// A program as a process of its own: started, told, reaped. What it writes goes where ours goes. One thread,
// in a process that has no other.
#include <sys/types.h>

#include <string>
#include <utility>
#include <vector>

#include "sluice/util/result.hpp"
#include "util/unique_fd.hpp"

namespace sluice::standalone {

struct Program {
  std::string name;                  ///< "collector", for people
  std::vector<std::string> command;  ///< the path of the program first
};

/// Descriptors that a program gets as those of a service manager (sd_listen_fds(3)), by name.
using GivenSockets = std::vector<std::pair<std::string, UniqueFd>>;

/// Starts it in a process group of its own, so that a Ctrl-C is for us; it ends when we do. `notify` is its
/// NOTIFY_SOCKET as NAME=VALUE. The error is a sentence.
Result<pid_t, std::string> start(const Program& program, const std::string& notify,
                                 const GivenSockets& sockets = {});

/// "ended with status 2", "was ended by signal 9"
std::string end_of(int wait_status);

}  // namespace sluice::standalone
