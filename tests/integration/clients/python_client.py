"""What a program does with clickhouse-connect and its defaults, against the store at argv[1]:argv[2]. Prints JSON."""
import datetime
import json
import sys

import clickhouse_connect
from clickhouse_connect.driver.exceptions import DatabaseError

client = clickhouse_connect.get_client(host=sys.argv[1], port=int(sys.argv[2]))
out = {"version": client.server_version}
client.command("CREATE TABLE python (n UInt32, name String, at DateTime64(9, 'UTC')) ENGINE = MergeTree ORDER BY n")
at = datetime.datetime(2024, 5, 6, 7, 8, 9, tzinfo=datetime.timezone.utc)
# Every way in which the client compresses, and its own choice.
for number, compression in enumerate(["lz4", "zstd", "gzip", None]):
    writer = client if compression is None else clickhouse_connect.get_client(
        host=sys.argv[1], port=int(sys.argv[2]), compress=compression)
    summary = writer.insert("python", [[number * 1000 + i, f"row {i}", at] for i in range(1000)],
                            column_names=["n", "name", "at"])
    out[f"written {compression}"] = summary.written_rows
out["rows"] = client.query("SELECT count(), sum(n), uniqExact(name), max(at) = toDateTime64('2024-05-06 07:08:09', 9, 'UTC')"
                           " FROM python").result_rows
out["parameters"] = client.query("SELECT name FROM python WHERE n < {most:UInt32} ORDER BY n",
                                 parameters={"most": 2}).result_rows
out["command"] = client.command("SELECT 7")
out["many"] = len(client.query("SELECT number, toString(number) FROM numbers(500000)").result_rows)
for key, sql in [("unknown table", "SELECT * FROM nope"), ("syntax", "SELEC 1"),
                 ("late", "SELECT number, throwIf(number = 2500000, 'too late') FROM numbers(3000000)")]:
    try:
        client.query(sql)
        out[key] = "no error"
    except DatabaseError as error:
        out[key] = str(error)
# Its requests belong to one session.
client.command("SET max_threads = 1")
client.command("CREATE TEMPORARY TABLE mine (n Int8)")
client.insert("mine", [[5]], column_names=["n"])
out["session"] = client.query("SELECT n, getSetting('max_threads') FROM mine").result_rows
print(json.dumps(out, default=str))
