-- Made by `sluice schema write` from src/tools/schema; changes belong there.
-- Over what each node stores in {{db}}: tables under the names that people ask. They have the columns of the tables
-- below them and hold nothing themselves, so that they are simply made anew.
CREATE OR REPLACE TABLE sluice.flows_raw{{on_cluster}} AS {{db}}.flows_raw
ENGINE = Distributed('{{cluster}}', '{{db}}', 'flows_raw');

CREATE OR REPLACE TABLE sluice.flows_errors{{on_cluster}} AS {{db}}.flows_errors
ENGINE = Distributed('{{cluster}}', '{{db}}', 'flows_errors');

CREATE OR REPLACE TABLE sluice.flows_1m{{on_cluster}} AS {{db}}.flows_1m
ENGINE = Distributed('{{cluster}}', '{{db}}', 'flows_1m');

CREATE OR REPLACE TABLE sluice.flows_5m{{on_cluster}} AS {{db}}.flows_5m
ENGINE = Distributed('{{cluster}}', '{{db}}', 'flows_5m');

CREATE OR REPLACE TABLE sluice.flows_1h{{on_cluster}} AS {{db}}.flows_1h
ENGINE = Distributed('{{cluster}}', '{{db}}', 'flows_1h');

CREATE OR REPLACE TABLE sluice.countries_1h{{on_cluster}} AS {{db}}.countries_1h
ENGINE = Distributed('{{cluster}}', '{{db}}', 'countries_1h');

CREATE OR REPLACE TABLE sluice.sources_1h{{on_cluster}} AS {{db}}.sources_1h
ENGINE = Distributed('{{cluster}}', '{{db}}', 'sources_1h');

CREATE OR REPLACE TABLE sluice.destinations_1h{{on_cluster}} AS {{db}}.destinations_1h
ENGINE = Distributed('{{cluster}}', '{{db}}', 'destinations_1h');

CREATE OR REPLACE TABLE sluice.ports_1h{{on_cluster}} AS {{db}}.ports_1h
ENGINE = Distributed('{{cluster}}', '{{db}}', 'ports_1h');

CREATE OR REPLACE TABLE sluice.interfaces_5m{{on_cluster}} AS {{db}}.interfaces_5m
ENGINE = Distributed('{{cluster}}', '{{db}}', 'interfaces_5m');

CREATE OR REPLACE TABLE sluice.interfaces_1h{{on_cluster}} AS {{db}}.interfaces_1h
ENGINE = Distributed('{{cluster}}', '{{db}}', 'interfaces_1h');

CREATE OR REPLACE TABLE sluice.ases_5m{{on_cluster}} AS {{db}}.ases_5m
ENGINE = Distributed('{{cluster}}', '{{db}}', 'ases_5m');

CREATE OR REPLACE TABLE sluice.ases_1h{{on_cluster}} AS {{db}}.ases_1h
ENGINE = Distributed('{{cluster}}', '{{db}}', 'ases_1h');

CREATE OR REPLACE TABLE sluice.sources_all_1h{{on_cluster}} AS {{db}}.sources_all_1h
ENGINE = Distributed('{{cluster}}', '{{db}}', 'sources_all_1h');

CREATE OR REPLACE TABLE sluice.destinations_all_1h{{on_cluster}} AS {{db}}.destinations_all_1h
ENGINE = Distributed('{{cluster}}', '{{db}}', 'destinations_all_1h');

CREATE OR REPLACE TABLE sluice.exporter_names{{on_cluster}} AS {{db}}.exporter_names
ENGINE = Distributed('{{cluster}}', '{{db}}', 'exporter_names');

CREATE OR REPLACE TABLE sluice.interface_names{{on_cluster}} AS {{db}}.interface_names
ENGINE = Distributed('{{cluster}}', '{{db}}', 'interface_names');

CREATE OR REPLACE TABLE sluice.schema_version{{on_cluster}} AS {{db}}.schema_version
ENGINE = Distributed('{{cluster}}', '{{db}}', 'schema_version');
