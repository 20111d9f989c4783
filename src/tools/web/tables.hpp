#pragma once
// What the store has: its tables with their sizes, exporters and interfaces by name. Asked seldom, kept for a
// while. Any thread.
#include <memory>

#include "web/plan.hpp"
#include "web/refreshed.hpp"
#include "web/store.hpp"

namespace sluice::web {

class Tables {
 public:
  /// The store outlives it.
  explicit Tables(const Store& store);

  /// A minute old or so; empty where the store does not tell.
  std::shared_ptr<const TableSizes> sizes() { return sizes_.get(); }
  /// Half a minute old or so: {"exporters":[..],"interfaces":[..],"ases":[..],"store":{..}}
  std::shared_ptr<const json> names() { return names_.get(); }

 private:
  Refreshed<TableSizes> sizes_;
  Refreshed<json> names_;
};

/// The parts of GET /api/v1/meta that are made of the program's own tables.
json fields_json();
json tables_json(const TableSizes& sizes);

}  // namespace sluice::web
