#include "sluice/encode/rows.hpp"

#include "encode/encoders.hpp"

namespace sluice::encode {

std::unique_ptr<RowEncoder> make_row_encoder(const FormatSpec& spec) {
  if (spec.stream == Stream::counters)
    return spec.format == Format::protobuf ? make_counters_protobuf_encoder() : make_counters_json_encoder();
  if (spec.format == Format::protobuf) return make_protobuf_encoder();
  switch (spec.json_fields) {
    case JsonFields::goflow2:
      return make_goflow2_json_encoder();
    case JsonFields::kflow:
      return make_kflow_json_encoder(spec.kflow_drop_ipv6);
    case JsonFields::sluice:
      break;
  }
  return make_sluice_json_encoder(spec.user_fields);
}

Bytes strip_length_prefix(Bytes row) {
  std::size_t width = 0;
  while (width < row.size() && std::to_integer<unsigned>(row[width]) >= 0x80) ++width;
  return width < row.size() ? row.subspan(width + 1) : Bytes{};
}

}  // namespace sluice::encode
