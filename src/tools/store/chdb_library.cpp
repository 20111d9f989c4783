#include "store/chdb_library.hpp"

#include <dlfcn.h>

namespace sluice::store {
namespace {

constexpr const char* kHowToGet =
    "`deploy/local/engine.sh fetch` gets it from the npm registry and says where it is";

/// Fills one function after another and remembers the first that is not there.
class Functions {
 public:
  explicit Functions(void* library) : library_(library) {}
  template <class F>
  void get(F& function, const char* name) {
    void* const symbol = dlsym(library_, name);
    if (symbol == nullptr && missing_.empty()) missing_ = name;
    function = reinterpret_cast<F>(symbol);
  }
  const std::string& missing() const { return missing_; }

 private:
  void* library_;
  std::string missing_;
};

std::string fill(void* loaded, ChdbLibrary& library) {
  Functions functions(loaded);
  functions.get(library.connect, "chdb_connect");
  functions.get(library.close_conn, "chdb_close_conn");
  functions.get(library.query_with_params_n, "chdb_query_with_params_n");
  functions.get(library.stream_query_with_params_n, "chdb_stream_query_with_params_n");
  functions.get(library.stream_fetch_result, "chdb_stream_fetch_result");
  functions.get(library.stream_cancel_query, "chdb_stream_cancel_query");
  functions.get(library.destroy_query_result, "chdb_destroy_query_result");
  functions.get(library.result_buffer, "chdb_result_buffer");
  functions.get(library.result_length, "chdb_result_length");
  functions.get(library.result_error, "chdb_result_error");
  functions.get(library.result_elapsed, "chdb_result_elapsed");
  functions.get(library.result_rows_read, "chdb_result_rows_read");
  functions.get(library.result_storage_rows_read, "chdb_result_storage_rows_read");
  functions.get(library.result_storage_bytes_read, "chdb_result_storage_bytes_read");
  functions.get(library.result_rows_written, "chdb_result_rows_written");
  functions.get(library.result_bytes_written, "chdb_result_bytes_written");
  functions.get(library.stream_insert_with_params_n, "chdb_stream_insert_with_params_n");
  functions.get(library.stream_append, "chdb_stream_append");
  functions.get(library.stream_done, "chdb_stream_done");
  functions.get(library.stream_cancel_insert, "chdb_stream_cancel_insert");
  functions.get(library.stream_insert_error, "chdb_stream_insert_error");
  functions.get(library.destroy_insert_stream, "chdb_destroy_insert_stream");
  functions.get(library.classify_query_n, "chdb_classify_query_n");
  functions.get(library.set_signal_handlers_enabled, "chdb_set_signal_handlers_enabled");
  return functions.missing();
}

}  // namespace

Result<const ChdbLibrary*, std::string> load_chdb(const std::filesystem::path& file) {
  static ChdbLibrary library{};
  // RTLD_LOCAL keeps the engine's own librdkafka and protobuf from being taken for ours. RTLD_NODELETE: its
  // threads outlive any handle.
  void* const loaded = dlopen(file.c_str(), RTLD_NOW | RTLD_LOCAL | RTLD_NODELETE);
  if (loaded == nullptr) {
    const char* const reason = dlerror();
    return failure("the ClickHouse engine cannot be loaded (" + std::string(reason == nullptr ? "" : reason) +
                   "); " + kHowToGet);
  }
  if (const std::string missing = fill(loaded, library); !missing.empty())
    return failure(file.string() + " lacks the function " + missing +
                   ", so it is no ClickHouse engine or too old a one; " + kHowToGet);
  return &library;
}

}  // namespace sluice::store
