#include "sink/clickhouse/inserter.hpp"

#include <xxhash.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdio>
#include <utility>

#include "http/client.hpp"
#include "util/one_line.hpp"
#include "util/wire_reader.hpp"

namespace sluice::sink {
namespace {

using http::Trouble;

constexpr std::chrono::seconds kConnect{5};
constexpr std::size_t kMostText = 300;  // of what a server says
constexpr std::uint64_t kMostAnswer = 1 << 16;
constexpr std::size_t kKept = 64 << 20;  // of memory between blocks
constexpr std::size_t kRowsTogether = 4096;

std::string hex(std::uint64_t value) {
  std::array<char, 17> text{};
  std::snprintf(text.data(), text.size(), "%016llx", static_cast<unsigned long long>(value));
  return text.data();
}

std::string target_of(const std::string& database, const std::string& token) {
  return "/?database=" + http::percent_encoded(database) +
         "&query=" + http::percent_encoded("INSERT INTO flows_raw FORMAT Native") +
         "&insert_deduplication_token=" + token +
         "&insert_deduplicate=1&deduplicate_blocks_in_dependent_materialized_views=1&async_insert=0"
         "&throw_on_max_partitions_per_insert_block=0&optimize_on_insert=0&input_format_skip_unknown_fields="
         "1&wait_end_of_query=1";
}

/// ClickHouse's number of an error: of its header, or of the text itself.
unsigned code_of(const http::Answer& answer) {
  std::string_view digits = answer.head.header("X-ClickHouse-Exception-Code");
  constexpr std::string_view kMark = "Code: ";
  if (digits.empty())
    if (const auto at = answer.body.find(kMark); at != std::string::npos)
      digits = std::string_view(answer.body).substr(at + kMark.size());
  unsigned code = 0;
  std::from_chars(digits.data(), digits.data() + digits.size(), code);
  return code;
}

FailReason reason_of(unsigned status, unsigned code) {
  switch (code) {
    case 192:  // UNKNOWN_USER
    case 193:  // WRONG_PASSWORD
    case 194:  // REQUIRED_PASSWORD
    case 497:  // ACCESS_DENIED
    case 516:  // AUTHENTICATION_FAILED
      return FailReason::auth;
    case 243:  // NOT_ENOUGH_SPACE
      return FailReason::no_space;
    default:
      if (refuses_rows(code)) return FailReason::refused;
      return status == 401 || status == 403 ? FailReason::auth : FailReason::other;
  }
}

/// The first line, and no more of it than a log can bear. Whoever answers there may say anything.
std::string words_of(const http::Answer& answer) {
  std::string text = one_line(answer.body.substr(0, std::min(answer.body.find('\n'), kMostText)));
  return text.empty() ? "status " + std::to_string(answer.head.status) : text;
}

class Inserter final : public BlockWriter {
 public:
  Inserter(InsertTarget target, const ClickhouseSettings& settings, UserFieldsPtr user_fields)
      : target_(std::move(target)),
        settings_(settings),
        body_(settings.compression, std::move(user_fields)) {}

  Result<void, WriteError> write(const Block& block, const GiveUp& give_up) override {
    auto done = insert_all(block, give_up);
    // What a large block made grow is not kept for the small ones after it.
    if (call_.body.capacity() > kKept) call_.body = {};
    return done;
  }

 private:
  Result<void, WriteError> insert_all(const Block& block, const GiveUp& give_up) {
    const auto pieces = insert_pieces(block);
    if (!pieces) return failure(damaged(pieces.error()));
    const std::string token = insert_token(block);
    if (std::exchange(begun_, token) != token) {
      taken_ = 0;
      lost_.clear();
    }
    for (; taken_ < pieces->size(); ++taken_) {
      const InsertPiece& piece = (*pieces)[taken_];
      const bool whole = pieces->size() == 1;
      auto error = insert_piece(piece, whole ? token : insert_token(token, piece), give_up);
      if (!error) continue;
      if (!error->lasting || whole) return failure(std::move(*error));
      lost_.push_back({piece.first, piece.rows, piece.bytes.size()});
      refused_ = std::move(*error);
    }
    begun_.clear();
    if (lost_.empty()) return {};
    refused_.lost = std::exchange(lost_, {});
    return failure(std::exchange(refused_, {}));
  }

  std::optional<WriteError> insert_piece(const InsertPiece& piece, const std::string& token,
                                         const GiveUp& give_up) {
    if (auto made = body_.make(piece, call_.body); !made) return damaged(made.error());
    prepare(token);
    return insert_anywhere(give_up);
  }

  static WriteError damaged(const std::string& why) {
    return {FailReason::damaged, "a block is no row of flows: " + why, 0, true};
  }

  void prepare(const std::string& token) {
    call_.method = "POST";
    call_.target = target_of(settings_.database, token);
    call_.headers = {{"Content-Type", "application/octet-stream"}};
    if (settings_.compression != Packing::none)
      call_.headers.emplace_back("Content-Encoding", word_of(kPackings, settings_.compression));
    if (!settings_.user.empty()) call_.headers.emplace_back("X-ClickHouse-User", settings_.user);
    if (!settings_.password.empty()) call_.headers.emplace_back("X-ClickHouse-Key", settings_.password);
  }

  std::optional<WriteError> insert_anywhere(const GiveUp& give_up) {
    std::optional<WriteError> error;
    for (std::size_t tries = 0; tries < target_.servers.size(); ++tries) {
      error = insert(give_up);
      if (!error || error->reason != FailReason::unreachable) break;
      current_ = (current_ + 1) % target_.servers.size();
    }
    return error;
  }

  std::optional<WriteError> insert(const GiveUp& give_up) {
    const http::Url& server = target_.servers[current_];
    const auto answer =
        http::fetch_whole(server, call_,
                          {.connect = std::min<std::chrono::seconds>(settings_.timeout, kConnect),
                           .answer = settings_.timeout,
                           .give_up = [&] { return give_up.reached(); }},
                          target_.trust, kMostAnswer);
    if (!answer && answer.error().kind == Trouble::Kind::given_up)
      return WriteError{FailReason::shutdown, "it is time to end", 0, false};
    if (!answer)
      return WriteError{FailReason::unreachable, "cannot insert: " + answer.error().text, 0, false};
    if (answer->head.status == 200) return refusal_kind_.clear(), std::nullopt;
    return refusal(server, *answer);
  }

  /// In the words of the first of the same kind: those of the next differ by a number, and the log would not
  /// know the one for the other.
  WriteError refusal(const http::Url& server, const http::Answer& answer) {
    const unsigned status = answer.head.status, code = code_of(answer);
    std::string kind = server.to_string() + ' ' + std::to_string(status) + ' ' + std::to_string(code);
    if (std::exchange(refusal_kind_, std::move(kind)) != refusal_kind_)
      refusal_ = server.to_string() + " does not take the flows: " + words_of(answer);
    return {reason_of(status, code), refusal_, 0, refuses_rows(code)};
  }

  const InsertTarget target_;
  const ClickhouseSettings settings_;
  InsertBody body_;
  http::Call call_;
  std::size_t current_ = 0;
  std::string begun_;                   // token of the block that was begun last
  std::size_t taken_ = 0;               // pieces of it whose fate is known
  std::vector<BlockRows> lost_;         // those that no server takes
  WriteError refused_{};                // the last of these
  std::string refusal_kind_, refusal_;  // of the last answer that was one
};

}  // namespace

Result<std::vector<InsertPiece>, std::string> insert_pieces(const Block& block) {
  const Bytes all = block.bytes;
  std::vector<InsertPiece> out;
  std::size_t rows = 0, begin = 0, end = 0;
  const auto end_piece = [&] {
    const std::size_t before = out.empty() ? 0 : out.back().first + out.back().rows;
    out.push_back({before, rows - before, all.subspan(begin, end - begin)});
    begin = end;
  };
  wire::Reader reader(all);
  while (!reader.at_end()) {
    const Bytes message = reader.delimited();
    if (!reader.ok()) return failure(std::string(reader.error()));
    end = static_cast<std::size_t>(message.data() + message.size() - all.data());
    if (++rows % kInsertRows == 0) end_piece();
  }
  if (begin != end) end_piece();
  if (rows == 0) return failure(std::string("it is empty"));
  if (rows > block.flows) return failure(std::string("it has more rows than it was said to have"));
  return out;
}

InsertBody::InsertBody(Packing packing, UserFieldsPtr user_fields)
    : packer_(make_packer(packing)), rows_(std::move(user_fields)) {}

Result<void, std::string> InsertBody::make(const InsertPiece& piece, std::string& out) {
  out.clear();
  if (packer_) packer_->begin(out);
  wire::Reader reader(piece.bytes);
  for (std::size_t left = piece.rows; !reader.at_end();) {
    rows_.begin(std::min(left, kRowsTogether));
    for (std::size_t n = 0; n < kRowsTogether && !reader.at_end(); ++n)
      if (auto added = rows_.add(reader.delimited()); !added) return added;
    left -= rows_.rows();
    if (!packer_) {
      rows_.write(out);
      continue;
    }
    plain_.clear();
    rows_.write(plain_);
    packer_->add(plain_, out);
  }
  if (packer_) packer_->end(out);
  return {};
}

std::string insert_token(const Block& block) {
  const XXH128_hash_t hash = XXH3_128bits(block.bytes.data(), block.bytes.size());
  return hex(hash.high64) + hex(hash.low64);
}

std::string insert_token(const std::string& of_block, const InsertPiece& piece) {
  return of_block + '-' + std::to_string(piece.first) + '-' + std::to_string(piece.rows);
}

/// What a server says of its settings (413 of a proxy, 131 of a longest text, 452), of its tables (16, 47,
/// 53, 60, 70, 691), of its disk or of files of its own that it could not read (27, 32, 33: so it says as
/// well of a body that a proxy cut off) is over once somebody has mended that, and the rows are taken then.
bool refuses_rows(unsigned code) {
  return code == 117;  // INCORRECT_DATA: they are no block of the Native format
}

std::optional<InsertTarget> insert_target(const std::string& sink_name, const ClickhouseSettings& settings,
                                          const OnMistake& mistake) {
  InsertTarget out;
  std::string_view rest = settings.url;
  for (bool more = true; more;) {
    const auto comma = rest.find(',');
    more = comma != std::string_view::npos;
    auto url = http::parse_url(rest.substr(0, comma));
    if (!url) return mistake({"sinks." + sink_name + ".url", url.error()}), std::nullopt;
    out.servers.push_back(std::move(*url));
    if (more) rest.remove_prefix(comma + 1);
  }
  if (!settings.ca_file.empty()) {
    auto trust = http::Trust::from_file(settings.ca_file);
    if (!trust) return mistake({"sinks." + sink_name + ".tls.ca_file", trust.error()}), std::nullopt;
    out.trust = std::move(*trust);
  }
  return out;
}

std::unique_ptr<BlockWriter> make_inserter(InsertTarget target, const ClickhouseSettings& settings,
                                           UserFieldsPtr user_fields) {
  return std::make_unique<Inserter>(std::move(target), settings, std::move(user_fields));
}

}  // namespace sluice::sink
