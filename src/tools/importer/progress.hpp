#pragma once
// How far an import is, in a line for people.
#include <cstdint>
#include <string>

namespace sluice::importer {

struct Progress {
  std::uint64_t bytes = 0, bytes_in_all = 0;  ///< of the archives
  std::uint64_t files = 0, files_in_all = 0;
  std::uint64_t flows = 0;
  double seconds = 0;
};

/// "[#####     ]  42 %  1.2 of 2.9 GB  310 of 720 files  1.04 M flows/s  0:03:12 left"
std::string line_of(const Progress& progress);
/// "1.04 M", "12.3 k", "999"
std::string amount(double value);

}  // namespace sluice::importer
