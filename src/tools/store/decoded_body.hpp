#pragma once
// A body that is read through a decoder.
#include <array>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "store/exchange.hpp"

namespace sluice::store {

class DecodedBody {
 public:
  /// `what` it should be, for the sentence of an error: "gzip". A body of no bytes is no bytes in every
  /// coding.
  DecodedBody(std::unique_ptr<http::Decoder> decoder, std::string what)
      : decoder_(std::move(decoder)), what_(std::move(what)) {}

  /// As Exchange::read, whose like `raw(to, size)` gives the bytes before decoding.
  template <class Raw>
  Result<std::size_t, BodyError> read(char* to, std::size_t size, Raw&& raw) {
    for (;;) {
      if (raw_.empty() && !raw_ended_) {
        const Result<std::size_t, BodyError> got = raw(buffer_->data(), buffer_->size());
        if (!got) return got;
        raw_ = std::string_view(buffer_->data(), *got);
        raw_ended_ = *got == 0;
        nothing_ = nothing_ && raw_ended_;
      }
      const auto step = decoder_->step(raw_, to, size);
      if (!step) return damaged(step.error());
      raw_.remove_prefix(step->consumed);
      if (step->produced > 0) return step->produced;
      if (raw_ended_ && step->consumed == 0) break;
      if (!raw_.empty() && step->consumed == 0) return damaged("it makes no progress");
    }
    if (!decoder_->complete() && !nothing_) return damaged("it ends early");
    return 0;
  }

 private:
  static constexpr std::size_t kPiece = 1U << 16;

  Result<std::size_t, BodyError> damaged(const std::string& reason) const {
    return failure(BodyError{400, "the body is no " + what_ + ": " + reason});
  }

  std::unique_ptr<http::Decoder> decoder_;
  std::string what_;
  std::unique_ptr<std::array<char, kPiece>> buffer_ = std::make_unique<std::array<char, kPiece>>();
  std::string_view raw_;
  bool raw_ended_ = false, nothing_ = true;
};

}  // namespace sluice::store
