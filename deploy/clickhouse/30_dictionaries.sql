-- Names of numbers, from the CSV files beside these scripts. asns and networks are yours to fill.
CREATE OR REPLACE DICTIONARY sluice.protocols{{on_cluster}}
(
    proto UInt64,
    name String,
    description String
)
PRIMARY KEY proto
SOURCE(FILE(path 'sluice_protocols.csv' format 'CSVWithNames'))
LAYOUT(FLAT())
LIFETIME(MIN 600 MAX 900);

CREATE OR REPLACE DICTIONARY sluice.ethertypes{{on_cluster}}
(
    etype UInt64,
    name String,
    description String
)
PRIMARY KEY etype
SOURCE(FILE(path 'sluice_ethertypes.csv' format 'CSVWithNames'))
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
SOURCE(FILE(path 'sluice_tcp_flags.csv' format 'CSVWithNames'))
LAYOUT(FLAT())
LIFETIME(MIN 600 MAX 900);

CREATE OR REPLACE DICTIONARY sluice.icmp_types{{on_cluster}}
(
    proto UInt64,
    type UInt64,
    name String
)
PRIMARY KEY proto, type
SOURCE(FILE(path 'sluice_icmp_types.csv' format 'CSVWithNames'))
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
SOURCE(FILE(path 'sluice_icmp_codes.csv' format 'CSVWithNames'))
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
SOURCE(FILE(path 'sluice_ports.csv' format 'CSVWithNames'))
LAYOUT(COMPLEX_KEY_HASHED())
LIFETIME(MIN 600 MAX 900);

CREATE OR REPLACE DICTIONARY sluice.asns{{on_cluster}}
(
    asn UInt64,
    name String,
    country String
)
PRIMARY KEY asn
SOURCE(FILE(path 'sluice_asns.csv' format 'CSVWithNames'))
LAYOUT(HASHED())
LIFETIME(MIN 600 MAX 900);

CREATE OR REPLACE DICTIONARY sluice.networks{{on_cluster}}
(
    prefix String,
    name String,
    asn UInt32 DEFAULT 0
)
PRIMARY KEY prefix
SOURCE(FILE(path 'sluice_networks.csv' format 'CSVWithNames'))
LAYOUT(IP_TRIE())
LIFETIME(MIN 600 MAX 900);
