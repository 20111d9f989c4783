// Our own messages, JSON lines and records of a topic, read back from any bytes; the first byte chooses
// which.
#include <cstdint>
#include <cstdlib>

#include "fuzz/user_fields.hpp"
#include "intake/record_reader.hpp"
#include "sluice/encode/rows.hpp"

namespace {

/// Whatever is in it comes to an end, and what is no flow is counted.
void read_record(sluice::Bytes record, sluice::sink::Framing framing, const sluice::UserFieldsPtr& fields) {
  sluice::intake::RecordReader reader(framing, fields);
  reader.begin(record, 1'795'262'400'000'000'000);
  std::size_t origins = 0;
  for (bool more = true; more;) {
    more = reader.read();
    origins += reader.batch().origin_count();
    if (reader.batch().size() > reader.batch().origin_count()) std::abort();
    reader.clear();
  }
  if (origins > record.size()) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  static sluice::FlowBatch batch;
  batch.clear();
  const auto bytes = std::as_bytes(std::span(data + 1, size - 1));
  const sluice::UserFields* fields = data[0] % 4 < 2 ? nullptr : sluice::fuzz::user_fields().get();
  if (data[0] >= 0x80)
    read_record(bytes, data[0] % 2 ? sluice::sink::Framing::batch : sluice::sink::Framing::plain,
                fields ? sluice::fuzz::user_fields() : nullptr);
  else if (data[0] % 2)
    (void)sluice::encode::decode_message(bytes, batch, fields);
  else
    (void)sluice::encode::decode_json_line({reinterpret_cast<const char*>(bytes.data()), bytes.size()}, batch,
                                           fields);
  return 0;
}
