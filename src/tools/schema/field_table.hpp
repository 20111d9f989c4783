#pragma once
#include <string>
#include <vector>

#include "sluice/flow/user_fields.hpp"

namespace sluice::schema {

/// Markdown: each field of the message with what fills it, protocol by protocol. `sluice schema fields` and
/// docs/protocols.md. With what configuration adds, where it does.
std::string field_table(const std::vector<UserField>& user_fields = {});

/// A row for each information element that is known: the fields that it fills, or why it fills none.
std::string element_table();

}  // namespace sluice::schema
