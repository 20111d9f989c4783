#pragma once
// What a spool's store does with files: their names, and bytes at their places. Any thread.
#include <array>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>

#include "sluice/util/byte_reader.hpp"
#include "sluice/util/result.hpp"

namespace sluice::sink::spool {

/// What an errno means.
std::string why(int error);
/// Of the names in it. 0 or errno.
int sync_directory(const std::filesystem::path& path);
/// Of a segment: 0000000042.spool
std::string name_of(std::uint32_t number);
/// Nothing where it is no segment's.
std::optional<std::uint32_t> number_in(const std::string& name);
/// As many bytes as there are; the error is errno.
Result<std::size_t, int> read_at(int file, std::byte* into, std::size_t size, std::uint64_t at);
/// One behind the other. 0 or errno.
int write_at(int file, std::uint64_t at, std::array<Bytes, 3> parts);
/// Where bytes that begin a block are next, at `at` or behind; `size` where nowhere. The error is errno.
Result<std::uint64_t, int> find_magic(int file, std::uint64_t at, std::uint64_t size);

}  // namespace sluice::sink::spool
