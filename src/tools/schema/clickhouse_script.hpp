#pragma once
// The SQL script that brings user-defined fields to the tables of deploy/clickhouse while flows arrive.
#include <string>

#include "sluice/flow/user_fields.hpp"

namespace sluice::schema {

/// The script, with {{parameters}} as the files of deploy/clickhouse have them: `apply.sh --script` puts its
/// options in and sends it. It begins by asking whether the server has the fields in its proto file and
/// whether the Kafka table has these parameters, and changes nothing where it does not. In the place of
/// 90_consume.sql (`apply.sh --fields`) it finds no Kafka table, and makes it.
std::string clickhouse_script(const UserFields& fields);

}  // namespace sluice::schema
