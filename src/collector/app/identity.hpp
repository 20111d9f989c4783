#pragma once
// Who the process is. Started as root with `user` set, it opens its sockets as root, is that user for good
// before it has any thread, and opens everything that has a path, but the certificates and keys of HTTP and
// of listeners, as that user. A process that was started as somebody else stays who it is.
#include <sys/types.h>

#include <string>
#include <vector>

namespace sluice::app {

/// For the main thread. What changes is the whole process: all threads, and capabilities with the user.
class Identity {
 public:
  /// Stays who it is.
  Identity() = default;
  /// Empty: stays who it is. Throws SetupError("user", ...) where there is no such user, or where this
  /// process may not become it.
  static Identity of(const std::string& user);

  /// Executing something gives the process nothing any more that it has not, whoever it is. For threads that
  /// are made afterwards, so it is to be called before there are any.
  static void forbid_new_privileges();

  /// Whether there is anything to drop.
  bool changes() const { return changes_; }
  const std::string& user() const { return user_; }

  /// While it lives the process is the user as far as files, directories and Unix sockets go, and goes back
  /// then: where nothing of strangers is read meanwhile and nobody else runs.
  class AsUser {
   public:
    explicit AsUser(const Identity& identity);
    ~AsUser();
    AsUser(const AsUser&) = delete;
    AsUser& operator=(const AsUser&) = delete;

   private:
    bool changed_;
    std::vector<gid_t> former_groups_;
  };

  /// For good: user, groups, no capability. Throws SetupError.
  void become() const;

 private:
  std::string user_;
  uid_t uid_ = 0;
  gid_t gid_ = 0;
  std::vector<gid_t> groups_;  // of the user, its own among them
  bool changes_ = false;
};

}  // namespace sluice::app
