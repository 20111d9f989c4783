#include <zlib.h>

#include <algorithm>
#include <new>

#include "http/codec.hpp"

namespace sluice::http {
namespace {

// zlib counts in 32 bits; larger pieces are taken in several steps.
constexpr std::size_t kPiece = 1U << 30;

class ZlibDecoder : public Decoder {
 public:
  ZlibDecoder() {
    if (inflateInit2(&stream_, 15 + 32) != Z_OK) throw std::bad_alloc();
  }
  ~ZlibDecoder() override { inflateEnd(&stream_); }
  ZlibDecoder(const ZlibDecoder&) = delete;
  ZlibDecoder& operator=(const ZlibDecoder&) = delete;

  Result<Step, std::string> step(std::string_view in, char* out, std::size_t size) override {
    if (in.empty() && complete_) return Step{};
    in = in.substr(0, kPiece);
    size = std::min(size, kPiece);
    if (complete_) inflateReset(&stream_);
    stream_.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(in.data()));
    stream_.avail_in = static_cast<uInt>(in.size());
    stream_.next_out = reinterpret_cast<Bytef*>(out);
    stream_.avail_out = static_cast<uInt>(size);
    const int status = inflate(&stream_, Z_NO_FLUSH);
    if (status != Z_OK && status != Z_STREAM_END && status != Z_BUF_ERROR)
      return failure(std::string(stream_.msg == nullptr ? "it is damaged" : stream_.msg));
    complete_ = status == Z_STREAM_END;
    return Step{in.size() - stream_.avail_in, size - stream_.avail_out};
  }
  bool complete() const override { return complete_; }

 private:
  z_stream stream_{};
  bool complete_ = false;
};

class ZlibEncoder : public Encoder {
 public:
  explicit ZlibEncoder(bool gzip) {
    // Level 3 as ClickHouse has it (http_zlib_compression_level).
    if (deflateInit2(&stream_, 3, Z_DEFLATED, gzip ? 15 + 16 : 15, 8, Z_DEFAULT_STRATEGY) != Z_OK)
      throw std::bad_alloc();
  }
  ~ZlibEncoder() override { deflateEnd(&stream_); }
  ZlibEncoder(const ZlibEncoder&) = delete;
  ZlibEncoder& operator=(const ZlibEncoder&) = delete;

  void encode(std::string_view in, std::string& out) override {
    for (; !in.empty(); in.remove_prefix(std::min(kPiece, in.size())))
      push(in.substr(0, kPiece), Z_NO_FLUSH, out);
  }
  void finish(std::string& out) override { push({}, Z_FINISH, out); }

 private:
  void push(std::string_view in, int flush, std::string& out) {
    stream_.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(in.data()));
    stream_.avail_in = static_cast<uInt>(in.size());
    do {
      grow(out, [&](char* to, std::size_t size) {
        stream_.next_out = reinterpret_cast<Bytef*>(to);
        stream_.avail_out = static_cast<uInt>(size);
        deflate(&stream_, flush);
        return size - stream_.avail_out;
      });
    } while (stream_.avail_out == 0);
  }

  z_stream stream_{};
};

std::string_view trimmed(std::string_view text) {
  const std::size_t begin = text.find_first_not_of(" \t");
  if (begin == std::string_view::npos) return {};
  return text.substr(begin, text.find_last_not_of(" \t") - begin + 1);
}

/// Of "gzip;q=0.5": the name; nothing where the quality is 0.
std::string_view accepted_name(std::string_view item) {
  const std::size_t mark = item.find(';');
  if (mark == std::string_view::npos) return trimmed(item);
  std::string_view quality = trimmed(item.substr(mark + 1));
  if (quality.starts_with("q=")) quality.remove_prefix(2);
  const bool zero = !quality.empty() && quality.find_first_not_of("0.") == std::string_view::npos;
  return zero ? std::string_view{} : trimmed(item.substr(0, mark));
}

}  // namespace

std::unique_ptr<Decoder> make_zlib_decoder() { return std::make_unique<ZlibDecoder>(); }
std::unique_ptr<Encoder> make_gzip_encoder() { return std::make_unique<ZlibEncoder>(true); }
std::unique_ptr<Encoder> make_deflate_encoder() { return std::make_unique<ZlibEncoder>(false); }

void for_each_accepted(std::string_view accept_encoding, const std::function<void(std::string_view)>& take) {
  while (!accept_encoding.empty()) {
    const std::string_view item = accept_encoding.substr(0, accept_encoding.find(','));
    accept_encoding.remove_prefix(std::min(item.size() + 1, accept_encoding.size()));
    if (const std::string_view name = accepted_name(item); !name.empty()) take(name);
  }
}

}  // namespace sluice::http
