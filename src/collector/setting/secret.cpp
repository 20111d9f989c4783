// Secrets and the files they may stand in.
#include <fcntl.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <system_error>

#include "setting/reading.hpp"
#include "setting/text.hpp"
#include "util/unique_fd.hpp"

namespace sluice::setting {
namespace {

constexpr std::size_t kMaxFile = 4U << 20;

std::string reason_of(int error) { return std::generic_category().message(error); }

}  // namespace

std::optional<std::string> read_small_file(const std::string& path, std::string& reason) {
  const UniqueFd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!fd) {
    reason = reason_of(errno);
    return std::nullopt;
  }
  std::string text;
  std::array<char, 16384> chunk{};
  for (;;) {
    const ssize_t got = ::read(fd.get(), chunk.data(), chunk.size());
    if (got == 0) return text;
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) {
      reason = reason_of(errno);
      return std::nullopt;
    }
    text.append(chunk.data(), static_cast<std::size_t>(got));
    if (text.size() > kMaxFile) {
      reason = "it is larger than 4MB";
      return std::nullopt;
    }
  }
}

void read_secret(Reading& in, const std::string& path, const Value& value, std::string& target) {
  if (value.kind == Value::Kind::null) return;
  const auto text = as_text(in, path, value, "it takes text");
  // An empty text is how the full configuration file says "none", beside which the file spelling may stand.
  if (!text || text->empty()) return;
  in.note(path, value);
  if (in.given(path + "_file"))
    in.fault(path, value.origin, path + " and " + path + "_file are both given; keep one of them");
  target = *text;
}

void read_secret_file(Reading& in, const std::string& path, const Value& value, std::string& target) {
  if (value.kind == Value::Kind::null) return;
  const auto name = as_text(in, path, value, "it takes the path of a file");
  if (!name || name->empty()) return;
  in.note(path, value);
  const std::string secret = path.substr(0, path.size() - std::string_view("_file").size());
  if (in.given(secret)) {
    in.fault(path, value.origin, secret + " and " + path + " are both given; keep one of them");
    return;
  }
  std::string reason;
  auto content = read_small_file(*name, reason);
  if (!content) {
    in.fault(path, value.origin, path + " names " + quote(*name) + ", which cannot be read: " + reason);
    return;
  }
  while (content->ends_with('\n') || content->ends_with('\r')) content->pop_back();
  if (content->empty())
    in.fault(path, value.origin,
             path + " names " + quote(*name) + ", which is empty; it takes a file with the secret");
  target = *content;
}

}  // namespace sluice::setting
