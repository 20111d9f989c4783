// The packet parser on any bytes; the first byte chooses the first header.
#include <cstdint>

#include "fuzz/user_fields.hpp"
#include "sluice/decode/packet.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  static sluice::FlowBatch batch;
  batch.clear();
  batch.add_origin();
  const auto first = static_cast<sluice::decode::FirstHeader>(data[0] % 5);
  sluice::decode::parse_packet(first, std::as_bytes(std::span(data + 1, size - 1)), batch, batch.append_one(),
                               sluice::fuzz::user_fields().get());
  return 0;
}
