#include "sink/kafka/columns.hpp"

#include <utility>

#include "sink/kafka/pieces.hpp"
#include "util/wire_reader.hpp"

namespace sluice::sink {
namespace {

bool put(Bytes rows, NativeBlock& into) {
  into.begin(count_rows(rows, encode::Format::protobuf));
  wire::Reader reader(rows);
  while (!reader.at_end()) {
    const Bytes message = reader.delimited();
    if (!reader.ok() || !into.add(message)) return false;
  }
  return into.rows() != 0;
}

}  // namespace

std::unique_ptr<NativeBlock> ColumnRecords::take() {
  auto idle = idle_.with([](auto& all) {
    std::unique_ptr<NativeBlock> last;
    if (!all.empty()) {
      last = std::move(all.back());
      all.pop_back();
    }
    return last;
  });
  return idle ? std::move(idle) : std::make_unique<NativeBlock>(user_fields_, NativeBlock::Shape::arrays);
}

std::unique_ptr<ColumnRecord> ColumnRecords::make(InFlight& flight, Bytes rows) {
  auto columns = take();
  auto out = std::make_unique<ColumnRecord>(ColumnRecord{&flight, rows});
  const bool good = put(rows, *columns);
  if (good) columns->write(out->bytes);
  idle_.with([&](auto& all) { all.push_back(std::move(columns)); });
  if (!good) return nullptr;
  out->charge = *Charge::take(budget_, 0);
  out->charge.settle(out->bytes.capacity());
  out->charge.hand_over();
  return out;
}

}  // namespace sluice::sink
