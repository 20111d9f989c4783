#pragma once
// The sink of type mysql: a block is one transaction (sink/sql/writer.hpp), whose rows come in arrays where
// the server takes them, and in statements of many rows elsewhere.
#include <memory>
#include <string>

#include "sink/block_writer.hpp"
#include "sink/mysql/settings.hpp"
#include "sluice/flow/user_fields.hpp"
#include "util/log_sink.hpp"
#include "util/setup_error.hpp"

namespace sluice::sink {

/// Tells what is wrong with files that the settings name; asks nobody.
void find_mysql_mistakes(const std::string& sink_name, const MysqlSettings& settings,
                         const OnMistake& mistake);

/// As sql::look(); `user_fields` may be null.
std::string look_at_mysql(const MysqlSettings& settings, UserFieldsPtr user_fields);

/// `log` gets what is worth telling of blocks that were written; `user_fields` may be null.
std::unique_ptr<BlockWriter> make_mysql_writer(std::string sink_name, const MysqlSettings& settings,
                                               LogFn log, UserFieldsPtr user_fields = nullptr);

}  // namespace sluice::sink
