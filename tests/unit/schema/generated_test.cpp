// Each file that is made from the program's tables is checked in as the program writes it.
#include "schema/generated.hpp"

#include <gmock/gmock.h>

#include <algorithm>
#include <filesystem>

#include "unit/cli/process.hpp"

namespace sluice::schema {
namespace {

namespace fs = std::filesystem;
using cli::test::Folder;
using cli::test::read_file;

/// The first line that differs, so that a failure shows where.
std::string difference(const std::string& held, const std::string& wanted) {
  const auto ours = cli::test::lines(held);
  const auto theirs = cli::test::lines(wanted);
  for (std::size_t i = 0; i < std::max(ours.size(), theirs.size()); ++i) {
    const std::string a = i < ours.size() ? ours[i] : "(nothing)";
    const std::string b = i < theirs.size() ? theirs[i] : "(nothing)";
    if (a != b) return "line " + std::to_string(i + 1) + " is\n  " + a + "\nand should be\n  " + b;
  }
  return held == wanted ? "" : "the end of the last line";
}

TEST(Generated, FilesAreAsTheProgramWritesThem) {
  for (const Generated& what : generated()) {
    const std::string path = SLUICE_SOURCE_DIR "/" + std::string(what.path);
    const std::string held = read_file(path);
    const auto wanted = with_text(what, held);
    ASSERT_TRUE(wanted) << path << " has not the lines " << begin_of(what.region) << "and "
                        << end_of(what.region);
    EXPECT_EQ(difference(held, *wanted), "")
        << path << " is made from the program's tables; mend it by: build/dev/bin/sluice schema write .";
  }
}

TEST(Generated, WholeFilesSayByWhichCommand) {
  for (const Generated& what : generated()) {
    const std::string text = what.text();
    EXPECT_TRUE(text.ends_with('\n')) << what.path;
    if (what.region.empty()) {
      EXPECT_THAT(text.substr(0, text.find('\n')), testing::HasSubstr("Made by `sluice schema write`"))
          << what.path;
    }
  }
}

/// A folder with the generated files of the tree.
void copy_files(const Folder& to) {
  for (const Generated& what : generated()) {
    const fs::path path = to.path(std::string(what.path));
    fs::create_directories(path.parent_path());
    fs::copy_file(fs::path(SLUICE_SOURCE_DIR) / what.path, path, fs::copy_options::overwrite_existing);
  }
}

TEST(Generated, WritingMendsWhatDiffersAndNothingElse) {
  const Folder folder;
  copy_files(folder);
  EXPECT_THAT(write_generated(folder.path("")).value(), testing::IsEmpty());
  for (const Generated& what : generated()) {
    const std::string path = folder.path(std::string(what.path));
    const std::string right = read_file(path);
    std::string wrong = right;
    wrong.insert(what.region.empty() ? 0 : wrong.find(end_of(what.region)), "another line\n");
    folder.write(what.path, wrong);
    EXPECT_THAT(write_generated(folder.path("")).value(), testing::ElementsAre(what.path));
    EXPECT_EQ(read_file(path), right) << path;
  }
}

TEST(Generated, ASourceTreeHasTheDirectories) {
  const Folder folder;
  EXPECT_TRUE(is_source_tree(SLUICE_SOURCE_DIR));
  EXPECT_FALSE(is_source_tree(folder.path("")));
  EXPECT_FALSE(is_source_tree(folder.path("none")));
}

TEST(Generated, WhatCannotBeWrittenIsTold) {
  const Folder folder;
  EXPECT_THAT(write_generated(folder.path("none")).error(),
              testing::AllOf(testing::HasSubstr("cannot be written"), testing::HasSubstr("No such file")));
  copy_files(folder);
  folder.write("docs/protocols.md", std::string_view("# Protocols\n"));
  EXPECT_THAT(write_generated(folder.path("")).error(),
              testing::HasSubstr(
                  "docs/protocols.md has no region \"fields\": it wants the lines <!-- begin: fields"));
}

}  // namespace
}  // namespace sluice::schema
