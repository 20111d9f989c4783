#pragma once
// LZO1X as nfdump packs its blocks with it. A decoder of our own: the library is GPL.
#include <optional>
#include <span>

#include "sluice/util/byte_reader.hpp"

namespace sluice::nfdump {

/// How many bytes of `out` the stream fills; nothing where it is damaged, does not end, or would fill more.
std::optional<std::size_t> unpack_lzo1x(Bytes packed, std::span<std::byte> out);

}  // namespace sluice::nfdump
