#pragma once
// What a request asks for besides its statement: the parameters and headers of ClickHouse's HTTP interface.
#include <string>
#include <utility>
#include <vector>

#include "store/blocks.hpp"
#include "store/encoding.hpp"
#include "store/engine.hpp"
#include "store/exchange.hpp"
#include "store/form.hpp"

namespace sluice::store {

struct QueryRequest {
  std::string query_id;
  std::string statement;  ///< what the URL holds of it; the body follows
  std::string database;   ///< empty: the session's
  std::string format = "TabSeparated";
  std::vector<std::pair<std::string, std::string>> settings;
  Parameters parameters;
  bool readonly = false;  ///< GET, as on a server
  bool whole = false;     ///< wait_end_of_query: the answer is made before its first byte is sent
  Coding answer_coding = Coding::identity;
  InBlocks in_blocks;
  std::string session_id;         ///< empty: none
  unsigned session_timeout = 60;  ///< seconds
  bool session_check = false;     ///< it must be there already

  void set_unless_said(std::string_view name, std::string_view value);
};

/// The error is ClickHouse's text.
Result<QueryRequest, EngineError> read_query_request(const Exchange& exchange, const Form& form);

/// "SET a = '1', b = '2'"; empty where there is nothing to set. `readonly`: nothing may be changed after it.
std::string set_statement(const QueryRequest& request, bool readonly);

}  // namespace sluice::store
