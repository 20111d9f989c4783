// Datagrams of real devices and what is right for them: each file of tests/data/decode is one case. A line is
//
//   # what the case is about
//   with NAME=VALUE          a setting of the exporter, see kSettings
//   received SECONDS         Unix time at which the datagrams below come; else that of 2023-11-15 00:00
//   datagram HEX             one UDP payload
//   flow FIELD=VALUE ...     a flow of the datagrams, in their order, with fields as Sluice's JSON has them;
//                            FIELD=- where the field must be absent; spaces in a value are %20
//   error REASON=N           how often it was counted in all; others must not be counted
//
// tests/support/from_capture.py makes the datagrams of a capture such lines.
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <functional>
#include <map>
#include <nlohmann/json.hpp>
#include <sstream>
#include <stdexcept>

#include "sluice/encode/rows.hpp"
#include "support/decode_fixture.hpp"

namespace sluice::decode {
namespace {

namespace fs = std::filesystem;

using Fields = std::vector<std::pair<std::string, std::string>>;

struct Case {
  ExporterSettings settings;
  std::vector<std::pair<std::uint64_t, std::vector<std::byte>>> datagrams;  // time of receipt, payload
  std::vector<Fields> flows;
  std::map<std::string, std::uint64_t> errors;
};

const std::map<std::string, std::function<void(ExporterSettings&)>> kSettings{
    {"decapsulate=inner", [](ExporterSettings& s) { s.decapsulate = Decapsulate::inner; }},
    {"post_counters=reverse", [](ExporterSettings& s) { s.post_counters_reverse = true; }},
    {"split_biflows=false", [](ExporterSettings& s) { s.split_biflows = false; }},
    {"mediator=true", [](ExporterSettings& s) { s.mediator = true; }},
};

std::vector<std::byte> bytes_of(const std::string& hex) {
  std::vector<std::byte> out;
  for (std::size_t i = 0; i + 1 < hex.size(); i += 2)
    out.push_back(static_cast<std::byte>(std::stoul(hex.substr(i, 2), nullptr, 16)));
  return out;
}

std::pair<std::string, std::string> assignment(const std::string& word) {
  const auto at = word.find('=');
  if (at == std::string::npos) throw std::runtime_error("no '=' in \"" + word + "\"");
  std::string value = word.substr(at + 1);
  for (auto space = value.find("%20"); space != std::string::npos; space = value.find("%20"))
    value.replace(space, 3, " ");
  return {word.substr(0, at), value};
}

Case read_case(const fs::path& path) {
  Case out;
  std::uint64_t received_ns = 1'700'006'400ULL * 1'000'000'000;
  std::ifstream file(path);
  for (std::string line; std::getline(file, line);) {
    std::istringstream words(line);
    std::string verb, word;
    if (!(words >> verb) || verb.starts_with('#')) continue;
    if (verb == "flow") out.flows.emplace_back();
    while (words >> word) {
      if (verb == "with")
        kSettings.at(word)(out.settings);
      else if (verb == "received")
        received_ns = std::stoull(word) * 1'000'000'000;
      else if (verb == "datagram")
        out.datagrams.emplace_back(received_ns, bytes_of(word));
      else if (verb == "flow")
        out.flows.back().push_back(assignment(word));
      else if (verb == "error")
        out.errors[assignment(word).first] = std::stoull(assignment(word).second);
      else
        throw std::runtime_error("no such line: " + verb);
    }
  }
  if (out.datagrams.empty()) throw std::runtime_error("a case without a datagram");
  return out;
}

std::vector<nlohmann::json> rows_of(const FlowBatch& batch) {
  encode::FormatSpec spec;
  spec.format = encode::Format::json;
  encode::RowBuffer rows;
  encode::make_row_encoder(spec)->encode(batch, rows);
  std::vector<nlohmann::json> out;
  for (std::size_t i = 0; i < rows.rows(); ++i) {
    const Bytes row = rows.row(i);
    out.push_back(nlohmann::json::parse(reinterpret_cast<const char*>(row.data()),
                                        reinterpret_cast<const char*>(row.data()) + row.size()));
  }
  return out;
}

std::string text_of(const nlohmann::json& row, const std::string& field) {
  if (!row.contains(field)) return "-";
  return row[field].is_string() ? row[field].get<std::string>() : row[field].dump();
}

std::vector<fs::path> all_cases() {
  std::vector<fs::path> out;
  for (const auto& entry : fs::directory_iterator(SLUICE_SOURCE_DIR "/tests/data/decode"))
    out.push_back(entry.path());
  std::ranges::sort(out);
  return out;
}

class Cases : public testing::TestWithParam<fs::path> {};

TEST_P(Cases, AreDecodedRight) {
  const Case c = read_case(GetParam());
  test::DecodeFixture decode({}, c.settings);
  std::vector<nlohmann::json> rows;
  std::map<std::string, std::uint64_t> errors;
  for (const auto& [received_ns, payload] : c.datagrams) {
    const DecodeReport report = decode(payload, received_ns);
    for (std::size_t e = 0; e < report.errors.size(); ++e)
      if (report.errors[e]) errors[std::string(name(static_cast<DecodeError>(e)))] += report.errors[e];
    std::ranges::move(rows_of(decode.batch), std::back_inserter(rows));
  }
  EXPECT_EQ(errors, c.errors);
  ASSERT_EQ(rows.size(), c.flows.size()) << nlohmann::json(rows).dump(1);
  for (std::size_t i = 0; i < rows.size(); ++i)
    for (const auto& [field, value] : c.flows[i])
      EXPECT_EQ(text_of(rows[i], field), value) << "flow " << i + 1 << ": " << field;
}

INSTANTIATE_TEST_SUITE_P(Decode, Cases, testing::ValuesIn(all_cases()), [](const auto& one) {
  std::string name = one.param.stem().string();
  std::ranges::replace_if(name, [](char c) { return c == '-' || c == '.'; }, '_');
  return name;
});

}  // namespace
}  // namespace sluice::decode
