#include "net/framing.hpp"

#include <algorithm>
#include <cstring>

namespace sluice::net {
namespace {

constexpr std::uint16_t kVersion = 10;
/// What is held at first; more as it comes, so that a length alone costs nothing.
constexpr std::size_t kFirstPiece = 512;

}  // namespace

/// Of the message that begins there; kUnknown while too little of it is there to tell.
std::size_t Framing::length_of(Bytes bytes) {
  if (bytes.size() >= 2 && load_be<std::uint16_t>(bytes.data()) != kVersion) failed_ = true;
  if (failed_ || bytes.size() < 4) return kUnknown;
  const std::size_t length = load_be<std::uint16_t>(bytes.data() + 2);
  if (length < kHeader) failed_ = true;
  return failed_ ? kUnknown : length;
}

/// Appends to what has begun until that has `wanted` bytes; returns how many it took.
std::size_t Framing::complete(Bytes bytes, std::size_t wanted) {
  const std::size_t before = begun_.size();
  const std::size_t taken = std::min(bytes.size(), wanted - std::min(wanted, before));
  if (before + taken > begun_.capacity())
    begun_.reserve(std::max({kFirstPiece, before + taken, 2 * begun_.capacity()}));
  begun_.resize(before + taken);
  if (taken > 0) std::memcpy(begun_.data() + before, bytes.data(), taken);
  return taken;
}

}  // namespace sluice::net
