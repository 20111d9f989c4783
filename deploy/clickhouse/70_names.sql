-- Names of exporters and interfaces as the flows themselves told them, and dictionaries over them. Caches, since they
-- ask again by themselves when an entry is old: whole-table layouts wait for a reload, which an embedded engine does
-- not do on its own, and a direct layout costs a question per block of rows.
CREATE TABLE IF NOT EXISTS {{db}}.exporter_names{{on_cluster}}
(
    sampler_address IPv6 COMMENT 'Exporter',
    name String COMMENT 'Its name',
    last_seen DateTime64(9, 'UTC') COMMENT 'When a flow told it last'
)
ENGINE = {{replicated}}ReplacingMergeTree(last_seen)
ORDER BY sampler_address;

CREATE TABLE IF NOT EXISTS {{db}}.interface_names{{on_cluster}}
(
    sampler_address IPv6 COMMENT 'Exporter',
    if_index UInt32 COMMENT 'Interface',
    name String COMMENT 'Its name',
    description String COMMENT 'Its description',
    last_seen DateTime64(9, 'UTC') COMMENT 'When a flow told them last'
)
ENGINE = {{replicated}}ReplacingMergeTree(last_seen)
ORDER BY (sampler_address, if_index);

CREATE MATERIALIZED VIEW {{db}}.exporter_names_view{{on_cluster}} TO {{db}}.exporter_names AS
SELECT sampler_address, argMax(exporter_name, time_received) AS name, max(time_received) AS last_seen
FROM {{db}}.flows_raw
WHERE exporter_name != ''
GROUP BY sampler_address;

CREATE MATERIALIZED VIEW {{db}}.interface_names_view{{on_cluster}} TO {{db}}.interface_names AS
SELECT
    sampler_address,
    interface.1 AS if_index,
    argMax(interface.2, time_received) AS name,
    argMax(interface.3, time_received) AS description,
    max(time_received) AS last_seen
FROM
(
    SELECT time_received, sampler_address, in_if, out_if, in_if_name, out_if_name, in_if_description, out_if_description
    FROM {{db}}.flows_raw
    WHERE in_if_name != '' OR in_if_description != '' OR out_if_name != '' OR out_if_description != ''
)
ARRAY JOIN [(in_if, toString(in_if_name), toString(in_if_description)),
            (out_if, toString(out_if_name), toString(out_if_description))] AS interface
WHERE interface.2 != '' OR interface.3 != ''
GROUP BY sampler_address, if_index;

CREATE OR REPLACE DICTIONARY sluice.exporters{{on_cluster}}
(
    sampler_address IPv6,
    name String
)
PRIMARY KEY sampler_address
SOURCE(CLICKHOUSE({{dictionary_user}}QUERY 'SELECT sampler_address, argMax(name, last_seen) AS name FROM sluice.exporter_names GROUP BY sampler_address'))
LAYOUT(COMPLEX_KEY_CACHE(SIZE_IN_CELLS 65536))
LIFETIME(MIN 30 MAX 60);

CREATE OR REPLACE DICTIONARY sluice.interfaces{{on_cluster}}
(
    sampler_address IPv6,
    if_index UInt64,
    name String,
    description String
)
PRIMARY KEY sampler_address, if_index
SOURCE(CLICKHOUSE({{dictionary_user}}QUERY 'SELECT sampler_address, if_index, argMax(name, last_seen) AS name, argMax(description, last_seen) AS description FROM sluice.interface_names GROUP BY sampler_address, if_index'))
LAYOUT(COMPLEX_KEY_CACHE(SIZE_IN_CELLS 262144))
LIFETIME(MIN 30 MAX 60);
