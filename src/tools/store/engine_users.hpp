#pragma once
// The engine's users, as its configuration has them: what the statements of clients may reach. Its own access
// control says so, by grants: tables and what is in them, but no files, no other servers, no programs and not
// the engine itself.
#include <chrono>
#include <string>
#include <string_view>

namespace sluice::store {

/// The engine's user that dictionaries name as theirs: it may read files and tables, and nothing else.
inline constexpr std::string_view kFilesUser = "sluice_files";

struct Boundaries {
  bool external = false;  ///< clients may reach whatever the process may
  /// Longest time of a statement whose request does not set max_execution_time; 0: none.
  std::chrono::seconds longest_statement{0};
  bool compiles = true;  ///< the engine may make programs of expressions
};

/// `<name>content</name>`.
std::string element(std::string_view name, std::string_view content);
/// Text that is no markup.
std::string escaped(std::string_view text);

/// The profile `clients`, which has what the profile `default` has besides.
std::string profile_of_clients(const Boundaries& boundaries);
/// The user that statements run as, `default`, and kFilesUser.
std::string users(const Boundaries& boundaries);

}  // namespace sluice::store
