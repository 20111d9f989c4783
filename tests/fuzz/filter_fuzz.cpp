// A filter of any text: refused at a place within it, or understood so that its canonical text is the same
// tree, with SQL in which only parameters are of the text.
#include <cstdint>
#include <cstdlib>

#include "filter/evaluate.hpp"
#include "filter/parser.hpp"
#include "filter/sql.hpp"

namespace {

void require(bool condition) {
  if (!condition) std::abort();
}

const sluice::FlowBatch& flows() {
  static const auto batch = [] {
    sluice::FlowBatch made;
    made.add_origin();
    sluice::FlowRecord& flow = made.append_one();
    flow.set_source(sluice::IpAddress::v4(0xc0000201));
    flow.proto = 6;
    made.extras(flow).set(sluice::ExtraText::in_if_name, "ae0.100");
    made.extras(flow).list(sluice::ExtraList::as_path) = {65001, 65002};
    return made;
  }();
  return batch;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace sluice::filter;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto parsed = parse(text);
  const auto errors = errors_in(text);
  require(errors.empty() == parsed.has_value() && errors.size() <= kMostErrors);
  for (const Error& error : errors) require(error.from <= error.to && error.to <= text.size());
  if (!parsed) {
    require(errors.front().from == parsed.error().from && errors.front().text == parsed.error().text);
    require(parsed.error().from <= parsed.error().to && parsed.error().to <= text.size());
    require(!describe(text, parsed.error()).empty());
    return 0;
  }
  const auto again = parse(to_text(*parsed));
  require(again.has_value() && *again == *parsed);
  require(reverse(reverse(*parsed)) == *parsed);
  require(to_sql(*parsed).condition.find_first_of("'\"\\;`#") == std::string::npos ||
          to_sql(*parsed).condition.find("'UTC'") != std::string::npos);
  (void)matches(*parsed, flows(), flows().flows()[0]);
  return 0;
}
