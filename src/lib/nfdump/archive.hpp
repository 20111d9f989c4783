#pragma once
// The flows of a file that nfcapd, sfcapd or nfdump wrote, of layout 1 (nfdump 1.6) or 2 (1.7), compressed by
// any of their ways, of either byte order. One thread. Hostile files cost no more than a few blocks of
// memory.
//
//     auto archive = nfdump::Archive::open(path);
//     FlowBatch batch;
//     while (archive->next(batch)) use(batch);
//
// Flows are as decoders give them: counts as they stand in the file, with rate 1 where the file says that
// they were sampled, since nfcapd multiplied them already; time_received_ns as the file has it, else the
// flow's end; the exporter's address as nfdump knew it, else none. docs/import.md tells what becomes of each
// part.
#include <cstdint>
#include <memory>
#include <string>

#include "sluice/flow/batch.hpp"
#include "sluice/util/result.hpp"

namespace sluice::nfdump {

/// What a file held so far.
struct Counts {
  std::uint64_t flows = 0;
  std::uint64_t sampled = 0;          ///< of them: their counts are multiplied, their rate is 1
  std::uint64_t bad_records = 0;      ///< cut short, or flows before the map that tells what is in them
  std::uint64_t unknown_records = 0;  ///< of kinds that are not known; skipped
  std::uint64_t bad_blocks = 0;       ///< that could not be read or unpacked
  std::uint64_t unknown_blocks = 0;   ///< of kinds that are not known; skipped

  Counts& operator+=(const Counts& more);
};

/// Whether it begins as files of nfdump do. False for what cannot be read.
bool is_archive(const std::string& path);

class Archive {
 public:
  /// The error is a sentence that names the file.
  static Result<Archive, std::string> open(const std::string& path);
  Archive(Archive&&) noexcept;
  Archive& operator=(Archive&&) noexcept;
  ~Archive();

  /// Clears the batch and fills it with the next flows, up to `most`; false at the end. It is of no more
  /// origins than kOriginsAtOnce, so of no more days; and no flow is added once their records have
  /// kBytesAtOnce, since texts may be long.
  bool next(FlowBatch& batch, std::size_t most = kFlowsAtOnce);
  static constexpr std::size_t kFlowsAtOnce = 1024, kOriginsAtOnce = 100, kBytesAtOnce = 256U << 10;

  const Counts& counts() const;
  /// After the end: what was wrong with the file; "" where nothing was. What came before was handed out.
  const std::string& warning() const;
  std::uint64_t size() const;      ///< of the file
  std::uint64_t position() const;  ///< how far it was read

 private:
  struct State;
  explicit Archive(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace sluice::nfdump
