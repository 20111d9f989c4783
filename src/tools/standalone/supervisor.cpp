#include "standalone/supervisor.hpp"

#include <poll.h>
#include <signal.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>

#include "standalone/notices.hpp"

namespace sluice::standalone {
namespace {

using Clock = std::chrono::steady_clock;
using std::chrono::milliseconds;

constexpr int kFine = 0, kFailed = 1, kMistake = 2;
constexpr milliseconds kLongestPause{30'000};
constexpr milliseconds kSteady{60'000};  // who ran for so long is not one that cannot start
constexpr std::size_t kMostSockets = 4096;

/// Whether the socket is among them already, by whatever descriptor.
bool kept(const GivenSockets& sockets, const UniqueFd& fd) {
  struct stat given{}, there{};
  if (::fstat(fd.get(), &given) != 0) return true;
  return std::ranges::any_of(sockets, [&](const auto& one) {
    return ::fstat(one.second.get(), &there) == 0 && there.st_dev == given.st_dev &&
           there.st_ino == given.st_ino;
  });
}

struct Part {
  const Program* program;
  pid_t pid = 0;  ///< 0: does not run
  bool ready = false;
  Clock::time_point started{};
  Clock::time_point again{};  ///< when it is started, where it does not run
  milliseconds pause;
  GivenSockets sockets{};  ///< that it gave us for the one after it
};

class Supervisor {
 public:
  Supervisor(const Plan& plan, const Words& words, Notices notices, UniqueFd signals)
      : plan_(plan), words_(words), notices_(std::move(notices)), signals_(std::move(signals)) {
    for (const Program& program : plan.parts) parts_.push_back({.program = &program, .pause = plan.pause});
    if (plan.preparing) parts_[plan.after].program = &*plan.preparing;
  }

  int run() {
    while (!ending_ || alive()) {
      if (!ending_) start_what_is_due();
      if (ending_)
        end_next();
      else if (makes_way())
        end(parts_[plan_.after]);
      wait();
      take_signals();
      take_notices();
      reap();
      if (!ending_) go_on();
    }
    return status_;
  }

 private:
  bool alive() const {
    return task_ != 0 || std::ranges::any_of(parts_, [](const Part& part) { return part.pid != 0; });
  }

  void say(const std::string& text) const { words_.line(text); }

  void end_all(int status) {
    if (ending_) return;
    ending_ = true;
    status_ = status;
    words_.stopping(plan_.longest_end * parts_.size());
    if (task_ != 0) ::kill(task_, SIGTERM);
  }

  void start_what_is_due() {
    for (Part& part : parts_) {
      if (part.pid != 0 || part.again > Clock::now()) continue;
      const auto pid = start(*part.program, notices_.variable(), part.sockets);
      if (!pid) return say(pid.error()), end_all(kFailed);
      part.pid = *pid;
      part.ready = false;
      part.started = Clock::now();
    }
  }

  /// When all that was waited for is there.
  void go_on() {
    if (plan_.task && !task_done_ && task_ == 0 && parts_[plan_.after].ready) {
      const auto pid = start(*plan_.task, {});
      if (!pid) return say(pid.error()), end_all(kFailed);
      task_ = *pid;
    }
    if (announced_ || (plan_.task && !task_done_) || makes_way()) return;
    if (!std::ranges::all_of(parts_, &Part::ready)) return;
    announced_ = true;
    words_.ready();
  }

  /// The task is done, and what ran for it alone is still there.
  bool makes_way() const {
    return task_done_ && plan_.preparing && parts_[plan_.after].program == &*plan_.preparing;
  }

  /// One after the other: the next is told to end when the one before it is gone.
  void end_next() {
    const auto next = std::ranges::find_if(parts_, [](const Part& part) { return part.pid != 0; });
    if (next != parts_.end()) end(*next);
  }

  /// Told first, and killed when its time is over.
  void end(Part& part) {
    if (told_ != part.pid) {
      told_ = part.pid;
      until_ = Clock::now() + plan_.longest_end;
      ::kill(part.pid, SIGTERM);
    } else if (Clock::now() >= until_) {
      say("the " + part.program->name + " does not end and is killed");
      ::kill(part.pid, SIGKILL);
      until_ = Clock::time_point::max();
    }
  }

  void wait() const {
    Clock::time_point next = Clock::time_point::max();
    if (told_ != 0) next = until_;
    if (!ending_)
      for (const Part& part : parts_)
        if (part.pid == 0) next = std::min(next, part.again);
    int timeout = -1;
    if (next != Clock::time_point::max()) {
      const auto left = std::chrono::ceil<milliseconds>(next - Clock::now()).count();
      timeout = static_cast<int>(std::clamp<long long>(left, 0, 60'000));
    }
    pollfd sources[] = {{.fd = signals_.get(), .events = POLLIN, .revents = 0},
                        {.fd = notices_.fd(), .events = POLLIN, .revents = 0}};
    ::poll(sources, 2, timeout);
  }

  void take_signals() {
    signalfd_siginfo signal{};
    while (::read(signals_.get(), &signal, sizeof(signal)) == static_cast<ssize_t>(sizeof(signal))) {
      if (signal.ssi_signo == SIGHUP) {
        if (const pid_t leader = parts_[plan_.leader].pid; leader != 0 && !ending_) ::kill(leader, SIGHUP);
      } else if (signal.ssi_signo == SIGTERM || signal.ssi_signo == SIGINT) {
        if (std::exchange(told_to_end_, true)) kill_all();
        end_all(kFine);
      }
    }
  }

  void kill_all() const {
    for (const Part& part : parts_)
      if (part.pid != 0) ::kill(part.pid, SIGKILL);
    if (task_ != 0) ::kill(task_, SIGKILL);
  }

  void take_notices() {
    while (auto notice = notices_.next()) {
      const auto part = std::ranges::find(parts_, notice->from, &Part::pid);
      if (part == parts_.end() || notice->from == 0) continue;
      if (notice->has("READY=1")) part->ready = true;
      keep_sockets(*part, *notice);
      if (part != parts_.begin() + static_cast<std::ptrdiff_t>(plan_.leader)) continue;
      if (const auto status = notice->value("STATUS")) words_.status(*status);
      if (notice->has("WATCHDOG=1")) words_.alive();
    }
  }

  /// As the service manager would. What comes besides is closed with the notice, which is what a barrier
  /// waits for.
  static void keep_sockets(Part& part, Notice& notice) {
    const std::string name = notice.value("FDNAME").value_or("");
    if (notice.has("FDSTOREREMOVE=1"))
      std::erase_if(part.sockets, [&](const auto& kept) { return kept.first == name; });
    if (!notice.has("FDSTORE=1") || name.empty() || name.find(':') != std::string::npos) return;
    for (UniqueFd& fd : notice.descriptors)
      if (part.sockets.size() < kMostSockets && !kept(part.sockets, fd))
        part.sockets.emplace_back(name, std::move(fd));
  }

  void reap() {
    int status = 0;
    for (pid_t pid = 0; (pid = ::waitpid(-1, &status, WNOHANG)) > 0;) {
      if (pid == task_) {
        ended_task(status);
        continue;
      }
      const auto part = std::ranges::find(parts_, pid, &Part::pid);
      if (part != parts_.end()) ended(*part, status);
    }
  }

  void ended_task(int status) {
    task_ = 0;
    task_done_ = WIFEXITED(status) && WEXITSTATUS(status) == 0;
    if (task_done_ || ending_) return;
    say("the " + plan_.task->name + " " + end_of(status));
    end_all(WIFEXITED(status) && WEXITSTATUS(status) == kMistake ? kMistake : kFailed);
  }

  void ended(Part& part, int status) {
    const auto now = Clock::now();
    if (told_ == std::exchange(part.pid, 0)) told_ = 0;
    part.ready = false;
    if (ending_) return;
    if (makes_way() && &part == &parts_[plan_.after]) {
      part.program = &plan_.parts[plan_.after];
      return;
    }
    const std::string what = "the " + part.program->name + " " + end_of(status);
    if (WIFEXITED(status) && WEXITSTATUS(status) == kMistake) return say(what), end_all(kMistake);
    if (!announced_) return say(what), end_all(kFailed);
    if (now - part.started >= kSteady) part.pause = plan_.pause;
    part.again = now + part.pause;
    say(what + " and is started again in " + std::to_string(part.pause.count()) + " ms");
    part.pause = std::min(part.pause * 2, kLongestPause);
  }

  const Plan& plan_;
  const Words& words_;
  const Notices notices_;
  const UniqueFd signals_;
  std::vector<Part> parts_;
  pid_t task_ = 0;
  bool task_done_ = false;
  bool announced_ = false;
  bool ending_ = false;
  bool told_to_end_ = false;  ///< by somebody, while ending_ may be for a part that ended
  int status_ = kFine;
  pid_t told_ = 0;             ///< to end
  Clock::time_point until_{};  ///< when it is killed
};

}  // namespace

int supervise(const Plan& plan, const Words& words) {
  sigset_t signals;
  sigemptyset(&signals);
  for (const int signal : {SIGTERM, SIGINT, SIGHUP, SIGCHLD}) sigaddset(&signals, signal);
  ::sigprocmask(SIG_BLOCK, &signals, nullptr);
  UniqueFd source(::signalfd(-1, &signals, SFD_CLOEXEC | SFD_NONBLOCK));
  auto notices = Notices::open();
  if (!source || !notices) {
    words.line(notices ? std::string("signals cannot be read: ") + std::strerror(errno) : notices.error());
    return kFailed;
  }
  return Supervisor(plan, words, std::move(*notices), std::move(source)).run();
}

}  // namespace sluice::standalone
