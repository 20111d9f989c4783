#pragma once
// What a type of sink brings with it. Its folder defines
//
//     TypeOf<ItsSettings> describe(const ItsSettings&);
//
// and settings.hpp lists it; types() is made from that list. Constant from the start on; any thread.
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "setting/section.hpp"
#include "sink/factory.hpp"
#include "sink/settings.hpp"
#include "sluice/flow/user_fields.hpp"

namespace sluice::sink {

/// What a sink is made from besides its own settings.
struct Making {
  std::string name;
  const Settings& settings;
  unsigned workers;
  LogFn log;
  UserFieldsPtr user_fields = nullptr;  ///< that rows may have; may be null
};

/// Whether the user gave the setting of this key.
using Given = std::function<bool(std::string_view key)>;

template <class Own>
struct TypeOf {
  std::string_view name;                             ///< "kafka"
  setting::Table<Own> rows;                          ///< its own settings, beside those that all sinks have
  encode::Format format = encode::Format::protobuf;  ///< the default
  std::uint64_t block_bytes = Settings{}.block_bytes;
  std::chrono::milliseconds flush_interval = Settings{}.flush_interval;
  bool spools = true;  ///< spool.path is "auto" where none is given, else ""
  /// Throws SetupError.
  std::unique_ptr<Sink> (*make)(const Making&, const Own&) = nullptr;

  /// Tells each mistake for which `make` would throw, without anything that outlives the call: no files, no
  /// requests. Both are to be made from the same functions.
  void (*try_out)(const Making&, const Own&, const OnMistake&) = nullptr;

  // The rest may stay null.

  /// Defaults that depend on other settings.
  void (*complete)(Settings&, const Given&, Own&) = nullptr;
  /// Rules that span settings; `path` is the sink's in messages.
  void (*check)(setting::Reading&, const std::string& path, const Settings&, const Own&) = nullptr;
  /// Where it may name fields of a user's own, which are these.
  void (*check_fields)(setting::Reading&, const std::string& path, std::span<const UserField>,
                       const Own&) = nullptr;
  /// Asks its server as the sink would, for seconds at the most, and writes nothing: what stands in the way
  /// of flows, in a sentence; "": nothing.
  std::string (*look)(const Making&, const Own&) = nullptr;
  /// Framing and key, where they are not those of StreamSpec's defaults.
  void (*shape)(const Own&, StreamSpec&) = nullptr;
};

/// A TypeOf whose settings are those in Settings::own.
struct Type {
  std::string name;
  Settings defaults;
  setting::Table<Settings> rows;  ///< Row::only_for is the name
  std::function<std::unique_ptr<Sink>(const Making&)> make;
  std::function<void(const Making&, const OnMistake&)> try_out;
  std::function<void(const Given&, Settings&)> complete;
  std::function<void(setting::Reading&, const std::string& path, const Settings&)> check;
  std::function<void(setting::Reading&, const std::string& path, std::span<const UserField>, const Settings&)>
      check_fields;
  std::function<std::string(const Making&)> look;  ///< empty: there is nobody to ask
  std::function<void(const Settings&, StreamSpec&)> shape;
};

/// In the order of OwnSettings.
const std::vector<Type>& types();
const Type& type_of(const Settings& settings);

}  // namespace sluice::sink
