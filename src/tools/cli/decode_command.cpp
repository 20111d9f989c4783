#include <chrono>
#include <cstdio>
#include <ctime>

#include "cli/cli.hpp"
#include "cli/commands.hpp"
#include "cli/config_options.hpp"
#include "cli/options.hpp"
#include "cli/output.hpp"
#include "cli/raw_tree.hpp"
#include "cli/summary.hpp"
#include "filter/evaluate.hpp"
#include "filter/parser.hpp"
#include "flow/endpoint.hpp"
#include "nfdump/archive.hpp"
#include "sluice/decode/datagram_decoder.hpp"
#include "sluice/encode/rows.hpp"
#include "source/capture.hpp"
#include "source/messages.hpp"
#include "util/clock.hpp"

namespace sluice::cli {
namespace {

struct Options {
  std::vector<std::string> files;
  std::string format = "json";
  std::string json_fields = "sluice";
  bool raw = false;
  ConfigOptions config;
  bool counters = false;
  std::string received = "file";
  std::string filter;
};

encode::FormatSpec format_of(const Options& options, const UserFieldsPtr& user_fields) {
  encode::FormatSpec spec;
  spec.user_fields = user_fields;
  spec.format = value_of(encode::kFormats, options.format).value_or(spec.format);
  spec.json_fields = value_of(encode::kJsonFields, options.json_fields).value_or(spec.json_fields);
  if (options.counters) spec.stream = encode::Stream::counters;
  return spec;
}

/// When the exporter says it sent the datagram; 0 where it does not say.
std::uint64_t export_time_ns(Bytes payload) {
  if (payload.size() < 16) return 0;
  const auto version = load_be<std::uint16_t>(payload.data());
  const std::size_t offset = version == 5 || version == 9 ? 8 : 4;
  if (version != 5 && version != 9 && version != 10) return 0;
  return load_be<std::uint32_t>(payload.data() + offset) * 1'000'000'000ULL;
}

/// The time of receipt, as --received wants it. Where that is not known, the next best: for raw files nobody
/// but the exporter knows, and sFlow's header says nothing.
std::uint64_t received_ns(const std::string& received, const source::CapturedDatagram& captured) {
  const std::uint64_t file = captured.time_ns;
  const std::uint64_t sent = received == "now" ? 0 : export_time_ns(captured.payload);
  if (received == "file" && file != 0) return file;
  if (received != "now" && sent != 0) return sent;
  return received != "now" && file != 0 ? file : unix_ns();
}

std::string utc(std::uint64_t time_ns) {
  const auto seconds = static_cast<std::time_t>(time_ns / 1'000'000'000);
  std::tm parts{};
  gmtime_r(&seconds, &parts);
  char text[64];
  const std::size_t n = std::strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%S", &parts);
  std::snprintf(text + n, sizeof(text) - n, ".%09lluZ",
                static_cast<unsigned long long>(time_ns % 1'000'000'000));
  return text;
}

/// Decodes file after file with one memory of templates, as the collector would had they come by UDP.
class FileDecoder {
 public:
  FileDecoder(const Options& options, filter::Expression wanted, UserFieldsPtr user_fields)
      : raw_(options.raw),
        wanted_(std::move(wanted)),
        received_(options.received),
        user_fields_(std::move(user_fields)),
        encoder_(encode::make_row_encoder(format_of(options, user_fields_))) {
    if (options.counters) batch_.want_counters();
  }

  /// False where not all of the file could be read, which was said.
  bool decode(const std::string& path) {
    // .part: a collector is writing it, or was killed.
    const bool messages = path.ends_with(".pb") || path.ends_with(".pb.part");
    if (messages) return decode_messages(path);
    return nfdump::is_archive(path) ? decode_archive(path) : decode_capture(path);
  }
  /// After the last file: what still waits for its template is lost.
  void end() {
    std::uint64_t lost = 0;
    exporters_.for_each([&lost](decode::Exporter& exporter) {
      exporter.held.expire(~std::uint64_t{0});
      for (std::size_t i = 0; i < static_cast<std::size_t>(decode::Protocol::count); ++i)
        lost += exporter.held.count(static_cast<decode::Protocol>(i), decode::HeldCount::lost_sets);
    });
    summary_.add_lost_sets(lost);
    if (!raw_ || lost == 0) return;
    tree_.line(error_line(decode::DecodeError::missing_template, lost));
    written_ = written_ && write_out(tree_.take());
  }
  const Summary& summary() const { return summary_; }
  bool written() const { return written_; }

 private:
  bool decode_messages(const std::string& path) {
    const auto counts =
        source::read_messages(path, [this](FlowBatch& batch) { write(batch); }, user_fields_.get());
    if (!counts) return failed("decode", counts.error()), false;
    summary_.add(*counts);
    if (counts->warning.empty()) return true;
    return failed("decode", counts->warning), false;
  }

  /// Its flows have the times that nfdump wrote down, those of receipt too.
  bool decode_archive(const std::string& path) {
    if (raw_) return failed("decode", path + ": is a file of nfdump, which has no datagrams to show"), false;
    auto archive = nfdump::Archive::open(path);
    if (!archive) return failed("decode", archive.error()), false;
    while (written_ && archive->next(batch_)) write(batch_);
    batch_.clear();
    summary_.add(archive->counts());
    if (archive->warning().empty()) return true;
    return failed("decode", archive->warning()), false;
  }

  bool decode_capture(const std::string& path) {
    auto file = source::CaptureFile::open(path);
    if (!file) return failed("decode", file.error()), false;
    if (raw_) tree_.line("file " + path);
    source::CapturedDatagram datagram;
    while (written_ && file->next(datagram)) {
      if (file->kind() == source::FileKind::capture && !source::is_flow_export(datagram.payload))
        summary_.add_not_export();
      else
        decode_datagram(datagram);
    }
    flush();
    summary_.add(file->counts());
    if (file->warning().empty()) return true;
    return failed("decode", file->warning()), false;
  }

  void decode_datagram(const source::CapturedDatagram& captured) {
    decode::Datagram datagram{.payload = captured.payload,
                              .source = captured.source.empty() ? kNoSource : captured.source,
                              .source_port = captured.source_port,
                              .received_ns = received_ns(received_, captured)};
    if (raw_) {
      show(captured, datagram);
    } else {
      summary_.add(decoder_.decode(datagram, batch_));
      if (batch_.origin_count() >= kDatagramsPerWrite) flush();
    }
  }

  void show(const source::CapturedDatagram& captured, const decode::Datagram& datagram) {
    std::string title = "datagram " + std::to_string(++number_) + ": ";
    if (!captured.source.empty())
      title += Endpoint{captured.source, captured.source_port}.to_string() + " to " +
               Endpoint{captured.destination, captured.destination_port}.to_string() + ", " +
               utc(captured.time_ns) + ", ";
    title += std::to_string(captured.payload.size()) + " bytes" +
             (captured.truncated ? ", not whole in the capture" : "");
    tree_.open(title);
    const auto report = decoder_.decode(datagram, batch_, decode::Accept::automatic, &tree_);
    summary_.add(report);
    for (std::size_t i = 0; i < report.errors.size(); ++i) {
      const auto error = static_cast<decode::DecodeError>(i);
      if (report.errors[i] != 0) tree_.line(error_line(error, report.errors[i]));
    }
    if (report.held_sets != 0)
      tree_.line("held: " + std::to_string(report.held_sets) + " sets wait for their template");
    batch_.clear();
    written_ = written_ && write_out(tree_.take());
  }

  static std::string error_line(decode::DecodeError error, std::uint64_t n) {
    return "error: " + std::string(decode::name(error)) + ", " + std::to_string(n) +
           " times: " + std::string(decode::sentence(error));
  }

  void flush() {
    if (!batch_.empty() || batch_.counters()) write(batch_);
    batch_.clear();
  }

  void write(FlowBatch& batch) {
    if (wanted_.kind != filter::Expression::Kind::any)
      batch.filter([&](std::size_t i) { return filter::matches(wanted_, batch, batch.flows()[i]); });
    rows_.clear();
    encoder_->encode(batch, rows_);
    written_ = written_ && write_out(rows_.bytes());
  }

  static constexpr std::size_t kDatagramsPerWrite = 64;
  inline static const IpAddress kNoSource = IpAddress::v4(0x7f000001);

  const bool raw_;
  const filter::Expression wanted_;
  const std::string received_;
  const UserFieldsPtr user_fields_;
  std::unique_ptr<encode::RowEncoder> encoder_;
  // Data is held as the daemon does, but to the end of the files: their clocks say little of each other.
  decode::ExporterTable exporters_{{}, {}, {}, user_fields_};
  decode::DatagramDecoder decoder_{exporters_};
  FlowBatch batch_;
  encode::RowBuffer rows_;
  RawTree tree_;
  Summary summary_;
  std::uint64_t number_ = 0;
  bool written_ = true;
};

int run_decode(const Options& options) {
  UserFieldsPtr user_fields;
  if (!options.config.file.empty() || !options.config.set.empty()) {
    const auto config = load_config(options.config);
    if (!config) return kMistake;
    user_fields = make_user_fields(config->fields);
  }
  auto wanted = filter::parse(options.filter);
  if (!wanted)
    return failed("decode", "--filter: " + filter::describe(options.filter, wanted.error())), kMistake;
  FileDecoder decoder(options, std::move(*wanted), std::move(user_fields));
  bool whole = true;
  for (const auto& file : options.files) whole = decoder.decode(file) && whole;
  decoder.end();
  const int printed = finish_out("decode", decoder.written());
  const std::string summary = decoder.summary().text();
  std::fwrite(summary.data(), 1, summary.size(), stderr);
  return whole ? printed : kFailed;
}

}  // namespace

void add_decode(Command app) {
  const Command command =
      app.add_subcommand("decode", "Decode captures and datagram files, without any network");
  command.footer(
      "Files are pcap or pcapng captures, raw datagrams (.dat, .bin: one datagram, or several NetFlow v5 "
      "datagrams\n"
      "back to back), IPFIX files (RFC 5655), files of nfdump and framed protobuf (.pb). They are read in "
      "the "
      "order given,\n"
      "with one memory of templates; data that comes before its template waits for it, as in the collector. "
      "Exporters are\n"
      "told apart by the source address in a capture; raw and IPFIX files are all from 127.0.0.1. A summary "
      "goes to stderr.\n"
      "Flows whose times are far from their receipt get that time instead. Captures say when a packet was "
      "received; of\n"
      "raw files it is when the header says it was sent. Where the capture's clock is not the exporter's (it "
      "was replayed,\n"
      "or moved), --received sent keeps the times of the flows. Those of nfdump's files are as they stand "
      "there.\n"
      "Of a configuration only `fields` counts.\n"
      "\n"
      "Examples:\n"
      "  sluice decode -c sluice.yaml flows.pb        with the fields of your own\n"
      "  sluice decode router.pcap | jq .src_addr\n"
      "  sluice decode templates.dat data.dat --format protobuf > flows.pb\n"
      "  sluice decode --counters switch.pcap | jq .interface\n"
      "  sluice decode --filter 'dst port 443 and net 192.0.2.0/24' router.pcap\n"
      "  sluice decode --received sent moved.pcap     by the exporter's clock\n"
      "  sluice decode nfcapd.202611281000 | jq .bytes\n"
      "  sluice decode --raw router.pcap | less\n");
  auto options = std::make_shared<Options>();
  command
      .add_option("FILE", options->files,
                  "Captures, raw datagram files, IPFIX files, files of nfdump, framed protobuf files")
      .required()
      .type_name(" ");
  const Option format = command.add_option("--format", options->format, "What to write").default_shown();
  const auto formats = words_from(encode::Format::json, encode::kFormats);
  format.check(one_of(formats)).type_name(alternatives(formats));
  const Option fields =
      command.add_option("--json-fields", options->json_fields, "Names and forms of the JSON fields")
          .default_shown();
  const auto names = words_from(encode::JsonFields::sluice, encode::kJsonFields);
  fields.check(one_of(names)).type_name(alternatives(names));
  const Option received = command
                              .add_option("--received", options->received,
                                          "When datagrams were received: when sent, now, or as the file says")
                              .default_shown();
  received.check(one_of({"sent", "now", "file"})).type_name("sent|now|file");
  const Option counters =
      command
          .add_flag("--counters", options->counters,
                    "Write the counters stream, not the flows: sFlow counter samples and options records")
          .excludes(fields);
  const Option filter =
      command
          .add_option("--filter", options->filter, "Write only the flows that this matches (docs/filter.md)")
          .type_name("FILTER")
          .excludes(counters);
  command
      .add_flag("--raw", options->raw, "Show headers, sets, templates, records and samples as they were sent")
      .excludes(format)
      .excludes(fields)
      .excludes(counters)
      .excludes(filter);
  add_config_options(command, options->config);
  command.action([options] { return run_decode(*options); });
}

}  // namespace sluice::cli
