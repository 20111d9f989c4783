#pragma once
// From fields to columns: how a field is read from the Kafka table and how it is stored in flows_raw.
#include <string>
#include <string_view>
#include <vector>

#include "sluice/flow/user_fields.hpp"

namespace sluice::schema {

struct Column {
  std::string consumed_name;  ///< in flows and flows_feed, where it is the message's
  std::string consumed;       ///< its type there
  std::string name;           ///< in flows_raw
  std::string stored;         ///< its type there
  std::string from;           ///< what makes one of the other, as it stands in a SELECT
  std::string native;  ///< its type in flows_native_feed, under consumed_name: that of records of columns
  std::string from_native;  ///< as `from`, of that
  std::string codec;        ///< "": the server's default
  std::string unit;
  std::string meaning;
  std::string set = {};  ///< of columns that flows_raw may be made without; "": always there
};

/// The end of a line of SQL that apply.sh sends where flows_raw has the set's columns: a comment; "" where
/// the column is always there. `without`: where flows_raw is made without them.
std::string mark(const Column& column, bool without = false);

/// The columns of the message's fields, in the order of their numbers.
std::vector<Column> message_columns();
/// The type of flows_raw's column of that name, be it a field of the message or worked out when asked; ""
/// where there is none.
std::string stored_type(std::string_view column);
/// That of a field that configuration adds.
Column column_of(const UserField& field);

/// Text as a literal of SQL, in its quotes.
std::string sql_literal(std::string_view text);
/// "IPv6 COMMENT 'Source address' CODEC(ZSTD(1))", or with another beginning, such as "String ALIAS ...".
std::string definition(const std::string& type, std::string_view meaning, std::string_view codec = {});

/// A row of a table of columns in Markdown: name, type (without an enumeration's values), unit, meaning.
std::string markdown_row(std::string_view name, std::string_view type, bool alias, std::string_view unit,
                         std::string_view meaning);

}  // namespace sluice::schema
