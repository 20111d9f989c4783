#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <vector>

#include "source/file_reader.hpp"

namespace sluice::source {
namespace {

constexpr long kLongestDatagram = 65507;  // UDP payload over IPv4

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

/// A file of IPFIX messages (RFC 5655) that is longer than a datagram may be: read message by message, since
/// such files have no bound. One that was cut short, as by a writer that was killed, gives what is whole.
class IpfixReader final : public FileReader {
 public:
  IpfixReader(std::string path, FileHandle file)
      : FileReader(FileKind::raw), path_(std::move(path)), file_(std::move(file)) {}

  bool next(CapturedDatagram& out) override {
    out = {};
    if (!read_message()) return false;
    out.payload = message_;
    ++counts.datagrams;
    ++counts.packets;
    return true;
  }

 private:
  bool read_message() {
    if (!warning.empty()) return false;
    message_.resize(kHeader);
    const std::size_t got = std::fread(message_.data(), 1, kHeader, file_.get());
    if (got == 0 && !std::ferror(file_.get())) return false;
    const std::size_t length = got == kHeader ? ipfix_length(message_) : 0;
    if (got == kHeader && length == 0) return ends("there is no IPFIX message");
    message_.resize(std::max(length, kHeader));
    const std::size_t rest = message_.size() - kHeader;
    if (length == 0 || std::fread(message_.data() + kHeader, 1, rest, file_.get()) != rest)
      return ends(std::ferror(file_.get()) ? std::strerror(errno) : "the message is cut short");
    position_ += length;
    return true;
  }

  bool ends(const std::string& why) {
    warning = path_ + ": ends at byte " + std::to_string(position_) + ": " + why;
    return false;
  }

  static constexpr std::size_t kHeader = 16;
  const std::string path_;
  const FileHandle file_;
  std::vector<std::byte> message_;
  std::uint64_t position_ = 0;
};

/// Whether the file begins as a sequence of IPFIX messages that is longer than a datagram; leaves it at its
/// beginning.
bool is_ipfix_file(std::FILE* file) {
  std::array<std::byte, 16> start{};
  const bool ipfix =
      std::fread(start.data(), 1, start.size(), file) == start.size() && ipfix_length(start) != 0;
  const bool longer = std::fseek(file, 0, SEEK_END) == 0 && std::ftell(file) > kLongestDatagram;
  return std::fseek(file, 0, SEEK_SET) == 0 && ipfix && longer;
}

}  // namespace

ReaderResult open_raw(const std::string& path, FileHandle file) {
  if (is_ipfix_file(file.get())) return std::make_unique<IpfixReader>(path, std::move(file));
  std::vector<std::byte> content;
  std::array<std::byte, 65536> chunk;
  while (const std::size_t n = std::fread(chunk.data(), 1, chunk.size(), file.get()))
    content.insert(content.end(), chunk.begin(), chunk.begin() + static_cast<std::ptrdiff_t>(n));
  if (std::ferror(file.get())) return failure(path + ": cannot be read: " + std::strerror(errno));

  const std::size_t size = content.size();
  auto reader = std::make_unique<RawReader>(std::move(content));
  if (reader->one_message() && size > std::size_t{kLongestDatagram})
    return failure(path + ": has " + std::to_string(size) +
                   " bytes, which is longer than a datagram and no sequence of IPFIX messages or NetFlow v5 "
                   "datagrams");
  return reader;
}

}  // namespace sluice::source
