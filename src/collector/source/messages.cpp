#include "source/messages.hpp"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <optional>
#include <vector>

#include "encode/columns_record.hpp"
#include "sluice/encode/rows.hpp"
#include "source/file_reader.hpp"

namespace sluice::source {
namespace {

constexpr std::size_t kBatch = 1024;
constexpr std::size_t kLongestMessage = 1U << 20;  // no flow comes near; a longer one is a damaged length

/// The bytes of a file, one at a time or many, with how far it was read.
class Input {
 public:
  explicit Input(std::FILE* file) : file_(file) {
    head_.resize(kHead);
    head_.resize(std::fread(head_.data(), 1, kHead, file_));
  }
  /// How it begins.
  Bytes head() const { return head_; }
  int byte() {
    const int value = position_ < head_.size() ? std::to_integer<int>(head_[position_]) : std::getc(file_);
    if (value != EOF) ++position_;
    return value;
  }
  bool fill(std::vector<std::byte>& into, std::size_t size) {
    into.resize(size);
    const std::size_t known = std::min(size, head_.size() - std::min<std::size_t>(head_.size(), position_));
    if (known != 0) std::memcpy(into.data(), head_.data() + position_, known);
    const std::size_t got = known + std::fread(into.data() + known, 1, size - known, file_);
    position_ += got;
    return got == size;
  }
  std::uint64_t position() const { return position_; }

 private:
  static constexpr std::size_t kHead = 256;

  std::FILE* file_;
  std::uint64_t position_ = 0;
  std::vector<std::byte> head_;
};

/// A record of columns that somebody took for a file of messages.
bool are_columns(Bytes head) {
  const auto end = std::ranges::find_if(head, [](std::byte byte) { return byte < std::byte{0x80}; });
  return end != head.end() &&
         encode::columns_follow(head.subspan(static_cast<std::size_t>(end - head.begin()) + 1));
}

enum class Length { ok, end, cut, bad };

Length read_length(Input& input, std::size_t& length) {
  std::uint64_t value = 0;
  for (unsigned shift = 0; shift < 35; shift += 7) {
    const int byte = input.byte();
    if (byte == EOF) return shift == 0 ? Length::end : Length::cut;
    value |= static_cast<std::uint64_t>(byte & 0x7f) << shift;
    if (byte < 0x80) {
      length = static_cast<std::size_t>(value);
      return value <= kLongestMessage ? Length::ok : Length::bad;
    }
  }
  return Length::bad;
}

std::string at(const std::string& path, std::uint64_t position) {
  return path + ": at byte " + std::to_string(position) + ": ";
}

}  // namespace

Result<MessageCounts, std::string> read_messages(const std::string& path,
                                                 const std::function<void(FlowBatch&)>& take,
                                                 const UserFields* user_fields) {
  const FileHandle file(std::fopen(path.c_str(), "rb"));
  if (!file) return failure(path + ": cannot be opened: " + std::strerror(errno));
  MessageCounts counts;
  Input input(file.get());
  if (are_columns(input.head())) return failure(path + ": holds " + encode::kAreColumns);
  FlowBatch batch;
  std::vector<std::byte> message;
  const auto flush = [&] {
    if (!batch.empty()) take(batch);
    batch.clear();
  };
  for (;;) {
    const std::uint64_t start = input.position();
    std::size_t length = 0;
    const Length found = read_length(input, length);
    if (found == Length::end) break;
    if (found == Length::bad) {
      counts.warning = at(path, start) + "no length of a message; what came before was read";
      break;
    }
    if (found == Length::cut || !input.fill(message, length)) {
      counts.warning = at(path, start) + "the last message is cut short; what came before was read";
      break;
    }
    const std::size_t before = batch.size();
    batch.add_origin();
    if (const auto decoded = encode::decode_message(message, batch, user_fields); decoded) {
      ++counts.messages;
    } else {
      batch.truncate(before);
      ++counts.bad;
      if (counts.warning.empty()) counts.warning = at(path, start) + "no FlowMessage: " + decoded.error();
    }
    if (batch.origin_count() >= kBatch) flush();
  }
  if (std::ferror(file.get())) return failure(path + ": cannot be read: " + std::strerror(errno));
  flush();
  return counts;
}

}  // namespace sluice::source
