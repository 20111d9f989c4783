#include "store/blocks.hpp"

#include <lz4.h>
#include <zstd.h>

#include <algorithm>
#include <cstring>
#include <new>
#include <optional>

#include "store/city_hash.hpp"
#include "store/decoded_body.hpp"

namespace sluice::store {
namespace {

using http::Decoder;
using http::Encoder;

constexpr std::size_t kChecksum = 16;
constexpr std::size_t kHeader = 9;  // method and both sizes, which the packed size counts
constexpr std::size_t kLargest = 64U << 20;
constexpr std::size_t kWritten = 1U << 20;  // a server's max_compress_block_size
// No byte of LZ4 makes more than these.
constexpr std::size_t kLz4Most = 255;

enum Method : unsigned char { stored = 0x02, lz4 = 0x82, zstd = 0x90 };

std::uint32_t load32(const char* at) {
  std::uint32_t value = 0;
  std::memcpy(&value, at, sizeof value);  // little endian, as city_hash.cpp makes sure
  return value;
}
template <class T>
void put(std::string& out, std::size_t at, T value) {
  std::memcpy(out.data() + at, &value, sizeof value);
}

class BlockDecoder : public Decoder {
 public:
  Result<Step, std::string> step(std::string_view in, char* out, std::size_t size) override {
    Step step;
    if (given_ == data_.size()) {
      step.consumed = gather(in);
      if (block_.size() < wanted_) return step;
      if (wanted_ == kChecksum + kHeader) {
        if (auto no = read_header()) return failure(std::move(*no));
        return step;
      }
      if (auto no = unpack()) return failure(std::move(*no));
    }
    step.produced = std::min(size, data_.size() - given_);
    std::memcpy(out, data_.data() + given_, step.produced);
    given_ += step.produced;
    return step;
  }
  bool complete() const override { return block_.empty() && given_ == data_.size(); }

 private:
  std::size_t gather(std::string_view in) {
    const std::size_t taken = std::min(in.size(), wanted_ - block_.size());
    block_.append(in.substr(0, taken));
    return taken;
  }

  std::optional<std::string> read_header() {
    const char* header = block_.data() + kChecksum;
    const auto method = static_cast<unsigned char>(header[0]);
    const std::size_t packed = load32(header + 1);
    unpacked_ = load32(header + 5);
    if (method != stored && method != lz4 && method != zstd)
      return "the method of a block is " + std::to_string(method) +
             ", not LZ4 (130), ZSTD (144) or stored (2)";
    if (packed <= kHeader) return "a block holds nothing";
    if (packed > kLargest || unpacked_ > kLargest)
      return "a block of " + std::to_string(std::max(packed, unpacked_)) + " bytes is larger than 64 MiB";
    wanted_ = kChecksum + packed;
    return std::nullopt;
  }

  std::optional<std::string> unpack() {
    const std::string_view summed = std::string_view(block_).substr(kChecksum);
    Hash128 told;
    std::memcpy(&told.low, block_.data(), 8);
    std::memcpy(&told.high, block_.data() + 8, 8);
    if (told != city_hash128(summed)) return "the checksum of a block is wrong";
    const std::string_view packed = summed.substr(kHeader);
    // The sizes were checked with the rest; yet only what the data can hold is made room for.
    if (summed[0] == static_cast<char>(lz4) && unpacked_ / kLz4Most > packed.size()) return wrong_size();
    data_.resize(unpacked_);
    given_ = 0;
    if (unpacked(static_cast<unsigned char>(summed[0]), packed) != unpacked_) {
      data_.clear();
      return wrong_size();
    }
    block_.clear();
    wanted_ = kChecksum + kHeader;
    return std::nullopt;
  }

  std::optional<std::size_t> unpacked(unsigned char method, std::string_view packed) {
    if (method == lz4) {
      const int size = LZ4_decompress_safe(packed.data(), data_.data(), static_cast<int>(packed.size()),
                                           static_cast<int>(data_.size()));
      return size < 0 ? std::nullopt : std::optional(static_cast<std::size_t>(size));
    }
    if (method == zstd) {
      const std::size_t size = ZSTD_decompress(data_.data(), data_.size(), packed.data(), packed.size());
      return ZSTD_isError(size) != 0 ? std::nullopt : std::optional(size);
    }
    if (packed.size() == data_.size()) std::ranges::copy(packed, data_.begin());
    return packed.size();
  }
  std::string wrong_size() const {
    return "a block does not unpack to the " + std::to_string(unpacked_) + " bytes that it tells of";
  }

  std::string block_;  // what is there of the next one
  std::size_t wanted_ = kChecksum + kHeader;
  std::size_t unpacked_ = 0;
  std::string data_;
  std::size_t given_ = 0;
};

class BlockEncoder : public Encoder {
 public:
  void encode(std::string_view in, std::string& out) override {
    while (!in.empty()) {
      const std::string_view taken = in.substr(0, kWritten - pending_.size());
      pending_ += taken;
      in.remove_prefix(taken.size());
      if (pending_.size() == kWritten) finish(out);
    }
  }
  void finish(std::string& out) override {
    if (pending_.empty()) return;
    const auto bound = LZ4_compressBound(static_cast<int>(pending_.size()));
    std::string block(kHeader + static_cast<std::size_t>(bound), '\0');
    const int packed = LZ4_compress_default(pending_.data(), block.data() + kHeader,
                                            static_cast<int>(pending_.size()), bound);
    if (packed <= 0) throw std::bad_alloc();
    block.resize(kHeader + static_cast<std::size_t>(packed));
    block[0] = static_cast<char>(lz4);
    put(block, 1, static_cast<std::uint32_t>(block.size()));
    put(block, 5, static_cast<std::uint32_t>(pending_.size()));
    const Hash128 sum = city_hash128(block);
    const std::size_t at = out.size();
    out.resize(at + kChecksum);
    put(out, at, sum.low);
    put(out, at + 8, sum.high);
    out += block;
    pending_.clear();
  }

 private:
  std::string pending_;
};

class BlockExchange : public Exchange {
 public:
  BlockExchange(Exchange& inner, InBlocks which) : inner_(inner), blocks_of_answer_(which.answer) {
    if (which.body) body_.emplace(make_block_decoder(), "ClickHouse blocks (decompress=1)");
  }

  std::string_view method() const override { return inner_.method(); }
  std::string_view path() const override { return inner_.path(); }
  std::string_view query() const override { return inner_.query(); }
  std::string_view header(std::string_view name) const override { return inner_.header(name); }

  Result<std::size_t, BodyError> read(char* to, std::size_t size) override {
    const auto raw = [this](char* at, std::size_t room) { return inner_.read(at, room); };
    return body_ ? body_->read(to, size, raw) : inner_.read(to, size);
  }

  void respond(unsigned status, const Headers& headers, std::string_view body, Coding coding) override {
    if (!blocks_of_answer_ || status != 200) return inner_.respond(status, headers, body, coding);
    std::string packed;
    encoder_->encode(body, packed);
    encoder_->finish(packed);
    inner_.respond(status, headers, packed, coding);
  }
  void begin(unsigned status, const Headers& headers, Coding coding) override {
    inner_.begin(status, headers, coding);
  }
  bool write(std::string_view piece) override {
    if (!blocks_of_answer_) return inner_.write(piece);
    packed_.clear();
    encoder_->encode(piece, packed_);
    return inner_.write(packed_);
  }
  bool end() override { return (!blocks_of_answer_ || inner_.write(last({}))) && inner_.end(); }
  void when_gone(std::function<void()> call) override { inner_.when_gone(std::move(call)); }
  void cut_off(std::string_view last_words) override {
    inner_.cut_off(blocks_of_answer_ ? last(last_words) : last_words);
  }

 private:
  std::string_view last(std::string_view words) {
    packed_.clear();
    encoder_->encode(words, packed_);
    encoder_->finish(packed_);
    return packed_;
  }

  Exchange& inner_;
  bool blocks_of_answer_;
  std::optional<DecodedBody> body_;
  std::unique_ptr<Encoder> encoder_ = make_block_encoder();
  std::string packed_;
};

}  // namespace

std::unique_ptr<Decoder> make_block_decoder() { return std::make_unique<BlockDecoder>(); }
std::unique_ptr<Encoder> make_block_encoder() { return std::make_unique<BlockEncoder>(); }

std::unique_ptr<Exchange> in_blocks(Exchange& exchange, InBlocks which) {
  return std::make_unique<BlockExchange>(exchange, which);
}

}  // namespace sluice::store
