#include "bmp/update.hpp"

#include <algorithm>
#include <utility>

namespace sluice::bmp {
namespace {

constexpr std::uint8_t kUpdateType = 2;
constexpr std::uint8_t kUnicast = 1;
constexpr std::uint32_t kAsTrans = 23456;

enum Attribute : std::uint8_t {
  kOrigin = 1,
  kAsPath = 2,
  kNextHop = 3,
  kMed = 4,
  kLocalPref = 5,
  kAggregator = 7,
  kCommunities = 8,
  kMpReach = 14,
  kMpUnreach = 15,
  kAs4Path = 17,
};
constexpr unsigned kOptional = 0x80, kTransitive = 0x40, kExtendedLength = 0x10;

enum Segment : std::uint8_t { kSet = 1, kSequence = 2, kConfedSequence = 3, kConfedSet = 4 };

enum class NlriFault { none, broken, path_ids };

std::size_t bits_of(Family family) { return family == Family::v4 ? 32 : 128; }

/// One prefix; false where it is none.
bool read_prefix(ByteReader& in, Family family, Nlri& out) {
  const auto length = in.be<std::uint8_t>();
  if (!in.ok() || length > bits_of(family)) return false;
  const Bytes bytes = in.take((length + 7U) / 8);
  if (!in.ok()) return false;
  out.prefix.length = length;
  out.prefix.address.size = family == Family::v4 ? 4 : 16;
  std::transform(bytes.begin(), bytes.end(), out.prefix.address.bytes.begin(),
                 [](std::byte b) { return std::to_integer<std::uint8_t>(b); });
  if (length % 8 != 0)
    out.prefix.address.bytes[length / 8U] &= static_cast<std::uint8_t>(0xff00U >> length % 8);
  return true;
}

/// All prefixes of a field; false where it has others.
bool read_list(Bytes field, Family family, bool path_ids, std::vector<Nlri>* out) {
  ByteReader in(field);
  bool default_route = false;
  while (in.remaining() > 0) {
    Nlri one;
    if (path_ids) one.path_id = in.be<std::uint32_t>();
    if (!read_prefix(in, family, one)) return false;
    // The zeros of a small path identifier look like the default route again and again.
    if (!path_ids && one.prefix.length == 0 && std::exchange(default_route, true)) return false;
    if (out != nullptr) out->push_back(one);
  }
  return true;
}

/// RFC 7606 section 5.3: where a field cannot be read, what it says is unknown.
NlriFault read_nlri(Bytes field, Family family, bool path_ids, std::vector<Nlri>& out) {
  if (read_list(field, family, path_ids, &out)) return NlriFault::none;
  return read_list(field, family, !path_ids, nullptr) ? NlriFault::path_ids : NlriFault::broken;
}

struct AsPath {
  std::vector<std::uint32_t>* out;
  bool ends_in_set = false;
  std::size_t counted = 0;  ///< a set counts as one
};

/// RFC 4271 section 4.3, RFC 5065; false where it is broken (RFC 7606 section 7.2).
bool read_as_path(Bytes value, bool wide, AsPath& path) {
  ByteReader in(value);
  while (in.remaining() > 0) {
    const auto type = in.be<std::uint8_t>();
    const auto count = in.be<std::uint8_t>();
    ByteReader segment(in.take(count * (wide ? 4U : 2U)));
    if (!in.ok() || type < kSet || type > kConfedSet || count == 0) return false;
    if (type == kConfedSequence || type == kConfedSet) continue;
    while (segment.remaining() > 0)
      path.out->push_back(wide ? segment.be<std::uint32_t>() : segment.be<std::uint16_t>());
    path.ends_in_set = type == kSet;
    path.counted += type == kSet ? 1U : count;
  }
  return true;
}

/// Reads one UPDATE's attributes.
class AttributeReader {
 public:
  AttributeReader(const UpdateContext& context, Update& out) : context_(context), out_(out) {}
  std::optional<BmpError> read(Bytes field);
  void finish(bool has_plain);

 private:
  bool flags_fit(std::uint8_t flags, std::uint8_t type) const;
  std::optional<BmpError> take(std::uint8_t type, Bytes value);
  void take_simple(std::uint8_t type, Bytes value);
  std::optional<BmpError> take_reach(Bytes value);
  std::optional<BmpError> take_unreach(Bytes value);
  std::optional<BmpError> take_nlri(Bytes field, Family family, std::vector<Nlri>& out) const;
  void take_as_path(Bytes value);
  void take_as4_path(Bytes value);
  void merge_as4_path();
  void take_communities(Bytes value);
  void wrong(BmpError why = BmpError::bad_attributes) {
    if (!out_.withdraw_all) out_.withdraw_all = why;
  }

  const UpdateContext& context_;
  Update& out_;
  std::array<bool, 256> seen_{};
  std::vector<std::uint32_t> as4_path_;
  AsPath path_{nullptr}, path4_{nullptr};
  std::uint32_t aggregator_ = kAsTrans;
};

std::optional<BmpError> AttributeReader::read(Bytes field) {
  ByteReader in(field);
  while (in.remaining() > 0) {
    const auto flags = in.be<std::uint8_t>();
    const auto type = in.be<std::uint8_t>();
    const std::size_t length = flags & kExtendedLength ? in.be<std::uint16_t>() : in.be<std::uint8_t>();
    const Bytes value = in.take(length);
    if (!in.ok()) {
      // Section 4. Multiprotocol attributes come first (section 5.1), so that the prefixes are known.
      wrong();
      return std::nullopt;
    }
    if (seen_[type]) {
      // Section 3 (g): the first counts, but of the multiprotocol ones there may be one only.
      if (type == kMpReach || type == kMpUnreach) return BmpError::bad_update;
      continue;
    }
    seen_[type] = true;
    if (!flags_fit(flags, type)) {
      wrong();
      // Its prefixes are told all the same, so that they can be withdrawn.
      if (type != kMpReach && type != kMpUnreach) continue;
    }
    if (const auto error = take(type, value)) return error;
  }
  return std::nullopt;
}

/// Section 3 (c).
bool AttributeReader::flags_fit(std::uint8_t flags, std::uint8_t type) const {
  const unsigned kind = flags & (kOptional | kTransitive);
  switch (type) {
    case kOrigin:
    case kAsPath:
    case kNextHop:
    case kLocalPref:
      return kind == kTransitive;
    case kMed:
    case kMpReach:
    case kMpUnreach:
      return kind == kOptional;
    case kCommunities:
      return kind == (kOptional | kTransitive);
    default:
      return true;
  }
}

std::optional<BmpError> AttributeReader::take(std::uint8_t type, Bytes value) {
  switch (type) {
    case kAsPath:
      take_as_path(value);
      return std::nullopt;
    case kAs4Path:
      take_as4_path(value);
      return std::nullopt;
    case kCommunities:
      take_communities(value);
      return std::nullopt;
    case kMpReach:
      return take_reach(value);
    case kMpUnreach:
      return take_unreach(value);
    default:
      take_simple(type, value);
      return std::nullopt;
  }
}

/// Those of fixed length.
void AttributeReader::take_simple(std::uint8_t type, Bytes value) {
  Attributes& to = out_.attributes;
  switch (type) {
    case kOrigin:
      if (value.size() != 1 || std::to_integer<std::uint8_t>(value[0]) > 2) return wrong();
      to.origin = std::to_integer<std::uint8_t>(value[0]);
      return;
    case kNextHop:
      if (value.size() != 4) return wrong();
      out_.plain.next_hop = IpAddress::from_bytes(value);
      return;
    case kMed:
      if (value.size() != 4) return wrong();
      to.med = load_be<std::uint32_t>(value.data());
      return;
    case kLocalPref:
      if (value.size() != 4) return wrong();
      to.local_pref = load_be<std::uint32_t>(value.data());
      return;
    case kAggregator:
      // RFC 7606 section 7.7: one of a wrong length is left out.
      if (context_.legacy_as && value.size() == 6) aggregator_ = load_be<std::uint16_t>(value.data());
      return;
    default:
      return;
  }
}

void AttributeReader::take_as_path(Bytes value) {
  path_.out = &out_.attributes.as_path;
  if (!read_as_path(value, !context_.legacy_as, path_)) wrong();
}

/// RFC 6793 section 6: a broken one is left out, and who has AS numbers of four bytes ignores it.
void AttributeReader::take_as4_path(Bytes value) {
  if (!context_.legacy_as) return;
  path4_.out = &as4_path_;
  if (!read_as_path(value, true, path4_)) path4_ = {nullptr};
}

/// RFC 6793 section 4.2.3: the ASes that AS_PATH has more, then AS4_PATH.
void AttributeReader::merge_as4_path() {
  if (path4_.out == nullptr || path_.out == nullptr) return;
  const bool aggregator_knows = seen_[kAggregator] && aggregator_ != kAsTrans;
  if (aggregator_knows || path_.counted < path4_.counted) return;
  std::vector<std::uint32_t>& path = out_.attributes.as_path;
  path.resize(std::min(path.size(), path_.counted - path4_.counted));
  path.insert(path.end(), as4_path_.begin(), as4_path_.end());
  if (!as4_path_.empty()) path_.ends_in_set = path4_.ends_in_set;
}

void AttributeReader::take_communities(Bytes value) {
  if (value.empty() || value.size() % 4 != 0) return wrong();  // RFC 7606 section 7.8
  if (value.size() / 4 > kLongestList) return wrong(BmpError::long_list);
  ByteReader in(value);
  while (in.remaining() > 0) out_.attributes.communities.push_back(in.be<std::uint32_t>());
}

std::optional<BmpError> AttributeReader::take_nlri(Bytes field, Family family, std::vector<Nlri>& out) const {
  switch (read_nlri(field, family, context_.add_path[static_cast<std::size_t>(family)], out)) {
    case NlriFault::none:
      return std::nullopt;
    case NlriFault::path_ids:
      return BmpError::add_path;
    case NlriFault::broken:
      break;
  }
  return BmpError::bad_update;
}

/// RFC 4760 section 3. What cannot be read here hides prefixes (RFC 7606 section 5.3).
std::optional<BmpError> AttributeReader::take_reach(Bytes value) {
  ByteReader in(value);
  const auto afi = in.be<std::uint16_t>();
  const auto safi = in.be<std::uint8_t>();
  const auto next_hop_length = in.be<std::uint8_t>();
  const Bytes next_hop = in.take(next_hop_length);
  in.skip(1);
  if (!in.ok()) return BmpError::bad_update;
  if (safi != kUnicast || (afi != 1 && afi != 2)) {
    out_.other_family = true;
    return std::nullopt;
  }
  // IPv4 routes may have a next hop of IPv6 (RFC 8950); behind the global one may come a link-local one.
  const bool v4 = next_hop.size() == 4 && afi == 1, v6 = next_hop.size() == 16 || next_hop.size() == 32;
  if (!v4 && !v6) wrong();
  out_.multiprotocol.next_hop = v4 || v6 ? IpAddress::from_bytes(next_hop.first(v4 ? 4 : 16)) : IpAddress{};
  return take_nlri(in.rest(), afi == 1 ? Family::v4 : Family::v6, out_.multiprotocol.routes);
}

std::optional<BmpError> AttributeReader::take_unreach(Bytes value) {
  ByteReader in(value);
  const auto afi = in.be<std::uint16_t>();
  const auto safi = in.be<std::uint8_t>();
  if (!in.ok()) return BmpError::bad_update;
  if (safi != kUnicast || (afi != 1 && afi != 2)) {
    out_.other_family = true;
    return std::nullopt;
  }
  const Family family = afi == 1 ? Family::v4 : Family::v6;
  if (in.remaining() == 0) out_.end_of_rib = family;
  return take_nlri(in.rest(), family, out_.withdrawn);
}

/// What can be said when all were read. `has_plain`: routes of the UPDATE's own field.
void AttributeReader::finish(bool has_plain) {
  merge_as4_path();
  out_.attributes.ends_in_set = path_.ends_in_set;
  if (out_.attributes.as_path.size() > kLongestList) wrong(BmpError::long_list);
  const bool announces = has_plain || !out_.multiprotocol.routes.empty();
  // Section 3 (d): those that every route has.
  const bool has_path = seen_[kAsPath] || context_.local_rib;
  if (announces && (!seen_[kOrigin] || !has_path || (has_plain && !seen_[kNextHop]))) wrong();
}

}  // namespace

void Attributes::clear() {
  as_path.clear();
  communities.clear();
  ends_in_set = false;
  origin = 0;
  med = 0;
  local_pref = 100;
}

void Update::clear() {
  attributes.clear();
  for (Announced* one : {&plain, &multiprotocol}) {
    one->routes.clear();
    one->next_hop = {};
  }
  withdrawn.clear();
  withdraw_all.reset();
  other_family = false;
  end_of_rib.reset();
}

std::optional<BmpError> read_update(Bytes message, const UpdateContext& context, Update& out) {
  out.clear();
  ByteReader in(message);
  in.skip(16);
  const auto length = in.be<std::uint16_t>();
  const auto type = in.be<std::uint8_t>();
  // The BMP message has the one UPDATE and nothing behind it.
  if (!in.ok() || type != kUpdateType || length != message.size()) return BmpError::bad_update;
  const Bytes withdrawn = in.take(in.be<std::uint16_t>());
  const Bytes attributes = in.take(in.be<std::uint16_t>());
  if (!in.ok()) return BmpError::bad_update;
  AttributeReader reader(context, out);
  if (const auto error = reader.read(attributes)) return error;
  const bool path_ids = context.add_path[static_cast<std::size_t>(Family::v4)];
  NlriFault fault = read_nlri(withdrawn, Family::v4, path_ids, out.withdrawn);
  if (fault == NlriFault::none) fault = read_nlri(in.rest(), Family::v4, path_ids, out.plain.routes);
  if (fault != NlriFault::none)
    return fault == NlriFault::path_ids ? BmpError::add_path : BmpError::bad_update;
  reader.finish(!out.plain.routes.empty());
  if (attributes.empty()) out.end_of_rib = Family::v4;
  // It says nothing else.
  const bool routes =
      !out.plain.routes.empty() || !out.multiprotocol.routes.empty() || !out.withdrawn.empty();
  if (routes || out.other_family || out.withdraw_all) out.end_of_rib.reset();
  return std::nullopt;
}

}  // namespace sluice::bmp
