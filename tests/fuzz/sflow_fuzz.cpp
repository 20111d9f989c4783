// A series of sFlow datagrams: the version word is put in, so that no input is lost on the door.
#include <vector>

#include "fuzz/datagrams.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::vector<std::uint8_t> series(data, data + size);
  for (std::size_t at = 0; at + 6 <= series.size();) {
    const std::size_t length = static_cast<std::size_t>(series[at] << 8 | series[at + 1]);
    for (std::size_t i = 2; i < 5; ++i) series[at + i] = 0;
    series[at + 5] = 5;
    at += 2 + length;
  }
  return sluice::fuzz::decode_series(series.data(), series.size());
}
