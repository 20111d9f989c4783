#pragma once
// Writing to stdout, where a full disk is told and not passed over.
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <string>
#include <string_view>

#include "cli/cli.hpp"
#include "cli/options.hpp"
#include "sluice/util/byte_reader.hpp"

namespace sluice::cli {

/// False once something could not be written.
inline bool write_out(Bytes bytes) {
  return std::fwrite(bytes.data(), 1, bytes.size(), stdout) == bytes.size();
}
inline bool write_out(std::string_view text) { return write_out(std::as_bytes(std::span(text))); }

/// Ends the output of a command; the exit status.
inline int finish_out(std::string_view command, bool written = true) {
  if (written && std::fflush(stdout) == 0 && !std::ferror(stdout)) return kFine;
  return failed(command, std::string("stdout cannot be written: ") + std::strerror(errno));
}

/// A command whose whole output is `text`.
inline int print(std::string_view command, std::string_view text) {
  return finish_out(command, write_out(text));
}

}  // namespace sluice::cli
