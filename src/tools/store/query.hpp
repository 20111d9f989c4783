#pragma once
// One request for the engine: reads its statement, runs it in a session, answers.
#include <string>

#include "store/engine.hpp"
#include "store/exchange.hpp"
#include "store/outside.hpp"
#include "store/query_request.hpp"
#include "store/sessions.hpp"
#include "store/sql_text.hpp"

namespace sluice::store {

/// What all answers say of the server.
struct ServerFacts {
  std::string version;
  std::string timezone;
  std::string display_name;
};

/// The statement of a request. Of an INSERT, data that was read along with it is in `text` from
/// statement.data_begin on, and what the body still holds follows it.
struct StatementText {
  std::string text;
  Statement statement;  // borrows from text
  StatementText() = default;
  StatementText(const StatementText&) = delete;
  StatementText& operator=(const StatementText&) = delete;
};

/// An error of the request, with the status that its text does not tell.
struct QueryError {
  EngineError text;
  unsigned status = 0;  ///< 0: that of the text's code
};

/// Reads as much of the body as belongs to the statement.
Result<void, QueryError> read_statement(Exchange& exchange, const QueryRequest& request, StatementText& out);

/// Runs it and answers, also where that is an error. `outside`: null where statements may go there.
void run_query(Exchange& exchange, const QueryRequest& request, const StatementText& statement, Lease& lease,
               const ServerFacts& facts, Outside* outside);

void respond_error(Exchange& exchange, const QueryError& error, const std::string& query_id,
                   const ServerFacts& facts);

}  // namespace sluice::store
