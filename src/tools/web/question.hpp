#pragma once
// What a page asks: the query model that all answers share, read from JSON and checked. Values; any thread.
#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "filter/expression.hpp"
#include "sluice/flow/address.hpp"
#include "web/dimension.hpp"

namespace sluice::web {

enum class View : std::uint8_t { series, table, flows };
enum class Unit : std::uint8_t { bits, packets, flows };
enum class Rank : std::uint8_t { mean, max, last, p95 };

/// What table and flows are sorted by, and flows by besides.
enum class Order : std::uint8_t { bytes, packets, flows, bps, pps, bpp, time, duration };

/// Bounds of what one answer holds, beside those of the configuration.
inline constexpr unsigned kMostSeries = 50, kMostPoints = 1500, kLeastPoints = 50, kMostDimensions = 6;
inline constexpr unsigned kMostExporters = 1000, kMostColumns = 40;

struct Question {
  View view = View::series;
  std::chrono::sys_seconds from, to;
  bool to_now = false;
  filter::Expression filter;
  std::string filter_text;  ///< as it was given
  std::vector<Dimension> by;
  Unit unit = Unit::bits;
  Rank rank = Rank::mean;
  unsigned limit = 10;
  bool both_ways = false;
  std::chrono::seconds before{};  ///< so much earlier too; 0: not
  unsigned points = 600;
  std::chrono::seconds step{};  ///< 0: the planner's
  std::vector<IpAddress> exporters;
  Order order = Order::bytes;
  bool ascending = false;
  std::vector<const filter::Quantity*> columns;
  std::string cursor;
  bool costly = false;
  bool fresh = false;
  std::string id;  ///< "": none was given
};

/// Most rows of an answer on the screen.
struct QuestionLimits {
  unsigned rows = 10'000;
};

/// The error says which key is wrong, and what would be right.
Or<Question> read_question(const json& body, View view, std::chrono::sys_seconds now,
                           const QuestionLimits& limits);

/// Columns of the flow list by the name of a set.
struct ColumnSet {
  std::string_view name;
  std::vector<std::string_view> columns;
};
const std::vector<ColumnSet>& column_sets();
/// Whether a quantity can stand in the list.
bool lists(const filter::Quantity& quantity);

std::string_view name_of(Unit unit);
std::string_view name_of(Rank rank);
std::string_view name_of(Order order);
/// "address"; "amount" of what is computed from fields.
std::string_view kind_name(const filter::Quantity& quantity);
/// The words that questions and answers are made of: units, ranks, orders, kinds, column_sets.
json words_json();

}  // namespace sluice::web
