-- Made by `sluice schema write` from src/lib/flow/rollups.cpp; changes belong there.
-- Rollups: sums by exporter, interfaces, ASes, ethertype, protocol and sampling rate. The rate is part of the key, so
-- that bytes x rate stays exact however rows are merged. Always ask with sum(): rows of one key are merged some time.
-- A sampling rate of 0 is unknown; corrected sums count it as 1, and `WHERE sampling_rate = 0` shows how much that is.

CREATE TABLE IF NOT EXISTS {{db}}.flows_1m{{on_cluster}}
(
    time DateTime('UTC') COMMENT 'Start of the minute in which the collector received the flows' CODEC(DoubleDelta, ZSTD(1)),
    sampler_address IPv6 COMMENT 'Exporter' CODEC(ZSTD(1)),
    in_if UInt32 COMMENT 'Input interface' CODEC(ZSTD(1)),
    out_if UInt32 COMMENT 'Output interface' CODEC(ZSTD(1)),
    src_as UInt32 COMMENT 'Source AS number' CODEC(ZSTD(1)),
    dst_as UInt32 COMMENT 'Destination AS number' CODEC(ZSTD(1)),
    etype UInt32 COMMENT 'Ethertype of the network layer' CODEC(ZSTD(1)),
    proto UInt32 COMMENT 'IP protocol number' CODEC(ZSTD(1)),
    sampling_rate UInt64 COMMENT 'Packets that one sampled packet stands for; 0 unknown' CODEC(ZSTD(1)),
    bytes UInt128 COMMENT 'Bytes as counted, never multiplied by the rate' CODEC(ZSTD(1)),
    packets UInt128 COMMENT 'Packets as counted, never multiplied by the rate' CODEC(ZSTD(1)),
    flows UInt64 COMMENT 'Flows' CODEC(T64, ZSTD(1)),
    bytes_corrected UInt128 ALIAS bytes * toUInt128(least(greatest(sampling_rate, 1), 4294967295)) COMMENT 'Bytes times the sampling rate; an unknown rate counts as 1, one above 4294967295 as that',
    packets_corrected UInt128 ALIAS packets * toUInt128(least(greatest(sampling_rate, 1), 4294967295)) COMMENT 'Packets times the sampling rate; an unknown rate counts as 1, one above 4294967295 as that',
    sampler_ip String ALIAS sluice_ip(sampler_address) COMMENT 'Exporter as text'
)
ENGINE = {{replicated}}SummingMergeTree((bytes, packets, flows))
PARTITION BY toMonday(time)
ORDER BY (time, sampler_address, in_if, out_if, src_as, dst_as, etype, proto, sampling_rate)
TTL toDate(time) + INTERVAL {{retention_1m}} DAY
SETTINGS ttl_only_drop_parts = 1, non_replicated_deduplication_window = {{repeats}};

ALTER TABLE {{db}}.flows_1m{{on_cluster}}
    MODIFY COLUMN IF EXISTS bytes UInt128 COMMENT 'Bytes as counted, never multiplied by the rate' CODEC(ZSTD(1)),
    MODIFY COLUMN IF EXISTS packets UInt128 COMMENT 'Packets as counted, never multiplied by the rate' CODEC(ZSTD(1)),
    MODIFY COLUMN IF EXISTS flows UInt64 COMMENT 'Flows' CODEC(T64, ZSTD(1)),
    MODIFY COLUMN IF EXISTS bytes_corrected UInt128 ALIAS bytes * toUInt128(least(greatest(sampling_rate, 1), 4294967295)) COMMENT 'Bytes times the sampling rate; an unknown rate counts as 1, one above 4294967295 as that',
    MODIFY COLUMN IF EXISTS packets_corrected UInt128 ALIAS packets * toUInt128(least(greatest(sampling_rate, 1), 4294967295)) COMMENT 'Packets times the sampling rate; an unknown rate counts as 1, one above 4294967295 as that',
    MODIFY COLUMN IF EXISTS sampler_ip String ALIAS sluice_ip(sampler_address) COMMENT 'Exporter as text';

ALTER TABLE {{db}}.flows_1m{{on_cluster}} MODIFY TTL toDate(time) + INTERVAL {{retention_1m}} DAY;
ALTER TABLE {{db}}.flows_1m{{on_cluster}} MODIFY SETTING non_replicated_deduplication_window = {{repeats}};

CREATE MATERIALIZED VIEW {{db}}.flows_1m_view{{on_cluster}} TO {{db}}.flows_1m AS
SELECT
    toStartOfMinute(time_received) AS time,
    sampler_address, in_if, out_if, src_as, dst_as, etype, proto, sampling_rate,
    sum(toUInt128(bytes)) AS bytes, sum(toUInt128(packets)) AS packets, count() AS flows
FROM {{db}}.flows_raw
GROUP BY time, sampler_address, in_if, out_if, src_as, dst_as, etype, proto, sampling_rate;

CREATE TABLE IF NOT EXISTS {{db}}.flows_5m{{on_cluster}}
(
    time DateTime('UTC') COMMENT 'Start of the five minutes in which the collector received the flows' CODEC(DoubleDelta, ZSTD(1)),
    sampler_address IPv6 COMMENT 'Exporter' CODEC(ZSTD(1)),
    in_if UInt32 COMMENT 'Input interface' CODEC(ZSTD(1)),
    out_if UInt32 COMMENT 'Output interface' CODEC(ZSTD(1)),
    src_as UInt32 COMMENT 'Source AS number' CODEC(ZSTD(1)),
    dst_as UInt32 COMMENT 'Destination AS number' CODEC(ZSTD(1)),
    etype UInt32 COMMENT 'Ethertype of the network layer' CODEC(ZSTD(1)),
    proto UInt32 COMMENT 'IP protocol number' CODEC(ZSTD(1)),
    sampling_rate UInt64 COMMENT 'Packets that one sampled packet stands for; 0 unknown' CODEC(ZSTD(1)),
    bytes UInt128 COMMENT 'Bytes as counted, never multiplied by the rate' CODEC(ZSTD(1)),
    packets UInt128 COMMENT 'Packets as counted, never multiplied by the rate' CODEC(ZSTD(1)),
    flows UInt64 COMMENT 'Flows' CODEC(T64, ZSTD(1)),
    bytes_corrected UInt128 ALIAS bytes * toUInt128(least(greatest(sampling_rate, 1), 4294967295)) COMMENT 'Bytes times the sampling rate; an unknown rate counts as 1, one above 4294967295 as that',
    packets_corrected UInt128 ALIAS packets * toUInt128(least(greatest(sampling_rate, 1), 4294967295)) COMMENT 'Packets times the sampling rate; an unknown rate counts as 1, one above 4294967295 as that',
    sampler_ip String ALIAS sluice_ip(sampler_address) COMMENT 'Exporter as text'
)
ENGINE = {{replicated}}SummingMergeTree((bytes, packets, flows))
PARTITION BY toYYYYMM(time)
ORDER BY (time, sampler_address, in_if, out_if, src_as, dst_as, etype, proto, sampling_rate)
TTL toDate(time) + INTERVAL {{retention_5m}} DAY
SETTINGS ttl_only_drop_parts = 1, non_replicated_deduplication_window = {{repeats}};

ALTER TABLE {{db}}.flows_5m{{on_cluster}}
    MODIFY COLUMN IF EXISTS bytes UInt128 COMMENT 'Bytes as counted, never multiplied by the rate' CODEC(ZSTD(1)),
    MODIFY COLUMN IF EXISTS packets UInt128 COMMENT 'Packets as counted, never multiplied by the rate' CODEC(ZSTD(1)),
    MODIFY COLUMN IF EXISTS flows UInt64 COMMENT 'Flows' CODEC(T64, ZSTD(1)),
    MODIFY COLUMN IF EXISTS bytes_corrected UInt128 ALIAS bytes * toUInt128(least(greatest(sampling_rate, 1), 4294967295)) COMMENT 'Bytes times the sampling rate; an unknown rate counts as 1, one above 4294967295 as that',
    MODIFY COLUMN IF EXISTS packets_corrected UInt128 ALIAS packets * toUInt128(least(greatest(sampling_rate, 1), 4294967295)) COMMENT 'Packets times the sampling rate; an unknown rate counts as 1, one above 4294967295 as that',
    MODIFY COLUMN IF EXISTS sampler_ip String ALIAS sluice_ip(sampler_address) COMMENT 'Exporter as text';

ALTER TABLE {{db}}.flows_5m{{on_cluster}} MODIFY TTL toDate(time) + INTERVAL {{retention_5m}} DAY;
ALTER TABLE {{db}}.flows_5m{{on_cluster}} MODIFY SETTING non_replicated_deduplication_window = {{repeats}};

CREATE MATERIALIZED VIEW {{db}}.flows_5m_view{{on_cluster}} TO {{db}}.flows_5m AS
SELECT
    toStartOfFiveMinutes(time) AS time,
    sampler_address, in_if, out_if, src_as, dst_as, etype, proto, sampling_rate,
    sum(bytes) AS bytes, sum(packets) AS packets, sum(flows) AS flows
FROM {{db}}.flows_1m
GROUP BY time, sampler_address, in_if, out_if, src_as, dst_as, etype, proto, sampling_rate;

CREATE TABLE IF NOT EXISTS {{db}}.flows_1h{{on_cluster}}
(
    time DateTime('UTC') COMMENT 'Start of the hour in which the collector received the flows' CODEC(DoubleDelta, ZSTD(1)),
    sampler_address IPv6 COMMENT 'Exporter' CODEC(ZSTD(1)),
    in_if UInt32 COMMENT 'Input interface' CODEC(ZSTD(1)),
    out_if UInt32 COMMENT 'Output interface' CODEC(ZSTD(1)),
    src_as UInt32 COMMENT 'Source AS number' CODEC(ZSTD(1)),
    dst_as UInt32 COMMENT 'Destination AS number' CODEC(ZSTD(1)),
    etype UInt32 COMMENT 'Ethertype of the network layer' CODEC(ZSTD(1)),
    proto UInt32 COMMENT 'IP protocol number' CODEC(ZSTD(1)),
    sampling_rate UInt64 COMMENT 'Packets that one sampled packet stands for; 0 unknown' CODEC(ZSTD(1)),
    bytes UInt128 COMMENT 'Bytes as counted, never multiplied by the rate' CODEC(ZSTD(1)),
    packets UInt128 COMMENT 'Packets as counted, never multiplied by the rate' CODEC(ZSTD(1)),
    flows UInt64 COMMENT 'Flows' CODEC(T64, ZSTD(1)),
    bytes_corrected UInt128 ALIAS bytes * toUInt128(least(greatest(sampling_rate, 1), 4294967295)) COMMENT 'Bytes times the sampling rate; an unknown rate counts as 1, one above 4294967295 as that',
    packets_corrected UInt128 ALIAS packets * toUInt128(least(greatest(sampling_rate, 1), 4294967295)) COMMENT 'Packets times the sampling rate; an unknown rate counts as 1, one above 4294967295 as that',
    sampler_ip String ALIAS sluice_ip(sampler_address) COMMENT 'Exporter as text'
)
ENGINE = {{replicated}}SummingMergeTree((bytes, packets, flows))
PARTITION BY toYYYYMM(time)
ORDER BY (time, sampler_address, in_if, out_if, src_as, dst_as, etype, proto, sampling_rate)
TTL toDate(time) + INTERVAL {{retention_1h}} DAY
SETTINGS ttl_only_drop_parts = 1, non_replicated_deduplication_window = {{repeats}};

ALTER TABLE {{db}}.flows_1h{{on_cluster}}
    MODIFY COLUMN IF EXISTS bytes UInt128 COMMENT 'Bytes as counted, never multiplied by the rate' CODEC(ZSTD(1)),
    MODIFY COLUMN IF EXISTS packets UInt128 COMMENT 'Packets as counted, never multiplied by the rate' CODEC(ZSTD(1)),
    MODIFY COLUMN IF EXISTS flows UInt64 COMMENT 'Flows' CODEC(T64, ZSTD(1)),
    MODIFY COLUMN IF EXISTS bytes_corrected UInt128 ALIAS bytes * toUInt128(least(greatest(sampling_rate, 1), 4294967295)) COMMENT 'Bytes times the sampling rate; an unknown rate counts as 1, one above 4294967295 as that',
    MODIFY COLUMN IF EXISTS packets_corrected UInt128 ALIAS packets * toUInt128(least(greatest(sampling_rate, 1), 4294967295)) COMMENT 'Packets times the sampling rate; an unknown rate counts as 1, one above 4294967295 as that',
    MODIFY COLUMN IF EXISTS sampler_ip String ALIAS sluice_ip(sampler_address) COMMENT 'Exporter as text';

ALTER TABLE {{db}}.flows_1h{{on_cluster}} MODIFY TTL toDate(time) + INTERVAL {{retention_1h}} DAY;
ALTER TABLE {{db}}.flows_1h{{on_cluster}} MODIFY SETTING non_replicated_deduplication_window = {{repeats}};

CREATE MATERIALIZED VIEW {{db}}.flows_1h_view{{on_cluster}} TO {{db}}.flows_1h AS
SELECT
    toStartOfHour(time) AS time,
    sampler_address, in_if, out_if, src_as, dst_as, etype, proto, sampling_rate,
    sum(bytes) AS bytes, sum(packets) AS packets, sum(flows) AS flows
FROM {{db}}.flows_5m
GROUP BY time, sampler_address, in_if, out_if, src_as, dst_as, etype, proto, sampling_rate;

CREATE TABLE IF NOT EXISTS {{db}}.countries_1h{{on_cluster}}
(
    time DateTime('UTC') COMMENT 'Start of the hour in which the collector received the flows' CODEC(DoubleDelta, ZSTD(1)),
    sampler_address IPv6 COMMENT 'Exporter' CODEC(ZSTD(1)),
    src_country LowCardinality(String) COMMENT 'Country of the source address, two letters (ISO 3166-1)' CODEC(ZSTD(1)),
    dst_country LowCardinality(String) COMMENT 'Country of the destination address, two letters (ISO 3166-1)' CODEC(ZSTD(1)),
    sampling_rate UInt64 COMMENT 'Packets that one sampled packet stands for; 0 unknown' CODEC(ZSTD(1)),
    bytes UInt128 COMMENT 'Bytes as counted, never multiplied by the rate' CODEC(ZSTD(1)),
    packets UInt128 COMMENT 'Packets as counted, never multiplied by the rate' CODEC(ZSTD(1)),
    flows UInt64 COMMENT 'Flows' CODEC(T64, ZSTD(1)),
    bytes_corrected UInt128 ALIAS bytes * toUInt128(least(greatest(sampling_rate, 1), 4294967295)) COMMENT 'Bytes times the sampling rate; an unknown rate counts as 1, one above 4294967295 as that',
    packets_corrected UInt128 ALIAS packets * toUInt128(least(greatest(sampling_rate, 1), 4294967295)) COMMENT 'Packets times the sampling rate; an unknown rate counts as 1, one above 4294967295 as that',
    sampler_ip String ALIAS sluice_ip(sampler_address) COMMENT 'Exporter as text'
)
ENGINE = {{replicated}}SummingMergeTree((bytes, packets, flows))
PARTITION BY toYYYYMM(time)
ORDER BY (time, sampler_address, src_country, dst_country, sampling_rate)
TTL toDate(time) + INTERVAL {{retention_1h}} DAY
SETTINGS ttl_only_drop_parts = 1, non_replicated_deduplication_window = {{repeats}};

ALTER TABLE {{db}}.countries_1h{{on_cluster}}
    MODIFY COLUMN IF EXISTS bytes UInt128 COMMENT 'Bytes as counted, never multiplied by the rate' CODEC(ZSTD(1)),
    MODIFY COLUMN IF EXISTS packets UInt128 COMMENT 'Packets as counted, never multiplied by the rate' CODEC(ZSTD(1)),
    MODIFY COLUMN IF EXISTS flows UInt64 COMMENT 'Flows' CODEC(T64, ZSTD(1)),
    MODIFY COLUMN IF EXISTS bytes_corrected UInt128 ALIAS bytes * toUInt128(least(greatest(sampling_rate, 1), 4294967295)) COMMENT 'Bytes times the sampling rate; an unknown rate counts as 1, one above 4294967295 as that',
    MODIFY COLUMN IF EXISTS packets_corrected UInt128 ALIAS packets * toUInt128(least(greatest(sampling_rate, 1), 4294967295)) COMMENT 'Packets times the sampling rate; an unknown rate counts as 1, one above 4294967295 as that',
    MODIFY COLUMN IF EXISTS sampler_ip String ALIAS sluice_ip(sampler_address) COMMENT 'Exporter as text';

ALTER TABLE {{db}}.countries_1h{{on_cluster}} MODIFY TTL toDate(time) + INTERVAL {{retention_1h}} DAY;
ALTER TABLE {{db}}.countries_1h{{on_cluster}} MODIFY SETTING non_replicated_deduplication_window = {{repeats}};

CREATE MATERIALIZED VIEW {{db}}.countries_1h_view{{on_cluster}} TO {{db}}.countries_1h AS
SELECT
    toStartOfHour(toDateTime(time_received, 'UTC')) AS time,
    sampler_address, src_country, dst_country, sampling_rate,
    sum(toUInt128(bytes)) AS bytes, sum(toUInt128(packets)) AS packets, count() AS flows
FROM {{db}}.flows_raw
GROUP BY time, sampler_address, src_country, dst_country, sampling_rate;

-- Rollups by what flows_1m leaves out, by the hour, for the question who and what has the most: addresses as sources
-- and as destinations, and ports. Each is by itself: all of it in one would be nearly as long as flows_raw. Columns
-- have the names that they have there, so that a statement can take either.

CREATE TABLE IF NOT EXISTS {{db}}.sources_1h{{on_cluster}}
(
    time DateTime('UTC') COMMENT 'Start of the hour in which the collector received the flows' CODEC(DoubleDelta, ZSTD(1)),
    sampler_address IPv6 COMMENT 'Exporter' CODEC(ZSTD(1)),
    src_addr IPv6 COMMENT 'Source address' CODEC(ZSTD(1)),
    proto UInt32 COMMENT 'IP protocol number' CODEC(ZSTD(1)),
    sampling_rate UInt64 COMMENT 'Packets that one sampled packet stands for; 0 unknown' CODEC(ZSTD(1)),
    bytes UInt128 COMMENT 'Bytes as counted, never multiplied by the rate' CODEC(ZSTD(1)),
    packets UInt128 COMMENT 'Packets as counted, never multiplied by the rate' CODEC(ZSTD(1)),
    flows UInt64 COMMENT 'Flows' CODEC(T64, ZSTD(1)),
    bytes_corrected UInt128 ALIAS bytes * toUInt128(least(greatest(sampling_rate, 1), 4294967295)) COMMENT 'Bytes times the sampling rate; an unknown rate counts as 1, one above 4294967295 as that',
    packets_corrected UInt128 ALIAS packets * toUInt128(least(greatest(sampling_rate, 1), 4294967295)) COMMENT 'Packets times the sampling rate; an unknown rate counts as 1, one above 4294967295 as that',
    sampler_ip String ALIAS sluice_ip(sampler_address) COMMENT 'Exporter as text'
)
ENGINE = {{replicated}}SummingMergeTree((bytes, packets, flows))
PARTITION BY toMonday(time)
ORDER BY (time, sampler_address, src_addr, proto, sampling_rate)
TTL toDate(time) + INTERVAL {{retention_top}} DAY
SETTINGS ttl_only_drop_parts = 1, non_replicated_deduplication_window = {{repeats}};

ALTER TABLE {{db}}.sources_1h{{on_cluster}}
    MODIFY COLUMN IF EXISTS bytes UInt128 COMMENT 'Bytes as counted, never multiplied by the rate' CODEC(ZSTD(1)),
    MODIFY COLUMN IF EXISTS packets UInt128 COMMENT 'Packets as counted, never multiplied by the rate' CODEC(ZSTD(1)),
    MODIFY COLUMN IF EXISTS flows UInt64 COMMENT 'Flows' CODEC(T64, ZSTD(1)),
    MODIFY COLUMN IF EXISTS bytes_corrected UInt128 ALIAS bytes * toUInt128(least(greatest(sampling_rate, 1), 4294967295)) COMMENT 'Bytes times the sampling rate; an unknown rate counts as 1, one above 4294967295 as that',
    MODIFY COLUMN IF EXISTS packets_corrected UInt128 ALIAS packets * toUInt128(least(greatest(sampling_rate, 1), 4294967295)) COMMENT 'Packets times the sampling rate; an unknown rate counts as 1, one above 4294967295 as that',
    MODIFY COLUMN IF EXISTS sampler_ip String ALIAS sluice_ip(sampler_address) COMMENT 'Exporter as text';

ALTER TABLE {{db}}.sources_1h{{on_cluster}} MODIFY TTL toDate(time) + INTERVAL {{retention_top}} DAY;
ALTER TABLE {{db}}.sources_1h{{on_cluster}} MODIFY SETTING non_replicated_deduplication_window = {{repeats}};

CREATE MATERIALIZED VIEW {{db}}.sources_1h_view{{on_cluster}} TO {{db}}.sources_1h AS
SELECT
    toStartOfHour(toDateTime(time_received, 'UTC')) AS time,
    sampler_address, src_addr, proto, sampling_rate,
    sum(toUInt128(bytes)) AS bytes, sum(toUInt128(packets)) AS packets, count() AS flows
FROM {{db}}.flows_raw
GROUP BY time, sampler_address, src_addr, proto, sampling_rate;

CREATE TABLE IF NOT EXISTS {{db}}.destinations_1h{{on_cluster}}
(
    time DateTime('UTC') COMMENT 'Start of the hour in which the collector received the flows' CODEC(DoubleDelta, ZSTD(1)),
    sampler_address IPv6 COMMENT 'Exporter' CODEC(ZSTD(1)),
    dst_addr IPv6 COMMENT 'Destination address' CODEC(ZSTD(1)),
    proto UInt32 COMMENT 'IP protocol number' CODEC(ZSTD(1)),
    sampling_rate UInt64 COMMENT 'Packets that one sampled packet stands for; 0 unknown' CODEC(ZSTD(1)),
    bytes UInt128 COMMENT 'Bytes as counted, never multiplied by the rate' CODEC(ZSTD(1)),
    packets UInt128 COMMENT 'Packets as counted, never multiplied by the rate' CODEC(ZSTD(1)),
    flows UInt64 COMMENT 'Flows' CODEC(T64, ZSTD(1)),
    bytes_corrected UInt128 ALIAS bytes * toUInt128(least(greatest(sampling_rate, 1), 4294967295)) COMMENT 'Bytes times the sampling rate; an unknown rate counts as 1, one above 4294967295 as that',
    packets_corrected UInt128 ALIAS packets * toUInt128(least(greatest(sampling_rate, 1), 4294967295)) COMMENT 'Packets times the sampling rate; an unknown rate counts as 1, one above 4294967295 as that',
    sampler_ip String ALIAS sluice_ip(sampler_address) COMMENT 'Exporter as text'
)
ENGINE = {{replicated}}SummingMergeTree((bytes, packets, flows))
PARTITION BY toMonday(time)
ORDER BY (time, sampler_address, dst_addr, proto, sampling_rate)
TTL toDate(time) + INTERVAL {{retention_top}} DAY
SETTINGS ttl_only_drop_parts = 1, non_replicated_deduplication_window = {{repeats}};

ALTER TABLE {{db}}.destinations_1h{{on_cluster}}
    MODIFY COLUMN IF EXISTS bytes UInt128 COMMENT 'Bytes as counted, never multiplied by the rate' CODEC(ZSTD(1)),
    MODIFY COLUMN IF EXISTS packets UInt128 COMMENT 'Packets as counted, never multiplied by the rate' CODEC(ZSTD(1)),
    MODIFY COLUMN IF EXISTS flows UInt64 COMMENT 'Flows' CODEC(T64, ZSTD(1)),
    MODIFY COLUMN IF EXISTS bytes_corrected UInt128 ALIAS bytes * toUInt128(least(greatest(sampling_rate, 1), 4294967295)) COMMENT 'Bytes times the sampling rate; an unknown rate counts as 1, one above 4294967295 as that',
    MODIFY COLUMN IF EXISTS packets_corrected UInt128 ALIAS packets * toUInt128(least(greatest(sampling_rate, 1), 4294967295)) COMMENT 'Packets times the sampling rate; an unknown rate counts as 1, one above 4294967295 as that',
    MODIFY COLUMN IF EXISTS sampler_ip String ALIAS sluice_ip(sampler_address) COMMENT 'Exporter as text';

ALTER TABLE {{db}}.destinations_1h{{on_cluster}} MODIFY TTL toDate(time) + INTERVAL {{retention_top}} DAY;
ALTER TABLE {{db}}.destinations_1h{{on_cluster}} MODIFY SETTING non_replicated_deduplication_window = {{repeats}};

CREATE MATERIALIZED VIEW {{db}}.destinations_1h_view{{on_cluster}} TO {{db}}.destinations_1h AS
SELECT
    toStartOfHour(toDateTime(time_received, 'UTC')) AS time,
    sampler_address, dst_addr, proto, sampling_rate,
    sum(toUInt128(bytes)) AS bytes, sum(toUInt128(packets)) AS packets, count() AS flows
FROM {{db}}.flows_raw
GROUP BY time, sampler_address, dst_addr, proto, sampling_rate;

CREATE TABLE IF NOT EXISTS {{db}}.ports_1h{{on_cluster}}
(
    time DateTime('UTC') COMMENT 'Start of the hour in which the collector received the flows' CODEC(DoubleDelta, ZSTD(1)),
    sampler_address IPv6 COMMENT 'Exporter' CODEC(ZSTD(1)),
    proto UInt32 COMMENT 'IP protocol number' CODEC(ZSTD(1)),
    service_port UInt32 COMMENT 'The lower of the two ports, which mostly is that of the service' CODEC(ZSTD(1)),
    sampling_rate UInt64 COMMENT 'Packets that one sampled packet stands for; 0 unknown' CODEC(ZSTD(1)),
    bytes UInt128 COMMENT 'Bytes as counted, never multiplied by the rate' CODEC(ZSTD(1)),
    packets UInt128 COMMENT 'Packets as counted, never multiplied by the rate' CODEC(ZSTD(1)),
    flows UInt64 COMMENT 'Flows' CODEC(T64, ZSTD(1)),
    bytes_corrected UInt128 ALIAS bytes * toUInt128(least(greatest(sampling_rate, 1), 4294967295)) COMMENT 'Bytes times the sampling rate; an unknown rate counts as 1, one above 4294967295 as that',
    packets_corrected UInt128 ALIAS packets * toUInt128(least(greatest(sampling_rate, 1), 4294967295)) COMMENT 'Packets times the sampling rate; an unknown rate counts as 1, one above 4294967295 as that',
    sampler_ip String ALIAS sluice_ip(sampler_address) COMMENT 'Exporter as text'
)
ENGINE = {{replicated}}SummingMergeTree((bytes, packets, flows))
PARTITION BY toMonday(time)
ORDER BY (time, sampler_address, proto, service_port, sampling_rate)
TTL toDate(time) + INTERVAL {{retention_top}} DAY
SETTINGS ttl_only_drop_parts = 1, non_replicated_deduplication_window = {{repeats}};

ALTER TABLE {{db}}.ports_1h{{on_cluster}}
    MODIFY COLUMN IF EXISTS bytes UInt128 COMMENT 'Bytes as counted, never multiplied by the rate' CODEC(ZSTD(1)),
    MODIFY COLUMN IF EXISTS packets UInt128 COMMENT 'Packets as counted, never multiplied by the rate' CODEC(ZSTD(1)),
    MODIFY COLUMN IF EXISTS flows UInt64 COMMENT 'Flows' CODEC(T64, ZSTD(1)),
    MODIFY COLUMN IF EXISTS bytes_corrected UInt128 ALIAS bytes * toUInt128(least(greatest(sampling_rate, 1), 4294967295)) COMMENT 'Bytes times the sampling rate; an unknown rate counts as 1, one above 4294967295 as that',
    MODIFY COLUMN IF EXISTS packets_corrected UInt128 ALIAS packets * toUInt128(least(greatest(sampling_rate, 1), 4294967295)) COMMENT 'Packets times the sampling rate; an unknown rate counts as 1, one above 4294967295 as that',
    MODIFY COLUMN IF EXISTS sampler_ip String ALIAS sluice_ip(sampler_address) COMMENT 'Exporter as text';

ALTER TABLE {{db}}.ports_1h{{on_cluster}} MODIFY TTL toDate(time) + INTERVAL {{retention_top}} DAY;
ALTER TABLE {{db}}.ports_1h{{on_cluster}} MODIFY SETTING non_replicated_deduplication_window = {{repeats}};

CREATE MATERIALIZED VIEW {{db}}.ports_1h_view{{on_cluster}} TO {{db}}.ports_1h AS
SELECT
    toStartOfHour(toDateTime(time_received, 'UTC')) AS time,
    sampler_address, proto, least(src_port, dst_port) AS service_port, sampling_rate,
    sum(toUInt128(bytes)) AS bytes, sum(toUInt128(packets)) AS packets, count() AS flows
FROM {{db}}.flows_raw
GROUP BY time, sampler_address, proto, service_port, sampling_rate;
