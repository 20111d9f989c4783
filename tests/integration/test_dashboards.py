#!/usr/bin/python3
"""The dashboards of deploy/grafana: each is what Grafana takes, each SQL of a panel or a variable has the answer that its
rows have, and each metric is one that a running daemon shows."""
import itertools
import json
import os
import re
import shutil
import socket
import struct
import subprocess
import sys
import time
import unittest

from harness import answers, daemon, grafana, seeded_flows, udp, waiting
from harness.case import Case, main
from harness.paths import source
from harness.tables import OneStore

HOUR, DAY = 3600, 86400
# Okabe and Ito's colours and a grey: told apart by all kinds of eyes.
COLOURS = {"#0072B2", "#E69F00", "#009E73", "#CC79A7", "#56B4E9", "#D55E00", "#F0E442", "#999999"}


corrected = answers.corrected


class Model(unittest.TestCase):
    """Without Grafana: its documented model, and what a schema cannot say."""
    maxDiff = None

    def setUp(self):
        self.dashboards = grafana.all_dashboards()
        self.assertEqual({"traffic", "collector", "exporter", "names", "postgres/traffic", "mysql/traffic"}, set(self.dashboards))

    def each(self):
        for name, dashboard in self.dashboards.items():
            with self.subTest(dashboard=name):
                yield dashboard

    def test_schema(self):
        try:
            import jsonschema
        except ImportError:
            self.skipTest("python3-jsonschema is not installed (deploy/install-deps.sh test brings it)")
        with open(os.path.join(source(), "tests/data/grafana/dashboard.schema.json")) as file:
            model = json.load(file)
        jsonschema.Draft7Validator.check_schema(model)
        for dashboard in self.each():
            found = [f"{list(error.absolute_path)}: {error.message[:300]}"
                     for outer in jsonschema.Draft7Validator(model).iter_errors(dashboard)
                     for error in [jsonschema.exceptions.best_match([outer])]]
            self.assertEqual([], found)

    def test_panels_have_places_and_numbers_of_their_own(self):
        for dashboard in self.each():
            numbers = [panel["id"] for panel in dashboard["panels"]]
            self.assertEqual(len(numbers), len(set(numbers)))
            taken = {}
            for panel in dashboard["panels"]:
                place = panel["gridPos"]
                self.assertLessEqual(place["x"] + place["w"], 24, panel["title"])
                for cell in itertools.product(range(place["x"], place["x"] + place["w"]), range(place["y"], place["y"] + place["h"])):
                    self.assertNotIn(cell, taken, f"{panel['title']} lies upon {taken.get(cell)}")
                    taken[cell] = panel["title"]
        for field in ("uid", "title"):
            self.assertEqual(6, len({dashboard[field] for dashboard in self.dashboards.values()}))

    def test_each_panel_says_in_one_sentence_what_it_shows(self):
        for dashboard in self.each():
            for panel in grafana.panels(dashboard):
                self.assertRegex(panel["description"], r"^[A-Z][^\n]*[^.\s]\.$", panel["title"])
                self.assertNotIn(". ", panel["description"], panel["title"])

    def test_variables(self):
        """Each that is used is defined, each that is defined is used, and a query asks only those before it."""
        for dashboard in self.each():
            variables = dashboard["templating"]["list"]
            defined = [variable["name"] for variable in variables]
            self.assertEqual(len(defined), len(set(defined)))
            used = set().union(*(grafana.names_used(text) for text in grafana.texts(dashboard)))
            self.assertEqual(set(defined), used)
            for place, variable in enumerate(variables):
                query = grafana.query_of(variable)
                if variable["type"] == "query":
                    self.assertEqual(query, variable["definition"])
                self.assertLessEqual(grafana.names_used(query), set(defined[:place]), variable["name"])

    def test_data_sources_are_provisioned(self):
        try:
            import yaml
        except ImportError:
            self.skipTest("python3-yaml is not installed (deploy/install-deps.sh test brings it)")
        with open(os.path.join(grafana.folder(), "provisioning/datasources/sluice.yaml")) as file:
            provisioned = {(one["uid"], one["type"]) for one in yaml.safe_load(file)["datasources"]}
        used = set()
        for name, dashboard in self.dashboards.items():
            for panel in grafana.panels(dashboard):
                for target in panel["targets"]:
                    self.assertEqual(panel["datasource"], target["datasource"], panel["title"])
            if "/" in name:  # of a database that the stack has not; `sluice grafana setup` makes its data source
                continue
            used |= {(one["datasource"]["uid"], one["datasource"]["type"]) for one in
                     (*grafana.panels(dashboard), *dashboard["templating"]["list"]) if "datasource" in one}
        self.assertEqual(provisioned, used)
        with open(os.path.join(grafana.folder(), "provisioning/dashboards/sluice.yaml")) as file:
            self.assertEqual(["file"], [one["type"] for one in yaml.safe_load(file)["providers"]])

    def test_the_document_tells_every_panel(self):
        """docs/dashboards.md has a table for each dashboard, with its panels in their order, and its variables."""
        with open(os.path.join(source(), "docs/dashboards.md")) as file:
            told = dict(re.findall(r"^## (.*?)\n(.*?)(?=^## |\Z)", file.read(), re.M | re.S))
        for name, dashboard in self.dashboards.items():
            with self.subTest(dashboard=name):
                section = told["Traffic in PostgreSQL or MySQL" if "/" in name else name.capitalize()]
                table = section[section.index("| Panel |"):]
                rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in table.splitlines() if line.startswith("| ")][2:]
                self.assertEqual([(panel["title"], panel["description"].removesuffix(".")) for panel in grafana.panels(dashboard)],
                                 [(row[0], row[2]) for row in rows if len(row) == 4])
                for variable in dashboard["templating"]["list"]:
                    if variable["hide"] == 0:
                        self.assertIn(variable["label"], section)

    def test_colours_are_told_apart_by_all(self):
        for dashboard in self.each():
            text = json.dumps(dashboard)
            self.assertLessEqual(set(re.findall(r'"(#\w+)"', text)), COLOURS)
            self.assertNotRegex(text, r'"(palette|continuous)-')


class Descriptions(Case):
    """deploy/grafana/make_dashboards.py makes what is checked in, and says what is wrong with a description."""

    def setUp(self):
        super().setUp()
        try:
            import yaml  # noqa: F401
        except ImportError:
            self.skipTest("python3-yaml is not installed (deploy/install-deps.sh test brings it)")

    def run_in(self, tree, *arguments):
        return subprocess.run([sys.executable, os.path.join(tree, "deploy/grafana/make_dashboards.py"), *arguments], stdin=subprocess.DEVNULL,
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, timeout=60, check=False)

    def copied(self, name):
        """A tree with what the script reads and writes."""
        tree = self.path(name)
        shutil.copytree(os.path.join(source(), "deploy/grafana"), os.path.join(tree, "deploy/grafana"))
        os.mkdir(os.path.join(tree, "docs"))
        shutil.copy(os.path.join(source(), "docs/dashboards.md"), os.path.join(tree, "docs"))
        return tree

    @staticmethod
    def replace(path, old, new):
        with open(path) as file:
            text = file.read()
        assert old in text, f"{path} has no {old!r}"
        with open(path, "w") as file:
            file.write(text.replace(old, new, 1))

    def test_make_what_is_checked_in(self):
        result = self.run_in(source(), "--check")
        self.assertEqual((0, "", ""), (result.returncode, result.stdout, result.stderr))

    def test_a_difference_is_told_and_mended(self):
        for place, old, new in (("deploy/grafana/dashboards/traffic.json", '"unit": "bps"', '"unit": "Bps"'),
                                ("docs/dashboards.md", "| Traffic | bit/s |", "| Traffic | bytes/s |"),
                                ("deploy/grafana/dashboards/exporter.yaml", "title: Last datagram", "title: Latest datagram")):
            with self.subTest(changed=place):
                tree = self.copied(os.path.basename(place))
                self.replace(os.path.join(tree, place), old, new)
                told = self.run_in(tree, "--check")
                self.assertEqual((1, ""), (told.returncode, told.stdout))
                self.assertIn(place.replace(".yaml", ".json"), told.stderr)
                self.assertIn("python3 deploy/grafana/make_dashboards.py", told.stderr)
                self.assertEqual(0, self.run_in(tree).returncode)
                again = self.run_in(tree, "--check")
                self.assertEqual((0, ""), (again.returncode, again.stderr))

    def test_a_mistake_is_one_sentence(self):
        for number, (file, old, new, told) in enumerate((
                ("traffic", "kind: number", "kin: number", "traffic.yaml, 'Traffic': the key 'kind' is missing"),
                ("traffic", "kind: number", "kind: numbers", "traffic.yaml, 'Traffic': no kind of panel 'numbers'"),
                ("traffic", "unit: bit/s", "unit: bps", "traffic.yaml, 'Traffic': no unit 'bps'"),
                ("traffic", "colour: orange", "color: orange", "traffic.yaml, 'Sampling rate unknown over time': there is no key 'color'"),
                ("traffic", "{1: orange,", "{1: red,", "traffic.yaml, 'Sampling rate unknown': no colour 'red'"),
                ("exporter", "sum(sluice_exporter_templates<of>)", "sum(sluice_exporter_templates<off>)", "'Templates': no piece '<off>'"),
                ("common", "  span: ", "  span: <span> + ", "the piece '<span>' has itself in it"),
                ("collector", "  - size: [4, 4]", "  - size: [4, 4", "collector.yaml:"))):
            with self.subTest(mistake=new):
                tree = self.copied(str(number))
                self.replace(os.path.join(tree, f"deploy/grafana/dashboards/{file}.yaml"), old, new)
                result = self.run_in(tree)
                self.assertEqual((2, ""), (result.returncode, result.stdout))
                self.assertIn(told, result.stderr)
                self.assertEqual(1, result.stderr.count("\n"), result.stderr)


class Answers(OneStore):
    """SQL in the engine, over the shipped tables, whose rows are only read."""
    forged = False

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.end = int(time.time()) // HOUR * HOUR
        cls.rows = seeded_flows.Flows(cls.end, cls.forged)
        # An sFlow agent that sends from another address than its own.
        cls.rows.add(60, seeded_flows.AGENT, "192.0.2.33", "198.51.100.33", exporter_address=seeded_flows.ipv6("203.0.113.33"))
        cls.store.text(cls.rows.insert())
        cls.rows, cls.answers = cls.rows.rows, {}

    def ask(self, sql):
        """The rows; the columns as (name, type) stay in `self.columns`. What was asked before has the same answer."""
        if sql not in self.answers:
            self.answers[sql] = self._ask(sql)
        self.columns, rows = self.answers[sql]
        return rows

    def _ask(self, sql):
        text = self.store.text(sql, default_format="JSONCompactEachRowWithNamesAndTypes", output_format_json_quote_64bit_integers=0,
                               output_format_json_quote_denormals=1)
        names, types, *rows = [json.loads(line) for line in text.splitlines()]
        return list(zip(names, types)), rows

    def opened(self, name, seconds, **chosen):
        """A dashboard over the last `seconds` before the end, which is not of them."""
        return grafana.Asked(grafana.dashboards()[name], grafana.Range(self.end - seconds, self.end - 1), self.ask, **chosen)

    def within(self, seconds):
        return [row for row in self.rows if self.end - seconds <= row["time_received"] / 1e9 < self.end]

    def answer(self, opened, name, title):
        panel, target = next((panel, target) for panel, target in grafana.targets(grafana.dashboards()[name], grafana.CLICKHOUSE)
                             if panel["title"] == title)
        return self.ask(opened.sql(target["rawSql"]))

    def check_columns(self, panel, target, rows):
        """What the panel's kind makes a picture of."""
        names, types = zip(*self.columns)
        number = r"^(UInt64|UInt32|Float64)$"
        if panel["type"] == "stat":
            self.assertEqual((1, 1), (len(rows), len(types)))
            self.assertRegex(types[0], number)
            self.assertIsInstance(rows[0][0], (int, float))
        elif panel["type"] == "timeseries":
            self.assertEqual(0, target["format"])
            self.assertEqual("DateTime('UTC')", types[0])
            self.assertRegex(types[-1], number)
            self.assertEqual(["String"] * (len(types) == 3), list(types[1:-1]))
            self.assertEqual(sorted(row[0] for row in rows), [row[0] for row in rows], "Grafana wants them in order")
            self.assertEqual(len(rows), len({tuple(row[:-1]) for row in rows}), "two values for one point")
            if len(types) == 3:
                self.assertEqual(f"${{__field.labels.{names[1]}}}", panel["fieldConfig"]["defaults"]["displayName"])
        else:
            self.assertEqual(1, target["format"])
            told = {override["matcher"]["options"] for override in panel["fieldConfig"]["overrides"]}
            self.assertLessEqual(set(names), told, "a column without a name or unit")
            for kind in types[1:]:
                self.assertRegex(kind, number)
            self.assertNotIn("nan", str(rows).lower())

    def test_every_panel_and_variable(self):
        """Over an hour, a day and two weeks, which three tables answer."""
        for name, chooser, tables, chosen in (("traffic", "flows", ("flows_1m", "interfaces_5m", "interfaces_1h"), {}),
                                              ("exporter", "flows", ("flows_1m", "interfaces_5m", "interfaces_1h"), {"exporter": seeded_flows.EDGE}),
                                              ("names", "countries", ("flows_raw", "countries_1h", "countries_1h"), {})):
            for seconds, table in zip((HOUR, DAY, 14 * DAY), tables):
                opened = self.opened(name, seconds, **chosen)
                self.assertEqual(table, opened.values[chooser])
                for variable, rows in opened.options.items():
                    self.assertTrue(rows, f"{name}: nothing to choose for {variable}")
                for panel, target in grafana.targets(grafana.dashboards()[name], grafana.CLICKHOUSE):
                    with self.subTest(dashboard=name, panel=panel["title"], seconds=seconds):
                        rows = self.ask(opened.sql(target["rawSql"]))
                        self.assertTrue(rows)
                        self.check_columns(panel, target, rows)

    def test_sums_are_those_of_the_rows(self):
        for seconds in (HOUR, 12 * HOUR, 14 * DAY):
            opened, rows = self.opened("traffic", seconds), self.within(seconds)
            span = seconds - 1
            volume, packets = (sum(corrected(row, what) for row in rows) for what in ("bytes", "packets"))
            unknown = sum(row["sampling_rate"] == 0 for row in rows)
            for title, expected in (("Traffic", volume * 8 / span), ("Packets", packets / span), ("Flows", len(rows) / span),
                                    ("Exporters", len({row["sampler_address"] for row in rows})),
                                    ("Sampling rate unknown", 100 * unknown / len(rows))):
                with self.subTest(panel=title, seconds=seconds):
                    self.assertAlmostEqual(expected, self.answer(opened, "traffic", title)[0][0], delta=abs(expected) * 1e-9)
            for title, key in (("Sources", "src_addr"), ("Destinations", "dst_addr")):
                with self.subTest(panel=title, seconds=seconds):
                    sums = {}
                    for row in rows:
                        sums[row[key]] = sums.get(row[key], 0) + corrected(row, "bytes")
                    got = self.answer(opened, "traffic", title)
                    self.assertEqual(sorted(sums.values(), reverse=True)[:20], [round(row[1] * span / 8) for row in got])
                    for row in got:
                        self.assertEqual(sums[row[0]], round(row[1] * span / 8), row)
                        self.assertAlmostEqual(100 * sums[row[0]] / volume, row[4], places=6)
            with self.subTest(panel="Bits per second by protocol", seconds=seconds):
                points = self.answer(opened, "traffic", "Bits per second by protocol")
                self.assertAlmostEqual(volume * 8 / int(opened.values["step"]), sum(row[2] for row in points), delta=volume * 1e-6)
                self.assertLessEqual({row[1].split()[0] for row in points}, {f"{n}." for n in range(1, 8)} | {"other"})

    def test_the_eighth_and_after_are_others(self):
        points = self.answer(self.opened("traffic", HOUR), "traffic", "By input interface")
        names = {row[1] for row in points}
        self.assertEqual(8, len(names))
        self.assertIn("other", names)

    def test_filters(self):
        """Each choice leaves the flows that it names: rollups and every flow say the same as the rows."""
        edge, core = seeded_flows.EDGE, seeded_flows.CORE
        cases = (
            ({"exporter": [core]}, lambda r: r["sampler_address"] == core),
            ({"exporter": [core, seeded_flows.AGENT]}, lambda r: r["sampler_address"] in (core, seeded_flows.AGENT)),
            ({"interface": [f"{edge}/3"]}, lambda r: r["sampler_address"] == edge and 3 in (r["in_if"], r["out_if"])),
            ({"interface": [f"{edge}/3", f"{core}/1"], "direction": "from"}, lambda r: (r["sampler_address"], r["in_if"]) in ((edge, 3), (core, 1))),
            ({"interface": [f"{edge}/3"], "direction": "to"}, lambda r: (r["sampler_address"], r["out_if"]) == (edge, 3)),
            ({"protocol": ["6", "47"]}, lambda r: r["proto"] in (6, 47)),
            ({"asn": ["64500"]}, lambda r: 64500 in (r["src_as"], r["dst_as"])),
            ({"asn": ["64500", "0"], "direction": "from", "protocol": ["6"]}, lambda r: r["src_as"] in (64500, 0) and r["proto"] == 6),
            ({"asn": ["64501"], "direction": "to", "exporter": [edge]}, lambda r: r["dst_as"] == 64501 and r["sampler_address"] == edge),
            ({"address": "192.0.2.1"}, lambda r: "192.0.2.1" in (r["src_addr"], r["dst_addr"])),
            ({"address": " 198.51.100.0/29 ", "direction": "to"}, lambda r: r["dst_addr"] in {f"198.51.100.{n}" for n in range(8)}),
            ({"address": "2001:db8:1::/48", "direction": "from"}, lambda r: r["src_addr"].startswith("2001:db8:1:")),
            ({"address": "2001:db8:1::7"}, lambda r: "2001:db8:1::7" in (r["src_addr"], r["dst_addr"])),
            ({"address": "0.0.0.0/0"}, lambda r: ":" not in r["src_addr"]),
            ({"address": "192.0.2.1/33"}, lambda r: False), ({"address": "192.0.2.1/"}, lambda r: False),
            ({"address": "192.0.2.1/24/1"}, lambda r: False), ({"address": "all' OR 1"}, lambda r: False),
        )
        for chosen, meant in cases:
            with self.subTest(chosen=chosen):
                opened, rows = self.opened("traffic", HOUR, **chosen), list(filter(meant, self.within(HOUR)))
                if "'" not in str(chosen) and not re.search(r"/(33|24/1|)$", chosen.get("address", "")):
                    self.assertTrue(rows)
                self.assertEqual("flows_raw" if "address" in chosen else "flows_1m", opened.values["flows"])
                expected = sum(corrected(row, "bytes") for row in rows)
                self.assertEqual(expected * 8, round(self.answer(opened, "traffic", "Traffic")[0][0] * (HOUR - 1)))
                senders = self.answer(opened, "traffic", "Sources")
                self.assertEqual({row["src_addr"] for row in rows} if len(senders) < 20 else 20,
                                 {row[0] for row in senders} if len(senders) < 20 else len(senders))

    def test_the_sums_by_the_hour_and_every_flow_say_the_same(self):
        """Of twelve whole hours: what the rollups of addresses and ports answer is what flows_raw answers."""
        for chosen in ({}, {"exporter": [seeded_flows.CORE]}, {"protocol": ["6", "1"]}):
            opened = self.opened("traffic", 12 * HOUR, **chosen)
            self.assertEqual("3600", opened.values["top_slot"])
            for title, variable in (("Sources", "sources"), ("Destinations", "destinations"), ("Services", "ports"),
                                    ("Source countries", "countries"), ("Destination countries", "countries")):
                if variable == "countries" and "protocol" in chosen:  # which that table has not
                    self.assertEqual("flows_raw", opened.values[variable])
                    continue
                with self.subTest(panel=title, chosen=chosen):
                    self.assertEqual(variable + ("_1h" if chosen or variable in ("ports", "countries") else "_all_1h"), opened.values[variable])
                    by_hour, table = self.answer(opened, "traffic", title), opened.values[variable]
                    opened.values[variable] = "flows_raw"
                    self.assertEqual(sorted(by_hour), sorted(self.answer(opened, "traffic", title)))
                    self.assertTrue(by_hour)
                    opened.values[variable] = table
        narrow = self.opened("traffic", 12 * HOUR, asn=["64500"])
        self.assertEqual(["flows_raw"] * 3, [narrow.values[name] for name in ("sources", "destinations", "ports")])

    # What panels of Names are sums by, and of which side of a flow: `only` where that is not of all flows.
    BY_NAME = (("In by provider", "in_if_provider", "in"), ("Out by provider", "out_if_provider", "out"), ("In by connectivity", "in_if_connectivity", "in"),
               ("Out by connectivity", "out_if_connectivity", "out"), ("By source country", "src_country", None), ("By destination country", "dst_country", None),
               ("By source network", "src_network", None), ("By destination network", "dst_network", None), ("By exporter's site", "exporter_site", None),
               ("By exporter's tenant", "exporter_tenant", None))

    def by_name(self, rows, column, outside):
        return answers.groups([row for row in rows if outside is None or row[f"{outside}_if_boundary"] == "external"],
                              lambda row: row[column] or {"provider": "no provider", "connectivity": "no connectivity"}.get(column.split("_")[-1], "none"))

    def graph(self, opened, title, slot):
        """What a ranked graph has of each name, in bytes."""
        sums = {}
        for _, name, rate in self.answer(opened, "names", title):
            name = re.sub(r"^\d\. ", "", name)
            sums[name] = sums.get(name, 0) + rate * int(slot) / 8
        return sums

    def test_names_are_those_of_the_rows(self):
        """Of an hour from flows_raw; of twelve whole ones, countries from the table by the hour."""
        for seconds, chosen, meant in ((HOUR, {}, lambda row: True), (12 * HOUR, {}, lambda row: True),
                                       (HOUR, {"exporter": [seeded_flows.CORE]}, lambda row: row["sampler_address"] == seeded_flows.CORE),
                                       (12 * HOUR, {"provider": [self.digits("Example IX")]}, lambda row: "Example IX" in (row["in_if_provider"], row["out_if_provider"]))):
            opened, rows = self.opened("names", seconds, **chosen), list(filter(meant, self.within(seconds)))
            self.assertEqual("flows_raw" if seconds == HOUR or "provider" in chosen else "countries_1h", opened.values["countries"])
            for title, column, outside in self.BY_NAME:
                with self.subTest(panel=title, seconds=seconds, chosen=chosen):
                    slot = opened.values["slot" if "country" in title else "step"]
                    self.check_sums({name: answers.octets(group) for name, group in self.by_name(rows, column, outside).items()}, self.graph(opened, title, slot))
            volume = answers.octets(rows)
            for title, part in (("In from outside", lambda row: row["in_if_boundary"] == "external"), ("Out to outside", lambda row: row["out_if_boundary"] == "external"),
                                ("Without boundary", lambda row: not row["in_if_boundary"] and not row["out_if_boundary"]),
                                ("Without country", lambda row: not row["src_country"] or not row["dst_country"]),
                                ("Without network", lambda row: not row["src_network"] and not row["dst_network"]), ("Without path", lambda row: not row["as_path"])):
                with self.subTest(panel=title, seconds=seconds, chosen=chosen):
                    expected = answers.octets(list(filter(part, rows)))
                    expected = expected * 8 / (seconds - 1) if title.endswith("outside") else 100 * expected / volume
                    self.assertAlmostEqual(expected, self.answer(opened, "names", title)[0][0], delta=expected * 1e-9)

    def check_sums(self, expected, got):
        self.assertTrue(expected)
        self.assertEqual(set(expected), set(got))
        for name, value in expected.items():
            self.assertAlmostEqual(1, got[name] / value, places=6, msg=name)

    def test_networks_are_put_together_by_choice(self):
        for what in ("role", "site", "region", "tenant"):
            opened = self.opened("names", HOUR, group=f"network_{what}")
            for side, title in (("src", "source"), ("dst", "destination")):
                sums = {name: answers.octets(group) for name, group in self.by_name(self.within(HOUR), f"{side}_network_{what}", None).items()}
                with self.subTest(by=what, side=side):
                    self.check_sums(sums, self.graph(opened, f"By {title} network", opened.values["step"]))
                    table = self.answer(opened, "names", f"{title.capitalize()} networks")
                    self.check_sums(sums, {row[0]: row[1] * (HOUR - 1) / 8 for row in table})

    def test_tables_of_names(self):
        opened, rows = self.opened("names", HOUR), self.within(HOUR)
        span = HOUR - 1
        for side, title, asn in (("in", "in from", "src_as"), ("out", "out to", "dst_as")):
            found = answers.groups([row for row in rows if row[f"{side}_if_boundary"] == "external"],
                                   lambda row, side=side, asn=asn: f"{row[f'{side}_if_provider'] or 'no provider'}, AS{row[asn]}")
            with self.subTest(table=title):
                self.check_sums({name: answers.octets(group) for name, group in found.items()},
                                {row[0]: row[1] * span / 8 for row in self.answer(opened, "names", f"ASes {title} outside")})
            busiest = {}
            for (address, index, direction), group in answers.sides(rows).items():
                if direction == side and group[0][f"{side}_if_speed"]:
                    name = " ".join(filter(None, (answers.exporter(group[0]), answers.interface(address, index), group[0][f"{side}_if_description"])))
                    slots = [answers.octets(slot) for slot in answers.groups(group, lambda row: answers.start(row["time_received"], 60)).values()]
                    busiest[name] = (answers.octets(group) * 8 / span, max(slots) * 8 / 60, group[0][f"{side}_if_speed"])
            with self.subTest(table=side):
                got = self.answer(opened, "names", "Input interfaces" if side == "in" else "Output interfaces")
                self.assertEqual(set(busiest), {row[0] for row in got})
                for name, *numbers in got:
                    for value, expected in zip(numbers, (*busiest[name], 100 * busiest[name][1] / busiest[name][2])):
                        self.assertAlmostEqual(1, value / expected, places=6, msg=name)
        neighbours = answers.groups(rows, lambda row: next((asn for asn in row["as_path"] if asn != 64500), None))
        self.check_sums({f"AS{asn}" if asn else "no path": answers.octets(group) for asn, group in neighbours.items()},
                        self.graph(self.opened("names", HOUR, own=" 64500"), "By neighbour AS", 60))
        found = {tag for row in rows for tag in row["bgp_communities"]}
        self.check_sums({f"{tag >> 16}:{tag & 65535}": answers.octets([row for row in rows if tag in row["bgp_communities"]]) for tag in found},
                        {row[0]: row[1] * span / 8 for row in self.answer(opened, "names", "Communities")})

    @staticmethod
    def digits(provider):
        """What the variable has of a provider: a backslash in the text of a device would be one of ClickHouse's."""
        return provider.encode().hex().upper()

    def test_without_names(self):
        """A provider is a text, whatever it is called; where nothing is there, or nothing of it has a name, panels say so."""
        empty = {}
        for chosen in ({"provider": [self.digits("it's ') OR (1")]}, {"provider": ["Example IX"]}, {"exporter": [seeded_flows.AGENT]}):
            opened = self.opened("names", HOUR, **chosen)
            for panel, target in grafana.targets(grafana.dashboards()["names"], grafana.CLICKHOUSE):
                rows = self.ask(opened.sql(target["rawSql"]))
                if "provider" in chosen:
                    self.assertEqual([[0]] if panel["type"] == "stat" else [], rows, panel["title"])
                elif not rows:
                    empty[panel["title"]] = panel["fieldConfig"]["defaults"].get("noValue")
        self.assertEqual({"In by provider", "Out by provider", "In by connectivity", "Out by connectivity", "ASes in from outside", "ASes out to outside",
                          "Input interfaces", "Output interfaces", "Communities"}, set(empty))
        self.assertNotIn(None, empty.values())
        self.assertEqual([[100]], self.answer(opened, "names", "Without boundary"))
        self.assertEqual({"none"}, set(self.graph(opened, "By exporter's site", 60)))

    def test_an_exporter_by_its_label(self):
        """What Prometheus calls an exporter is found among the flows: with a port, and by the agent that sent from it."""
        for label, agents in ((seeded_flows.EDGE, [seeded_flows.EDGE]), (f"{seeded_flows.EDGE}:2055", [seeded_flows.EDGE]),
                              (f"[{seeded_flows.AGENT}]:6343", [seeded_flows.AGENT]), ("203.0.113.33", ["203.0.113.33", seeded_flows.AGENT]),
                              ("other", ["::"])):
            with self.subTest(exporter=label):
                told = self.opened("exporter", HOUR, exporter=label).values["filter"]
                self.assertEqual({seeded_flows.ipv6(agent) for agent in agents}, set(re.findall(r"'([^']+)'", told)))


class Forged(Answers):
    """Over flows that somebody made up as well: no panel's numbers wrap."""
    forged = True
    test_filters = test_sums_are_those_of_the_rows = test_the_eighth_and_after_are_others = None
    test_the_sums_by_the_hour_and_every_flow_say_the_same = test_an_exporter_by_its_label = None
    test_networks_are_put_together_by_choice = test_tables_of_names = test_without_names = None

    def test_sums(self):
        for seconds in (HOUR, 12 * HOUR, 14 * DAY):
            opened, rows = self.opened("traffic", seconds), self.within(seconds)
            for title, what, times in (("Traffic", "bytes", 8), ("Packets", "packets", 1)):
                with self.subTest(panel=title, seconds=seconds):
                    expected = sum(corrected(row, what) for row in rows) * times / (seconds - 1)
                    self.assertAlmostEqual(1, self.answer(opened, "traffic", title)[0][0] / expected, places=9)
            for panel, target in grafana.targets(grafana.dashboards()["traffic"], grafana.CLICKHOUSE):
                rows = self.ask(opened.sql(target["rawSql"]))
                names = [name for name, _ in self.columns]
                with self.subTest(panel=panel["title"], seconds=seconds):
                    shares = [row[names.index("percent")] for row in rows] if "percent" in names else []
                    self.assertTrue(all(0 <= share <= 100 for share in shares), shares)
                    if panel["title"].startswith("Bits per second by"):
                        volume = sum(corrected(row, "bytes") for row in self.within(seconds))
                        self.assertAlmostEqual(1, sum(row[-1] for row in rows) * int(opened.values["step"]) / 8 / volume, places=6)


class Metrics(Case):
    def test_each_is_one_that_a_daemon_shows(self):
        """A daemon to which everything happens: a sink that fails, loss, damage, data before its template."""
        broker = udp.free_ports(1, socket.SOCK_STREAM)[0]  # where nobody is, and what waits for it gets too old
        config = {"state": {"file": self.path("state")}, "decode": {"held_timeout": "1s"},
                  "sinks": {"full": {"type": "stdout"},
                            "away": {"type": "kafka", "brokers": f"127.0.0.1:{broker}", "properties": {"message.timeout.ms": "1000"}},
                            "files": {"type": "file", "path": self.path("flows")}}}
        with daemon.Daemon(self.path("daemon"), config, stdout="/dev/full") as sluice, udp.Sender(sluice.port) as sender:
            for protocol in ("netflow5", "netflow9", "ipfix", "sflow"):
                made = daemon.run_once("generate", "--protocol", protocol, "--to", f"127.0.0.1:{sluice.port}", "--exporters", 1, "--flows", 200,
                                       "--rate", 5000, "--seed", 1)
                self.assertEqual(0, made.returncode, made.stderr)
            sender.send(b"\x00\x63 is no protocol")
            sender.send(struct.pack(">HHIIII HHI", 9, 1, 1000, int(time.time()), 1, 77, 300, 8, 0))  # data whose template never comes
            wanted = {metric: f"{name}: {panel['title']}" for name, dashboard in grafana.dashboards().items()
                      for panel, target in grafana.targets(dashboard, grafana.PROMETHEUS) for metric in grafana.metrics_of(target["expr"])}
            wanted.update({metric: f"{name}: {variable['name']}" for name, dashboard in grafana.dashboards().items()
                           for variable in dashboard["templating"]["list"] if variable["type"] == "query" and variable["datasource"]["type"] == grafana.PROMETHEUS
                           for metric in grafana.metrics_of(variable["definition"])})
            self.assertGreater(len(wanted), 40)

            def missing():
                shown = sluice.metrics()
                return {metric: where for metric, where in wanted.items() if metric not in shown}
            try:
                waiting.until(lambda: not missing(), "every metric is there", 20)
            except AssertionError:
                self.fail(f"no daemon shows these metrics: {missing()}")

    def test_expressions_are_promql(self):
        """promtool reads each as the expression of a rule."""
        promtool = shutil.which("promtool")
        if not promtool:
            self.skipTest("promtool is not installed (deploy/install-deps.sh test brings it)")
        values = {"instance": "a", "exporter": "192.0.2.1", "__rate_interval": "1m", "__range": "1h"}
        rules = [{"record": "panel", "labels": {"n": str(n)}, "expr": grafana.with_variables(target["expr"], values)}
                 for n, target in enumerate(target for dashboard in grafana.dashboards().values()
                                            for _, target in grafana.targets(dashboard, grafana.PROMETHEUS))]
        with open(self.path("rules.yml"), "w") as file:
            json.dump({"groups": [{"name": "panels", "rules": rules}]}, file)
        result = subprocess.run([promtool, "check", "rules", self.path("rules.yml")], stdin=subprocess.DEVNULL,
                                stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False, timeout=60)
        self.assertEqual(0, result.returncode, result.stdout)
        self.assertIn(f"{len(rules)} rules found", result.stdout)


if __name__ == "__main__":
    main()
