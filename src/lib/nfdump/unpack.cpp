#include "nfdump/unpack.hpp"

#include <bzlib.h>
#include <lz4.h>
#include <zstd.h>

#include <span>

#include "nfdump/lzo.hpp"

namespace sluice::nfdump {
namespace {

using Size = std::optional<std::size_t>;
using Room = std::span<std::byte>;

Size unpack_lz4(Bytes packed, Room out) {
  const int size =
      LZ4_decompress_safe(reinterpret_cast<const char*>(packed.data()), reinterpret_cast<char*>(out.data()),
                          static_cast<int>(packed.size()), static_cast<int>(out.size()));
  return size < 0 ? Size() : static_cast<std::size_t>(size);
}

Size unpack_bz2(Bytes packed, Room out) {
  auto size = static_cast<unsigned>(out.size());
  // It does not write to its source, though it does not say so.
  char* const from = const_cast<char*>(reinterpret_cast<const char*>(packed.data()));
  const int result = BZ2_bzBuffToBuffDecompress(reinterpret_cast<char*>(out.data()), &size, from,
                                                static_cast<unsigned>(packed.size()), 0, 0);
  return result == BZ_OK ? Size(size) : Size();
}

Size unpack_zstd(Bytes packed, Room out) {
  const std::size_t size = ZSTD_decompress(out.data(), out.size(), packed.data(), packed.size());
  return ZSTD_isError(size) ? Size() : Size(size);
}

}  // namespace

std::optional<Bytes> Unpacker::unpack(Compression compression, Bytes packed) {
  if (packed.size() > kMostOfBlock) return std::nullopt;
  if (compression == Compression::none) return packed;
  if (!out_) out_ = std::make_unique_for_overwrite<std::byte[]>(kMostOfBlock);
  const Room out(out_.get(), kMostOfBlock);
  Size size;
  switch (compression) {
    case Compression::none:
      break;
    case Compression::lzo:
      size = unpack_lzo1x(packed, out);
      break;
    case Compression::bz2:
      size = unpack_bz2(packed, out);
      break;
    case Compression::lz4:
      size = unpack_lz4(packed, out);
      break;
    case Compression::zstd:
      size = unpack_zstd(packed, out);
      break;
  }
  if (!size) return std::nullopt;
  return Bytes(out).first(*size);
}

}  // namespace sluice::nfdump
