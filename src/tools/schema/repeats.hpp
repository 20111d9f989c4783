#pragma once
// Blocks that are inserted twice. A collector that writes into the tables itself sends a block again where
// the answer to the first time was lost, with the same token; flows_raw and what hangs on it keep the tokens
// of {{repeats}} blocks and drop what they have seen. It is 0 where apply.sh is not told that collectors do
// so: a table that keeps tokens takes two INSERTs without any for one where their rows are the same.
// Constant data.
#include <string>
#include <string_view>

namespace sluice::schema {

inline constexpr std::string_view kKnowsRepeats = "non_replicated_deduplication_window = {{repeats}}";

/// For a table that was made with another number.
inline std::string alter_repeats(std::string_view table) {
  return "ALTER TABLE {{db}}." + std::string(table) + "{{on_cluster}} MODIFY SETTING " +
         std::string(kKnowsRepeats) + ";\n";
}

}  // namespace sluice::schema
