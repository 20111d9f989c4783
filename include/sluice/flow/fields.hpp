#pragma once
// The table of message fields: one row for each field of FlowMessage, with where its value lives. From it
// come the JSON encoder, the decoders back into a flow, `sluice schema`, the documents and the tests that
// hold proto, table and documents together. The protobuf hot path is written out by hand and tested against
// it. Constant data; any thread.
#include <cstdint>
#include <span>
#include <string_view>

#include "sluice/flow/batch.hpp"

namespace sluice {

enum class FieldKind : std::uint8_t {
  flow_type,    ///< enum FlowType
  direction,    ///< enum FlowDirection
  rate_source,  ///< enum SamplingRateSource
  uint32,
  uint64,
  time_ns,      ///< uint64, nanoseconds of Unix time
  mac,          ///< uint64, 48 bits
  address,      ///< bytes, 4 or 16
  raw,          ///< bytes
  text,         ///< string, UTF-8
  uint32_list,  ///< packed repeated uint32
  layer_list,   ///< packed repeated enum LayerStack
  address_list  ///< repeated bytes
};

/// Where the value lives; `index` is a byte offset for record and origin, an enumerator for the extras.
enum class FieldHome : std::uint8_t {
  record,
  origin,
  extra_scalar,
  extra_address,
  extra_text,
  extra_list,
  extra_address_list
};

struct FieldInfo {
  std::uint16_t number;   ///< of FlowMessage
  std::string_view name;  ///< as in flow.proto
  FieldKind kind;
  FieldHome home;
  std::uint16_t index;        ///< offset or enumerator, see FieldHome
  std::uint8_t width;         ///< bytes of the integer in record or origin; 0 for others
  std::uint16_t size_offset;  ///< record addresses: offset of the size byte
  bool optional;              ///< a present 0 is told from an absent field (proto3 `optional`)
  std::string_view unit;
  std::string_view meaning;  ///< for operators
};

/// All fields in the order of their numbers.
std::span<const FieldInfo> flow_fields();
/// nullptr where there is none of that name.
const FieldInfo* find_field(std::string_view name);
const FieldInfo* find_field(std::uint16_t number);

/// Integer value of a field of kind flow_type..mac wherever it lives; 0 where absent.
std::uint64_t integer_field(const FieldInfo& field, const FlowBatch& batch, const FlowRecord& flow);
/// Stores it (truncated to the member's width).
void set_integer_field(const FieldInfo& field, FlowBatch& batch, FlowRecord& flow, std::uint64_t value);
/// Address value of a field of kind address; the empty address where absent.
IpAddress address_field(const FieldInfo& field, const FlowBatch& batch, const FlowRecord& flow);
void set_address_field(const FieldInfo& field, FlowBatch& batch, FlowRecord& flow, const IpAddress& value);
/// Whether the field is written at all: non-zero or non-empty, or set where `optional`.
bool field_present(const FieldInfo& field, const FlowBatch& batch, const FlowRecord& flow);
/// Text or raw value (kinds text and raw); "" where absent.
std::string_view text_field(const FieldInfo& field, const FlowBatch& batch, const FlowRecord& flow);
void set_text_field(const FieldInfo& field, FlowBatch& batch, FlowRecord& flow, std::string_view value);

}  // namespace sluice
