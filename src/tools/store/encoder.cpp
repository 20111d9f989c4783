#include <brotli/encode.h>
#include <lz4frame.h>
#include <zstd.h>

#include <new>

#include "store/encoding.hpp"

namespace sluice::store {
namespace {

using http::Encoder;
using http::grow;

constexpr std::size_t kPiece = 1U << 16;

class ZstdEncoder : public Encoder {
 public:
  ZstdEncoder() : context_(ZSTD_createCCtx()) {
    if (context_ == nullptr) throw std::bad_alloc();
    ZSTD_CCtx_setParameter(context_, ZSTD_c_compressionLevel, 1);
  }
  ~ZstdEncoder() override { ZSTD_freeCCtx(context_); }
  ZstdEncoder(const ZstdEncoder&) = delete;
  ZstdEncoder& operator=(const ZstdEncoder&) = delete;

  void encode(std::string_view in, std::string& out) override {
    ZSTD_inBuffer input{in.data(), in.size(), 0};
    while (input.pos < input.size) push(input, ZSTD_e_continue, out);
  }
  void finish(std::string& out) override {
    ZSTD_inBuffer input{nullptr, 0, 0};
    while (push(input, ZSTD_e_end, out) != 0) {
    }
  }

 private:
  std::size_t push(ZSTD_inBuffer& input, ZSTD_EndDirective directive, std::string& out) {
    std::size_t left = 0;
    grow(out, [&](char* to, std::size_t size) {
      ZSTD_outBuffer output{to, size, 0};
      left = ZSTD_compressStream2(context_, &output, &input, directive);
      if (ZSTD_isError(left) != 0) throw std::bad_alloc();
      return output.pos;
    });
    return left;
  }

  ZSTD_CCtx* context_;
};

class Lz4Encoder : public Encoder {
 public:
  Lz4Encoder() {
    if (LZ4F_isError(LZ4F_createCompressionContext(&context_, LZ4F_VERSION)) != 0) throw std::bad_alloc();
  }
  ~Lz4Encoder() override { LZ4F_freeCompressionContext(context_); }
  Lz4Encoder(const Lz4Encoder&) = delete;
  Lz4Encoder& operator=(const Lz4Encoder&) = delete;

  void encode(std::string_view in, std::string& out) override {
    begin(out);
    for (; !in.empty(); in.remove_prefix(std::min(kPiece, in.size()))) {
      const std::string_view piece = in.substr(0, kPiece);
      push(out, LZ4F_compressBound(piece.size(), nullptr), [&](char* to, std::size_t size) {
        return LZ4F_compressUpdate(context_, to, size, piece.data(), piece.size(), nullptr);
      });
    }
  }
  void finish(std::string& out) override {
    begin(out);
    push(out, LZ4F_compressBound(0, nullptr),
         [&](char* to, std::size_t size) { return LZ4F_compressEnd(context_, to, size, nullptr); });
  }

 private:
  void begin(std::string& out) {
    if (begun_) return;
    begun_ = true;
    push(out, LZ4F_HEADER_SIZE_MAX,
         [&](char* to, std::size_t size) { return LZ4F_compressBegin(context_, to, size, nullptr); });
  }
  template <class F>
  static void push(std::string& out, std::size_t bound, F&& write) {
    const std::size_t before = out.size();
    out.resize(before + bound);
    const std::size_t written = write(out.data() + before, bound);
    if (LZ4F_isError(written) != 0) throw std::bad_alloc();
    out.resize(before + written);
  }

  LZ4F_cctx* context_ = nullptr;
  bool begun_ = false;
};

class BrotliEncoder : public Encoder {
 public:
  BrotliEncoder() : state_(BrotliEncoderCreateInstance(nullptr, nullptr, nullptr)) {
    if (state_ == nullptr) throw std::bad_alloc();
    // Below 2 every call would end a block, however short.
    BrotliEncoderSetParameter(state_, BROTLI_PARAM_QUALITY, 2);
  }
  ~BrotliEncoder() override { BrotliEncoderDestroyInstance(state_); }
  BrotliEncoder(const BrotliEncoder&) = delete;
  BrotliEncoder& operator=(const BrotliEncoder&) = delete;

  void encode(std::string_view in, std::string& out) override { push(in, BROTLI_OPERATION_PROCESS, out); }
  void finish(std::string& out) override { push({}, BROTLI_OPERATION_FINISH, out); }

 private:
  void push(std::string_view in, BrotliEncoderOperation operation, std::string& out) {
    auto* next_in = reinterpret_cast<const std::uint8_t*>(in.data());
    std::size_t available_in = in.size();
    do {
      grow(out, [&](char* to, std::size_t size) {
        auto* next_out = reinterpret_cast<std::uint8_t*>(to);
        std::size_t available_out = size;
        if (BrotliEncoderCompressStream(state_, operation, &available_in, &next_in, &available_out, &next_out,
                                        nullptr) == BROTLI_FALSE)
          throw std::bad_alloc();
        return size - available_out;
      });
    } while (available_in > 0 || BrotliEncoderHasMoreOutput(state_) != 0);
  }

  BrotliEncoderState* state_;
};

}  // namespace

std::unique_ptr<http::Encoder> make_encoder(Coding coding) {
  switch (coding) {
    case Coding::gzip:
      return http::make_gzip_encoder();
    case Coding::deflate:
      return http::make_deflate_encoder();
    case Coding::zstd:
      return std::make_unique<ZstdEncoder>();
    case Coding::lz4:
      return std::make_unique<Lz4Encoder>();
    case Coding::br:
      return std::make_unique<BrotliEncoder>();
    case Coding::identity:
      break;
  }
  return nullptr;
}

}  // namespace sluice::store
