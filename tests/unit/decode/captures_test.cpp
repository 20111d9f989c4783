// Datagrams of real exporters. They are test input beside the repository, never part of it; where they are
// not there, the tests skip and say so.
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>

#include "source/capture.hpp"
#include "support/decode_fixture.hpp"

namespace sluice::decode {
namespace {

namespace fs = std::filesystem;
using test::DecodeFixture;

fs::path captures() {
  if (const char* set = std::getenv("SLUICE_CAPTURES")) return set;
  return fs::path(SLUICE_SOURCE_DIR).parent_path() / "shared" / "captures";
}

#define NEED_CAPTURES() \
  if (!fs::exists(captures() / "groups.json")) GTEST_SKIP() << "no captures at " << captures()

template <class F>
void each_datagram(const fs::path& file, F&& f) {
  auto capture = source::CaptureFile::open(file.string());
  ASSERT_TRUE(capture.has_value()) << capture.error();
  source::CapturedDatagram datagram;
  while (capture->next(datagram)) f(std::vector<std::byte>(datagram.payload.begin(), datagram.payload.end()));
}

struct Counts {
  unsigned flow_records = 0, options_records = 0, missing_template = 0, counters = 0, discards = 0;
};

Counts decode_group(const nlohmann::json& files) {
  DecodeFixture decode(test::hold_nothing());
  Counts sum;
  for (const auto& file : files)
    each_datagram(captures() / file.get<std::string>(), [&](const std::vector<std::byte>& payload) {
      const auto report = decode(payload);
      sum.flow_records += report.count(DecodeCount::flow_records);
      sum.options_records += report.count(DecodeCount::options_records);
      sum.missing_template += report.count(DecodeError::missing_template);
      sum.counters += report.count(DecodeCount::counter_samples);
      sum.discards += report.count(DecodeCount::discard_samples);
    });
  return sum;
}

TEST(Captures, EveryGroupHoldsTheRecordsNamed) {
  NEED_CAPTURES();
  const auto groups = nlohmann::json::parse(std::ifstream(captures() / "groups.json"));
  ASSERT_GE(groups.size(), 64u);
  for (const auto& group : groups) {
    SCOPED_TRACE(group["name"].get<std::string>());
    const Counts got = decode_group(group["files"]);
    const auto& sflow = group["sflow"];
    // The list counts discarded packets apart; each is a flow record here.
    EXPECT_EQ(got.flow_records, group["flow_records"].get<unsigned>() + sflow.value("discard", 0U));
    EXPECT_EQ(got.options_records, group["options_records"].get<unsigned>());
    EXPECT_EQ(got.missing_template, group["undecodable_sets"].get<unsigned>());
    EXPECT_EQ(got.counters, sflow.value("counter", 0U) + sflow.value("counter-expanded", 0U));
    EXPECT_EQ(got.discards, sflow.value("discard", 0U));
  }
}

std::vector<fs::path> all_files() {
  std::vector<fs::path> files;
  for (const auto& entry : fs::recursive_directory_iterator(captures())) {
    const auto extension = entry.path().extension();
    if (extension == ".dat" || extension == ".bin" || extension == ".pcap") files.push_back(entry.path());
  }
  std::ranges::sort(files);
  return files;
}

/// Whatever is cut or flipped, a decode neither crashes nor reads outside (the sanitizer build watches), and
/// makes no more flows than the bytes can hold.
TEST(Captures, CutAtEveryLengthAndWithEveryByteFlipped) {
  NEED_CAPTURES();
  std::size_t datagrams = 0;
  for (const fs::path& file : all_files()) {
    SCOPED_TRACE(file.string());
    DecodeFixture decode;
    each_datagram(file, [&](std::vector<std::byte> payload) {
      ++datagrams;
      for (std::size_t n = 0; n <= payload.size(); ++n) {
        // A copy of exactly n bytes, so that a read past the end is a read past an allocation.
        const std::vector<std::byte> cut(payload.begin(), payload.begin() + static_cast<std::ptrdiff_t>(n));
        ASSERT_LE(decode(cut).count(DecodeCount::flows), n);
      }
      for (std::byte& byte : payload) {
        byte = ~byte;
        ASSERT_LE(decode(payload).count(DecodeCount::flows), payload.size());
        byte = ~byte;
      }
    });
  }
  EXPECT_GE(datagrams, 100u);
}

}  // namespace
}  // namespace sluice::decode
