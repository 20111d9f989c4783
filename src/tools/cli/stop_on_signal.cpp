#include "cli/stop_on_signal.hpp"

#include <ctime>

namespace sluice::cli {

StopOnSignal::StopOnSignal() {
  sigemptyset(&signals_);
  sigaddset(&signals_, SIGINT);
  sigaddset(&signals_, SIGTERM);
  pthread_sigmask(SIG_BLOCK, &signals_, &before_);
  watcher_ = std::jthread([this](const std::stop_token& end) { watch(end); });
}

StopOnSignal::~StopOnSignal() {
  watcher_.request_stop();
  watcher_.join();
  pthread_sigmask(SIG_SETMASK, &before_, nullptr);
}

void StopOnSignal::watch(const std::stop_token& end) {
  constexpr timespec kTenth{.tv_sec = 0, .tv_nsec = 100'000'000};
  while (!end.stop_requested())
    if (const int signal = sigtimedwait(&signals_, nullptr, &kTenth); signal > 0) {
      if (flag_.exchange(true)) {
        std::signal(signal, SIG_DFL);
        pthread_sigmask(SIG_UNBLOCK, &signals_, nullptr);
        std::raise(signal);
      }
      requested_.request_stop();
    }
}

}  // namespace sluice::cli
