# The packet parser and the sFlow decoder; paths are relative to src/decode.
set(SFLOW_SOURCES
  packet/parse_packet.cpp packet/link.cpp packet/ip.cpp packet/transport.cpp packet/tunnel.cpp
  sflow/sflow_decoder.cpp sflow/flow_sample.cpp sflow/flow_records.cpp sflow/apply_records.cpp
  sflow/extended_records.cpp sflow/drop_reason.cpp sflow/counter_samples.cpp)
