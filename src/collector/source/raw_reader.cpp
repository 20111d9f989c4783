#include <array>
#include <cerrno>
#include <cstring>
#include <vector>

#include "source/file_reader.hpp"

namespace sluice::source {
namespace {

constexpr std::size_t kLongestDatagram = 65507;  // UDP payload over IPv4

/// Length of the message at the start of `rest` by its own header; 0 where it can be none of the protocol.
using LengthOf = std::size_t (*)(Bytes rest);

std::size_t ipfix_length(Bytes rest) {  // RFC 7011 section 3.1
  if (rest.size() < 16 || load_be<std::uint16_t>(rest.data()) != 10) return 0;
  const std::size_t length = load_be<std::uint16_t>(rest.data() + 2);
  return length < 16 ? 0 : length;
}

std::size_t netflow5_length(Bytes rest) {
  if (rest.size() < 24 || load_be<std::uint16_t>(rest.data()) != 5) return 0;
  const std::size_t count = load_be<std::uint16_t>(rest.data() + 2);
  return count == 0 || count > 30 ? 0 : 24 + 48 * count;
}

/// The messages that fill `all` exactly; none where they do not.
std::vector<Bytes> split(Bytes all, LengthOf length_of) {
  std::vector<Bytes> messages;
  while (!all.empty()) {
    const std::size_t length = length_of(all);
    if (length == 0 || length > all.size()) return {};
    messages.push_back(all.first(length));
    all = all.subspan(length);
  }
  return messages;
}

class RawReader final : public FileReader {
 public:
  explicit RawReader(std::vector<std::byte> content)
      : FileReader(FileKind::raw), content_(std::move(content)) {
    messages_ = split(content_, ipfix_length);
    if (messages_.empty()) messages_ = split(content_, netflow5_length);
    if (messages_.empty()) messages_ = {Bytes(content_)};
  }

  bool next(CapturedDatagram& out) override {
    if (counts.datagrams == messages_.size()) return false;
    out = {};
    out.payload = messages_[counts.datagrams];
    ++counts.datagrams;
    ++counts.packets;
    return true;
  }

  bool one_message() const { return messages_.size() == 1; }

 private:
  std::vector<std::byte> content_;
  std::vector<Bytes> messages_;
};

}  // namespace

ReaderResult open_raw(const std::string& path, FileHandle file) {
  std::vector<std::byte> content;
  std::array<std::byte, 65536> chunk;
  while (const std::size_t n = std::fread(chunk.data(), 1, chunk.size(), file.get()))
    content.insert(content.end(), chunk.begin(), chunk.begin() + static_cast<std::ptrdiff_t>(n));
  if (std::ferror(file.get())) return failure(path + ": cannot be read: " + std::strerror(errno));

  const std::size_t size = content.size();
  auto reader = std::make_unique<RawReader>(std::move(content));
  if (reader->one_message() && size > kLongestDatagram)
    return failure(path + ": has " + std::to_string(size) +
                   " bytes, which is longer than a datagram and no sequence of IPFIX messages or NetFlow v5 "
                   "datagrams");
  return reader;
}

}  // namespace sluice::source
