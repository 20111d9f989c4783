#pragma once
// What must be known of a statement before the engine gets it: where an INSERT's data begins, which format it
// is in or the answer will be in, and the few clauses that are not for clients of HTTP. Only words outside of
// quotes, comments and brackets are looked at; everything else is left to the engine's own parser.
#include <cstddef>
#include <string>
#include <string_view>

namespace sluice::store {

enum class StatementKind {
  none,           ///< nothing but spaces and comments
  select,         ///< its answer can come in pieces
  insert_data,    ///< data follows
  insert_select,  ///< data comes from a query
  set,            ///< SET name = value
  other,
};

struct Statement {
  StatementKind kind = StatementKind::none;
  std::string_view format;      ///< of FORMAT or VALUES; of the data, or of the answer; empty: not said
  std::string insert_head;      ///< an INSERT without format clause and data
  std::size_t data_begin = 0;   ///< of an INSERT's data in the text
  bool changes = false;         ///< begins as one does that inserts, alters or makes something
  bool writes_file = false;     ///< INTO OUTFILE
  bool reads_file = false;      ///< FROM INFILE
  bool data_for_query = false;  ///< INSERT ... SELECT ... FORMAT: data for the table function input()
};

/// Borrows from `text`.
Statement analyse(std::string_view text);

/// 'text', with what must be escaped escaped.
std::string quoted(std::string_view text);
/// `name`, likewise.
std::string quoted_name(std::string_view name);

}  // namespace sluice::store
