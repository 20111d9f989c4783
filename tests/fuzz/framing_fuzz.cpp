// IPFIX over a stream: whatever comes, and however it is cut, the messages are those of the stream as a
// whole. The input's first byte says where it is cut.
#include <cstdint>
#include <cstdlib>
#include <vector>

#include "net/framing.hpp"

namespace {

using sluice::Bytes;
using Messages = std::vector<std::vector<std::byte>>;

bool feed(sluice::net::Framing& framing, Bytes bytes, Messages& out) {
  return framing.feed(bytes, [&](Bytes message) {
    out.emplace_back(message.begin(), message.end());
    return true;
  });
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const std::size_t step = data[0] + 1U;
  const Bytes stream(reinterpret_cast<const std::byte*>(data) + 1, size - 1);
  sluice::net::Framing whole, cut;
  Messages of_whole, of_cut;
  const bool good = feed(whole, stream, of_whole);
  bool still_good = true;
  for (std::size_t at = 0; still_good && at < stream.size(); at += step)
    still_good = feed(cut, stream.subspan(at, std::min(step, stream.size() - at)), of_cut);
  if (good != still_good || of_whole != of_cut) std::abort();
  if (good && (whole.waiting() != cut.waiting() || cut.held() > 2 * 65536)) std::abort();
  for (const auto& message : of_whole)
    if (message.size() < sluice::net::Framing::kHeader) std::abort();
  return 0;
}
