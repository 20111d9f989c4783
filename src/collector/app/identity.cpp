#include "app/identity.hpp"

#include <grp.h>
#include <pwd.h>
#include <sys/prctl.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <system_error>

#include "util/setup_error.hpp"

namespace sluice::app {
namespace {

constexpr const char* kSetting = "user";

[[noreturn]] void refuse(const std::string& why) { throw SetupError(kSetting, why); }

void demand(int result, const std::string& user) {
  if (result == 0) return;
  const std::string reason = std::strerror(errno);
  refuse("cannot become " + user + ": " + reason +
         (errno == EPERM ? "; it takes root with CAP_SETUID and CAP_SETGID" : ""));
}

/// The way back to root, which cannot fail unless somebody takes capabilities away meanwhile: then going on
/// as somebody else than is believed would be worse than ending.
void demand_back(int result) {
  if (result != 0) throw std::system_error(errno, std::generic_category(), "cannot become root again");
}

struct Account {
  uid_t uid = 0;
  gid_t gid = 0;
};

Account account_of(const std::string& user) {
  std::array<char, 16384> memory{};
  passwd entry{};
  passwd* found = nullptr;
  const int error = ::getpwnam_r(user.c_str(), &entry, memory.data(), memory.size(), &found);
  if (found == nullptr)
    refuse("there is no user " + user + " on this machine" +
           (error != 0 ? ": " + std::string(std::strerror(error)) : ""));
  return {entry.pw_uid, entry.pw_gid};
}

std::vector<gid_t> groups_of(const std::string& user, gid_t own) {
  std::vector<gid_t> out(16);
  int count = static_cast<int>(out.size());
  while (::getgrouplist(user.c_str(), own, out.data(), &count) < 0)
    out.resize(static_cast<std::size_t>(count));
  out.resize(static_cast<std::size_t>(count));
  return out;
}

std::vector<gid_t> current_groups() {
  std::vector<gid_t> out(static_cast<std::size_t>(std::max(0, ::getgroups(0, nullptr))));
  const int count = ::getgroups(static_cast<int>(out.size()), out.data());
  out.resize(static_cast<std::size_t>(std::max(0, count)));
  return out;
}

}  // namespace

Identity Identity::of(const std::string& user) {
  Identity out;
  if (user.empty()) return out;
  const Account account = account_of(user);
  if (::geteuid() == account.uid) return out;
  if (::geteuid() != 0)
    refuse("only root can become " + user + ", and this was started by user " + std::to_string(::geteuid()) +
           "; start it as root or as " + user + ", or leave user empty");
  out.user_ = user;
  out.uid_ = account.uid;
  out.gid_ = account.gid;
  out.groups_ = groups_of(user, account.gid);
  out.changes_ = true;
  return out;
}

Identity::AsUser::AsUser(const Identity& identity) : changed_(identity.changes_) {
  if (!changed_) return;
  former_groups_ = current_groups();
  // Only root may change groups, so the user is last.
  demand(::setgroups(identity.groups_.size(), identity.groups_.data()), identity.user_);
  demand(::setegid(identity.gid_), identity.user_);
  demand(::seteuid(identity.uid_), identity.user_);
}

Identity::AsUser::~AsUser() {
  if (!changed_) return;
  demand_back(::seteuid(0));
  demand_back(::setegid(0));
  demand_back(::setgroups(former_groups_.size(), former_groups_.data()));
}

void Identity::forbid_new_privileges() {
  // Not demanded: it is one more bolt.
  ::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
}

void Identity::become() const {
  if (!changes_) return;
  demand(::setgroups(groups_.size(), groups_.data()), user_);
  demand(::setresgid(gid_, gid_, gid_), user_);
  demand(::setresuid(uid_, uid_, uid_), user_);  // which takes the capabilities along
  if (::setuid(0) == 0) refuse("cannot become " + user_ + ": the way back to root stays open");
}

}  // namespace sluice::app
