-- Tables as they were before the schema had versions: few columns, and a view that consumes straight into flows_raw.
-- The test puts its broker, topic and consumer group between the braces.
CREATE DATABASE sluice;

CREATE TABLE sluice.flows_raw
(
    time_received DateTime64(9, 'UTC'),
    sampler_address IPv6,
    in_if UInt32,
    out_if UInt32,
    sequence_num UInt32,
    sampling_rate UInt64,
    src_addr IPv6,
    dst_addr IPv6,
    bytes UInt64,
    packets UInt64
)
ENGINE = MergeTree
PARTITION BY toDate(time_received)
ORDER BY (toStartOfFiveMinutes(time_received), sampler_address, in_if, out_if);

CREATE TABLE sluice.flows
(
    time_received_ns UInt64,
    sampler_address String,
    in_if UInt32,
    out_if UInt32,
    sequence_num UInt32,
    sampling_rate UInt64,
    src_addr String,
    dst_addr String,
    bytes UInt64,
    packets UInt64
)
ENGINE = Kafka
SETTINGS
    kafka_broker_list = '{{brokers}}',
    kafka_topic_list = '{{topic}}',
    kafka_group_name = '{{group}}',
    kafka_format = 'Protobuf',
    kafka_schema = 'flow.proto:FlowMessage',
    kafka_flush_interval_ms = 200,
    kafka_poll_timeout_ms = 50,
    kafka_consumer_reschedule_ms = 20;

CREATE MATERIALIZED VIEW sluice.flows_raw_view TO sluice.flows_raw AS
SELECT
    fromUnixTimestamp64Nano(toInt64(time_received_ns), 'UTC') AS time_received,
    CAST(toFixedString(sampler_address, 16) AS IPv6) AS sampler_address,
    in_if,
    out_if,
    sequence_num,
    sampling_rate,
    CAST(toFixedString(src_addr, 16) AS IPv6) AS src_addr,
    CAST(toFixedString(dst_addr, 16) AS IPv6) AS dst_addr,
    bytes,
    packets
FROM sluice.flows;
