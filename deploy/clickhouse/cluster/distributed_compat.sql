-- The same over the tables of compat_goflow.sql.
CREATE DATABASE IF NOT EXISTS goflow{{on_cluster}};
CREATE DATABASE IF NOT EXISTS goflow2{{on_cluster}};

CREATE OR REPLACE TABLE goflow.flows_raw{{on_cluster}} AS {{goflow}}.flows_raw
ENGINE = Distributed('{{cluster}}', '{{goflow}}', 'flows_raw');

CREATE OR REPLACE TABLE goflow.flows_5m{{on_cluster}} AS {{goflow}}.flows_5m
ENGINE = Distributed('{{cluster}}', '{{goflow}}', 'flows_5m');

CREATE OR REPLACE TABLE goflow2.flows_raw{{on_cluster}} AS {{goflow2}}.flows_raw
ENGINE = Distributed('{{cluster}}', '{{goflow2}}', 'flows_raw');

CREATE OR REPLACE TABLE goflow2.flows_5m{{on_cluster}} AS {{goflow2}}.flows_5m
ENGINE = Distributed('{{cluster}}', '{{goflow2}}', 'flows_5m');
