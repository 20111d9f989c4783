#pragma once
// What lies behind a CaptureFile: one reader for each kind of file.
#include <cstdio>
#include <memory>
#include <string>

#include "source/capture.hpp"

namespace sluice::source {

class FileReader {
 public:
  explicit FileReader(FileKind file_kind) : kind(file_kind) {}
  virtual ~FileReader() = default;
  virtual bool next(CapturedDatagram& out) = 0;

  const FileKind kind;
  CaptureCounts counts;
  std::string warning;
};

struct CloseFile {
  void operator()(std::FILE* file) const { std::fclose(file); }
};
using FileHandle = std::unique_ptr<std::FILE, CloseFile>;
using ReaderResult = Result<std::unique_ptr<FileReader>, std::string>;

/// Both take the file at its beginning.
ReaderResult open_pcap(const std::string& path, FileHandle file);
ReaderResult open_raw(const std::string& path, FileHandle file);

}  // namespace sluice::source
