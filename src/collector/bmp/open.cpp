#include "bmp/open.hpp"

namespace sluice::bmp {
namespace {

constexpr std::uint8_t kOpenType = 1, kCapabilities = 2, kExtended = 255;
constexpr std::uint8_t kFourOctetAs = 65, kAddPath = 69;
constexpr std::uint8_t kUnicast = 1;

void read_add_path(Bytes value, Open& out) {
  ByteReader in(value);
  while (in.remaining() >= 4) {
    const auto afi = in.be<std::uint16_t>();
    const auto safi = in.be<std::uint8_t>();
    const auto mode = in.be<std::uint8_t>();
    // Other modes than these are ignored (RFC 7911 section 4).
    if ((afi == 1 || afi == 2) && safi == kUnicast && mode >= 1 && mode <= 3) out.add_path[afi - 1U] = mode;
  }
}

bool read_capabilities(Bytes bytes, Open& out) {
  ByteReader in(bytes);
  while (in.remaining() > 0) {
    const auto code = in.be<std::uint8_t>();
    const auto length = in.be<std::uint8_t>();
    const Bytes value = in.take(length);
    if (!in.ok()) return false;
    if (code == kFourOctetAs && value.size() == 4) out.as = load_be<std::uint32_t>(value.data());
    if (code == kAddPath) read_add_path(value, out);
  }
  return true;
}

/// The optional parameters; `wide`: their lengths have two bytes (RFC 9072).
bool read_parameters(Bytes bytes, bool wide, Open& out) {
  ByteReader in(bytes);
  while (in.remaining() > 0) {
    const auto type = in.be<std::uint8_t>();
    const std::size_t length = wide ? in.be<std::uint16_t>() : in.be<std::uint8_t>();
    const Bytes value = in.take(length);
    if (!in.ok() || (type == kCapabilities && !read_capabilities(value, out))) return false;
  }
  return true;
}

}  // namespace

std::optional<Open> read_open(ByteReader& in) {
  in.skip(16);
  const auto length = in.be<std::uint16_t>();
  const auto type = in.be<std::uint8_t>();
  if (!in.ok() || type != kOpenType || length < kBgpHeader) return std::nullopt;
  ByteReader body(in.take(length - kBgpHeader));
  if (!in.ok()) return std::nullopt;
  body.skip(1);  // version
  Open out;
  out.as = body.be<std::uint16_t>();
  body.skip(2 + 4);  // hold time, identifier
  std::size_t parameters = body.be<std::uint8_t>();
  bool wide = false;
  if (parameters != 0 && !body.rest().empty() && std::to_integer<std::uint8_t>(body.rest()[0]) == kExtended) {
    wide = true;
    body.skip(1);
    parameters = body.be<std::uint16_t>();
  }
  const Bytes rest = body.take(parameters);
  if (!body.ok() || body.remaining() > 0 || !read_parameters(rest, wide, out)) return std::nullopt;
  return out;
}

}  // namespace sluice::bmp
