#pragma once
// JSON lines, one encoder for each set of fields.
#include <memory>

#include "sluice/encode/rows.hpp"

namespace sluice::encode {

std::unique_ptr<RowEncoder> make_sluice_json_encoder(UserFieldsPtr user_fields);
std::unique_ptr<RowEncoder> make_goflow2_json_encoder();
std::unique_ptr<RowEncoder> make_kflow_json_encoder(bool drop_ipv6);

}  // namespace sluice::encode
