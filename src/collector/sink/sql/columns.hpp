#pragma once
// Which fields of a flow have a column in a table of an SQL database: the same in each, but for the types.
// Constant data; any thread. Fields of a user's own outlive what is made of them here.
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "sluice/flow/fields.hpp"
#include "sluice/flow/user_fields.hpp"

namespace sluice::sink::sql {

/// The column that every table has: its partitions go by it.
inline constexpr std::string_view kTimeColumn = "time_received";

/// The field that a column holds.
struct Source {
  std::uint32_t number;     ///< of FlowMessage
  std::string_view name;    ///< there
  std::string_view column;  ///< of a time without the unit
  FieldKind kind;           ///< of a list: of its elements
  bool list;
  bool optional;  ///< a present 0 is told from an absent field
};
Source source_of(const FieldInfo& field);
Source source_of(const UserField& field);

/// nullptr where no field has this column.
const FieldInfo* field_of_column(std::string_view name);
/// Those of the columns of these names, in this order; the usual ones where there are none. A name that is no
/// column is left out. `own`: fields of a user's own, whose columns have their names; may be null.
std::vector<Source> chosen_sources(const std::vector<std::string>& names, const UserFields* own = nullptr);

/// How many bits a number takes: 8, 16, 32 or 64; 0 where the field is no number.
unsigned bits_of(const Source& source);
/// It is one of the usual columns.
bool is_usual(const Source& source);

/// The field's meaning with its unit, as the comment of its column.
std::string meaning_of(const Source& source);

/// The names of an enumeration's values.
class ValueNames {
 public:
  /// Of a kind that is no enumeration: none.
  explicit ValueNames(FieldKind kind);
  bool none() const { return names_.empty(); }
  /// OTHER where the value has no name.
  std::string_view of(std::uint64_t value) const {
    return value < names_.size() && !names_[value].empty() ? names_[value] : kOther;
  }
  std::size_t longest() const { return longest_; }

 private:
  static constexpr std::string_view kOther = "OTHER";
  std::vector<std::string_view> names_;  ///< by value
  std::size_t longest_ = kOther.size();
};

}  // namespace sluice::sink::sql
