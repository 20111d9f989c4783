#pragma once
// What a question can be grouped by: fields of the message by their names, the service's port, and prefixes
// of addresses ("src_addr/24", "src_addr/24/56"). The one place that makes SQL of them, and text and a filter
// of their values. Made from the tables of fields; values, any thread.
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "filter/quantity.hpp"
#include "web/error.hpp"

namespace sluice::web {

struct Dimension {
  std::string text;                            ///< as it is asked for
  const filter::Quantity* quantity = nullptr;  ///< null: service_port
  bool prefix = false;
  unsigned v4 = 32, v6 = 128;  ///< bits of a prefix

  std::string column() const;  ///< of the tables
  friend bool operator==(const Dimension& a, const Dimension& b) { return a.text == b.text; }
};

inline constexpr std::string_view kServicePort = "service_port";

/// Whether a field's values can be grouped by.
bool groups(const filter::Quantity& quantity);
/// Nothing where the name is none, or its prefix lengths are not right.
std::optional<Dimension> find_dimension(std::string_view text);
/// The same of the way back.
Dimension reversed(const Dimension& dimension);

/// An expression of type_of()'s type.
std::string sql_of(const Dimension& dimension);
/// "UInt64", "IPv6" or "String".
std::string_view type_of(const Dimension& dimension);

/// A value as JSON has it in the store's answer, as the text of a parameter of type_of()'s type.
std::string bound_text(const json& value);
/// {"value":"65001","filter":"src_as = 65001"}. Without a filter where none can say it.
json cell_of(const Dimension& dimension, const json& value);

}  // namespace sluice::web
