#pragma once
// A value or an error, for the edges of decoders and for what can fail at run time. The one place that names
// the library behind it.
#include <tl/expected.hpp>

namespace sluice {

template <class T, class E>
using Result = tl::expected<T, E>;

template <class E>
auto failure(E&& error) {
  return tl::make_unexpected(std::forward<E>(error));
}

}  // namespace sluice
