// Our own messages and JSON lines, read back from any bytes; the first byte chooses which.
#include <cstdint>

#include "sluice/encode/rows.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  static sluice::FlowBatch batch;
  batch.clear();
  const auto bytes = std::as_bytes(std::span(data + 1, size - 1));
  if (data[0] % 2)
    (void)sluice::encode::decode_message(bytes, batch);
  else
    (void)sluice::encode::decode_json_line({reinterpret_cast<const char*>(bytes.data()), bytes.size()},
                                           batch);
  return 0;
}
