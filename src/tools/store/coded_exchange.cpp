// Content codings before the exchange of a connection.
#include <optional>

#include "store/decoded_body.hpp"

namespace sluice::store {
namespace {

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
      if (auto decoder = make_decoder(*known)) body_.emplace(std::move(decoder), std::string(coding));
    }
    const auto raw = [this](char* at, std::size_t room) { return read_raw(at, room); };
    return body_ ? body_->read(to, size, raw) : read_raw(to, size);
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
    write_last();
    return connection_.end();
  }

  void when_gone(std::function<void()> call) override { connection_.when_gone(std::move(call)); }
  void cut_off(std::string_view last_words) override {
    if (write(last_words)) write_last();
  }

 private:
  static Headers with_coding(Headers headers, Coding coding) {
    headers.emplace_back("Content-Encoding", name(coding));
    return headers;
  }

  /// What the encoder still holds.
  void write_last() {
    if (encoder_ == nullptr) return;
    pending_.clear();
    encoder_->finish(pending_);
    connection_.write(pending_);
  }

  Result<std::size_t, BodyError> read_raw(char* to, std::size_t size) {
    auto got = connection_.read(to, size);
    if (!got) return failure(BodyError{400, "the body of the request ended early: " + got.error()});
    return *got;
  }

  http::Exchange& connection_;
  bool body_begun_ = false;
  std::optional<DecodedBody> body_;
  std::unique_ptr<http::Encoder> encoder_;
  std::string pending_;
};

}  // namespace

std::unique_ptr<Exchange> coded(http::Exchange& raw) { return std::make_unique<CodedExchange>(raw); }

}  // namespace sluice::store
