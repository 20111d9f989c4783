#pragma once
// Answers as files: every row, in a form that other programs read, made by the store and passed through.
// Pure; any thread.
#include <string>
#include <string_view>

#include "web/statements.hpp"

namespace sluice::web {

struct ExportFormat {
  std::string_view name;        ///< "csv"
  std::string_view clickhouse;  ///< its name of it
  std::string_view content_type;
};

const ExportFormat* find_export_format(std::string_view name);
/// "format=csv" of an address.
Or<ExportFormat> export_format(std::string_view query);
/// "sluice-flows-20261129-100000.csv"
std::string export_file(View view, const ExportFormat& format, const Plan& plan);

}  // namespace sluice::web
