#pragma once
// What an import has brought to its sinks, on disk, so that the next one goes on from there. One line for
// each file, at each point where all was delivered; the last line of a file counts. One thread.
#include <cstdint>
#include <cstdio>
#include <memory>
#include <string>

#include "sluice/util/result.hpp"
#include "sluice/util/seeded_hash.hpp"

namespace sluice::importer {

/// How far one file was imported.
struct FileDone {
  std::uint64_t size = 0;   ///< the file's, then
  std::uint64_t flows = 0;  ///< delivered
  bool whole = false;       ///< to its end
};

class Done {
 public:
  /// Reads what is there, or begins a file. `sinks` says where flows go: a file that is of an import to
  /// elsewhere is refused, as is one that is none of ours; the error is a sentence.
  static Result<Done, std::string> open(const std::string& path, const std::string& sinks);

  FileDone of(const std::string& file) const;
  /// Remembered, and written by the next save().
  void note(const std::string& file, const FileDone& done);
  /// Durable when it returns.
  Result<void, std::string> save();

 private:
  struct CloseFile {
    void operator()(std::FILE* file) const { std::fclose(file); }
  };
  Done(std::string path, std::FILE* file) : path_(std::move(path)), file_(file) {}
  Result<void, std::string> read(const std::string& sinks);

  std::string path_;
  std::unique_ptr<std::FILE, CloseFile> file_;
  SeededMap<std::string, FileDone> files_;
  std::string unsaved_;
};

}  // namespace sluice::importer
