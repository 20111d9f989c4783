-- Views for people and for the queries of others. After cluster/distributed_compat.sql, so that there they show all shards.
-- The kcg demo's view for people.
CREATE OR REPLACE VIEW goflow2.flows_raw_view{{on_cluster}} AS
SELECT
    transform(flows_raw.type, [0, 1, 2, 3, 4], ['unknown', 'sflow_5', 'netflow_v5', 'netflow_v9', 'ipfix'], toString(flows_raw.type)) AS type,
    time_received,
    sequence_num,
    convertFixedStringIpToString(flows_raw.sampler_address) AS sampler_address,
    time_flow_start,
    time_flow_end,
    flows_raw.bytes * toUInt128(least(greatest(sampling_rate, 1), 4294967295)) AS bytes,
    flows_raw.packets * toUInt128(least(greatest(sampling_rate, 1), 4294967295)) AS packets,
    convertFixedStringIpToString(flows_raw.src_addr) AS src_addr,
    convertFixedStringIpToString(flows_raw.dst_addr) AS dst_addr,
    src_as,
    dst_as,
    etype,
    dictGetOrDefault('sluice.protocols', 'name', toUInt64(flows_raw.proto), toString(flows_raw.proto)) AS proto,
    src_port,
    dst_port
FROM goflow2.flows_raw
ORDER BY time_received DESC;

-- What the Kafka table `flows` has in flow-pipeline and in the kcg demo: the message's own columns, with times as
-- numbers. For queries and views that name it; unlike there, asking it takes nothing away from a consumer.
CREATE OR REPLACE VIEW goflow.flows{{on_cluster}} AS
SELECT
    toUInt64(toUnixTimestamp(flows_raw.TimeReceived)) AS TimeReceived,
    toUInt64(toUnixTimestamp(flows_raw.TimeFlowStart)) AS TimeFlowStart,
    SequenceNum,
    SamplingRate,
    SamplerAddress,
    SrcAddr,
    DstAddr,
    SrcAS,
    DstAS,
    EType,
    Proto,
    SrcPort,
    DstPort,
    Bytes,
    Packets
FROM goflow.flows_raw;

CREATE OR REPLACE VIEW goflow2.flows{{on_cluster}} AS
SELECT
    type,
    toUInt64(toUnixTimestamp64Nano(time_received)) AS time_received_ns,
    sequence_num,
    sampling_rate,
    sampler_address,
    toUInt64(toUnixTimestamp64Nano(time_flow_start)) AS time_flow_start_ns,
    toUInt64(toUnixTimestamp64Nano(time_flow_end)) AS time_flow_end_ns,
    bytes,
    packets,
    src_addr,
    dst_addr,
    src_as,
    dst_as,
    etype,
    proto,
    src_port,
    dst_port
FROM goflow2.flows_raw;
