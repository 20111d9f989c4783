// Linked where the page is not built.
#include "web/assets.hpp"

namespace sluice::web {

std::span<const Asset> page_assets() { return {}; }

}  // namespace sluice::web
