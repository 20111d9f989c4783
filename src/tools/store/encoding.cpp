#include "store/encoding.hpp"

#include <algorithm>
#include <array>
#include <cctype>

namespace sluice::store {
namespace {

// In the order in which an answer chooses: by what a byte costs to encode.
constexpr std::array kNames{
    std::pair{Coding::lz4, std::string_view("lz4")}, std::pair{Coding::zstd, std::string_view("zstd")},
    std::pair{Coding::gzip, std::string_view("gzip")},
    std::pair{Coding::deflate, std::string_view("deflate")}, std::pair{Coding::br, std::string_view("br")}};

std::string_view trimmed(std::string_view text) {
  const std::size_t begin = text.find_first_not_of(" \t");
  if (begin == std::string_view::npos) return {};
  return text.substr(begin, text.find_last_not_of(" \t") - begin + 1);
}

std::string lowered(std::string_view text) {
  std::string out(text);
  for (char& c : out) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return out;
}

}  // namespace

std::string_view known_codings() { return "gzip, deflate, zstd, lz4, br"; }

std::string_view name(Coding coding) {
  for (const auto& [value, text] : kNames)
    if (value == coding) return text;
  return "identity";
}

std::optional<Coding> parse_coding(std::string_view text) {
  std::string given = lowered(trimmed(text));
  if (given.empty() || given == "identity") return Coding::identity;
  if (given == "x-gzip") given = "gzip";  // RFC 9110 section 8.4.1.3
  for (const auto& [value, known] : kNames)
    if (given == known) return value;
  return std::nullopt;
}

Coding choose_coding(std::string_view accept_encoding) {
  Coding best = Coding::identity;
  std::size_t best_rank = kNames.size();
  http::for_each_accepted(accept_encoding, [&](std::string_view accepted) {
    const auto coding = parse_coding(accepted);
    if (!coding || *coding == Coding::identity) return;
    const auto rank = static_cast<std::size_t>(
        std::ranges::find(kNames, *coding, [](const auto& each) { return each.first; }) - kNames.begin());
    if (rank < best_rank) {
      best_rank = rank;
      best = *coding;
    }
  });
  return best;
}

}  // namespace sluice::store
