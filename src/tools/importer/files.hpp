#pragma once
// Which files are to be imported, in the order of their time.
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "sluice/util/result.hpp"

namespace sluice::importer {

struct ArchiveFile {
  std::string path;                      ///< absolute
  std::optional<std::uint64_t> time_ns;  ///< nothing where neither its name nor a flow says one
  std::uint64_t size = 0;
};

struct Found {
  std::vector<ArchiveFile> files;          ///< by time, those without one first, then by path; each once
  std::uint64_t others = 0;                ///< files of directories that are not nfdump's
  std::vector<std::string> being_written;  ///< nfcapd.current of directories
  std::vector<std::string> unreadable;     ///< sentences
};

/// The time in the name of a file as nfcapd gives it, nfcapd.202611281000 with or without seconds and zone
/// (+0100), else nothing. It is the beginning of the file's span, in the zone of this machine where none is
/// said.
std::optional<std::uint64_t> time_of_name(std::string_view name);

/// Files are taken as they are, directories searched to their depths; links to directories are not followed.
/// A file whose name says no time has that of the first flow's receipt. The error is a sentence: a path is
/// not there, or a file that was named is none of nfdump's.
Result<Found, std::string> find_archives(const std::vector<std::string>& paths);

}  // namespace sluice::importer
