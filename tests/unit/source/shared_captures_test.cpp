// The real captures that may lie beside the repository.
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>

#include "capture_builder.hpp"

namespace sluice::source::test {
namespace {

namespace fs = std::filesystem;

fs::path captures() {
  const char* named = std::getenv("SLUICE_CAPTURES");
  return named ? fs::path(named) : fs::path(SLUICE_SOURCE_DIR) / ".." / "shared" / "captures";
}

TEST(SharedCaptures, AreAllReadWhole) {
  if (!fs::is_directory(captures())) GTEST_SKIP() << captures() << " is not there";
  std::size_t files = 0;
  std::size_t whole_captures = 0;
  for (const auto& entry : fs::recursive_directory_iterator(captures())) {
    const auto extension = entry.path().extension();
    if (extension != ".pcap" && extension != ".dat" && extension != ".bin") continue;
    ++files;
    auto file = CaptureFile::open(entry.path().string());
    ASSERT_TRUE(file) << file.error();
    const auto read = read_all(*file);
    EXPECT_FALSE(read.empty()) << entry.path();
    EXPECT_EQ(file->warning(), "") << entry.path();
    if (file->kind() == FileKind::raw) {
      std::size_t bytes = 0;
      for (const auto& datagram : read) bytes += datagram.payload.size();
      EXPECT_EQ(bytes, entry.file_size()) << entry.path();
      continue;
    }
    ++whole_captures;
    for (const auto& datagram : read)
      EXPECT_TRUE(is_flow_export(std::as_bytes(std::span(datagram.payload)))) << entry.path();
  }
  EXPECT_GT(files, 0U);
  EXPECT_GT(whole_captures, 0U);
}

}  // namespace
}  // namespace sluice::source::test
