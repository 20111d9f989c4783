#pragma once
// Tokens of INSERTs that the engine did not finish. A table with non_replicated_deduplication_window writes
// the token of a block into its log first and gives the part its name then; killed in between, it would take
// the block for a repeat when it is sent again, and drop it, though it never had it. Before the engine opens
// its data, such tokens are forgotten: those of parts that are not there, neither themselves nor in what they
// were merged into. It has to be done before, as the engine gives the numbers of lost parts to others.
#include <cstddef>
#include <filesystem>
#include <string>

#include "sluice/util/result.hpp"

namespace sluice::store {

/// In all tables of an engine's data directory, which nobody has open. How many were forgotten. The error is
/// a sentence; what could be done is done.
Result<std::size_t, std::string> forget_unfinished_inserts(const std::filesystem::path& data);

}  // namespace sluice::store
