#include "enrich/database.hpp"

#include <fcntl.h>
#include <netinet/in.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include <array>
#include <cerrno>
#include <charconv>
#include <cstring>
#include <optional>
#include <vector>

#include "util/one_line.hpp"
#include "util/setup_error.hpp"

namespace sluice::enrich {
namespace {

[[noreturn]] void refuse(const std::string& path, const std::string& why) { throw SetupError(path, why); }

/// All of the file, in memory that nobody else can write to.
UniqueFd copy_of(const std::string& path, std::uint64_t& bytes) {
  const UniqueFd file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  if (!file) refuse(path, std::string("cannot be opened: ") + std::strerror(errno));
  struct stat status{};
  if (::fstat(file.get(), &status) != 0 || !S_ISREG(status.st_mode)) refuse(path, "is no file");
  UniqueFd copy(::memfd_create("sluice-mmdb", MFD_CLOEXEC | MFD_ALLOW_SEALING));
  if (!copy) refuse(path, std::string("there is no memory to hold it: ") + std::strerror(errno));
  std::vector<char> buffer(1 << 16);
  bytes = 0;
  for (;;) {
    const ssize_t got = ::read(file.get(), buffer.data(), buffer.size());
    if (got < 0) refuse(path, std::string("cannot be read: ") + std::strerror(errno));
    if (got == 0) break;
    bytes += static_cast<std::uint64_t>(got);
    if (bytes > Database::kLargest) refuse(path, "is longer than 4 GB, which no file of this format is");
    for (ssize_t done = 0; done < got;) {
      const ssize_t put = ::write(copy.get(), buffer.data() + done, static_cast<std::size_t>(got - done));
      if (put <= 0) refuse(path, std::string("there is no memory to hold it: ") + std::strerror(errno));
      done += put;
    }
  }
  ::fcntl(copy.get(), F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE | F_SEAL_SEAL);
  return copy;
}

std::optional<MMDB_entry_data_s> value_at(MMDB_entry_s& entry, const char* const* keys) {
  MMDB_entry_data_s data{};
  if (MMDB_aget_value(&entry, &data, keys) != MMDB_SUCCESS || !data.has_data) return std::nullopt;
  return data;
}

template <std::size_t N>
using Keys = std::array<const char*, N>;

std::optional<std::string_view> text_at(MMDB_entry_s& entry, const char* const* keys) {
  const auto data = value_at(entry, keys);
  if (!data || data->type != MMDB_DATA_TYPE_UTF8_STRING) return std::nullopt;
  return std::string_view(data->utf8_string, data->data_size);
}

std::uint32_t number_at(MMDB_entry_s& entry, const char* const* keys) {
  const auto data = value_at(entry, keys);
  if (!data) return 0;
  if (data->type == MMDB_DATA_TYPE_UINT32) return data->uint32;
  if (data->type == MMDB_DATA_TYPE_UTF8_STRING) {  // IPinfo's "AS64500"
    std::string_view text(data->utf8_string, data->data_size);
    if (text.starts_with("AS")) text.remove_prefix(2);
    std::uint32_t as = 0;
    const auto read = std::from_chars(text.data(), text.data() + text.size(), as);
    return read.ec == std::errc{} && read.ptr == text.data() + text.size() ? as : 0;
  }
  return data->type == MMDB_DATA_TYPE_UINT16 ? data->uint16 : 0;
}

}  // namespace

Database::Database(const std::string& path) : path_(path), copy_(copy_of(path, bytes_)) {
  const std::string copy = "/proc/self/fd/" + std::to_string(copy_.get());
  const int status = MMDB_open(copy.c_str(), MMDB_MODE_MMAP, &file_);
  if (status != MMDB_SUCCESS)
    refuse(path,
           std::string("is no file in MaxMind's format (mmdb), or not whole: ") + MMDB_strerror(status));
}

Database::~Database() { MMDB_close(&file_); }

bool Database::entry_of(const IpAddress& address, MMDB_entry_s& entry) const {
  int error = MMDB_SUCCESS;
  MMDB_lookup_result_s found{};
  if (address.is_v4()) {
    sockaddr_in v4{};
    v4.sin_family = AF_INET;
    std::memcpy(&v4.sin_addr, address.bytes.data(), 4);
    found = MMDB_lookup_sockaddr(&file_, reinterpret_cast<const sockaddr*>(&v4), &error);
  } else if (address.is_v6()) {
    sockaddr_in6 v6{};
    v6.sin6_family = AF_INET6;
    std::memcpy(&v6.sin6_addr, address.bytes.data(), 16);
    found = MMDB_lookup_sockaddr(&file_, reinterpret_cast<const sockaddr*>(&v6), &error);
  }
  if (error != MMDB_SUCCESS || !found.found_entry) return false;
  entry = found.entry;
  return true;
}

std::uint32_t Database::as_of(const IpAddress& address) const {
  static constexpr Keys<2> kGeoLite{"autonomous_system_number", nullptr};
  static constexpr Keys<2> kShort{"asn", nullptr};
  MMDB_entry_s entry{};
  if (!entry_of(address, entry)) return 0;
  const std::uint32_t as = number_at(entry, kGeoLite.data());
  return as != 0 ? as : number_at(entry, kShort.data());
}

bool Database::country_of(const IpAddress& address, char (&code)[2]) const {
  static constexpr Keys<3> kGeoLite{"country", "iso_code", nullptr};
  static constexpr Keys<2> kFlat{"country_code", nullptr};
  static constexpr Keys<2> kShort{"country", nullptr};
  MMDB_entry_s entry{};
  if (!entry_of(address, entry)) return false;
  for (const char* const* keys : {kGeoLite.data(), kFlat.data(), kShort.data()}) {
    const auto text = text_at(entry, keys);
    const auto letter = [](char c) { return c >= 'A' && c <= 'Z'; };
    if (!text || text->size() != 2 || !letter((*text)[0]) || !letter((*text)[1])) continue;
    code[0] = (*text)[0];
    code[1] = (*text)[1];
    return true;
  }
  return false;
}

std::string Database::organisation_of(const IpAddress& address) const {
  static constexpr Keys<2> kGeoLite{"autonomous_system_organization", nullptr};
  static constexpr Keys<2> kShort{"as_name", nullptr};
  MMDB_entry_s entry{};
  if (!entry_of(address, entry)) return "";
  auto text = text_at(entry, kGeoLite.data());
  if (!text) text = text_at(entry, kShort.data());
  return text ? one_line(std::string(*text)) : "";
}

std::string Database::type() const {
  return file_.metadata.database_type == nullptr ? "" : one_line(file_.metadata.database_type);
}

std::uint64_t Database::built_seconds() const { return file_.metadata.build_epoch; }

std::shared_ptr<const Database> read_database(const std::string& setting, const std::string& path) {
  if (path.empty()) return nullptr;
  try {
    return std::make_shared<const Database>(path);
  } catch (const SetupError& error) {
    throw SetupError(setting, path + " " + error.why());
  }
}

}  // namespace sluice::enrich
