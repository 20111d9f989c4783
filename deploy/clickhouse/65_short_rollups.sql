-- Made by `sluice schema write` from src/lib/flow/rollups.cpp; changes belong there.
-- Short rollups: those of 60_rollups.sql with fewer keys, made of what goes into them. A question that needs no more keys
-- reads a tenth of the rows here: flows without ASes, ASes without interfaces, and addresses over all exporters.

CREATE TABLE IF NOT EXISTS {{db}}.interfaces_5m{{on_cluster}}
(
    time DateTime('UTC') COMMENT 'Start of the five minutes in which the collector received the flows' CODEC(DoubleDelta, ZSTD(1)),
    sampler_address IPv6 COMMENT 'Exporter' CODEC(ZSTD(1)),
    in_if UInt32 COMMENT 'Input interface' CODEC(ZSTD(1)),
    out_if UInt32 COMMENT 'Output interface' CODEC(ZSTD(1)),
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
ORDER BY (time, sampler_address, in_if, out_if, etype, proto, sampling_rate)
TTL toDate(time) + INTERVAL {{retention_5m}} DAY
SETTINGS ttl_only_drop_parts = 1, non_replicated_deduplication_window = {{repeats}};

ALTER TABLE {{db}}.interfaces_5m{{on_cluster}}
    MODIFY COLUMN IF EXISTS bytes UInt128 COMMENT 'Bytes as counted, never multiplied by the rate' CODEC(ZSTD(1)),
    MODIFY COLUMN IF EXISTS packets UInt128 COMMENT 'Packets as counted, never multiplied by the rate' CODEC(ZSTD(1)),
    MODIFY COLUMN IF EXISTS flows UInt64 COMMENT 'Flows' CODEC(T64, ZSTD(1)),
    MODIFY COLUMN IF EXISTS bytes_corrected UInt128 ALIAS bytes * toUInt128(least(greatest(sampling_rate, 1), 4294967295)) COMMENT 'Bytes times the sampling rate; an unknown rate counts as 1, one above 4294967295 as that',
    MODIFY COLUMN IF EXISTS packets_corrected UInt128 ALIAS packets * toUInt128(least(greatest(sampling_rate, 1), 4294967295)) COMMENT 'Packets times the sampling rate; an unknown rate counts as 1, one above 4294967295 as that',
    MODIFY COLUMN IF EXISTS sampler_ip String ALIAS sluice_ip(sampler_address) COMMENT 'Exporter as text';

ALTER TABLE {{db}}.interfaces_5m{{on_cluster}} MODIFY TTL toDate(time) + INTERVAL {{retention_5m}} DAY;
ALTER TABLE {{db}}.interfaces_5m{{on_cluster}} MODIFY SETTING non_replicated_deduplication_window = {{repeats}};

CREATE MATERIALIZED VIEW {{db}}.interfaces_5m_view{{on_cluster}} TO {{db}}.interfaces_5m AS
SELECT
    time, sampler_address, in_if, out_if, etype, proto, sampling_rate,
    sum(bytes) AS bytes, sum(packets) AS packets, sum(flows) AS flows
FROM {{db}}.flows_5m
GROUP BY time, sampler_address, in_if, out_if, etype, proto, sampling_rate;

CREATE TABLE IF NOT EXISTS {{db}}.interfaces_1h{{on_cluster}}
(
    time DateTime('UTC') COMMENT 'Start of the hour in which the collector received the flows' CODEC(DoubleDelta, ZSTD(1)),
    sampler_address IPv6 COMMENT 'Exporter' CODEC(ZSTD(1)),
    in_if UInt32 COMMENT 'Input interface' CODEC(ZSTD(1)),
    out_if UInt32 COMMENT 'Output interface' CODEC(ZSTD(1)),
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
ORDER BY (time, sampler_address, in_if, out_if, etype, proto, sampling_rate)
TTL toDate(time) + INTERVAL {{retention_1h}} DAY
SETTINGS ttl_only_drop_parts = 1, non_replicated_deduplication_window = {{repeats}};

ALTER TABLE {{db}}.interfaces_1h{{on_cluster}}
    MODIFY COLUMN IF EXISTS bytes UInt128 COMMENT 'Bytes as counted, never multiplied by the rate' CODEC(ZSTD(1)),
    MODIFY COLUMN IF EXISTS packets UInt128 COMMENT 'Packets as counted, never multiplied by the rate' CODEC(ZSTD(1)),
    MODIFY COLUMN IF EXISTS flows UInt64 COMMENT 'Flows' CODEC(T64, ZSTD(1)),
    MODIFY COLUMN IF EXISTS bytes_corrected UInt128 ALIAS bytes * toUInt128(least(greatest(sampling_rate, 1), 4294967295)) COMMENT 'Bytes times the sampling rate; an unknown rate counts as 1, one above 4294967295 as that',
    MODIFY COLUMN IF EXISTS packets_corrected UInt128 ALIAS packets * toUInt128(least(greatest(sampling_rate, 1), 4294967295)) COMMENT 'Packets times the sampling rate; an unknown rate counts as 1, one above 4294967295 as that',
    MODIFY COLUMN IF EXISTS sampler_ip String ALIAS sluice_ip(sampler_address) COMMENT 'Exporter as text';

ALTER TABLE {{db}}.interfaces_1h{{on_cluster}} MODIFY TTL toDate(time) + INTERVAL {{retention_1h}} DAY;
ALTER TABLE {{db}}.interfaces_1h{{on_cluster}} MODIFY SETTING non_replicated_deduplication_window = {{repeats}};

CREATE MATERIALIZED VIEW {{db}}.interfaces_1h_view{{on_cluster}} TO {{db}}.interfaces_1h AS
SELECT
    time, sampler_address, in_if, out_if, etype, proto, sampling_rate,
    sum(bytes) AS bytes, sum(packets) AS packets, sum(flows) AS flows
FROM {{db}}.flows_1h
GROUP BY time, sampler_address, in_if, out_if, etype, proto, sampling_rate;

CREATE TABLE IF NOT EXISTS {{db}}.ases_5m{{on_cluster}}
(
    time DateTime('UTC') COMMENT 'Start of the five minutes in which the collector received the flows' CODEC(DoubleDelta, ZSTD(1)),
    sampler_address IPv6 COMMENT 'Exporter' CODEC(ZSTD(1)),
    src_as UInt32 COMMENT 'Source AS number' CODEC(ZSTD(1)),
    dst_as UInt32 COMMENT 'Destination AS number' CODEC(ZSTD(1)),
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
ORDER BY (time, sampler_address, src_as, dst_as, sampling_rate)
TTL toDate(time) + INTERVAL {{retention_5m}} DAY
SETTINGS ttl_only_drop_parts = 1, non_replicated_deduplication_window = {{repeats}};

ALTER TABLE {{db}}.ases_5m{{on_cluster}}
    MODIFY COLUMN IF EXISTS bytes UInt128 COMMENT 'Bytes as counted, never multiplied by the rate' CODEC(ZSTD(1)),
    MODIFY COLUMN IF EXISTS packets UInt128 COMMENT 'Packets as counted, never multiplied by the rate' CODEC(ZSTD(1)),
    MODIFY COLUMN IF EXISTS flows UInt64 COMMENT 'Flows' CODEC(T64, ZSTD(1)),
    MODIFY COLUMN IF EXISTS bytes_corrected UInt128 ALIAS bytes * toUInt128(least(greatest(sampling_rate, 1), 4294967295)) COMMENT 'Bytes times the sampling rate; an unknown rate counts as 1, one above 4294967295 as that',
    MODIFY COLUMN IF EXISTS packets_corrected UInt128 ALIAS packets * toUInt128(least(greatest(sampling_rate, 1), 4294967295)) COMMENT 'Packets times the sampling rate; an unknown rate counts as 1, one above 4294967295 as that',
    MODIFY COLUMN IF EXISTS sampler_ip String ALIAS sluice_ip(sampler_address) COMMENT 'Exporter as text';

ALTER TABLE {{db}}.ases_5m{{on_cluster}} MODIFY TTL toDate(time) + INTERVAL {{retention_5m}} DAY;
ALTER TABLE {{db}}.ases_5m{{on_cluster}} MODIFY SETTING non_replicated_deduplication_window = {{repeats}};

CREATE MATERIALIZED VIEW {{db}}.ases_5m_view{{on_cluster}} TO {{db}}.ases_5m AS
SELECT
    time, sampler_address, src_as, dst_as, sampling_rate,
    sum(bytes) AS bytes, sum(packets) AS packets, sum(flows) AS flows
FROM {{db}}.flows_5m
GROUP BY time, sampler_address, src_as, dst_as, sampling_rate;

CREATE TABLE IF NOT EXISTS {{db}}.ases_1h{{on_cluster}}
(
    time DateTime('UTC') COMMENT 'Start of the hour in which the collector received the flows' CODEC(DoubleDelta, ZSTD(1)),
    sampler_address IPv6 COMMENT 'Exporter' CODEC(ZSTD(1)),
    src_as UInt32 COMMENT 'Source AS number' CODEC(ZSTD(1)),
    dst_as UInt32 COMMENT 'Destination AS number' CODEC(ZSTD(1)),
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
ORDER BY (time, sampler_address, src_as, dst_as, sampling_rate)
TTL toDate(time) + INTERVAL {{retention_1h}} DAY
SETTINGS ttl_only_drop_parts = 1, non_replicated_deduplication_window = {{repeats}};

ALTER TABLE {{db}}.ases_1h{{on_cluster}}
    MODIFY COLUMN IF EXISTS bytes UInt128 COMMENT 'Bytes as counted, never multiplied by the rate' CODEC(ZSTD(1)),
    MODIFY COLUMN IF EXISTS packets UInt128 COMMENT 'Packets as counted, never multiplied by the rate' CODEC(ZSTD(1)),
    MODIFY COLUMN IF EXISTS flows UInt64 COMMENT 'Flows' CODEC(T64, ZSTD(1)),
    MODIFY COLUMN IF EXISTS bytes_corrected UInt128 ALIAS bytes * toUInt128(least(greatest(sampling_rate, 1), 4294967295)) COMMENT 'Bytes times the sampling rate; an unknown rate counts as 1, one above 4294967295 as that',
    MODIFY COLUMN IF EXISTS packets_corrected UInt128 ALIAS packets * toUInt128(least(greatest(sampling_rate, 1), 4294967295)) COMMENT 'Packets times the sampling rate; an unknown rate counts as 1, one above 4294967295 as that',
    MODIFY COLUMN IF EXISTS sampler_ip String ALIAS sluice_ip(sampler_address) COMMENT 'Exporter as text';

ALTER TABLE {{db}}.ases_1h{{on_cluster}} MODIFY TTL toDate(time) + INTERVAL {{retention_1h}} DAY;
ALTER TABLE {{db}}.ases_1h{{on_cluster}} MODIFY SETTING non_replicated_deduplication_window = {{repeats}};

CREATE MATERIALIZED VIEW {{db}}.ases_1h_view{{on_cluster}} TO {{db}}.ases_1h AS
SELECT
    time, sampler_address, src_as, dst_as, sampling_rate,
    sum(bytes) AS bytes, sum(packets) AS packets, sum(flows) AS flows
FROM {{db}}.flows_1h
GROUP BY time, sampler_address, src_as, dst_as, sampling_rate;

CREATE TABLE IF NOT EXISTS {{db}}.sources_all_1h{{on_cluster}}
(
    time DateTime('UTC') COMMENT 'Start of the hour in which the collector received the flows' CODEC(DoubleDelta, ZSTD(1)),
    src_addr IPv6 COMMENT 'Source address' CODEC(ZSTD(1)),
    sampling_rate UInt64 COMMENT 'Packets that one sampled packet stands for; 0 unknown' CODEC(ZSTD(1)),
    bytes UInt128 COMMENT 'Bytes as counted, never multiplied by the rate' CODEC(ZSTD(1)),
    packets UInt128 COMMENT 'Packets as counted, never multiplied by the rate' CODEC(ZSTD(1)),
    flows UInt64 COMMENT 'Flows' CODEC(T64, ZSTD(1)),
    bytes_corrected UInt128 ALIAS bytes * toUInt128(least(greatest(sampling_rate, 1), 4294967295)) COMMENT 'Bytes times the sampling rate; an unknown rate counts as 1, one above 4294967295 as that',
    packets_corrected UInt128 ALIAS packets * toUInt128(least(greatest(sampling_rate, 1), 4294967295)) COMMENT 'Packets times the sampling rate; an unknown rate counts as 1, one above 4294967295 as that'
)
ENGINE = {{replicated}}SummingMergeTree((bytes, packets, flows))
PARTITION BY toMonday(time)
ORDER BY (time, src_addr, sampling_rate)
TTL toDate(time) + INTERVAL {{retention_top}} DAY
SETTINGS ttl_only_drop_parts = 1, non_replicated_deduplication_window = {{repeats}};

ALTER TABLE {{db}}.sources_all_1h{{on_cluster}}
    MODIFY COLUMN IF EXISTS bytes UInt128 COMMENT 'Bytes as counted, never multiplied by the rate' CODEC(ZSTD(1)),
    MODIFY COLUMN IF EXISTS packets UInt128 COMMENT 'Packets as counted, never multiplied by the rate' CODEC(ZSTD(1)),
    MODIFY COLUMN IF EXISTS flows UInt64 COMMENT 'Flows' CODEC(T64, ZSTD(1)),
    MODIFY COLUMN IF EXISTS bytes_corrected UInt128 ALIAS bytes * toUInt128(least(greatest(sampling_rate, 1), 4294967295)) COMMENT 'Bytes times the sampling rate; an unknown rate counts as 1, one above 4294967295 as that',
    MODIFY COLUMN IF EXISTS packets_corrected UInt128 ALIAS packets * toUInt128(least(greatest(sampling_rate, 1), 4294967295)) COMMENT 'Packets times the sampling rate; an unknown rate counts as 1, one above 4294967295 as that';

ALTER TABLE {{db}}.sources_all_1h{{on_cluster}} MODIFY TTL toDate(time) + INTERVAL {{retention_top}} DAY;
ALTER TABLE {{db}}.sources_all_1h{{on_cluster}} MODIFY SETTING non_replicated_deduplication_window = {{repeats}};

CREATE MATERIALIZED VIEW {{db}}.sources_all_1h_view{{on_cluster}} TO {{db}}.sources_all_1h AS
SELECT
    time, src_addr, sampling_rate,
    sum(bytes) AS bytes, sum(packets) AS packets, sum(flows) AS flows
FROM {{db}}.sources_1h
GROUP BY time, src_addr, sampling_rate;

CREATE TABLE IF NOT EXISTS {{db}}.destinations_all_1h{{on_cluster}}
(
    time DateTime('UTC') COMMENT 'Start of the hour in which the collector received the flows' CODEC(DoubleDelta, ZSTD(1)),
    dst_addr IPv6 COMMENT 'Destination address' CODEC(ZSTD(1)),
    sampling_rate UInt64 COMMENT 'Packets that one sampled packet stands for; 0 unknown' CODEC(ZSTD(1)),
    bytes UInt128 COMMENT 'Bytes as counted, never multiplied by the rate' CODEC(ZSTD(1)),
    packets UInt128 COMMENT 'Packets as counted, never multiplied by the rate' CODEC(ZSTD(1)),
    flows UInt64 COMMENT 'Flows' CODEC(T64, ZSTD(1)),
    bytes_corrected UInt128 ALIAS bytes * toUInt128(least(greatest(sampling_rate, 1), 4294967295)) COMMENT 'Bytes times the sampling rate; an unknown rate counts as 1, one above 4294967295 as that',
    packets_corrected UInt128 ALIAS packets * toUInt128(least(greatest(sampling_rate, 1), 4294967295)) COMMENT 'Packets times the sampling rate; an unknown rate counts as 1, one above 4294967295 as that'
)
ENGINE = {{replicated}}SummingMergeTree((bytes, packets, flows))
PARTITION BY toMonday(time)
ORDER BY (time, dst_addr, sampling_rate)
TTL toDate(time) + INTERVAL {{retention_top}} DAY
SETTINGS ttl_only_drop_parts = 1, non_replicated_deduplication_window = {{repeats}};

ALTER TABLE {{db}}.destinations_all_1h{{on_cluster}}
    MODIFY COLUMN IF EXISTS bytes UInt128 COMMENT 'Bytes as counted, never multiplied by the rate' CODEC(ZSTD(1)),
    MODIFY COLUMN IF EXISTS packets UInt128 COMMENT 'Packets as counted, never multiplied by the rate' CODEC(ZSTD(1)),
    MODIFY COLUMN IF EXISTS flows UInt64 COMMENT 'Flows' CODEC(T64, ZSTD(1)),
    MODIFY COLUMN IF EXISTS bytes_corrected UInt128 ALIAS bytes * toUInt128(least(greatest(sampling_rate, 1), 4294967295)) COMMENT 'Bytes times the sampling rate; an unknown rate counts as 1, one above 4294967295 as that',
    MODIFY COLUMN IF EXISTS packets_corrected UInt128 ALIAS packets * toUInt128(least(greatest(sampling_rate, 1), 4294967295)) COMMENT 'Packets times the sampling rate; an unknown rate counts as 1, one above 4294967295 as that';

ALTER TABLE {{db}}.destinations_all_1h{{on_cluster}} MODIFY TTL toDate(time) + INTERVAL {{retention_top}} DAY;
ALTER TABLE {{db}}.destinations_all_1h{{on_cluster}} MODIFY SETTING non_replicated_deduplication_window = {{repeats}};

CREATE MATERIALIZED VIEW {{db}}.destinations_all_1h_view{{on_cluster}} TO {{db}}.destinations_all_1h AS
SELECT
    time, dst_addr, sampling_rate,
    sum(bytes) AS bytes, sum(packets) AS packets, sum(flows) AS flows
FROM {{db}}.destinations_1h
GROUP BY time, dst_addr, sampling_rate;
