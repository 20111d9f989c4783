#include "sink/spool/plan.hpp"
#include "sink/type.hpp"

namespace sluice::sink {
namespace {

template <class Own>
Own& own_of(Settings& settings) {
  return std::get<Own>(settings.own);
}
template <class Own>
const Own& own_of(const Settings& settings) {
  return std::get<Own>(settings.own);
}

template <class Own>
Type erased(const TypeOf<Own>& type) {
  Type out;
  out.name = type.name;
  out.defaults.format = type.format;
  out.defaults.block_bytes = type.block_bytes;
  out.defaults.flush_interval = type.flush_interval;
  out.defaults.own = Own{};
  if (type.spools) out.defaults.spool.path = kSpoolAuto;
  setting::append_rows<Settings, Own>(out.rows, type.rows, &own_of<Own>, out.name);
  out.make = [make = type.make](const Making& making) { return make(making, own_of<Own>(making.settings)); };
  out.try_out = [try_out = type.try_out](const Making& making, const OnMistake& mistake) {
    try_out(making, own_of<Own>(making.settings), mistake);
  };
  out.complete = [complete = type.complete](const Given& given, Settings& settings) {
    if (complete) complete(settings, given, own_of<Own>(settings));
  };
  out.check = [check = type.check](setting::Reading& in, const std::string& path, const Settings& settings) {
    if (check) check(in, path, settings, own_of<Own>(settings));
  };
  out.check_fields = [check = type.check_fields](setting::Reading& in, const std::string& path,
                                                 std::span<const UserField> fields,
                                                 const Settings& settings) {
    if (check) check(in, path, fields, own_of<Own>(settings));
  };
  if (type.look)
    out.look = [look = type.look](const Making& making) {
      return look(making, own_of<Own>(making.settings));
    };
  out.shape = [shape = type.shape](const Settings& settings, StreamSpec& spec) {
    if (shape) shape(own_of<Own>(settings), spec);
  };
  return out;
}

template <class... Own>
std::vector<Type> all(const std::variant<Own...>* /*the list*/) {
  return {erased(describe(Own{}))...};
}

}  // namespace

const std::vector<Type>& types() {
  static const std::vector<Type> list = all(static_cast<const OwnSettings*>(nullptr));
  return list;
}

const Type& type_of(const Settings& settings) { return types()[settings.own.index()]; }

std::string_view type_name(const Settings& settings) { return type_of(settings).name; }

StreamSpec stream_spec(const Settings& settings) {
  StreamSpec spec;
  spec.format.stream = settings.stream;
  spec.format.format = settings.format;
  if (settings.format == encode::Format::json) {
    spec.format.json_fields = settings.json_fields;
    spec.format.kflow_drop_ipv6 =
        settings.kflow_drop_ipv6 && settings.json_fields == encode::JsonFields::kflow;
  }
  spec.wanted = settings.wanted;
  spec.block_bytes = static_cast<std::size_t>(settings.block_bytes);
  spec.flush_interval = settings.flush_interval;
  type_of(settings).shape(settings, spec);
  return spec;
}

void try_out(const std::string& name, const Settings& settings, unsigned workers, const OnMistake& mistake) {
  type_of(settings).try_out({name, settings, workers, {}, nullptr}, mistake);
  if (auto found = cannot_spool(name, settings)) mistake(std::move(*found));
}

std::unique_ptr<Sink> make_sink(const std::string& name, const Settings& settings, unsigned workers,
                                LogFn log, UserFieldsPtr user_fields) {
  if (const auto mistake = cannot_spool(name, settings)) throw SetupError(*mistake);
  return type_of(settings).make({name, settings, workers, std::move(log), std::move(user_fields)});
}

}  // namespace sluice::sink
