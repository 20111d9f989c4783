#include "store/formats.hpp"

#include <algorithm>
#include <array>

namespace sluice::store {
namespace {

struct FormatFamily {
  std::string_view prefix;
  std::string_view type;
  bool pieces;
};

// The first whose prefix fits counts.
constexpr std::array kFamilies{
    FormatFamily{"JSONEachRowWithProgress", "application/x-ndjson; charset=UTF-8", false},
    FormatFamily{"JSONEachRow", "application/x-ndjson; charset=UTF-8", true},
    FormatFamily{"JSONStringsEachRow", "application/x-ndjson; charset=UTF-8", true},
    FormatFamily{"JSONLines", "application/x-ndjson; charset=UTF-8", true},
    FormatFamily{"NDJSON", "application/x-ndjson; charset=UTF-8", true},
    FormatFamily{"JSONCompactEachRow", "application/x-ndjson; charset=UTF-8", true},
    FormatFamily{"JSONCompactStringsEachRow", "application/x-ndjson; charset=UTF-8", true},
    FormatFamily{"JSON", "application/json; charset=UTF-8", false},
    FormatFamily{"TabSeparated", "text/tab-separated-values; charset=UTF-8", true},
    FormatFamily{"TSV", "text/tab-separated-values; charset=UTF-8", true},
    FormatFamily{"CSVWithNames", "text/csv; charset=UTF-8; header=present", true},
    FormatFamily{"CSV", "text/csv; charset=UTF-8; header=absent", true},
    FormatFamily{"Native", "application/octet-stream", true},
    FormatFamily{"RowBinary", "application/octet-stream", true},
    FormatFamily{"XML", "application/xml; charset=UTF-8", false},
    FormatFamily{"Pretty", "text/plain; charset=UTF-8", false},
    FormatFamily{"Vertical", "text/plain; charset=UTF-8", false},
    FormatFamily{"Values", "text/plain; charset=UTF-8", false},
    FormatFamily{"Markdown", "text/plain; charset=UTF-8", false},
    FormatFamily{"Prometheus", "text/plain; version=0.0.4; charset=UTF-8", false},
};

const FormatFamily* family_of(std::string_view format) {
  const auto* const found = std::ranges::find_if(
      kFamilies, [&](const FormatFamily& family) { return format.starts_with(family.prefix); });
  return found == kFamilies.end() ? nullptr : found;
}

}  // namespace

std::string_view content_type(std::string_view format) {
  const FormatFamily* const family = family_of(format);
  return family == nullptr ? "application/octet-stream" : family->type;
}

bool comes_in_pieces(std::string_view format) {
  // Of those with a header the engine writes one before each piece.
  const FormatFamily* const family = family_of(format);
  return family != nullptr && family->pieces && format.find("WithNames") == std::string_view::npos;
}

}  // namespace sluice::store
