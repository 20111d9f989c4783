// Content codings before the exchange of a connection.
#include <array>
#include <optional>

#include "store/exchange.hpp"

namespace sluice::store {
namespace {

constexpr std::size_t kPiece = 1U << 16;

class CodedExchange : public Exchange {
 public:
  explicit CodedExchange(http::Exchange& raw) : connection_(raw) {}

  std::string_view method() const override { return connection_.request().method; }
  std::string_view path() const override { return connection_.request().path; }
  std::string_view query() const override { return connection_.request().query; }
  std::string_view header(std::string_view name) const override { return connection_.request().header(name); }

  Result<std::size_t, BodyError> read(char* to, std::size_t size) override {
    if (!body_begun_) {
      body_begun_ = true;
      const std::string_view coding = header("Content-Encoding");
      const auto known = parse_coding(coding);
      if (!known)
        return failure(BodyError{415, "Content-Encoding '" + std::string(coding) +
                                          "' is not known here, but " + std::string(known_codings())});
      decoder_ = make_decoder(*known);
    }
    return decoder_ == nullptr ? read_raw(to, size) : read_decoded(to, size);
  }

  void respond(unsigned status, const Headers& headers, std::string_view body, Coding coding) override {
    const auto encoder = body.empty() ? nullptr : make_encoder(coding);
    if (encoder == nullptr) return connection_.respond(status, headers, body);
    std::string encoded;
    encoder->encode(body, encoded);
    encoder->finish(encoded);
    connection_.respond(status, with_coding(headers, coding), encoded);
  }

  void begin(unsigned status, const Headers& headers, Coding coding) override {
    encoder_ = make_encoder(coding);
    connection_.begin(status, encoder_ == nullptr ? headers : with_coding(headers, coding));
  }

  bool write(std::string_view piece) override {
    if (encoder_ == nullptr) return connection_.write(piece);
    pending_.clear();
    encoder_->encode(piece, pending_);
    return connection_.write(pending_);
  }

  bool end() override {
    if (encoder_ != nullptr) {
      pending_.clear();
      encoder_->finish(pending_);
      connection_.write(pending_);
    }
    return connection_.end();
  }

 private:
  static Headers with_coding(Headers headers, Coding coding) {
    headers.emplace_back("Content-Encoding", name(coding));
    return headers;
  }

  Result<std::size_t, BodyError> read_raw(char* to, std::size_t size) {
    auto got = connection_.read(to, size);
    if (!got) return failure(BodyError{400, "the body of the request ended early: " + got.error()});
    return *got;
  }

  Result<std::size_t, BodyError> read_decoded(char* to, std::size_t size) {
    for (;;) {
      if (raw_.empty() && !raw_ended_) {
        const auto got = read_raw(raw_buffer_->data(), raw_buffer_->size());
        if (!got) return got;
        raw_ = std::string_view(raw_buffer_->data(), *got);
        raw_ended_ = *got == 0;
      }
      const auto step = decoder_->step(raw_, to, size);
      if (!step) return failure(BodyError{400, damaged(step.error())});
      raw_.remove_prefix(step->consumed);
      if (step->produced > 0) return step->produced;
      if (raw_ended_ && step->consumed == 0) break;
      if (!raw_.empty() && step->consumed == 0)
        return failure(BodyError{400, damaged("it makes no progress")});
    }
    // A body of no bytes is no bytes in every coding.
    if (!decoder_->complete() && !connection_.no_body())
      return failure(BodyError{400, damaged("it ends early")});
    return 0;
  }
  std::string damaged(const std::string& reason) const {
    return "the body is no " + std::string(header("Content-Encoding")) + ": " + reason;
  }

  http::Exchange& connection_;
  bool body_begun_ = false, raw_ended_ = false;
  std::unique_ptr<http::Decoder> decoder_;
  std::unique_ptr<std::array<char, kPiece>> raw_buffer_ = std::make_unique<std::array<char, kPiece>>();
  std::string_view raw_;
  std::unique_ptr<http::Encoder> encoder_;
  std::string pending_;
};

}  // namespace

std::unique_ptr<Exchange> coded(http::Exchange& raw) { return std::make_unique<CodedExchange>(raw); }

}  // namespace sluice::store
