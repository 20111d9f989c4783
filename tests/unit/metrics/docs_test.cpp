// docs/metrics.md and the code tell the same: every metric with its type and labels, in both directions.
#include <gmock/gmock.h>

#include <fstream>
#include <map>
#include <set>
#include <sstream>

#include "metrics/collectable.hpp"
#include "unit/metrics/full_snapshot.hpp"

namespace sluice::metrics {
namespace {

struct Facts {
  std::string type;
  std::set<std::string> labels;
  friend bool operator==(const Facts&, const Facts&) = default;
  friend void PrintTo(const Facts& facts, std::ostream* out) {
    *out << facts.type;
    for (const auto& label : facts.labels) *out << ' ' << label;
  }
};
using Table = std::map<std::string, Facts>;

std::string trimmed(std::string text) {
  text.erase(0, text.find_first_not_of(" `"));
  text.erase(text.find_last_not_of(" `") + 1);
  return text;
}

std::vector<std::string> split(const std::string& text, char at) {
  std::vector<std::string> parts;
  std::istringstream in(text);
  for (std::string part; std::getline(in, part, at);) parts.push_back(trimmed(part));
  return parts;
}

/// Rows "| `name` | type | labels | unit | meaning | when it moves |".
Table documented() {
  Table table;
  std::ifstream in(SLUICE_SOURCE_DIR "/docs/metrics.md");
  for (std::string line; std::getline(in, line);) {
    if (!line.starts_with("| `sluice_") && !line.starts_with("| `process_")) continue;
    const auto cells = split(line, '|');
    EXPECT_EQ(cells.size(), 7U) << line;
    if (cells.size() != 7) continue;
    for (const auto& cell : {cells[4], cells[5], cells[6]}) EXPECT_FALSE(cell.empty()) << line;
    Facts facts{.type = cells[2], .labels = {}};
    for (const auto& label : split(cells[3], ',')) facts.labels.insert(label);
    EXPECT_TRUE(table.emplace(cells[1], facts).second) << "twice: " << cells[1];
  }
  return table;
}

std::string type_name(prometheus::MetricType type) {
  switch (type) {
    case prometheus::MetricType::Counter:
      return "counter";
    case prometheus::MetricType::Gauge:
      return "gauge";
    case prometheus::MetricType::Histogram:
      return "histogram";
    default:
      return "other";
  }
}

Table emitted() {
  Table table;
  const SnapshotCollectable collectable(test::full_snapshot);
  for (const auto& family : collectable.Collect()) {
    Facts facts{.type = type_name(family.type), .labels = {}};
    for (const auto& metric : family.metric)
      for (const auto& label : metric.label) facts.labels.insert(label.name);
    if (family.type == prometheus::MetricType::Histogram) facts.labels.insert("le");
    EXPECT_TRUE(table.emplace(family.name, facts).second) << "twice: " << family.name;
  }
  return table;
}

TEST(MetricsDocument, NamesTypesAndLabelsAreTheCodes) {
  const Table told = documented();
  const Table sent = emitted();
  for (const auto& [name, facts] : sent)
    EXPECT_TRUE(told.contains(name)) << name << " is not in docs/metrics.md";
  for (const auto& [name, facts] : told) {
    ASSERT_TRUE(sent.contains(name)) << name << " is in docs/metrics.md and nowhere else";
    EXPECT_EQ(facts, sent.at(name)) << name;
  }
}

}  // namespace
}  // namespace sluice::metrics
