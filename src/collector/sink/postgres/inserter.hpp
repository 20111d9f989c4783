#pragma once
// Writes blocks of protobuf rows into a table of PostgreSQL, one transaction a block: the block's token into
// the table of blocks, its rows by COPY, COMMIT.
//
// A block may be sent more than once: the answer to the first time may have been lost. Its token follows from
// the block's bytes, which are the same wherever the block has been meanwhile (the spool, another process),
// and from the table's name; where the token is there already, so are the rows.
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "sink/block_writer.hpp"
#include "sink/postgres/copy_rows.hpp"
#include "sink/postgres/settings.hpp"
#include "util/log_sink.hpp"
#include "util/setup_error.hpp"

namespace sluice::sink {

namespace postgres {

/// The block's rows; what is wrong with them, where they are no rows of flows.
Result<void, std::string> gather(const Block& block, CopyRows& into);

/// A UUID that follows from the block's rows and from where they go.
std::string block_token(const Block& block, const std::string& table);

}  // namespace postgres

/// Tells what is wrong with files that the settings name; asks nobody.
void find_postgres_mistakes(const std::string& sink_name, const PostgresSettings& settings,
                            const OnMistake& mistake);

/// `log` gets what is worth telling of blocks that were written.
std::unique_ptr<BlockWriter> make_postgres_writer(std::string sink_name, const PostgresSettings& settings,
                                                  LogFn log);

}  // namespace sluice::sink
