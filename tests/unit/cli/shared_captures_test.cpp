// The groups of real captures that may lie beside the repository, through the whole of `sluice decode`.
#include <gmock/gmock.h>

#include <cstdlib>
#include <nlohmann/json.hpp>

#include "process.hpp"

namespace sluice::cli::test {
namespace {

namespace fs = std::filesystem;

fs::path captures() {
  const char* named = std::getenv("SLUICE_CAPTURES");
  return named ? fs::path(named) : fs::path(SLUICE_SOURCE_DIR) / ".." / "shared" / "captures";
}

std::uint64_t counted(const std::string& summary, std::string_view name) {
  for (const auto& line : lines(summary))
    if (line.starts_with(name)) return std::strtoull(line.c_str() + name.size(), nullptr, 10);
  return 0;
}

TEST(SharedCaptures, EveryGroupDecodesToItsRecords) {
  const auto index = captures() / "groups.json";
  if (!fs::exists(index)) GTEST_SKIP() << index << " is not there";
  for (const auto& group : nlohmann::json::parse(read_file(index.string()))) {
    std::string files;
    for (const auto& file : group.at("files"))
      files += " '" + (captures() / file.get<std::string>()).string() + '\'';
    const auto ended = sluice("decode" + files);
    const std::string name = group.at("name");
    EXPECT_EQ(ended.status, 0) << name << '\n' << ended.err;
    const auto& sflow = group.at("sflow");
    // The list counts discarded packets apart; each is a flow record here.
    EXPECT_EQ(counted(ended.err, "flow records"),
              group.at("flow_records").get<unsigned>() + sflow.value("discard", 0U))
        << name << '\n'
        << ended.err;
    EXPECT_EQ(counted(ended.err, "options records"), group.at("options_records")) << name << '\n'
                                                                                  << ended.err;
    EXPECT_EQ(counted(ended.err, "sets without template"), group.at("undecodable_sets")) << name << '\n'
                                                                                         << ended.err;
    for (const auto& line : lines(ended.out)) EXPECT_TRUE(nlohmann::json::accept(line)) << name;
    EXPECT_EQ(counted(ended.err, "counter samples"),
              sflow.value("counter", 0U) + sflow.value("counter-expanded", 0U))
        << name;
    EXPECT_EQ(counted(ended.err, "discarded-packet samples"), sflow.value("discard", 0U)) << name;
  }
}

}  // namespace
}  // namespace sluice::cli::test
