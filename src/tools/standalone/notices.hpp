#pragma once
// What the parts tell of themselves: a socket of ours in the place of the service manager's ($NOTIFY_SOCKET,
// sd_notify(3)). One thread.
#include <sys/types.h>

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "sluice/util/result.hpp"
#include "util/unique_fd.hpp"

namespace sluice::standalone {

struct Notice {
  pid_t from = 0;  ///< as the kernel says
  std::string text;
  std::vector<UniqueFd> descriptors{};  ///< that came with it

  /// "READY=1" is a line of it.
  bool has(std::string_view line) const;
  /// What stands after "STATUS=", the last time.
  std::optional<std::string> value(std::string_view name) const;
};

class Notices {
 public:
  /// The error is a sentence.
  static Result<Notices, std::string> open();

  int fd() const { return fd_.get(); }
  /// For the environment of a part: "NOTIFY_SOCKET=@...".
  const std::string& variable() const { return variable_; }
  /// The next that is there already; never waits.
  std::optional<Notice> next() const;

 private:
  Notices(UniqueFd fd, std::string variable) : fd_(std::move(fd)), variable_(std::move(variable)) {}

  UniqueFd fd_;
  std::string variable_;
};

}  // namespace sluice::standalone
