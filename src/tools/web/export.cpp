#include "web/export.hpp"

#include <algorithm>
#include <cstdio>

namespace sluice::web {
namespace {

constexpr ExportFormat kFormats[] = {
    {"csv", "CSVWithNames", "text/csv; charset=utf-8"},
    {"ndjson", "JSONEachRow", "application/x-ndjson"},
    {"parquet", "Parquet", "application/vnd.apache.parquet"},
};

}  // namespace

const ExportFormat* find_export_format(std::string_view name) {
  const auto* found = std::ranges::find(kFormats, name, &ExportFormat::name);
  return found == std::end(kFormats) ? nullptr : found;
}

Or<ExportFormat> export_format(std::string_view query) {
  constexpr std::string_view kKey = "format=";
  if (query.starts_with(kKey))
    if (const ExportFormat* found = find_export_format(query.substr(kKey.size()))) return *found;
  return failure(ApiError{.status = 400,
                          .code = "value",
                          .text = "format wants csv, ndjson or parquet, as in ?format=csv",
                          .more = {{"key", "format"}}});
}

std::string export_file(View view, const ExportFormat& format, const Plan& plan) {
  const auto day = std::chrono::floor<std::chrono::days>(plan.from);
  const std::chrono::year_month_day date(day);
  const std::chrono::hh_mm_ss clock(plan.from - day);
  char text[80];
  std::snprintf(text, sizeof(text), "%04d%02u%02u-%02d%02d%02d", int(date.year()), unsigned(date.month()),
                unsigned(date.day()), static_cast<int>(clock.hours().count()),
                static_cast<int>(clock.minutes().count()), static_cast<int>(clock.seconds().count()));
  constexpr std::string_view kViews[] = {"series", "table", "flows"};
  return "sluice-" + std::string(kViews[static_cast<std::size_t>(view)]) + "-" + text + "." +
         std::string(format.name);
}

}  // namespace sluice::web
