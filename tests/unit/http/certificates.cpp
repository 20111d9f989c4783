#include "certificates.hpp"

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <unistd.h>

#include <cstdio>
#include <fstream>
#include <stdexcept>

namespace sluice::http::test {
namespace {

template <class T>
T* made(T* what) {
  if (what == nullptr) throw std::runtime_error("OpenSSL failed");
  return what;
}
using Pkey = std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)>;
using Certificate = std::unique_ptr<X509, decltype(&X509_free)>;
using File = std::unique_ptr<std::FILE, int (*)(std::FILE*)>;

Pkey make_key() { return {made(EVP_EC_gen("P-256")), EVP_PKEY_free}; }
File open(const std::filesystem::path& path) { return {made(std::fopen(path.c_str(), "w")), std::fclose}; }

void extend(X509* certificate, int nid, const std::string& value) {
  X509V3_CTX context;
  X509V3_set_ctx(&context, certificate, certificate, nullptr, nullptr, 0);
  X509_EXTENSION* const extension = made(X509V3_EXT_conf_nid(nullptr, &context, nid, value.c_str()));
  X509_add_ext(certificate, extension, -1);
  X509_EXTENSION_free(extension);
}

void name(X509_NAME* to, const std::string& text) {
  X509_NAME_add_entry_by_txt(to, "CN", MBSTRING_UTF8, reinterpret_cast<const unsigned char*>(text.c_str()),
                             -1, -1, 0);
}

Certificate make_certificate(EVP_PKEY* key, const std::string& subject, const std::string& issuer,
                             long serial, const Wanted& wanted) {
  Certificate out(made(X509_new()), X509_free);
  X509_set_version(out.get(), 2);
  ASN1_INTEGER_set(X509_get_serialNumber(out.get()), serial);
  X509_gmtime_adj(X509_getm_notBefore(out.get()), wanted.from);
  X509_gmtime_adj(X509_getm_notAfter(out.get()), wanted.until);
  name(X509_get_subject_name(out.get()), subject);
  name(X509_get_issuer_name(out.get()), issuer);
  X509_set_pubkey(out.get(), key);
  return out;
}

}  // namespace

struct Authority::Key {
  Pkey key = make_key();
};

Authority::Authority(const std::string& name) : key_(std::make_unique<Key>()), name_(name) {
  std::string pattern = (std::filesystem::temp_directory_path() / "sluice-http-XXXXXX").string();
  path_ = made(::mkdtemp(pattern.data()));
  EVP_PKEY* const key = key_->key.get();
  const Certificate own = make_certificate(key, name_, name_, 1, {});
  extend(own.get(), NID_basic_constraints, "critical,CA:TRUE");
  X509_sign(own.get(), key, EVP_sha256());
  PEM_write_X509(open(ca_file()).get(), own.get());
}

Authority::~Authority() { std::filesystem::remove_all(path_); }

Authority::Files Authority::sign(const Wanted& wanted) {
  const std::string number = std::to_string(++count_);
  const Files files{(path_ / (number + ".pem")).string(), (path_ / (number + ".key")).string()};
  const Pkey key = make_key();
  const Certificate certificate = make_certificate(key.get(), "a server", name_, 1 + count_, wanted);
  extend(certificate.get(), NID_subject_alt_name, wanted.names);
  X509_sign(certificate.get(), key_->key.get(), EVP_sha256());
  PEM_write_X509(open(files.certificate).get(), certificate.get());
  PEM_write_PrivateKey(open(files.key).get(), key.get(), nullptr, nullptr, 0, nullptr, nullptr);
  return files;
}

std::string Authority::write(const std::string& name, const std::string& content) const {
  std::ofstream(path_ / name) << content;
  return (path_ / name).string();
}

}  // namespace sluice::http::test
