#include "web/nfdump.hpp"

#include <algorithm>
#include <charconv>
#include <cstdio>

#include "filter/parser.hpp"
#include "query/parameters.hpp"

namespace sluice::web {
namespace {

constexpr std::size_t kLongestCommand = 1 << 16;

ApiError wrong(std::string text) {
  return {.status = 400, .code = "value", .text = std::move(text), .more = {{"key", "command"}}};
}

/// Words as a shell makes them, of quotes and backslashes.
Or<std::vector<std::string>> words_of(const std::string& text) {
  std::vector<std::string> out;
  bool in_word = false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (c == '\'' || c == '"') {
      const std::size_t end = text.find(c, i + 1);
      if (end == std::string::npos) return failure(wrong("a quote in the command is not closed"));
      if (!in_word) out.emplace_back();
      out.back() += text.substr(i + 1, end - i - 1);
      in_word = true;
      i = end;
    } else if (c == ' ' || c == '\t' || c == '\n' || c == '\r') {
      in_word = false;
    } else {
      if (!in_word) out.emplace_back();
      in_word = true;
      out.back() += c == '\\' && i + 1 < text.size() ? text[++i] : c;
    }
  }
  return out;
}

/// nfdump's elements of -s and -A, and what they are here.
struct Element {
  std::string_view name;
  std::string_view by;  ///< dimensions, with spaces between
};
constexpr Element kElements[] = {
    {"record", "src_addr dst_addr proto service_port"},
    {"srcip", "src_addr"},
    {"dstip", "dst_addr"},
    {"srcport", "src_port"},
    {"dstport", "dst_port"},
    {"port", "service_port"},
    {"proto", "proto"},
    {"srcas", "src_as"},
    {"dstas", "dst_as"},
    {"nexthop", "next_hop"},
    {"nhip", "next_hop"},
    {"nhbip", "bgp_next_hop"},
    {"bgpnext", "bgp_next_hop"},
    {"router", "sampler_address"},
    {"inif", "in_if"},
    {"outif", "out_if"},
    {"srctos", "ip_tos"},
    {"tos", "ip_tos"},
    {"srcvlan", "src_vlan"},
    {"dstvlan", "dst_vlan"},
    {"srcmask", "src_net"},
    {"dstmask", "dst_net"},
    {"srcmac", "src_mac"},
    {"dstmac", "dst_mac"},
    {"insrcmac", "src_mac"},
    {"outdstmac", "dst_mac"},
    {"prevas", "prev_adjacent_as"},
    {"nextas", "next_adjacent_as"},
    {"flags", "tcp_flags"},
    {"dir", "flow_direction"},
    {"srcnet", "src_addr/24"},
    {"dstnet", "dst_addr/24"},
    {"fwdstat", "forwarding_status"},
    {"nevent", "nat_event"},
    {"vrf", "ingress_vrf_id"},
    {"ivrf", "ingress_vrf_id"},
    {"evrf", "egress_vrf_id"},
};
/// Those that stand for both directions, which is no one column.
constexpr std::pair<std::string_view, std::string_view> kBoth[] = {
    {"ip", "srcip or dstip"},    {"as", "srcas or dstas"},       {"if", "inif or outif"},
    {"mac", "srcmac or dstmac"}, {"vlan", "srcvlan or dstvlan"}, {"mask", "srcmask or dstmask"},
    {"net", "srcnet or dstnet"},
};

std::vector<std::string> split(std::string_view text, char by) {
  std::vector<std::string> out;
  while (true) {
    const std::size_t at = std::min(text.find(by), text.size());
    out.emplace_back(text.substr(0, at));
    if (at == text.size()) return out;
    text.remove_prefix(at + 1);
  }
}

/// "2026/11/27.14:00:00" as the query has times.
std::optional<std::string> time_of(std::string text) {
  std::ranges::replace(text, '/', '-');
  std::ranges::replace(text, '.', ' ');
  const auto time = query::time_of(text);
  return time ? std::optional(text) : std::nullopt;
}

class Reader {
 public:
  explicit Reader(std::vector<std::string> words) : words_(std::move(words)) {}

  Or<json> read() {
    if (!words_.empty() && words_.front().ends_with("nfdump")) ++at_;
    while (at_ < words_.size() && !error_) option(words_[at_++]);
    if (error_) return failure(wrong(*error_));
    if (!filter_.empty()) {
      if (const auto parsed = filter::parse(filter_); !parsed)
        return failure(wrong("the filter: " + filter::describe(filter_, parsed.error())));
      query_["filter"] = filter_;
    }
    if (!query_.contains("view")) query_["view"] = "flows";
    if (query_["view"] == "flows" && !query_.contains("order") && ordered_by_) query_["order"] = *ordered_by_;
    if (query_["view"] == "table" && ordered_by_ && *ordered_by_ != "time" && *ordered_by_ != "duration")
      query_["order"] = *ordered_by_;
    return json{{"query", query_}, {"warnings", warnings_}};
  }

 private:
  void warn(std::string text) { warnings_.push_back(std::move(text)); }
  void fail(std::string text) {
    if (!error_) error_ = std::move(text);
  }
  std::string value(const std::string& option) {
    if (at_ < words_.size()) return words_[at_++];
    fail(option + " wants a value");
    return "";
  }

  void option(const std::string& word) {
    if (word.size() < 2 || word[0] != '-') return add_filter(word);
    // A value may stand at its letter: -n20.
    if (word.size() > 2 && std::string_view("nctsAoOrRMFw").find(word[1]) != std::string_view::npos) {
      words_.insert(words_.begin() + static_cast<std::ptrdiff_t>(at_), word.substr(2));
      return known(word.substr(0, 2));
    }
    known(word);
  }

  void known(const std::string& word) {
    switch (word[1]) {
      case 'r':
      case 'R':
      case 'M':
        value(word);
        return warn(word + ": files are not read; the flows are those of the store");
      case 'f':
        value(word);
        return warn("-f: files are not read; write the filter behind the options");
      case 'w':
        value(word);
        return warn("-w: nothing is written; the page exports");
      case 's':
        return statistic(value(word));
      case 'A':
        return aggregate(value(word));
      case 'a':
        return aggregate("srcip,dstip,proto,srcport,dstport");
      case 'b':
      case 'B':
        return warn(word + ": flows are not joined with their way back; ask for both ways instead");
      case 'n':
      case 'c':
        return number(word, value(word));
      case 't':
        return times(value(word));
      case 'o':
        return output(value(word));
      case 'O':
        return order(value(word));
      case 'N':
      case 'q':
      case '6':
        return;  // how numbers and addresses look
      default:
        warn(word + " has no meaning here and is left out");
    }
  }

  void number(const std::string& option, const std::string& text) {
    unsigned out = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), out);
    if (error != std::errc{} || end != text.data() + text.size())
      return fail(option + " wants a number, not \"" + text + '"');
    if (out == 0) return warn(option + " 0 is all of them; the page shows as many as it can");
    query_["limit"] = std::min(out, 10'000U);
  }

  void add_dimensions(std::string_view element) {
    std::string_view prefix;
    if (const std::size_t slash = element.find('/'); slash != std::string_view::npos) {
      prefix = element.substr(slash + 1);
      element = element.substr(0, slash);
    }
    if (element == "srcip4" || element == "srcip6") element = "srcip";
    if (element == "dstip4" || element == "dstip6") element = "dstip";
    for (const auto& [name, instead] : kBoth)
      if (element == name)
        return fail(std::string(name) + " stands for both directions, which is no one column; write " +
                    std::string(instead));
    const auto* const found = std::ranges::find(kElements, element, &Element::name);
    if (found == std::end(kElements))
      return fail("\"" + std::string(element) + "\" is no element that is known here");
    for (const std::string& one : split(found->by, ' ')) {
      const std::string dimension = prefix.empty() ? one : one + "/" + std::string(prefix);
      if (!find_dimension(dimension)) return fail("\"" + dimension + "\" is no prefix of a dimension");
      if (std::ranges::find(by_, dimension) == by_.end()) by_.push_back(dimension);
    }
    if (by_.size() > kMostDimensions)
      return fail("at most " + std::to_string(kMostDimensions) + " elements can be grouped by");
    query_["by"] = by_;
    query_["view"] = "table";
  }

  /// "srcip:p/bytes/packets".
  void statistic(const std::string& text) {
    auto parts = split(text, '/');
    std::string element = parts.front();
    if (const std::size_t colon = element.find(':'); colon != std::string::npos) element.resize(colon);
    std::size_t orders = 1;
    if (parts.size() > 1 && !parts[1].empty() && std::isdigit(static_cast<unsigned char>(parts[1][0])) != 0)
      element += "/" + parts[orders++];
    add_dimensions(element);
    if (!query_.contains("limit")) query_["limit"] = 10;
    if (parts.size() > orders) order(parts[orders]);
    if (parts.size() > orders + 1) warn("-s: one order is shown at a time; " + parts[orders] + " is taken");
  }

  void aggregate(const std::string& text) {
    for (const std::string& one : split(text, ',')) add_dimensions(one);
  }

  void order(const std::string& text) {
    const std::string name = text.substr(0, text.find(':'));
    if (text.ends_with(":a")) query_["ascending"] = true;
    for (const std::string_view known : {"flows", "packets", "bytes", "pps", "bps", "bpp", "duration"})
      if (name == known) return void(ordered_by_ = name);
    if (name == "tstart" || name == "tend") return void(ordered_by_ = "time");
    if (name == "ipkg") return void(ordered_by_ = "packets");
    if (name == "ibyte") return void(ordered_by_ = "bytes");
    warn("-O " + name + " is no order here; it is left out");
  }

  void output(const std::string& text) {
    for (const std::string_view known : {"line", "long", "extended"})
      if (text == known) {
        for (const ColumnSet& set : column_sets())
          if (set.name == known) query_["columns"] = set.columns;
        return;
      }
    warn("-o " + text.substr(0, 40) + ": line, long and extended are known here; the columns stay");
  }

  void times(const std::string& text) {
    const std::size_t dash = text.find('-');
    const auto from = time_of(text.substr(0, dash));
    const auto to = dash == std::string::npos ? std::nullopt : time_of(text.substr(dash + 1));
    if (!from || (dash != std::string::npos && !to))
      return fail("-t wants times such as 2026/11/27.14:00:00-2026/11/27.15:00:00, not \"" + text + '"');
    query_["from"] = *from;
    if (to) query_["to"] = *to;
    warn("-t: times are taken as UTC");
  }

  void add_filter(const std::string& word) { filter_ += (filter_.empty() ? "" : " ") + word; }

  std::vector<std::string> words_;
  std::size_t at_ = 0;
  std::string filter_;
  std::vector<std::string> by_;
  std::optional<std::string> ordered_by_;
  json query_ = json::object();
  json warnings_ = json::array();
  std::optional<std::string> error_;
};

std::string time_text(std::chrono::sys_seconds time) {
  const auto day = std::chrono::floor<std::chrono::days>(time);
  const std::chrono::year_month_day date(day);
  const std::chrono::hh_mm_ss clock(time - day);
  char text[80];
  std::snprintf(text, sizeof(text), "%04d/%02u/%02u.%02d:%02d:%02d", int(date.year()), unsigned(date.month()),
                unsigned(date.day()), static_cast<int>(clock.hours().count()),
                static_cast<int>(clock.minutes().count()), static_cast<int>(clock.seconds().count()));
  return text;
}

/// nfdump's element for a dimension; "" where it has none.
std::string element_of(const Dimension& dimension) {
  const std::string name = dimension.column();
  for (const Element& element : kElements)
    if (element.by == name)
      return std::string(element.name) + (dimension.prefix ? "/" + std::to_string(dimension.v4) : "");
  return "";
}

std::string quoted(const std::string& text) {
  std::string out = "'";
  for (const char c : text) out += c == '\'' ? std::string("'\\''") : std::string(1, c);
  return out + "'";
}

std::string order_of(const Question& question) {
  if (question.view != View::series) return std::string(name_of(question.order));
  return question.unit == Unit::bits ? "bytes" : std::string(name_of(question.unit));
}

}  // namespace

Or<json> question_of_command(const std::string& command) {
  if (command.size() > kLongestCommand) return failure(wrong("the command is too long"));
  auto words = words_of(command);
  if (!words) return failure(words.error());
  return Reader(std::move(*words)).read();
}

std::string nfdump_command(const Question& question) {
  std::string out = "nfdump -R . -t " + time_text(question.from) + "-" + time_text(question.to);
  std::string elements;
  for (const Dimension& one : question.by) {
    const std::string element = element_of(one);
    if (element.empty()) return "";
    elements += (elements.empty() ? "" : ",") + element;
  }
  if (question.view == View::flows)
    out += " -o extended -c " + std::to_string(question.limit);
  else if (question.by.size() == 1)
    out += " -s " + elements + "/" + order_of(question) + " -n " + std::to_string(question.limit);
  else if (!elements.empty())
    out += " -A " + elements + " -O " + order_of(question) + " -n " + std::to_string(question.limit);
  if (question.filter.kind != filter::Expression::Kind::any) out += " " + quoted(question.filter_text);
  return out;
}

}  // namespace sluice::web
