// The program of docs/embedding.md, built from the document's own text, on datagrams as files.
#include <gtest/gtest.h>

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <map>
#include <string>

#include "embedding_counters.hpp"
#include "sluice/decode/datagram_decoder.hpp"
#include "support/set_message.hpp"

namespace sluice {
namespace {

using test::SetMessage;
using test::WireBytes;

class Embedding : public ::testing::Test {
 protected:
  void SetUp() override {
    std::string name = ::testing::TempDir() + "sluice-embedding-XXXXXX";
    ASSERT_NE(::mkdtemp(name.data()), nullptr);
    directory_ = name;
  }
  void TearDown() override { std::filesystem::remove_all(directory_); }

  std::string file(const std::string& name, const std::vector<std::byte>& bytes) const {
    const std::filesystem::path path = directory_ / name;
    std::ofstream(path, std::ios::binary)
        .write(reinterpret_cast<const char*>(bytes.data()), static_cast<std::streamsize>(bytes.size()));
    return path.string();
  }

  /// What the program prints on standard output, or on standard error where told so.
  static std::string run(const std::string& arguments, const char* streams = "2>/dev/null") {
    const std::string command = std::string(EMBEDDING_EXAMPLE) + " " + arguments + " " + streams;
    std::FILE* pipe = ::popen(command.c_str(), "r");
    if (!pipe) return "cannot run " + command;
    std::string out;
    for (int c = std::fgetc(pipe); c != EOF; c = std::fgetc(pipe)) out += static_cast<char>(c);
    return ::pclose(pipe) == 0 ? out : "failed: " + out;
  }

  std::filesystem::path directory_;
};

TEST(EmbeddingCounters, AllAreTold) {
  decode::ExporterTable exporters(decode::Limits{}, decode::TimeBounds{});
  decode::DatagramDecoder decoder(exporters);
  FlowBatch flows;
  const auto message =
      SetMessage::v9().tmpl(256, {{8, 4}}).data(256, WireBytes().address("192.0.2.10")).bytes();
  decoder.decode({message, IpAddress::v4(0xc0000201), 2055, test::kReceivedNs}, flows);
  std::map<std::string, std::uint64_t> told;
  tell_counters(exporters, [&](std::string_view key, std::string_view help, const std::string& exporter,
                               std::string_view protocol, std::uint64_t value) {
    EXPECT_FALSE(help.empty());
    EXPECT_EQ(exporter, "192.0.2.1");
    if (protocol == "netflow9") told.emplace(key, value);
  });
  EXPECT_EQ(told.size(), decode::kDecodeCounts.size());
  EXPECT_EQ(told["datagrams"], 1U);
  EXPECT_EQ(told["bytes"], message.size());
  EXPECT_EQ(told["flows"], 1U);
  EXPECT_EQ(told["templates"], 1U);
}

TEST_F(Embedding, PrintsTheFlowsOfADatagramWhoseTemplateCameBefore) {
  const std::string templates =
      file("templates", SetMessage::v9().tmpl(256, {{8, 4}, {12, 4}, {1, 4}}).bytes());
  const std::string data = file("data", SetMessage::v9()
                                            .data(256, WireBytes()
                                                           .address("192.0.2.10")
                                                           .address("198.51.100.7")
                                                           .u32(1500)
                                                           .address("198.51.100.7")
                                                           .address("192.0.2.10")
                                                           .u32(40))
                                            .bytes());
  EXPECT_EQ(run(templates + " " + data), "192.0.2.10 198.51.100.7 1500\n198.51.100.7 192.0.2.10 40\n");
  EXPECT_EQ(run(data), "") << "without its template";
}

TEST_F(Embedding, SaysWhatIsWrongAndGoesOn) {
  const std::string noise = file("noise", WireBytes().u32(0xdeadbeef).data());
  const std::string good =
      file("good", SetMessage::ipfix()
                       .tmpl(256, {{27, 16}, {28, 16}, {1, 8}})
                       .data(256, WireBytes().address("2001:db8::1").address("2001:db8::2").u64(9))
                       .bytes());
  EXPECT_EQ(run(noise + " " + good), "2001:db8::1 2001:db8::2 9\n");
  EXPECT_EQ(run(noise, "2>&1"),
            noise + ": the version word belongs to no protocol that this listener takes\n");
}

}  // namespace
}  // namespace sluice
