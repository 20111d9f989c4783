#pragma once
#include <string>

namespace sluice::cli {

/// Markdown: each field of the message with what fills it, protocol by protocol. `sluice schema fields` and
/// docs/protocols.md.
std::string field_table();

}  // namespace sluice::cli
