#pragma once
// The body of a request, compressed as it grows. One thread.
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "sink/spec.hpp"

namespace sluice::sink {

enum class Packing : std::uint8_t { none, lz4, zstd };
/// As settings have it, and as Content-Encoding names it.
inline constexpr Words<Packing, 3> kPackings{
    {{"none", Packing::none}, {"lz4", Packing::lz4}, {"zstd", Packing::zstd}}};

/// One frame (LZ4 frame format 1.6.1, RFC 8878) after another; each is begun, added to and ended. May throw
/// std::bad_alloc, after which it is begun anew.
class Packer {
 public:
  virtual ~Packer() = default;
  virtual void begin(std::string& out) = 0;
  virtual void add(std::string_view bytes, std::string& out) = 0;
  virtual void end(std::string& out) = 0;
};

/// Null for none.
std::unique_ptr<Packer> make_packer(Packing packing);

}  // namespace sluice::sink
