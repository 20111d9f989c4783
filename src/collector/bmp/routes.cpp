#include "bmp/routes.hpp"

namespace sluice::bmp {

void Routes::publish(std::unique_ptr<const Directory> next) {
  const Directory* before = now_.exchange(next.release());
  if (before != nullptr) epochs_.retire(const_cast<Directory*>(before));
}

Routes::Tables RouteReader::Look::tables_for(const IpAddress& exporter) const {
  if (directory_ == nullptr) return {};
  const auto own = directory_->by_router.find(exporter);
  return own != directory_->by_router.end() ? own->second : directory_->defaults;
}

}  // namespace sluice::bmp
