#pragma once
// Which build this is. Constant.
#include <string_view>

namespace sluice {

struct Version {
  std::string_view version;   ///< "0.1.0"
  std::string_view commit;    ///< of the source tree when it was configured, or "unknown"
  std::string_view compiler;  ///< "GNU 12.2.0"
};
Version version();

}  // namespace sluice
