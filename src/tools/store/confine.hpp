#pragma once
// What the kernel lets this process do with files, whatever it is talked into: Landlock (Linux 5.13). A
// second wall behind the engine's own access control, which some functions of an embedded engine walk past:
// file() as a function, format schemas, the programs of dictionaries.
#include <filesystem>
#include <string>
#include <vector>

#include "sluice/util/result.hpp"

namespace sluice::store {

struct Confines {
  std::vector<std::filesystem::path> all;   ///< directories to read and write in
  std::vector<std::filesystem::path> read;  ///< directories and files to read
};

/// From now on the calling thread, and those that it starts, can open nothing else, and nobody can start a
/// program. What is not there is passed over. There is no way back. The error is why the kernel cannot do it:
/// then nothing has changed.
Result<void, std::string> confine(const Confines& to);

/// What a program needs of the system: its libraries, names of hosts, certificates, time zones, its own
/// state.
std::vector<std::filesystem::path> system_files();

/// Whether memory that was written may become program, which a compiler needs. systemd's
/// MemoryDenyWriteExecute forbids it.
bool may_run_what_it_writes();

}  // namespace sluice::store
