#pragma once
// What `sluice doctor` says: one sentence for each check. Values; any thread.
#include <string>
#include <string_view>
#include <vector>

namespace sluice::doctor {

enum class Status {
  ok,
  warning,  ///< flows may be lost, or numbers may be wrong, some day or for some exporter
  fail,     ///< flows are lost or do not arrive
};
/// "ok", "warn", "fail".
std::string_view name(Status status);

struct Finding {
  std::string check;  ///< "receive buffers", "topic flows"
  Status status = Status::ok;
  std::string sentence;  ///< what is; where it is not as it should be, also what to do
};
using Findings = std::vector<Finding>;

}  // namespace sluice::doctor
