#pragma once
// The functions of libchdb.so that are used here, with the types of its C interface. No header of it is
// installed anywhere, so they are declared here.
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <string>

#include "sluice/util/result.hpp"

namespace sluice::store {

struct ChdbConnection;    // what chdb_connect's result points to, by value an opaque pointer
struct ChdbResult;        // of a statement, or a piece of a streamed one
struct ChdbInsertStream;  // of an INSERT that takes data in pieces

struct ChdbAnalysis {
  std::uint32_t struct_size;
  std::uint32_t statement_count;
  std::uint32_t flags;
  std::uint32_t query_class;
};

struct ChdbLibrary {
  ChdbConnection** (*connect)(int, char**);
  void (*close_conn)(ChdbConnection**);
  ChdbResult* (*query_with_params_n)(ChdbConnection*, const char*, std::size_t, const char*, std::size_t,
                                     const char* const*, const std::size_t*, const char* const*,
                                     const std::size_t*, std::size_t);
  ChdbResult* (*stream_query_with_params_n)(ChdbConnection*, const char*, std::size_t, const char*,
                                            std::size_t, const char* const*, const std::size_t*,
                                            const char* const*, const std::size_t*, std::size_t);
  ChdbResult* (*stream_fetch_result)(ChdbConnection*, ChdbResult*);
  void (*stream_cancel_query)(ChdbConnection*, ChdbResult*);
  void (*destroy_query_result)(ChdbResult*);
  const char* (*result_buffer)(ChdbResult*);
  std::size_t (*result_length)(ChdbResult*);
  const char* (*result_error)(ChdbResult*);
  double (*result_elapsed)(ChdbResult*);
  std::uint64_t (*result_rows_read)(ChdbResult*);
  std::uint64_t (*result_storage_rows_read)(ChdbResult*);
  std::uint64_t (*result_storage_bytes_read)(ChdbResult*);
  std::uint64_t (*result_rows_written)(ChdbResult*);
  std::uint64_t (*result_bytes_written)(ChdbResult*);
  ChdbInsertStream* (*stream_insert_with_params_n)(ChdbConnection*, const char*, std::size_t, const char*,
                                                   std::size_t, const char* const*, const std::size_t*,
                                                   const char* const*, const std::size_t*, std::size_t);
  int (*stream_append)(ChdbInsertStream*, const void*, std::size_t);
  ChdbResult* (*stream_done)(ChdbInsertStream*);
  void (*stream_cancel_insert)(ChdbInsertStream*);
  const char* (*stream_insert_error)(ChdbInsertStream*);
  void (*destroy_insert_stream)(ChdbInsertStream*);
  int (*classify_query_n)(ChdbConnection*, const char*, std::size_t, const char*, std::size_t, ChdbAnalysis*);
  void (*set_signal_handlers_enabled)(int);
};

/// Loads the engine, once for the life of the process: it cannot be unloaded. The error is a sentence.
Result<const ChdbLibrary*, std::string> load_chdb(const std::filesystem::path& file);

}  // namespace sluice::store
