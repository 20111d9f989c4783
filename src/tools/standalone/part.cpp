#include "standalone/part.hpp"

#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <cstring>
#include <string_view>

extern char** environ;

namespace sluice::standalone {
namespace {

constexpr int kFirstGiven = 3;  // SD_LISTEN_FDS_START
constexpr int kNoProgram = 127;
constexpr std::string_view kListenPid = "LISTEN_PID=";

/// Ours, without what a service manager told us alone.
std::vector<std::string> environment_of(const std::string& notify, const GivenSockets& sockets) {
  static constexpr std::string_view kOurs[] = {
      "NOTIFY_SOCKET=", "WATCHDOG_PID=", "LISTEN_PID=", "LISTEN_FDS=", "LISTEN_FDNAMES="};
  std::vector<std::string> out;
  for (char** at = environ; *at != nullptr; ++at) {
    const std::string_view variable = *at;
    if (std::ranges::none_of(kOurs, [&](std::string_view name) { return variable.starts_with(name); }))
      out.emplace_back(variable);
  }
  if (!notify.empty()) out.push_back(notify);
  if (sockets.empty()) return out;
  std::string names = "LISTEN_FDNAMES=";
  for (const auto& [name, fd] : sockets) names += (names.ends_with('=') ? "" : ":") + name;
  out.push_back(std::move(names));
  out.push_back("LISTEN_FDS=" + std::to_string(sockets.size()));
  out.push_back(std::string(kListenPid) + std::string(20, '\0'));  // written by the child
  return out;
}

std::vector<char*> pointers(std::vector<std::string>& texts) {
  std::vector<char*> out;
  for (std::string& text : texts) out.push_back(text.data());
  out.push_back(nullptr);
  return out;
}

/// The given descriptors at 3, 4, ...; first out of the way of each other.
bool place(std::vector<int>& fds) {
  const int above = kFirstGiven + static_cast<int>(fds.size());
  for (int& fd : fds) {
    if (fd >= above) continue;
    fd = ::fcntl(fd, F_DUPFD_CLOEXEC, above);
    if (fd < 0) return false;
  }
  for (std::size_t i = 0; i < fds.size(); ++i)
    if (::dup2(fds[i], kFirstGiven + static_cast<int>(i)) < 0) return false;
  return true;
}

/// After the fork, where nothing may be allocated.
[[noreturn]] void become(std::vector<char*>& command, std::vector<char*>& environment, std::vector<int>& fds,
                         pid_t parent) {
  ::setpgid(0, 0);
  ::prctl(PR_SET_PDEATHSIG, SIGTERM);
  sigset_t none;
  sigemptyset(&none);
  ::sigprocmask(SIG_SETMASK, &none, nullptr);
  if (::getppid() == parent && place(fds)) {
    for (char* variable : environment)
      if (variable != nullptr && std::string_view(variable) == kListenPid)
        std::to_chars(variable + kListenPid.size(), variable + kListenPid.size() + 19, ::getpid());
    ::execve(command.front(), command.data(), environment.data());
  }
  ::_exit(kNoProgram);
}

}  // namespace

Result<pid_t, std::string> start(const Program& program, const std::string& notify,
                                 const GivenSockets& sockets) {
  std::vector<std::string> words = program.command;
  std::vector<std::string> variables = environment_of(notify, sockets);
  std::vector<char*> command = pointers(words), environment = pointers(variables);
  std::vector<int> fds;
  for (const auto& [name, fd] : sockets) fds.push_back(fd.get());
  const pid_t parent = ::getpid();
  const pid_t child = ::fork();
  if (child < 0) return failure("the " + program.name + " cannot be started: " + std::strerror(errno));
  if (child == 0) become(command, environment, fds, parent);
  ::setpgid(child, child);  // whoever of us is first
  return child;
}

std::string end_of(int wait_status) {
  if (WIFSIGNALED(wait_status)) return "was ended by signal " + std::to_string(WTERMSIG(wait_status));
  if (WEXITSTATUS(wait_status) == kNoProgram) return "is not there or cannot be run";
  return "ended with status " + std::to_string(WEXITSTATUS(wait_status));
}

}  // namespace sluice::standalone
