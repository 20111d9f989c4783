#include "web/page.hpp"

#include <algorithm>
#include <array>
#include <fstream>
#include <sstream>

#include "http/codec.hpp"
#include "web/assets.hpp"
#include "web/running.hpp"

namespace sluice::web {
namespace {

/// The addresses of the page's views: all are the one document, whose script reads the address.
constexpr std::string_view kViews[] = {"/", "/index.html", "/explore"};
constexpr std::string_view kNonce = "{{nonce}}";
constexpr std::size_t kNonceBytes = 18;

constexpr std::string_view kNoPage =
    "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\"><title>Sluice</title>"
    "<p>This sluice was built without its page, since npm was missing then; the API at /api/v1 is here all "
    "the "
    "same.</p></html>\n";

constexpr std::array<std::pair<std::string_view, std::string_view>, 10> kTypes{{
    {".js", "text/javascript; charset=utf-8"},
    {".css", "text/css; charset=utf-8"},
    {".html", "text/html; charset=utf-8"},
    {".json", "application/json"},
    {".map", "application/json"},
    {".svg", "image/svg+xml"},
    {".png", "image/png"},
    {".ico", "image/x-icon"},
    {".woff2", "font/woff2"},
    {".txt", "text/plain; charset=utf-8"},
}};

std::string_view type_of(std::string_view path) {
  for (const auto& [ending, type] : kTypes)
    if (path.ends_with(ending)) return type;
  return "application/octet-stream";
}

/// A file's name alone: letters, digits, "-", "_", "." but none at the beginning.
bool is_name(std::string_view name) {
  return !name.empty() && name.front() != '.' && std::ranges::all_of(name, [](char c) {
    return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '-' || c == '_' || c == '.';
  });
}

const Asset* find(std::string_view path) {
  for (const Asset& asset : page_assets())
    if (asset.path == path) return &asset;
  return nullptr;
}

bool accepts(std::string_view header, std::string_view coding) {
  bool out = false;
  http::for_each_accepted(header, [&](std::string_view one) { out = out || http::same_word(one, coding); });
  return out;
}

std::string with_nonce(std::string_view text, std::string_view nonce) {
  std::string out;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t next = std::min(text.find(kNonce, at), text.size());
    out += text.substr(at, next - at);
    if (next < text.size()) out += nonce;
    at = next + kNonce.size();
  }
  return out;
}

}  // namespace

std::string content_policy(std::string_view nonce) {
  const std::string own = "'self' 'nonce-" + std::string(nonce) + "'";
  return "default-src 'none'; script-src " + own + "; style-src " + own +
         "; img-src 'self' data: blob:; connect-src 'self'; font-src 'self'; base-uri 'none'; form-action "
         "'none'; "
         "frame-ancestors 'none'";
}

bool Page::there() const { return !directory_.empty() || find("/index.html") != nullptr; }

std::optional<std::string> Page::file(std::string_view path) const {
  std::ifstream in(directory_ / path.substr(1), std::ios::binary);
  if (!in) return std::nullopt;
  std::ostringstream out;
  out << in.rdbuf();
  return out.str();
}

http::Response Page::index() const {
  std::string text(kNoPage);
  if (!directory_.empty())
    text = file("/index.html").value_or("no index.html in " + directory_.string() + "\n");
  else if (const Asset* asset = find("/index.html"))
    text = asset->bytes;
  const std::string nonce = random_text(kNonceBytes);
  return {.status = 200,
          .content_type = "text/html; charset=utf-8",
          .body = with_nonce(text, nonce),
          .headers = {{"Cache-Control", "no-store"}, {"Content-Security-Policy", content_policy(nonce)}}};
}

std::optional<http::Response> Page::asset(std::string_view path, std::string_view accept_encoding) const {
  if (!directory_.empty()) {
    auto bytes = file(path);
    if (!bytes) return std::nullopt;
    return http::Response{.status = 200,
                          .content_type = std::string(type_of(path)),
                          .body = std::move(*bytes),
                          .headers = {{"Cache-Control", "no-store"}}};
  }
  const Asset* found = find(path);
  if (found == nullptr) return std::nullopt;
  http::Response out{
      .status = 200,
      .content_type = std::string(found->content_type),
      .body = {},
      .headers = {{"Cache-Control", "public, max-age=31536000, immutable"}, {"Vary", "Accept-Encoding"}}};
  const bool brotli = !found->brotli.empty() && accepts(accept_encoding, "br");
  const bool gzip = !brotli && !found->gzip.empty() && accepts(accept_encoding, "gzip");
  out.body = brotli ? found->brotli : gzip ? found->gzip : found->bytes;
  if (brotli || gzip) out.headers.emplace_back("Content-Encoding", brotli ? "br" : "gzip");
  return out;
}

std::optional<http::Response> Page::answer(std::string_view path, std::string_view accept_encoding) const {
  constexpr std::string_view kAssets = "/assets/";
  if (std::ranges::find(kViews, path) != std::end(kViews)) return index();
  if (path.starts_with(kAssets) && is_name(path.substr(kAssets.size()))) return asset(path, accept_encoding);
  return std::nullopt;
}

}  // namespace sluice::web
