#pragma once
// The sink of type postgres: a block is one transaction (sink/sql/writer.hpp), and its rows come by COPY.
#include <memory>
#include <string>

#include "sink/block_writer.hpp"
#include "sink/postgres/settings.hpp"
#include "sluice/flow/user_fields.hpp"
#include "util/log_sink.hpp"
#include "util/setup_error.hpp"

namespace sluice::sink {

/// Tells what is wrong with files that the settings name; asks nobody.
void find_postgres_mistakes(const std::string& sink_name, const PostgresSettings& settings,
                            const OnMistake& mistake);

/// As sql::look(); `user_fields` may be null.
std::string look_at_postgres(const PostgresSettings& settings, UserFieldsPtr user_fields);

/// `log` gets what is worth telling of blocks that were written; `user_fields` may be null.
std::unique_ptr<BlockWriter> make_postgres_writer(std::string sink_name, const PostgresSettings& settings,
                                                  LogFn log, UserFieldsPtr user_fields = nullptr);

}  // namespace sluice::sink
