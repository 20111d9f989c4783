#!/usr/bin/python3
"""Tables made without columns that not everybody needs: what flows lose, what questions see, and how the columns come back."""
import http.server
import threading
import urllib.error
import urllib.request

from harness import schema
from harness.case import main
from harness.columns import column_sets, every_field, framed, message
from harness.topic import NOON, TopicCase

ALL = ",".join(column_sets())
SUMS = "sum(bytes), sum(packets), sum(bytes_corrected), sum(packets_corrected)"


class ColumnSets(TopicCase):
    def setUp(self):
        super().setUp()
        self.sent = 0
        self.parameters = ["--url", self.store.url, "--schema-dir", self.store.files, "--user-files", self.store.files, "--brokers",
                           self.broker.address, "--topic", self.topic, "--group", self.topic, "--flush-interval", 200]

    def apply(self, *options, status=0):
        result = schema.run(*self.parameters, *options)
        self.assertEqual(result.returncode, status, result.stdout)
        return result.stdout

    def send(self, **values):
        """A message into the topic, and its row into the table."""
        self.produce(framed(message(**values)))
        self.sent += 1
        self.store.wait_for("SELECT count() FROM sluice.flows_raw", self.sent)

    def row(self, sequence_num, names):
        names = list(names)
        return dict(zip(names, self.store.query(f"SELECT {', '.join(names)} FROM sluice.flows_raw WHERE sequence_num = {sequence_num}")[0]))

    def kinds(self):
        """{column: kind}; those that are made of others are always ALIAS."""
        return dict(self.store.query("SELECT name, default_kind FROM system.columns WHERE database = 'sluice' AND table = 'flows_raw'"))

    def told(self):
        """What everybody sees of the columns, whether they are stored or not."""
        return sorted(self.store.query("SELECT name, type, comment FROM system.columns WHERE database = 'sluice' AND table = 'flows_raw'"))

    def check_left_out(self, *names):
        kinds = self.kinds()
        self.assertEqual({name for name, members in column_sets().items() if any(kinds[column] == "ALIAS" for column in members)}, set(names))
        self.assertEqual({name for name, members in column_sets().items() if all(kinds[column] == "ALIAS" for column in members)}, set(names))

    def check_rollups(self):
        raw = self.store.query(f"SELECT count(), {SUMS} FROM sluice.flows_raw")
        self.assertEqual(raw[0][0], self.sent)
        for table in schema.rollups(self.store):
            self.store.wait_for(f"SELECT sum(flows) FROM sluice.{table}", self.sent)  # it is written behind flows_raw
            self.assertEqual(self.store.query(f"SELECT sum(flows), {SUMS} FROM sluice.{table}"), raw, table)

    def test_left_out_from_the_first(self):
        """A flow with every field keeps all that is no set's; names of the others answer as for a flow without them."""
        values, expected = every_field(NOON)
        rare = {column for members in column_sets().values() for column in members}
        self.apply("--without", ALL)
        self.check_left_out(*column_sets())
        self.send(**{**values, "sequence_num": 1})
        self.send(sequence_num=2, time_received_ns=NOON)
        absent = self.row(2, rare)
        self.assertEqual(self.row(1, rare), absent)
        kept = expected.keys() - rare - {"sequence_num"}
        self.assertEqual(self.row(1, kept), {name: expected[name] for name in kept})
        self.check_rollups()
        told, derived = self.told(), [name for name, kind in self.kinds().items() if kind == "ALIAS" and name not in rare]
        answers = self.row(2, derived)
        before = self.store.value("SELECT uuid FROM system.tables WHERE database = 'sluice' AND name = 'flows'")
        self.assertIn("nothing to do", self.apply())  # the table knows
        self.assertEqual(self.store.value("SELECT uuid FROM system.tables WHERE database = 'sluice' AND name = 'flows'"), before)
        self.apply("--with", "all")
        self.check_left_out()
        self.assertEqual(self.told(), told)
        self.send(**{**values, "sequence_num": 3})
        self.assertEqual(self.row(3, expected.keys() - {"sequence_num"}), {name: value for name, value in expected.items() if name != "sequence_num"})
        self.assertEqual(self.row(2, rare), absent)  # the same absent values, stored and not
        self.assertEqual(self.row(1, rare), absent)
        self.assertEqual(self.row(2, derived), answers)
        self.check_rollups()

    def test_stored_values_stay(self):
        """What stored flows have goes only where somebody says so, and only that."""
        self.apply()
        self.check_left_out()
        refused = self.apply("--without", "unused", status=2)
        self.assertIn("no flow is stored yet that could tell", refused)
        self.send(sequence_num=1, time_received_ns=NOON, nat_event=0, post_nat_src_addr=bytes([192, 0, 2, 7]), bytes=10)
        self.send(sequence_num=2, time_received_ns=NOON, mpls_label=[7, 8], wlan_ssid="guests", bytes=20)
        shown = dict(line.split()[:2] for line in self.apply("--show-sets").splitlines())
        self.assertEqual(shown, {name: "used" if name in ("nat", "mpls", "wlan") else "empty" for name in column_sets()})
        before = self.store.query("SELECT name, uuid, create_table_query FROM system.tables WHERE database = 'sluice' AND engine != 'Dictionary' ORDER BY name")
        refused = self.apply("--without", "nat,vrf,wlan", status=2)
        self.assertIn("stored flows have values of nat, wlan, which would go; --drop-values says that they may", refused)
        self.assertEqual(self.store.query("SELECT name, uuid, create_table_query FROM system.tables WHERE database = 'sluice' AND engine != 'Dictionary' ORDER BY name"), before)
        unused = sorted(set(column_sets()) - {"nat", "mpls", "wlan", "bgp"})
        said = self.apply("--without", "unused", "--with", "bgp")
        self.assertIn("flows_raw is made without the columns of ", said)
        self.check_left_out(*unused)
        self.assertEqual(self.row(1, ["nat_event", "post_nat_src_ip"]), {"nat_event": 0, "post_nat_src_ip": "192.0.2.7"})
        self.apply("--without", "nat", "--drop-values", "--with", "vrf,ip")
        self.check_left_out(*({*unused, "nat"} - {"vrf", "ip"}))
        self.assertEqual(self.row(1, ["nat_event", "post_nat_src_ip", "bytes"]), {"nat_event": None, "post_nat_src_ip": "::", "bytes": 10})
        self.assertEqual(self.row(2, ["mpls_label", "wlan_ssid"]), {"mpls_label": [7, 8], "wlan_ssid": "guests"})
        self.send(sequence_num=3, time_received_ns=NOON, nat_event=1, ip_ttl=64, egress_vrf_id=0, wlan_ssid="staff", http_host="x", bytes=30)
        self.assertEqual(self.row(3, ["nat_event", "ip_ttl", "egress_vrf_id", "wlan_ssid", "http_host"]),
                         {"nat_event": None, "ip_ttl": 64, "egress_vrf_id": 0, "wlan_ssid": "staff", "http_host": ""})
        shown = dict(line.split()[:2] for line in self.apply("--show-sets").splitlines())
        self.assertEqual([shown[name] for name in ("nat", "ip", "vrf", "bgp", "application")], ["out", "used", "used", "empty", "out"])
        self.check_rollups()

    def test_values_that_come_meanwhile_stay(self):
        """A set is used for the first time between the look at stored flows and the stop of consumption."""
        self.apply()
        self.send(sequence_num=1, time_received_ns=NOON, bytes=10)

        def meanwhile():
            self.send(sequence_num=2, time_received_ns=NOON, mpls_label=[7], bytes=20)
        with Before(self.store.url, "DROP TABLE IF EXISTS sluice.flows SYNC", meanwhile) as url:
            self.parameters[self.parameters.index("--url") + 1] = url
            said = self.apply("--without", "mpls,nat")
        self.assertIn("flows with values of mpls came meanwhile", said)
        self.check_left_out("nat")
        self.assertEqual(self.row(2, ["mpls_label"]), {"mpls_label": [7]})
        self.check_rollups()


class Before:
    """An address at which a store is asked, where something happens just before a statement goes on to it, once."""

    def __init__(self, target, statement, action):
        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(handler):
                body = handler.rfile.read(int(handler.headers.get("Content-Length", 0)))
                if self.action and statement.encode() in body:
                    action, self.action = self.action, None
                    action()
                request = urllib.request.Request(target + handler.path, body, {"Content-Type": "text/plain"})
                try:
                    with urllib.request.urlopen(request) as answer:
                        status, text = answer.status, answer.read()
                except urllib.error.HTTPError as refused:
                    status, text = refused.code, refused.read()
                handler.send_response(status)
                handler.send_header("Content-Length", str(len(text)))
                handler.end_headers()
                handler.wfile.write(text)

            def log_message(self, *_):
                pass
        self.action = action
        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.thread = threading.Thread(target=self.server.serve_forever)

    def __enter__(self):
        self.thread.start()
        return f"http://127.0.0.1:{self.server.server_port}"

    def __exit__(self, *_):
        self.server.shutdown()
        self.thread.join()
        self.server.server_close()


if __name__ == "__main__":
    main()
