-- Made by `sluice schema write` from src/lib/flow/rollups.cpp; changes belong there.
-- Consumption stops here and starts again with the last statement of 90_consume.sql. The Kafka table goes first:
-- dropping it waits for the block under way and its commit, while a view dropped under a running consumer would let
-- it commit rows that go nowhere. The consumer group keeps its offsets, so that nothing in between is missed.
DROP TABLE IF EXISTS {{db}}.flows{{on_cluster}} SYNC;
DROP TABLE IF EXISTS {{db}}.flows_native{{on_cluster}} SYNC;
DROP VIEW IF EXISTS {{db}}.flows_consumer{{on_cluster}} SYNC;
DROP VIEW IF EXISTS {{db}}.flows_raw_view{{on_cluster}} SYNC;
DROP VIEW IF EXISTS {{db}}.flows_faults_view{{on_cluster}} SYNC;
DROP VIEW IF EXISTS {{db}}.flows_native_consumer{{on_cluster}} SYNC;
DROP VIEW IF EXISTS {{db}}.flows_native_raw_view{{on_cluster}} SYNC;
DROP VIEW IF EXISTS {{db}}.flows_native_faults_view{{on_cluster}} SYNC;
DROP VIEW IF EXISTS {{db}}.flows_errors_view{{on_cluster}} SYNC;
DROP TABLE IF EXISTS {{db}}.flows_faults{{on_cluster}} SYNC;
DROP TABLE IF EXISTS {{db}}.flows_feed{{on_cluster}} SYNC;
DROP TABLE IF EXISTS {{db}}.flows_native_feed{{on_cluster}} SYNC;
DROP VIEW IF EXISTS {{db}}.flows_1m_view{{on_cluster}} SYNC;
DROP VIEW IF EXISTS {{db}}.flows_5m_view{{on_cluster}} SYNC;
DROP VIEW IF EXISTS {{db}}.flows_1h_view{{on_cluster}} SYNC;
DROP VIEW IF EXISTS {{db}}.countries_1h_view{{on_cluster}} SYNC;
DROP VIEW IF EXISTS {{db}}.sources_1h_view{{on_cluster}} SYNC;
DROP VIEW IF EXISTS {{db}}.destinations_1h_view{{on_cluster}} SYNC;
DROP VIEW IF EXISTS {{db}}.ports_1h_view{{on_cluster}} SYNC;
DROP VIEW IF EXISTS {{db}}.interfaces_5m_view{{on_cluster}} SYNC;
DROP VIEW IF EXISTS {{db}}.interfaces_1h_view{{on_cluster}} SYNC;
DROP VIEW IF EXISTS {{db}}.ases_5m_view{{on_cluster}} SYNC;
DROP VIEW IF EXISTS {{db}}.ases_1h_view{{on_cluster}} SYNC;
DROP VIEW IF EXISTS {{db}}.sources_all_1h_view{{on_cluster}} SYNC;
DROP VIEW IF EXISTS {{db}}.destinations_all_1h_view{{on_cluster}} SYNC;
DROP VIEW IF EXISTS {{db}}.exporter_names_view{{on_cluster}} SYNC;
DROP VIEW IF EXISTS {{db}}.interface_names_view{{on_cluster}} SYNC;
