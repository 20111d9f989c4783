#include "http/tls_peer.hpp"

#include <openssl/err.h>
#include <openssl/ssl.h>

#include <utility>  // Boost 1.74's Asio needs it first under C++20

#include <algorithm>
#include <boost/asio/ssl/context.hpp>
#include <cerrno>
#include <cstring>
#include <limits>
#include <new>

namespace sluice::http {
namespace {

std::string why() {
  const unsigned long error = ::ERR_peek_error();
  if (error == 0) return errno != 0 ? std::strerror(errno) : "the connection ended";
  const char* const reason = ::ERR_reason_error_string(error);
  return reason != nullptr ? reason : "error " + std::to_string(error);
}

}  // namespace

void TlsPeer::Free::operator()(ssl_st* tls) const { ::SSL_free(tls); }

TlsPeer::TlsPeer(const Identity& identity, int fd)
    : context_(identity.context()), tls_(::SSL_new(context_->native_handle())) {
  if (!tls_ || ::SSL_set_fd(tls_.get(), fd) != 1) throw std::bad_alloc();
  ::SSL_set_accept_state(tls_.get());
  // Sessions last for days and are not resumed. Nothing has to be written once hands were shaken.
  ::SSL_set_options(tls_.get(), SSL_OP_NO_TICKET | SSL_OP_NO_RENEGOTIATION);
#ifdef SSL_OP_IGNORE_UNEXPECTED_EOF
  // Whether something was cut off is told by the messages' own lengths.
  ::SSL_set_options(tls_.get(), SSL_OP_IGNORE_UNEXPECTED_EOF);
#endif
  ::SSL_set_num_tickets(tls_.get(), 0);
  ::SSL_set_mode(tls_.get(), SSL_MODE_RELEASE_BUFFERS);
}

TlsPeer::~TlsPeer() {
  if (established() && trouble_.empty()) ::SSL_shutdown(tls_.get());
  ::ERR_clear_error();
}

bool TlsPeer::established() const { return ::SSL_is_init_finished(tls_.get()) == 1; }

TlsPeer::Read TlsPeer::read(std::span<std::byte> to) {
  ::ERR_clear_error();
  errno = 0;
  const int most = static_cast<int>(std::min<std::size_t>(to.size(), std::numeric_limits<int>::max()));
  const int got = ::SSL_read(tls_.get(), to.data(), most);
  if (got > 0) return {State::got, static_cast<std::size_t>(got)};
  switch (::SSL_get_error(tls_.get(), got)) {
    case SSL_ERROR_WANT_READ:
      return {State::wants_read};
    case SSL_ERROR_WANT_WRITE:
      return {State::wants_write};
    case SSL_ERROR_ZERO_RETURN:
      return {State::ended};
    default:
      trouble_ = why();
      return {State::failed};
  }
}

}  // namespace sluice::http
