#pragma once
// How much memory a sink has for blocks, and whether that is enough: with less than two blocks of each writer
// most flows would be shed, however fast whoever takes them is. Pure functions; any thread.
#include <cstdint>
#include <string>

#include "sink/type.hpp"

namespace sluice::sink {

/// Two blocks of each writer, which fills one while its last is on its way.
std::uint64_t least_queue(const Making& making);

/// What is set; where that is 0 or what is usual, no less than the least.
std::uint64_t queue_bytes(const Making& making, std::uint64_t set, std::uint64_t usual);

/// False, and the mistake told, where the setting `key` has fewer bytes than the least.
bool holds_two_blocks(const Making& making, const char* key, std::uint64_t bytes, const OnMistake& mistake);

/// Of the setting `queue_bytes`, which a sink with a queue of blocks has: its default in words, and its
/// meaning.
std::string queue_default(std::uint64_t usual);
std::string queue_meaning(const std::string& beyond);

}  // namespace sluice::sink
