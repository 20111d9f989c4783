#include <brotli/decode.h>
#include <lz4frame.h>
#include <zstd.h>

#include <new>

#include "store/encoding.hpp"

namespace sluice::store {
namespace {

using http::Decoder;
using Step = Decoder::Step;

class ZstdDecoder : public Decoder {
 public:
  ZstdDecoder() : context_(ZSTD_createDCtx()) {
    if (context_ == nullptr) throw std::bad_alloc();
  }
  ~ZstdDecoder() override { ZSTD_freeDCtx(context_); }
  ZstdDecoder(const ZstdDecoder&) = delete;
  ZstdDecoder& operator=(const ZstdDecoder&) = delete;

  Result<Step, std::string> step(std::string_view in, char* out, std::size_t size) override {
    ZSTD_inBuffer input{in.data(), in.size(), 0};
    ZSTD_outBuffer output{out, size, 0};
    const std::size_t status = ZSTD_decompressStream(context_, &output, &input);
    if (ZSTD_isError(status) != 0) return failure(std::string(ZSTD_getErrorName(status)));
    if (input.pos > 0 || output.pos > 0) complete_ = status == 0;
    return Step{input.pos, output.pos};
  }
  bool complete() const override { return complete_; }

 private:
  ZSTD_DCtx* context_;
  bool complete_ = false;
};

class Lz4Decoder : public Decoder {
 public:
  Lz4Decoder() {
    if (LZ4F_isError(LZ4F_createDecompressionContext(&context_, LZ4F_VERSION)) != 0) throw std::bad_alloc();
  }
  ~Lz4Decoder() override { LZ4F_freeDecompressionContext(context_); }
  Lz4Decoder(const Lz4Decoder&) = delete;
  Lz4Decoder& operator=(const Lz4Decoder&) = delete;

  Result<Step, std::string> step(std::string_view in, char* out, std::size_t size) override {
    std::size_t produced = size;
    std::size_t consumed = in.size();
    const std::size_t status = LZ4F_decompress(context_, out, &produced, in.data(), &consumed, nullptr);
    if (LZ4F_isError(status) != 0) return failure(std::string(LZ4F_getErrorName(status)));
    if (consumed > 0 || produced > 0) complete_ = status == 0;
    return Step{consumed, produced};
  }
  bool complete() const override { return complete_; }

 private:
  LZ4F_dctx* context_ = nullptr;
  bool complete_ = false;
};

class BrotliDecoder : public Decoder {
 public:
  BrotliDecoder() : state_(BrotliDecoderCreateInstance(nullptr, nullptr, nullptr)) {
    if (state_ == nullptr) throw std::bad_alloc();
  }
  ~BrotliDecoder() override { BrotliDecoderDestroyInstance(state_); }
  BrotliDecoder(const BrotliDecoder&) = delete;
  BrotliDecoder& operator=(const BrotliDecoder&) = delete;

  Result<Step, std::string> step(std::string_view in, char* out, std::size_t size) override {
    if (complete())
      return in.empty() ? Result<Step, std::string>(Step{}) : failure(std::string("bytes after its end"));
    std::size_t available_in = in.size();
    std::size_t available_out = size;
    auto* next_in = reinterpret_cast<const std::uint8_t*>(in.data());
    auto* next_out = reinterpret_cast<std::uint8_t*>(out);
    if (BrotliDecoderDecompressStream(state_, &available_in, &next_in, &available_out, &next_out, nullptr) ==
        BROTLI_DECODER_RESULT_ERROR)
      return failure(std::string(BrotliDecoderErrorString(BrotliDecoderGetErrorCode(state_))));
    return Step{in.size() - available_in, size - available_out};
  }
  bool complete() const override { return BrotliDecoderIsFinished(state_) != 0; }

 private:
  BrotliDecoderState* state_;
};

}  // namespace

std::unique_ptr<http::Decoder> make_decoder(Coding coding) {
  switch (coding) {
    case Coding::gzip:
    case Coding::deflate:
      return http::make_zlib_decoder();
    case Coding::zstd:
      return std::make_unique<ZstdDecoder>();
    case Coding::lz4:
      return std::make_unique<Lz4Decoder>();
    case Coding::br:
      return std::make_unique<BrotliDecoder>();
    case Coding::identity:
      break;
  }
  return nullptr;
}

}  // namespace sluice::store
