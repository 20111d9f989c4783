-- For queries and dashboards that were written for others: `goflow` has the tables of flow-pipeline (GoFlow v1), and
-- `goflow2` those of GoFlow2's kcg demo. Both are fed from flows_raw. Their addresses are FixedString(16), an IPv4
-- address in the first four bytes and zeros behind it.
CREATE DATABASE IF NOT EXISTS {{goflow}}{{on_cluster}};
CREATE DATABASE IF NOT EXISTS {{goflow2}}{{on_cluster}};
CREATE DATABASE IF NOT EXISTS dictionaries{{on_cluster}};

-- Their dashboard asks for a protocol's name by this dictionary.
CREATE DICTIONARY IF NOT EXISTS dictionaries.protocols{{on_cluster}}
(
    proto UInt64,
    name String,
    description String
)
PRIMARY KEY proto
SOURCE(CLICKHOUSE({{dictionary_user}}QUERY 'SELECT * FROM file(''sluice_protocols.csv'', ''CSVWithNames'', ''proto UInt64, name String, description String'')'))
LAYOUT(FLAT())
LIFETIME(3600);

CREATE OR REPLACE FUNCTION sluice_address_left{{on_cluster}} AS (address) ->
    toFixedString(if(substring(reinterpretAsFixedString(address), 1, 12) = unhex('00000000000000000000FFFF'),
                     substring(reinterpretAsFixedString(address), 13, 4),
                     substring(reinterpretAsFixedString(address), 1, 16)), 16);

CREATE FUNCTION IF NOT EXISTS convertFixedStringIpToString{{on_cluster}} AS (addr) ->
    if(substring(addr, 5) = unhex('000000000000000000000000'),
       IPv4NumToString(reinterpretAsUInt32(reverse(substring(addr, 1, 4)))), IPv6NumToString(addr));

CREATE TABLE IF NOT EXISTS {{goflow}}.flows_raw{{on_cluster}}
(
    Date Date,
    TimeReceived DateTime CODEC(Delta, ZSTD(1)),
    TimeFlowStart DateTime CODEC(Delta, ZSTD(1)),
    SequenceNum UInt32 CODEC(Delta, ZSTD(1)),
    SamplingRate UInt64 CODEC(ZSTD(1)),
    SamplerAddress FixedString(16) CODEC(ZSTD(1)),
    SrcAddr FixedString(16) CODEC(ZSTD(1)),
    DstAddr FixedString(16) CODEC(ZSTD(1)),
    SrcAS UInt32 CODEC(ZSTD(1)),
    DstAS UInt32 CODEC(ZSTD(1)),
    EType UInt32 CODEC(ZSTD(1)),
    Proto UInt32 CODEC(ZSTD(1)),
    SrcPort UInt32 CODEC(T64, ZSTD(1)),
    DstPort UInt32 CODEC(T64, ZSTD(1)),
    Bytes UInt64 CODEC(T64, ZSTD(1)),
    Packets UInt64 CODEC(T64, ZSTD(1))
)
ENGINE = {{replicated}}MergeTree
PARTITION BY Date
ORDER BY TimeReceived
TTL Date + INTERVAL {{retention}} DAY
SETTINGS ttl_only_drop_parts = 1;

ALTER TABLE {{goflow}}.flows_raw{{on_cluster}} MODIFY TTL Date + INTERVAL {{retention}} DAY;

-- Not in the sort key: ETypeMap.EType, with which rows of one key are never merged and the map is never summed.
CREATE TABLE IF NOT EXISTS {{goflow}}.flows_5m{{on_cluster}}
(
    Date Date,
    Timeslot DateTime,
    SrcAS UInt32,
    DstAS UInt32,
    ETypeMap Nested
    (
        EType UInt32,
        Bytes UInt64,
        Packets UInt64,
        Count UInt64
    ),
    Bytes UInt64,
    Packets UInt64,
    Count UInt64
)
ENGINE = {{replicated}}SummingMergeTree
PARTITION BY toYYYYMM(Date)
ORDER BY (Date, Timeslot, SrcAS, DstAS)
TTL Date + INTERVAL {{retention_5m}} DAY
SETTINGS ttl_only_drop_parts = 1;

ALTER TABLE {{goflow}}.flows_5m{{on_cluster}} MODIFY TTL Date + INTERVAL {{retention_5m}} DAY;

CREATE TABLE IF NOT EXISTS {{goflow2}}.flows_raw{{on_cluster}}
(
    type Int32 CODEC(ZSTD(1)),
    time_received DateTime64(9) CODEC(T64, ZSTD(1)),
    sequence_num UInt32 CODEC(Delta, ZSTD(1)),
    sampling_rate UInt64 CODEC(ZSTD(1)),
    sampler_address FixedString(16) CODEC(ZSTD(1)),
    time_flow_start DateTime64(9) CODEC(GCD, ZSTD(1)),
    time_flow_end DateTime64(9) CODEC(GCD, ZSTD(1)),
    bytes UInt64 CODEC(T64, ZSTD(1)),
    packets UInt64 CODEC(T64, ZSTD(1)),
    src_addr FixedString(16) CODEC(ZSTD(1)),
    dst_addr FixedString(16) CODEC(ZSTD(1)),
    src_as UInt32 CODEC(ZSTD(1)),
    dst_as UInt32 CODEC(ZSTD(1)),
    etype UInt32 CODEC(ZSTD(1)),
    proto UInt32 CODEC(ZSTD(1)),
    src_port UInt32 CODEC(T64, ZSTD(1)),
    dst_port UInt32 CODEC(T64, ZSTD(1))
)
ENGINE = {{replicated}}MergeTree
PARTITION BY toDate(time_received)
ORDER BY time_received
TTL toDate(time_received) + INTERVAL {{retention}} DAY
SETTINGS ttl_only_drop_parts = 1;

ALTER TABLE {{goflow2}}.flows_raw{{on_cluster}} MODIFY TTL toDate(time_received) + INTERVAL {{retention}} DAY;

-- Of a table that an older version made: with T64 behind GCD, ClickHouse 24.8 takes no row.
ALTER TABLE {{goflow2}}.flows_raw{{on_cluster}}
    MODIFY COLUMN time_flow_start DateTime64(9) CODEC(GCD, ZSTD(1)),
    MODIFY COLUMN time_flow_end DateTime64(9) CODEC(GCD, ZSTD(1));

CREATE TABLE IF NOT EXISTS {{goflow2}}.flows_5m{{on_cluster}}
(
    date Date,
    timeslot DateTime,
    src_as UInt32,
    dst_as UInt32,
    etypeMap Nested
    (
        etype UInt32,
        bytes UInt64,
        packets UInt64,
        count UInt64
    ),
    bytes UInt64,
    packets UInt64,
    count UInt64
)
ENGINE = {{replicated}}SummingMergeTree
PARTITION BY toYYYYMM(date)
ORDER BY (date, timeslot, src_as, dst_as)
TTL date + INTERVAL {{retention_5m}} DAY
SETTINGS ttl_only_drop_parts = 1;

ALTER TABLE {{goflow2}}.flows_5m{{on_cluster}} MODIFY TTL date + INTERVAL {{retention_5m}} DAY;

DROP VIEW IF EXISTS {{goflow}}.flows_raw_view{{on_cluster}} SYNC;
CREATE MATERIALIZED VIEW {{goflow}}.flows_raw_view{{on_cluster}} TO {{goflow}}.flows_raw AS
SELECT
    toDate(CAST(time_received AS DateTime)) AS Date,
    CAST(time_received AS DateTime) AS TimeReceived,
    CAST(time_flow_start AS DateTime) AS TimeFlowStart,
    sequence_num AS SequenceNum,
    sampling_rate AS SamplingRate,
    sluice_address_left(sampler_address) AS SamplerAddress,
    sluice_address_left(src_addr) AS SrcAddr,
    sluice_address_left(dst_addr) AS DstAddr,
    src_as AS SrcAS,
    dst_as AS DstAS,
    etype AS EType,
    proto AS Proto,
    src_port AS SrcPort,
    dst_port AS DstPort,
    bytes AS Bytes,
    packets AS Packets
FROM {{db}}.flows_raw;

DROP VIEW IF EXISTS {{goflow}}.flows_5m_view{{on_cluster}} SYNC;
CREATE MATERIALIZED VIEW {{goflow}}.flows_5m_view{{on_cluster}} TO {{goflow}}.flows_5m AS
SELECT
    toDate(CAST(time_received AS DateTime)) AS Date,
    toStartOfFiveMinutes(CAST(time_received AS DateTime)) AS Timeslot,
    src_as AS SrcAS,
    dst_as AS DstAS,
    [etype] AS `ETypeMap.EType`,
    [sum(bytes)] AS `ETypeMap.Bytes`,
    [sum(packets)] AS `ETypeMap.Packets`,
    [count()] AS `ETypeMap.Count`,
    sum(bytes) AS Bytes,
    sum(packets) AS Packets,
    count() AS Count
FROM {{db}}.flows_raw
GROUP BY Date, Timeslot, src_as, dst_as, etype;

DROP VIEW IF EXISTS {{goflow2}}.flows_raw_mv{{on_cluster}} SYNC;
CREATE MATERIALIZED VIEW {{goflow2}}.flows_raw_mv{{on_cluster}} TO {{goflow2}}.flows_raw AS
SELECT
    CAST(type AS Int8) AS type,
    time_received,
    sequence_num,
    sampling_rate,
    sluice_address_left(sampler_address) AS sampler_address,
    time_flow_start,
    time_flow_end,
    bytes,
    packets,
    sluice_address_left(src_addr) AS src_addr,
    sluice_address_left(dst_addr) AS dst_addr,
    src_as,
    dst_as,
    etype,
    proto,
    src_port,
    dst_port
FROM {{db}}.flows_raw;

DROP VIEW IF EXISTS {{goflow2}}.flows_5m_view{{on_cluster}} SYNC;
CREATE MATERIALIZED VIEW {{goflow2}}.flows_5m_view{{on_cluster}} TO {{goflow2}}.flows_5m AS
SELECT
    toDate(CAST(time_received AS DateTime)) AS date,
    toStartOfFiveMinutes(CAST(time_received AS DateTime)) AS timeslot,
    src_as,
    dst_as,
    [etype] AS `etypeMap.etype`,
    [sum(flows_raw.bytes)] AS `etypeMap.bytes`,
    [sum(flows_raw.packets)] AS `etypeMap.packets`,
    [count()] AS `etypeMap.count`,
    sum(flows_raw.bytes) AS bytes,
    sum(flows_raw.packets) AS packets,
    count() AS count
FROM {{db}}.flows_raw
GROUP BY date, timeslot, src_as, dst_as, etype;
