#include "http/tls.hpp"

#include <openssl/err.h>
#include <openssl/pemerr.h>
#include <openssl/x509err.h>

#include <utility>  // Boost 1.74's Asio needs it first under C++20

#include <boost/asio/ssl/context.hpp>
#include <cerrno>
#include <cstring>
#include <fstream>

namespace sluice::http {
namespace {

namespace ssl = boost::asio::ssl;
using Error = boost::system::error_code;

TlsContext make(ssl::context::method method) {
  auto out = std::make_shared<ssl::context>(method);
  ::SSL_CTX_set_min_proto_version(out->native_handle(), TLS1_2_VERSION);
  return out;
}

/// Why the file cannot be opened; empty where it can.
std::string unreadable(const std::string& file) {
  errno = 0;
  std::ifstream in(file);
  if (in && in.peek() != std::ifstream::traits_type::eof()) return {};
  return '"' + file + "\" cannot be read or is empty" +
         (errno != 0 ? std::string(": ") + std::strerror(errno) : "");
}

}  // namespace

Result<Trust, std::string> Trust::from_file(const std::string& ca_file) {
  if (std::string why = unreadable(ca_file); !why.empty()) return failure(std::move(why));
  Trust out;
  out.context_ = make(ssl::context::tls_client);
  Error error;
  out.context_->load_verify_file(ca_file, error);
  if (error) return failure('"' + ca_file + "\" holds no certificate in PEM form");
  return out;
}

Result<TlsContext, std::string> Trust::context() const {
  if (context_) return context_;
  TlsContext system = make(ssl::context::tls_client);
  Error error;
  system->set_default_verify_paths(error);
  if (error) return failure("the system's authorities cannot be read: " + error.message());
  return system;
}

Result<Identity, std::string> Identity::from_files(const std::string& certificate_file,
                                                   const std::string& key_file,
                                                   const std::string& client_ca_file) {
  for (const std::string& file : {certificate_file, key_file})
    if (std::string why = unreadable(file); !why.empty()) return failure(std::move(why));
  Identity out;
  out.context_ = make(ssl::context::tls_server);
  Error error;
  out.context_->use_certificate_chain_file(certificate_file, error);
  if (error) return failure('"' + certificate_file + "\" holds no certificate in PEM form");
  // Without a callback OpenSSL would ask the terminal for the password of a key that has one.
  out.context_->set_password_callback(
      [](std::size_t, ssl::context::password_purpose) { return std::string(); });
  out.context_->use_private_key_file(key_file, ssl::context::pem, error);
  if (error && ERR_GET_REASON(static_cast<unsigned long>(error.value())) == X509_R_KEY_VALUES_MISMATCH)
    return failure('"' + key_file + "\" is not the key of the certificate in \"" + certificate_file + '"');
  if (error) return failure('"' + key_file + "\" holds no private key in PEM form that needs no password");
  if (client_ca_file.empty()) return out;
  if (std::string why = unreadable(client_ca_file); !why.empty()) return failure(std::move(why));
  out.context_->load_verify_file(client_ca_file, error);
  if (error) return failure('"' + client_ca_file + "\" holds no certificate in PEM form");
  out.context_->set_verify_mode(ssl::verify_peer | ssl::verify_fail_if_no_peer_cert);
  return out;
}

}  // namespace sluice::http
