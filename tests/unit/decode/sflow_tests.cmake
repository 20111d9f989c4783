# Tests of the packet parser and the sFlow decoder; paths are relative to tests/unit/decode.
set(SFLOW_TESTS
  packet_test.cpp tunnel_test.cpp sflow_test.cpp sflow_extended_test.cpp sflow_damage_test.cpp sflow_observer_test.cpp sflow_captures_test.cpp)
