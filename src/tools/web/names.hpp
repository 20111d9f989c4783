#pragma once
// Names beside values: of ASes, exporters, interfaces, ports and networks, from the dictionaries of the
// store. Without them values stand alone: an error is no error of the answer. Any thread.
#include <vector>

#include "web/question.hpp"
#include "web/statements.hpp"

namespace sluice::web {

/// The keys as cells, with names where the store has them. Ordered as the keys.
std::vector<std::vector<json>> named_cells(const Store& store, const std::vector<Dimension>& by,
                                           const std::vector<Key>& keys);

}  // namespace sluice::web
