// The program of docs/embedding.md, built from the document's own text, on datagrams as files.
#include <gtest/gtest.h>

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>

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
