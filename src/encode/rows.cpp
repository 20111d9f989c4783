#include "sluice/encode/rows.hpp"

#include "encode/protobuf_encoder.hpp"

namespace sluice::encode {

std::unique_ptr<RowEncoder> make_row_encoder(const FormatSpec&) { return make_protobuf_encoder(); }

Bytes strip_length_prefix(Bytes row) {
  std::size_t width = 0;
  while (width < row.size() && std::to_integer<unsigned>(row[width]) >= 0x80) ++width;
  return width < row.size() ? row.subspan(width + 1) : Bytes{};
}

}  // namespace sluice::encode
