-- The database, and the versions of the schema that were applied to it.
CREATE DATABASE IF NOT EXISTS sluice{{on_cluster}};

-- The same one, or on a cluster the one that holds what each node stores.
CREATE DATABASE IF NOT EXISTS {{db}}{{on_cluster}};

CREATE TABLE IF NOT EXISTS {{db}}.schema_version{{on_cluster}}
(
    version UInt32 COMMENT 'Version of the scripts',
    applied_at DateTime64(3, 'UTC') COMMENT 'When they were applied',
    definition String COMMENT 'SHA-256 of the scripts with their parameters'
)
ENGINE = {{replicated}}MergeTree
ORDER BY (applied_at, version);
