#pragma once
// What v9 and IPFIX share: sets with a length that is filled in at the end, and template definitions.
#include <span>

#include "generate/byte_writer.hpp"

namespace sluice::generate {

struct TemplateElement {
  std::uint16_t id;
  std::uint16_t length;
};

/// Bytes of a record with these fields.
constexpr std::size_t record_bytes(std::span<const TemplateElement> elements) {
  std::size_t sum = 0;
  for (const auto& element : elements) sum += element.length;
  return sum;
}

/// Opens a set; returns where it began, for end_set().
inline std::size_t begin_set(ByteWriter& out, std::uint16_t id) {
  const std::size_t at = out.size();
  out.be(id);
  out.be<std::uint16_t>(0);
  return at;
}

/// Pads the set to 4 bytes (RFC 3954 section 5.3, RFC 7011 section 3.3.1) and fills in its length.
inline void end_set(ByteWriter& out, std::size_t at) {
  out.pad4(at);
  out.patch(at + 2, static_cast<std::uint16_t>(out.size() - at));
}

/// Makes the set say that it reaches past whatever follows.
inline void damage_set(ByteWriter& out, std::size_t at) {
  out.patch(at + 2, static_cast<std::uint16_t>(out.size() - at + 4));
}

inline void write_elements(ByteWriter& out, std::span<const TemplateElement> elements) {
  for (const auto& element : elements) {
    out.be(element.id);
    out.be(element.length);
  }
}

inline void write_template(ByteWriter& out, std::uint16_t id, std::span<const TemplateElement> elements) {
  out.be(id);
  out.be(static_cast<std::uint16_t>(elements.size()));
  write_elements(out, elements);
}

}  // namespace sluice::generate
