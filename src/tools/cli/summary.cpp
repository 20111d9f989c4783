#include "cli/summary.hpp"

#include <numeric>

namespace sluice::cli {
namespace {

using decode::DecodeCount;
using decode::DecodeError;
using decode::Protocol;

void line(std::string& text, std::string_view name, std::uint64_t value, std::string_view more = {}) {
  constexpr std::size_t kColumn = 26;
  text += name;
  text.append(name.size() < kColumn ? kColumn - name.size() : 1, ' ');
  text += std::to_string(value);
  text += more;
  text += '\n';
}

void line_if(std::string& text, std::string_view name, std::uint64_t value, std::string_view more = {}) {
  if (value != 0) line(text, name, value, more);
}

/// Also where it is 0.
bool always_told(DecodeCount count) {
  return count == DecodeCount::flow_records || count == DecodeCount::flows ||
         count == DecodeCount::options_records;
}

}  // namespace

void Summary::add(const decode::DecodeReport& report) {
  ++datagrams_[static_cast<std::size_t>(report.protocol)];
  counts_ += report.counts;
  for (std::size_t i = 0; i < errors_.size(); ++i) errors_[i] += report.errors[i];
}

void Summary::add(const source::CaptureCounts& counts) {
  truncated_ += counts.truncated;
  incomplete_ += counts.incomplete;
}

void Summary::add(const source::MessageCounts& counts) {
  messages_ += counts.messages;
  bad_messages_ += counts.bad;
}

void Summary::add(const nfdump::Counts& counts) { archives_ += counts; }

std::string Summary::text() const {
  std::string by_protocol;
  for (std::size_t i = 0; i < datagrams_.size(); ++i)
    if (datagrams_[i] != 0)
      by_protocol += (by_protocol.empty() ? " (" : ", ") +
                     std::string(decode::name(static_cast<Protocol>(i))) + ' ' +
                     std::to_string(datagrams_[i]);
  if (!by_protocol.empty()) by_protocol += ')';

  std::string text;
  line(text, "datagrams", std::accumulate(datagrams_.begin(), datagrams_.end(), std::uint64_t{0}),
       by_protocol);
  for (const auto& info : decode::kDecodeCounts)
    if (always_told(info.count)) line(text, info.console, counts_[info.count]);
  line(text, "sets without template", errors_[static_cast<std::size_t>(DecodeError::missing_template)]);
  for (const auto& info : decode::kDecodeCounts)
    if (!always_told(info.count) && !info.console.empty()) line_if(text, info.console, counts_[info.count]);
  line_if(text, "no flow export", not_export_, " UDP datagrams");
  line_if(text, "not whole in capture", truncated_, " datagrams");
  line_if(text, "fragments missing", incomplete_, " datagrams");
  line_if(text, "messages", messages_);
  line_if(text, "messages damaged", bad_messages_);
  line_if(text, "flows of nfdump's files", archives_.flows);
  line_if(text, "of them sampled", archives_.sampled,
          ": nfdump has multiplied their counts, so their rate is 1");
  line_if(text, "records not known", archives_.unknown_records);
  line_if(text, "blocks not known", archives_.unknown_blocks);
  line_if(text, "records damaged", archives_.bad_records);
  line_if(text, "blocks damaged", archives_.bad_blocks);
  for (std::size_t i = 0; i < errors_.size(); ++i) {
    const auto error = static_cast<DecodeError>(i);
    if (error == DecodeError::missing_template) continue;
    line_if(text, "error " + std::string(decode::name(error)), errors_[i],
            ": " + std::string(decode::sentence(error)));
  }
  return text;
}

}  // namespace sluice::cli
