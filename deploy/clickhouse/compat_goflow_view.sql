-- The kcg demo's view for people. After cluster/distributed_compat.sql, so that there it shows all shards.
CREATE OR REPLACE VIEW goflow2.flows_raw_view{{on_cluster}} AS
SELECT
    transform(flows_raw.type, [0, 1, 2, 3, 4], ['unknown', 'sflow_5', 'netflow_v5', 'netflow_v9', 'ipfix'], toString(flows_raw.type)) AS type,
    time_received,
    sequence_num,
    convertFixedStringIpToString(flows_raw.sampler_address) AS sampler_address,
    time_flow_start,
    time_flow_end,
    flows_raw.bytes * greatest(sampling_rate, 1) AS bytes,
    flows_raw.packets * greatest(sampling_rate, 1) AS packets,
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
