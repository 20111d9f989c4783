// After CityHash 1.0.2 by Geoff Pike and Jyrki Alakuijala, Copyright 2011 Google, Inc. (MIT licence, the text
// is in deploy/deb/copyright).
#include "store/city_hash.hpp"

#include <bit>
#include <cstring>
#include <utility>

namespace sluice::store {
namespace {

static_assert(std::endian::native == std::endian::little);

constexpr std::uint64_t k0 = 0xc3a5c85c97cb3127;
constexpr std::uint64_t k1 = 0xb492b66fbe98f273;
constexpr std::uint64_t k2 = 0x9ae16a3b2f90404f;
constexpr std::uint64_t k3 = 0xc949d7c7509e6557;

template <class T>
std::uint64_t load(const char* at) {
  T value{};
  std::memcpy(&value, at, sizeof value);
  return value;
}
std::uint64_t load64(const char* at) { return load<std::uint64_t>(at); }
/// From the beginning, where there is so much.
template <class T>
std::uint64_t front(std::string_view s) {
  return load<T>(s.begin());
}

std::uint64_t shift_mix(std::uint64_t value) { return value ^ (value >> 47); }

std::uint64_t hash16(std::uint64_t u, std::uint64_t v) {
  constexpr std::uint64_t kMul = 0x9ddfea08eb382d69;
  return shift_mix((v ^ shift_mix((u ^ v) * kMul)) * kMul) * kMul;
}

std::uint64_t hash_to_16(std::string_view s) {
  const std::size_t size = s.size();
  if (size > 8) {
    const std::uint64_t a = front<std::uint64_t>(s);
    const std::uint64_t b = load64(s.data() + size - 8);
    return hash16(a, std::rotr(b + size, static_cast<int>(size))) ^ b;
  }
  if (size >= 4) {
    const std::uint64_t a = front<std::uint32_t>(s);
    return hash16(size + (a << 3), load<std::uint32_t>(s.data() + size - 4));
  }
  if (size == 0) return k2;
  const auto byte = [&](std::size_t at) { return std::uint32_t{static_cast<unsigned char>(s[at])}; };
  const std::uint32_t y = byte(0) + (byte(size >> 1) << 8);
  const std::uint32_t z = static_cast<std::uint32_t>(size) + (byte(size - 1) << 2);
  return shift_mix((y * k2) ^ (z * k3)) * k2;
}

/// 32 bytes into two seeds.
Hash128 weak_hash32(const char* s, std::uint64_t a, std::uint64_t b) {
  a += load64(s);
  b = std::rotr(b + a + load64(s + 24), 21);
  const std::uint64_t c = a;
  a += load64(s + 8) + load64(s + 16);
  b += std::rotr(a, 44);
  return {a + load64(s + 24), b + c};
}

/// Up to 127 bytes.
Hash128 murmur(std::string_view s, Hash128 seed) {
  std::uint64_t a = seed.low, b = seed.high, c = 0, d = 0;
  const std::size_t size = s.size();
  if (size <= 16) {
    a = shift_mix(a * k1) * k1;
    c = b * k1 + hash_to_16(s);
    d = shift_mix(a + (size >= 8 ? front<std::uint64_t>(s) : c));
  } else {
    c = hash16(load64(s.data() + size - 8) + k1, a);
    d = hash16(b + size, c + load64(s.data() + size - 16));
    a += d;
    for (std::size_t at = 0; at + 16 < size; at += 16) {
      a = (a ^ (shift_mix(load64(s.data() + at) * k1) * k1)) * k1;
      b ^= a;
      c = (c ^ (shift_mix(load64(s.data() + at + 8) * k1) * k1)) * k1;
      d ^= c;
    }
  }
  a = hash16(a, c);
  b = hash16(d, b);
  return {a ^ b, hash16(b, a)};
}

Hash128 hash_with_seed(std::string_view bytes, Hash128 seed) {
  if (bytes.size() < 128) return murmur(bytes, seed);
  const char* s = bytes.data();
  std::size_t left = bytes.size();
  std::uint64_t x = seed.low, y = seed.high, z = left * k1;
  Hash128 v, w;
  v.low = std::rotr(y ^ k1, 49) * k1 + load64(s);
  v.high = std::rotr(v.low, 42) * k1 + load64(s + 8);
  w.low = std::rotr(y + z, 35) * k1 + x;
  w.high = std::rotr(x + load64(s + 88), 53) * k1;
  const auto step = [&] {
    x = std::rotr(x + y + v.low + load64(s + 16), 37) * k1;
    y = std::rotr(y + v.high + load64(s + 48), 42) * k1;
    x ^= w.high;
    y ^= v.low;
    z = std::rotr(z ^ w.low, 33);
    v = weak_hash32(s, v.high * k1, x + w.low);
    w = weak_hash32(s + 32, z + w.high, y);
    std::swap(z, x);
    s += 64;
  };
  for (; left >= 128; left -= 128) {
    step();
    step();
  }
  y += std::rotr(w.low, 37) * k0 + z;
  x += std::rotr(v.low + z, 49) * k0;
  // The rest in pieces of 32 from the end; the last one may begin in what was taken already.
  for (std::size_t done = 0; done < left;) {
    done += 32;
    const char* piece = s + left - done;
    y = std::rotr(y - x, 42) * k0 + v.high;
    w.low += load64(piece + 16);
    x = std::rotr(x, 49) * k0 + w.low;
    w.low += v.low;
    v = weak_hash32(piece, v.low, v.high);
  }
  x = hash16(x, v.low);
  y = hash16(y, w.low);
  return {hash16(x + v.high, w.high) + y, hash16(x + w.high, y + v.high)};
}

}  // namespace

Hash128 city_hash128(std::string_view bytes) {
  const char* s = bytes.data();
  const std::size_t size = bytes.size();
  if (size >= 16) return hash_with_seed(bytes.substr(16), {load64(s) ^ k3, load64(s + 8)});
  if (size >= 8) return hash_with_seed({}, {load64(s) ^ (size * k0), load64(s + size - 8) ^ k1});
  return hash_with_seed(bytes, {k0, k1});
}

}  // namespace sluice::store
