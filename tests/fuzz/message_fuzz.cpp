// Our own messages and JSON lines, read back from any bytes; the first byte chooses which.
#include <cstdint>

#include "fuzz/user_fields.hpp"
#include "sluice/encode/rows.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  static sluice::FlowBatch batch;
  batch.clear();
  const auto bytes = std::as_bytes(std::span(data + 1, size - 1));
  const sluice::UserFields* fields = data[0] % 4 < 2 ? nullptr : sluice::fuzz::user_fields().get();
  if (data[0] % 2)
    (void)sluice::encode::decode_message(bytes, batch, fields);
  else
    (void)sluice::encode::decode_json_line({reinterpret_cast<const char*>(bytes.data()), bytes.size()}, batch,
                                           fields);
  return 0;
}
