-- Names of numbers, from the CSV files beside these scripts. asns and networks are yours to fill.
CREATE OR REPLACE DICTIONARY sluice.protocols{{on_cluster}}
(
    proto UInt64,
    name String,
    description String
)
PRIMARY KEY proto
SOURCE(CLICKHOUSE({{dictionary_user}}QUERY 'SELECT * FROM file(''sluice_protocols.csv'', ''CSVWithNames'', ''proto UInt64, name String, description String'')'))
LAYOUT(FLAT())
LIFETIME(MIN 600 MAX 900);

CREATE OR REPLACE DICTIONARY sluice.ethertypes{{on_cluster}}
(
    etype UInt64,
    name String,
    description String
)
PRIMARY KEY etype
SOURCE(CLICKHOUSE({{dictionary_user}}QUERY 'SELECT * FROM file(''sluice_ethertypes.csv'', ''CSVWithNames'', ''etype UInt64, name String, description String'')'))
LAYOUT(HASHED())
LIFETIME(MIN 600 MAX 900);

CREATE OR REPLACE DICTIONARY sluice.tcp_flags{{on_cluster}}
(
    flag UInt64,
    letter String,
    name String,
    description String
)
PRIMARY KEY flag
SOURCE(CLICKHOUSE({{dictionary_user}}QUERY 'SELECT * FROM file(''sluice_tcp_flags.csv'', ''CSVWithNames'', ''flag UInt64, letter String, name String, description String'')'))
LAYOUT(FLAT())
LIFETIME(MIN 600 MAX 900);

CREATE OR REPLACE DICTIONARY sluice.icmp_types{{on_cluster}}
(
    proto UInt64,
    type UInt64,
    name String
)
PRIMARY KEY proto, type
SOURCE(CLICKHOUSE({{dictionary_user}}QUERY 'SELECT * FROM file(''sluice_icmp_types.csv'', ''CSVWithNames'', ''proto UInt64, type UInt64, name String'')'))
LAYOUT(COMPLEX_KEY_HASHED())
LIFETIME(MIN 600 MAX 900);

CREATE OR REPLACE DICTIONARY sluice.icmp_codes{{on_cluster}}
(
    proto UInt64,
    type UInt64,
    code UInt64,
    name String
)
PRIMARY KEY proto, type, code
SOURCE(CLICKHOUSE({{dictionary_user}}QUERY 'SELECT * FROM file(''sluice_icmp_codes.csv'', ''CSVWithNames'', ''proto UInt64, type UInt64, code UInt64, name String'')'))
LAYOUT(COMPLEX_KEY_HASHED())
LIFETIME(MIN 600 MAX 900);

CREATE OR REPLACE DICTIONARY sluice.ports{{on_cluster}}
(
    proto UInt64,
    port UInt64,
    name String,
    description String
)
PRIMARY KEY proto, port
SOURCE(CLICKHOUSE({{dictionary_user}}QUERY 'SELECT * FROM file(''sluice_ports.csv'', ''CSVWithNames'', ''proto UInt64, port UInt64, name String, description String'')'))
LAYOUT(COMPLEX_KEY_HASHED())
LIFETIME(MIN 600 MAX 900);

CREATE OR REPLACE DICTIONARY sluice.asns{{on_cluster}}
(
    asn UInt64,
    name String,
    country String
)
PRIMARY KEY asn
SOURCE(CLICKHOUSE({{dictionary_user}}QUERY 'SELECT * FROM file(''sluice_asns.csv'', ''CSVWithNames'', ''asn UInt64, name String, country String'')'))
LAYOUT(HASHED())
LIFETIME(MIN 600 MAX 900);

CREATE OR REPLACE DICTIONARY sluice.networks{{on_cluster}}
(
    prefix String,
    name String,
    asn UInt32 DEFAULT 0
)
PRIMARY KEY prefix
SOURCE(CLICKHOUSE({{dictionary_user}}QUERY 'SELECT * FROM file(''sluice_networks.csv'', ''CSVWithNames'', ''prefix String, name String, asn UInt32'')'))
LAYOUT(IP_TRIE())
LIFETIME(MIN 600 MAX 900);
