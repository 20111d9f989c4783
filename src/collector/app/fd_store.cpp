#include "app/fd_store.hpp"

#include <systemd/sd-daemon.h>

#include <cstdlib>
#include <cstring>

namespace sluice::app {
namespace {

constexpr std::uint64_t kSettleUs = 5'000'000;

}  // namespace

FdStore::FdStore(LogFn log) : log_(std::move(log)) {
  const char* socket = std::getenv("NOTIFY_SOCKET");
  active_ = socket != nullptr && *socket != '\0';
}

std::vector<net::GivenSocket> FdStore::take_given() {
  std::vector<net::GivenSocket> out;
  char** names = nullptr;
  const int count = sd_listen_fds_with_names(1, &names);
  for (int i = 0; i < count; ++i) {
    const char* name = names != nullptr ? names[i] : "";
    out.push_back({UniqueFd(SD_LISTEN_FDS_START + i), name});
    if (names != nullptr) std::free(names[i]);
  }
  std::free(static_cast<void*>(names));
  if (count < 0)
    log_(LogLevel::warning,
         std::string("the descriptors of the service manager cannot be read: ") + std::strerror(-count));
  return out;
}

void FdStore::keep(int fd, const std::string& name) {
  if (!active_) return;
  // FDPOLL=0: an error that waits in a socket is no reason to throw it away.
  check(sd_pid_notify_with_fds(0, 0, ("FDSTORE=1\nFDPOLL=0\nFDNAME=" + name).c_str(), &fd, 1));
}

void FdStore::forget(const std::string& name) {
  if (active_) check(sd_notify(0, ("FDSTOREREMOVE=1\nFDNAME=" + name).c_str()));
}

void FdStore::settle() {
  if (active_) check(sd_notify_barrier(0, kSettleUs));
}

void FdStore::check(int sent) {
  if (sent >= 0) return;
  log_(LogLevel::warning,
       std::string("the service manager ($NOTIFY_SOCKET) keeps no sockets: ") + std::strerror(-sent));
}

}  // namespace sluice::app
