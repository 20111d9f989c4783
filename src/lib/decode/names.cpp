#include "sluice/decode/datagram.hpp"

namespace sluice::decode {

std::string_view name(Protocol protocol) {
  switch (protocol) {
    case Protocol::sflow5:
      return "sflow";
    case Protocol::netflow5:
      return "netflow5";
    case Protocol::netflow9:
      return "netflow9";
    case Protocol::ipfix:
      return "ipfix";
    case Protocol::unknown:
    case Protocol::count:
      break;
  }
  return "unknown";
}

namespace {

struct ErrorText {
  std::string_view name;
  std::string_view sentence;
};

ErrorText text_of(DecodeError error) {
  switch (error) {
    case DecodeError::truncated_header:
      return {"truncated_header", "the datagram ends inside its header"};
    case DecodeError::unknown_version:
      return {"unknown_version", "the version word belongs to no protocol that this listener takes"};
    case DecodeError::bad_length:
      return {"bad_length", "the header's length or count does not fit the datagram"};
    case DecodeError::bad_set:
      return {"bad_set", "a set's length is below 4 or reaches past the datagram"};
    case DecodeError::unknown_set:
      return {"unknown_set", "a set has a reserved id"};
    case DecodeError::bad_template:
      return {"bad_template", "a template definition is cut short or describes empty records"};
    case DecodeError::template_too_large:
      return {"template_too_large", "a template has more fields or longer records than the limits allow"};
    case DecodeError::template_limit:
      return {"template_limit", "the exporter has its full number of templates"};
    case DecodeError::missing_template:
      return {"missing_template", "a data set came without its template"};
    case DecodeError::bad_record:
      return {"bad_record", "a record ends before its fields do"};
    case DecodeError::bad_sample:
      return {"bad_sample", "an sFlow sample does not fit its length"};
    case DecodeError::bad_sample_record:
      return {"bad_sample_record", "a record inside an sFlow sample does not fit its length"};
    case DecodeError::unknown_sample:
      return {"unknown_sample", "an sFlow sample has a format that is not known"};
    case DecodeError::sampler_limit:
      return {"sampler_limit", "the exporter has announced its full number of samplers"};
    case DecodeError::name_limit:
      return {"name_limit",
              "the exporter has named its full number of interfaces, VRFs, applications and MPLS labels"};
    case DecodeError::exporter_limit:
      return {"exporter_limit", "the table of exporters is full"};
    case DecodeError::connection_limit:
      return {"connection_limit", "the exporter has more connections open than are remembered"};
    case DecodeError::state_limit:
      return {"state_limit", "there is no room in decode.state_bytes for what it teaches"};
    case DecodeError::state_evicted:
      return {"state_evicted", "what it had taught was forgotten, for want of room in decode.state_bytes"};
    case DecodeError::rate_limit:
      return {"rate_limit", "the exporter sends more than its max_datagrams_per_second"};
    case DecodeError::out_of_memory:
      return {"out_of_memory", "the datagram is lost, because the process got no more memory"};
    case DecodeError::count:
      break;
  }
  return {"unknown", "unknown error"};
}

}  // namespace

std::string_view name(DecodeError error) { return text_of(error).name; }
std::string_view sentence(DecodeError error) { return text_of(error).sentence; }

}  // namespace sluice::decode
