#pragma once
// An authority of the test's own, and certificates that it signs, as PEM files.
#include <filesystem>
#include <memory>
#include <string>

namespace sluice::http::test {

/// What a certificate says. Times are seconds from now.
struct Wanted {
  std::string names = "IP:127.0.0.1,DNS:localhost";  ///< as OpenSSL writes them
  long from = -3600;
  long until = 3600;
};

/// A directory that goes with it.
class Authority {
 public:
  explicit Authority(const std::string& name = "Sluice test authority");
  ~Authority();
  Authority(const Authority&) = delete;
  Authority& operator=(const Authority&) = delete;

  std::string ca_file() const { return (path_ / "ca.pem").string(); }
  struct Files {
    std::string certificate, key;
  };
  Files sign(const Wanted& wanted = {});
  /// A file beside them.
  std::string write(const std::string& name, const std::string& content) const;

 private:
  struct Key;
  std::filesystem::path path_;
  std::unique_ptr<Key> key_;
  std::string name_;
  int count_ = 0;
};

}  // namespace sluice::http::test
