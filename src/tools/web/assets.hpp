#pragma once
// The page as it was when the program was built: its files with their compressed forms. Constant data; any
// thread.
#include <span>
#include <string_view>

namespace sluice::web {

struct Asset {
  std::string_view path;          ///< "/index.html"; all others are "/assets/NAME" with a hash in the name
  std::string_view content_type;  ///< "text/javascript; charset=utf-8"
  std::string_view bytes;
  std::string_view gzip;    ///< empty: not made
  std::string_view brotli;  ///< likewise
};

/// Empty where the program was built without the page. In index.html each "{{nonce}}" stands for the nonce of
/// the answer.
std::span<const Asset> page_assets();

}  // namespace sluice::web
