#pragma once
// Reads back what the file sink and `sluice decode --format protobuf` write: FlowMessages, each behind its
// length as a varint.
#include <cstdint>
#include <functional>
#include <string>

#include "sluice/flow/batch.hpp"
#include "sluice/flow/user_fields.hpp"
#include "sluice/util/result.hpp"

namespace sluice::source {

struct MessageCounts {
  std::uint64_t messages = 0;  ///< decoded
  std::uint64_t bad = 0;       ///< framed well, but no FlowMessage; skipped
  std::string warning;  ///< what was wrong with the file or the first bad message; "" where nothing was
};

/// Hands the file's flows to `take` in batches of up to 1024; the batch is cleared afterwards. The error, for
/// a file that cannot be opened or read, is a sentence that names it. `user_fields` may be null.
Result<MessageCounts, std::string> read_messages(const std::string& path,
                                                 const std::function<void(FlowBatch&)>& take,
                                                 const UserFields* user_fields = nullptr);

}  // namespace sluice::source
