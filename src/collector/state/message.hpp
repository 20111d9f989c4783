#pragma once
// The file's messages (proto/state.proto): one exporter to bytes and back, and the frame around all of them.
#include <optional>
#include <string>
#include <vector>

#include "sluice/decode/exporter.hpp"
#include "sluice/util/result.hpp"
#include "state/keeper.hpp"

namespace sluice::state {

/// Magic, version and time: how a file begins.
std::string file_head(std::uint64_t written_ns, bool stopped = false);
/// Field 15, which ends a file; `crc` of all bytes before it.
std::string file_tail(std::uint32_t crc);

/// Appends one exporter, whose lock is held; nothing where it has nothing to keep.
void append(const decode::Exporter& exporter, std::string& out, bool streams = false);

/// Appends a section's message.
void append(unsigned field, const std::string& message, std::string& out);

/// Puts all of a file into the table, under the same limits as what comes from the wire. Templates that were
/// last seen before `now_ns` less their timeout are refused. A file of which anything is wrong gives nothing
/// but the reason, as the end of a sentence that began with the file's name.
Result<Restored, std::string> restore(Bytes file, std::uint64_t now_ns, decode::ExporterTable& exporters,
                                      const std::vector<Section>& sections = {});

}  // namespace sluice::state
