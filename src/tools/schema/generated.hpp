#pragma once
// The files of the source tree that are made from the program's tables: which they are, what must stand in
// them, and writing them. They are checked in, so that the tree can be read, and its SQL applied, without the
// program; a test compares them with what the program would write. Constant data; any thread.
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "sluice/util/result.hpp"

namespace sluice::schema {

/// A file that is made as a whole, or one marked region of a document.
struct Generated {
  std::string_view path;    ///< from the root of the source tree
  std::string_view region;  ///< "": the whole file; else the name between the markers, see begin_of()
  std::string (*text)();    ///< what must stand there; ends with a newline
};

/// All of them. Regions of one file are rows of their own.
std::span<const Generated> generated();

/// The first line of a file that is made as a whole: by which command, and from what. `comment` is what a
/// comment begins with in its language ("--", "//"), `from` the source that holds the table.
std::string made_by(std::string_view comment, std::string_view from);

/// The lines around a region of a Markdown document, with their newlines.
std::string begin_of(std::string_view region);
std::string end_of(std::string_view region);

/// The file's text with what is generated in its place; nothing where it has not the markers of the region.
std::optional<std::string> with_text(const Generated& what, const std::string& file);

/// Whether the directory has all that the files lie in.
bool is_source_tree(const std::string& root);

/// Writes each file below `root` that differs, and returns their paths; or the sentence of what went wrong,
/// in which case files may have been written.
Result<std::vector<std::string>, std::string> write_generated(const std::string& root);

}  // namespace sluice::schema
