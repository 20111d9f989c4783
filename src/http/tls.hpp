#pragma once
// Keys and authorities for TLS. Values whose copies share what was loaded; any thread.
#include <memory>
#include <string>

#include "sluice/util/result.hpp"

namespace boost::asio::ssl {
class context;
}

namespace sluice::http {

using TlsContext = std::shared_ptr<boost::asio::ssl::context>;

/// Whose signatures a client believes. TLS 1.2 or newer; the server's name is always checked.
class Trust {
 public:
  /// The authorities of the system, which are read anew for each call.
  Trust() = default;
  /// Those of a PEM file, and no others. The error is a sentence that names the file.
  static Result<Trust, std::string> from_file(const std::string& ca_file);

  /// Never null; an error is a sentence.
  Result<TlsContext, std::string> context() const;

 private:
  TlsContext context_;
};

/// What a server shows: its certificate, those between it and the authority, and its key.
class Identity {
 public:
  /// PEM files; the certificate's file begins with the server's own. The error is a sentence that names the
  /// file. With `client_ca_file` clients must show a certificate that one of its authorities signed.
  static Result<Identity, std::string> from_files(const std::string& certificate_file,
                                                  const std::string& key_file,
                                                  const std::string& client_ca_file = {});

  const TlsContext& context() const { return context_; }  ///< never null

 private:
  TlsContext context_;
};

}  // namespace sluice::http
