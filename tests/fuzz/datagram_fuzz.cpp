// A series of datagrams of any protocol: NetFlow v5, v9, IPFIX and sFlow behind one door, as a listener has
// it.
#include "fuzz/datagrams.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  return sluice::fuzz::decode_series(data, size);
}
