#include "enrich/as_ranges.hpp"

#include <algorithm>
#include <bit>
#include <charconv>
#include <cstring>

#include "enrich/csv.hpp"
#include "enrich/database.hpp"
#include "util/one_line.hpp"
#include "util/setup_error.hpp"

namespace sluice::enrich {
namespace {

constexpr std::size_t kLongestName = 255;
static_assert(std::endian::native == std::endian::little);

std::string shown(std::string_view text) { return '"' + one_line(std::string(text.substr(0, 64))) + '"'; }

}  // namespace

std::uint32_t AsRanges::key4(const IpAddress& address) {
  std::uint32_t out = 0;
  std::memcpy(&out, address.bytes.data(), sizeof(out));
  return __builtin_bswap32(out);
}

AsRanges::Key6 AsRanges::key6(const IpAddress& address) {
  Key6 out;
  std::memcpy(&out.high, address.bytes.data(), 8);
  std::memcpy(&out.low, address.bytes.data() + 8, 8);
  return {__builtin_bswap64(out.high), __builtin_bswap64(out.low)};
}

/// The file's rows.
struct AsRanges::Read {
  std::vector<Range<std::uint32_t>> v4{};
  std::vector<Range<Key6>> v6{};
  SeededMap<std::uint32_t, std::string> names{};

  /// What is wrong with the row, or "".
  std::string add(const std::vector<std::string>& row);
};

std::string AsRanges::Read::add(const std::vector<std::string>& row) {
  constexpr std::string_view kForm = "a line takes first address, last address, AS number, name";
  if (row.size() < 3) return "has " + std::to_string(row.size()) + " values; " + std::string(kForm);
  const auto from = IpAddress::parse(row[0]), to = IpAddress::parse(row[1]);
  std::uint32_t as = 0;
  const char* const end = row[2].data() + row[2].size();
  const auto read = std::from_chars(row[2].data(), end, as);
  if (!from || !to) return shown(from ? row[1] : row[0]) + " is no address; " + std::string(kForm);
  if (from->size != to->size || *to < *from)
    return "the range " + shown(row[0]) + " to " + shown(row[1]) + " ends before it begins";
  if (read.ec != std::errc{} || read.ptr != end) return shown(row[2]) + " is no AS number";
  if (as == 0) return "";
  if (from->is_v4())
    v4.push_back({key4(*from), key4(*to), as});
  else
    v6.push_back({key6(*from), key6(*to), as});
  if (row.size() > 3 && !row[3].empty()) names.try_emplace(as, one_line(row[3].substr(0, kLongestName)));
  return "";
}

template <class Key>
std::vector<AsRanges::Stretch<Key>> AsRanges::stretches(std::vector<Range<Key>> ranges) {
  // Of those that begin together the shorter one begins "later".
  std::ranges::sort(
      ranges, [](const auto& a, const auto& b) { return a.from == b.from ? b.to < a.to : a.from < b.from; });
  std::vector<Stretch<Key>> out;
  std::vector<Range<Key>> open;  // what the sweep is within, the one that counts last
  const auto begin = [&](const Key& from, std::uint32_t as) {
    if (!out.empty() && out.back().from == from)
      out.back().as = as;
    else
      out.push_back({from, as});
  };
  const auto close = [&](const Key* before) {
    while (!open.empty() && (before == nullptr || open.back().to < *before)) {
      Key behind = open.back().to;
      if (!next(behind)) return open.clear();
      while (!open.empty() && open.back().to < behind) open.pop_back();
      begin(behind, open.empty() ? 0 : open.back().as);
    }
  };
  for (const Range<Key>& range : ranges) {
    close(&range.from);
    begin(range.from, range.as);
    open.push_back(range);
  }
  close(nullptr);
  out.shrink_to_fit();
  return out;
}

AsRanges::AsRanges(const std::string& setting, const std::string& path) {
  Read read;
  std::vector<FileFault> faults;
  const std::vector<FileFault> broken =
      read_csv_rows(path, [&](std::uint64_t line, const std::vector<std::string>& row) {
        if (!faults.empty()) return;
        if (std::string wrong = read.add(row); !wrong.empty()) faults.push_back({line, std::move(wrong)});
      });
  faults.insert(faults.end(), broken.begin(), broken.end());
  if (!faults.empty()) {
    const FileFault& first = faults.front();
    throw SetupError(setting,
                     path + (first.line == 0 ? " " : ":" + std::to_string(first.line) + ": ") + first.text);
  }
  if (read.v4.empty() && read.v6.empty()) throw SetupError(setting, path + " has no ranges");
  v4_ = stretches(std::move(read.v4));
  v6_ = stretches(std::move(read.v6));
  names_ = std::move(read.names);
}

template <class Key>
std::uint32_t AsRanges::find(const std::vector<Stretch<Key>>& stretches, const Key& key) {
  const auto behind = std::ranges::upper_bound(stretches, key, {}, &Stretch<Key>::from);
  return behind == stretches.begin() ? 0 : std::prev(behind)->as;
}

std::uint32_t AsRanges::as_of(const IpAddress& address) const {
  if (address.is_v4()) return find(v4_, key4(address));
  return address.is_v6() ? find(v6_, key6(address)) : 0;
}

std::string AsRanges::organisation_of(const IpAddress& address) const {
  const auto found = names_.find(as_of(address));
  return found == names_.end() ? "" : found->second;
}

std::uint64_t AsRanges::bytes() const {
  std::uint64_t out = v4_.capacity() * sizeof(v4_.front()) + v6_.capacity() * sizeof(v6_.front());
  for (const auto& [as, name] : names_) out += name.capacity() + 64;
  return out;
}

std::shared_ptr<const Ases> read_ases(const std::string& setting, const std::string& path) {
  if (path.ends_with(".csv")) return std::make_shared<const AsRanges>(setting, path);
  return read_database(setting, path);
}

}  // namespace sluice::enrich
