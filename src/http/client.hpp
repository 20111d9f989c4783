#pragma once
// Asks an HTTP server one thing, over TLS where the URL says https. Blocks the calling thread; any thread, no
// state is shared between calls.
#include <chrono>
#include <cstdint>
#include <functional>
#include <limits>
#include <optional>
#include <string>
#include <string_view>

#include "http/message.hpp"
#include "http/tls.hpp"
#include "http/url.hpp"
#include "sluice/util/result.hpp"

namespace sluice::http {

struct Call {
  std::string method = "GET";
  std::string target =
      {};                ///< begins with a slash or, behind a path of the URL's own, with "?"; goes as it is
  Headers headers = {};  ///< besides Host, User-Agent, Connection and Content-Length
  std::string body = {};
};

struct Patience {
  std::chrono::milliseconds connect{5000};  ///< for the connection, and as long for TLS's handshake
  /// From the connection to the end of the answer. Nothing: as long as the connection lives.
  std::optional<std::chrono::milliseconds> answer = std::nullopt;
  /// Asked ten times a second, on the calling thread; once it says true, the connection is closed. Null:
  /// never. Looking up the host's name is not ended by it.
  std::function<bool()> give_up = nullptr;
};

/// Why there is no answer.
struct Trouble {
  enum class Kind {
    unreachable,        ///< nobody to talk to, the connection broke, or the answer took too long
    strange,            ///< what answers speaks something else
    unknown_authority,  ///< TLS: nobody whom we trust vouches for the server
    bad_certificate,    ///< TLS: it is another's, or not valid now
    too_large,          ///< the answer is beyond the limit
    given_up,           ///< Patience::give_up said so
  };
  Kind kind = Kind::unreachable;
  std::string text = {};  ///< a sentence without its end, which names the URL
};

/// The head of an answer, whatever its status is.
struct AnswerHead {
  unsigned status = 0;
  Headers headers = {};
  /// The first header of that name, in whatever case; "" where there is none.
  std::string_view header(std::string_view name) const;
};

struct Answer {
  AnswerHead head = {};
  std::string body = {};
};

/// Takes the body piece by piece. False ends the reading, which is no trouble.
using TakePiece = std::function<bool(const AnswerHead& head, std::string_view piece)>;

Result<AnswerHead, Trouble> fetch(const Url& url, const Call& call, const TakePiece& take,
                                  const Patience& patience = {}, const Trust& trust = {});

/// The whole of it, up to `limit` bytes of body.
Result<Answer, Trouble> fetch_whole(const Url& url, const Call& call, const Patience& patience = {},
                                    const Trust& trust = {},
                                    std::uint64_t limit = std::numeric_limits<std::uint64_t>::max());

}  // namespace sluice::http
