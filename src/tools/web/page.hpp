#pragma once
// The page's files as HTTP answers: from the program, or from a directory while somebody works on it.
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>

#include "http/message.hpp"

namespace sluice::web {

class Page {
 public:
  /// `directory`: files are read from it for each request; empty: those of the program.
  explicit Page(std::filesystem::path directory) : directory_(std::move(directory)) {}

  /// Nothing where the path is none of the page. Any thread.
  std::optional<http::Response> answer(std::string_view path, std::string_view accept_encoding) const;
  /// Whether there is a page at all.
  bool there() const;

 private:
  http::Response index() const;
  std::optional<http::Response> asset(std::string_view path, std::string_view accept_encoding) const;
  std::optional<std::string> file(std::string_view path) const;

  const std::filesystem::path directory_;
};

/// Scripts and styles of this answer alone; nobody may show it in a frame.
std::string content_policy(std::string_view nonce);

}  // namespace sluice::web
