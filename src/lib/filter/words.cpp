#include <algorithm>
#include <cctype>

#include "filter/words.hpp"
#include "flow/enumerations.hpp"

namespace sluice::filter {
namespace {

struct Named {
  std::string_view quantity;
  std::string_view word;
  std::uint64_t number;
};

// Where a number has several words, the first is the one that is printed. Protocols: IANA; those that people
// type. Forwarding states: IANA's ipfix element 89, by nfdump's words. Events: elements 230 and 233.
constexpr Named kWords[] = {
    {"proto", "icmp", 1},
    {"proto", "igmp", 2},
    {"proto", "ipip", 4},
    {"proto", "ipv4", 4},
    {"proto", "tcp", 6},
    {"proto", "egp", 8},
    {"proto", "igp", 9},
    {"proto", "udp", 17},
    {"proto", "dccp", 33},
    {"proto", "ipv6", 41},
    {"proto", "ipv6-route", 43},
    {"proto", "ipv6-frag", 44},
    {"proto", "rsvp", 46},
    {"proto", "gre", 47},
    {"proto", "esp", 50},
    {"proto", "ah", 51},
    {"proto", "icmp6", 58},
    {"proto", "icmpv6", 58},
    {"proto", "ipv6-icmp", 58},
    {"proto", "eigrp", 88},
    {"proto", "ospf", 89},
    {"proto", "etherip", 97},
    {"proto", "pim", 103},
    {"proto", "vrrp", 112},
    {"proto", "l2tp", 115},
    {"proto", "sctp", 132},
    {"proto", "udplite", 136},
    {"etype", "ipv4", 0x0800},
    {"etype", "arp", 0x0806},
    {"etype", "ipv6", 0x86dd},
    {"etype", "mpls", 0x8847},
    {"forwarding_status", "ukwn", 0},
    {"forwarding_status", "forw", 64},
    {"forwarding_status", "frag", 65},
    {"forwarding_status", "notfrag", 66},
    {"forwarding_status", "drop", 128},
    {"forwarding_status", "dacld", 129},
    {"forwarding_status", "daclp", 130},
    {"forwarding_status", "noroute", 131},
    {"forwarding_status", "dadj", 132},
    {"forwarding_status", "dfrag", 133},
    {"forwarding_status", "dbadh", 134},
    {"forwarding_status", "dbadtlen", 135},
    {"forwarding_status", "dbadhlen", 136},
    {"forwarding_status", "dbadttl", 137},
    {"forwarding_status", "dpolicy", 138},
    {"forwarding_status", "dwred", 139},
    {"forwarding_status", "drpf", 140},
    {"forwarding_status", "dforus", 141},
    {"forwarding_status", "dbadof", 142},
    {"forwarding_status", "dhw", 143},
    {"forwarding_status", "term", 192},
    {"forwarding_status", "tadj", 193},
    {"forwarding_status", "tincadj", 194},
    {"forwarding_status", "tforus", 195},
    {"nat_event", "add", 1},
    {"nat_event", "create", 1},
    {"nat_event", "delete", 2},
    {"firewall_event", "ignore", 0},
    {"firewall_event", "create", 1},
    {"firewall_event", "delete", 2},
    {"firewall_event", "term", 2},
    {"firewall_event", "deny", 3},
    {"firewall_event", "alert", 4},
    {"firewall_event", "update", 5},
};

/// The inner packet's are the packet's.
std::string_view base_of(std::string_view quantity) {
  constexpr std::string_view kInner = "inner_";
  if (quantity.starts_with(kInner)) quantity.remove_prefix(kInner.size());
  return quantity;
}

struct Letter {
  char letter;
  std::uint64_t bit;
};
constexpr Letter kLetters[] = {{'C', 0x80}, {'E', 0x40}, {'U', 0x20}, {'A', 0x10},
                               {'P', 0x08}, {'R', 0x04}, {'S', 0x02}, {'F', 0x01}};
constexpr std::uint64_t kSixFlags = 0x3f;

const Enumeration* enumeration_named(std::string_view quantity) {
  const FieldInfo* field = find_field(quantity);
  return field == nullptr ? nullptr : enumeration_of(field->kind);
}

char upper(char c) { return static_cast<char>(std::toupper(static_cast<unsigned char>(c))); }

}  // namespace

bool same_word(std::string_view a, std::string_view b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                    [](char x, char y) { return upper(x) == upper(y); });
}

bool has_words(std::string_view quantity) {
  return std::any_of(std::begin(kWords), std::end(kWords),
                     [name = base_of(quantity)](const Named& row) { return row.quantity == name; });
}

std::vector<std::pair<std::string_view, std::uint64_t>> words_of(std::string_view quantity) {
  std::vector<std::pair<std::string_view, std::uint64_t>> out;
  for (const Named& row : kWords)
    if (row.quantity == base_of(quantity)) out.emplace_back(row.word, row.number);
  return out;
}

std::optional<std::uint64_t> number_of_word(std::string_view quantity, std::string_view word) {
  if (const Enumeration* all = enumeration_named(quantity))
    for (const Enumerator& one : all->values)
      if (same_word(one.name, word)) return one.value;
  for (const Named& row : kWords)
    if (row.quantity == base_of(quantity) && same_word(row.word, word)) return row.number;
  return std::nullopt;
}

std::string_view word_of_number(std::string_view quantity, std::uint64_t number) {
  if (const Enumeration* all = enumeration_named(quantity))
    for (const Enumerator& one : all->values)
      if (one.value == number) return one.name;
  for (const Named& row : kWords)
    if (row.quantity == base_of(quantity) && row.number == number) return row.word;
  return {};
}

std::optional<std::uint64_t> flags_of_letters(std::string_view letters) {
  std::uint64_t flags = 0;
  if (letters.empty()) return std::nullopt;
  for (const char c : letters) {
    if (upper(c) == 'X' && letters.size() == 1) return kSixFlags;
    const auto* it = std::find_if(std::begin(kLetters), std::end(kLetters),
                                  [c](const Letter& row) { return row.letter == upper(c); });
    if (it == std::end(kLetters) || (flags & it->bit) != 0) return std::nullopt;
    flags |= it->bit;
  }
  return flags;
}

std::optional<std::string> letters_of_flags(std::uint64_t flags) {
  std::string out;
  for (const Letter& row : kLetters) {
    if ((flags & row.bit) == 0) continue;
    out += row.letter;
    flags &= ~row.bit;
  }
  if (flags != 0 || out.empty()) return std::nullopt;
  return out;
}

}  // namespace sluice::filter
