#include "nfdump/archive.hpp"

#include "nfdump/block_file.hpp"
#include "nfdump/records.hpp"

namespace sluice::nfdump {

struct Archive::State {
  State(std::string name, BlockFile blocks)
      : path(std::move(name)), file(std::move(blocks)), records(file.order()), rest({}, file.order()) {}

  bool load() {
    // Nothing of the last block is there any more, even where there is no next one.
    block = {};
    rest = FieldReader({}, file.order());
    Block next;
    if (!file.next(next)) return false;
    block = next;
    rest = FieldReader(block.bytes, file.order());
    return true;
  }

  /// The next record of the block. How long it is, where it is a flow, else 0.
  std::size_t step(FlowBatch& batch) {
    constexpr std::size_t kRecordHead = 4;
    --block.records;
    const std::uint16_t type = rest.u16();
    const std::size_t size = rest.u16();
    if (size < kRecordHead || size - kRecordHead > rest.remaining()) {
      rest = FieldReader({}, file.order());  // nobody knows where the next one begins
      damaged();
      return 0;
    }
    switch (records.read(type, rest.take(size - kRecordHead), batch)) {
      case Records::Kind::flow:
        ++counts.flows;
        return size;
      case Records::Kind::unknown:
        ++counts.unknown_records;
        break;
      case Records::Kind::damaged:
        damaged();
        break;
      case Records::Kind::other:
        break;
    }
    return 0;
  }

  void damaged() {
    ++counts.bad_records;
    if (warning.empty())
      warning = path + ": a record is damaged, before byte " + std::to_string(file.position()) + " of " +
                std::to_string(file.size());
  }

  std::string path;
  BlockFile file;
  Records records;
  Block block;
  FieldReader rest;
  Counts counts;
  std::string warning;
};

Counts& Counts::operator+=(const Counts& more) {
  flows += more.flows;
  sampled += more.sampled;
  bad_records += more.bad_records;
  unknown_records += more.unknown_records;
  bad_blocks += more.bad_blocks;
  unknown_blocks += more.unknown_blocks;
  return *this;
}

bool is_archive(const std::string& path) {
  const std::unique_ptr<std::FILE, CloseFile> file(std::fopen(path.c_str(), "rb"));
  std::byte start[2];
  if (!file || std::fread(start, 1, sizeof(start), file.get()) != sizeof(start)) return false;
  return order_of(start).has_value();
}

Result<Archive, std::string> Archive::open(const std::string& path) {
  auto file = BlockFile::open(path);
  if (!file) return failure(std::move(file.error()));
  return Archive(std::make_unique<State>(path, std::move(*file)));
}

Archive::Archive(std::unique_ptr<State> state) : state_(std::move(state)) {}
Archive::Archive(Archive&&) noexcept = default;
Archive& Archive::operator=(Archive&&) noexcept = default;
Archive::~Archive() = default;

bool Archive::next(FlowBatch& batch, std::size_t most) {
  State& s = *state_;
  batch.clear();
  std::size_t bytes = 0;
  while (batch.size() < most && batch.origin_count() < kOriginsAtOnce && bytes < kBytesAtOnce) {
    if ((s.block.records == 0 || s.rest.remaining() == 0) && !s.load()) break;
    if (s.block.records != 0 && s.rest.remaining() != 0) bytes += s.step(batch);
  }
  s.counts.sampled = s.records.sampled();
  s.counts.bad_blocks = s.file.bad_blocks();
  s.counts.unknown_blocks = s.file.unknown_blocks();
  if (s.warning.empty()) s.warning = s.file.warning();
  return !batch.empty();
}

const Counts& Archive::counts() const { return state_->counts; }
const std::string& Archive::warning() const { return state_->warning; }
std::uint64_t Archive::size() const { return state_->file.size(); }
std::uint64_t Archive::position() const { return state_->file.position(); }

}  // namespace sluice::nfdump
