"""Writes the dashboards of Grafana, and their tables of panels in docs/dashboards.md, from the descriptions beside them.

    python3 deploy/grafana/make_dashboards.py           writes what differs
    python3 deploy/grafana/make_dashboards.py --check   says what differs, with status 1, and writes nothing

dashboards/NAME.yaml describes NAME.json: its variables, and its panels in the order in which they are placed.
dashboards/common.yaml has what they share: data sources, colours, units, the kinds of panel and the pieces of queries.
dashboards/traffic_sql.yaml describes the same dashboard for several databases, postgres/traffic.json and mysql/traffic.json.
What each key means is told there. Needs python3-yaml (deploy/install-deps.sh test).
"""
import argparse
import copy
import json
import os
import re
import sys

import yaml

HERE = os.path.dirname(os.path.abspath(__file__))
COMMAND = "python3 deploy/grafana/make_dashboards.py"
DASHBOARDS = ("traffic", "collector", "exporter", "names")
OF_DATABASES = {"traffic_sql": "traffic"}  # description: what its dashboards are called in the directory of each database
WIDTH = 24  # Grafana's columns

_PIECE = re.compile(r"<(\w+)(?: (\w+))?>")
_INDENTED_PIECE = re.compile(r"^( *)" + _PIECE.pattern, re.M)
# (those that must be there, the others)
_DASHBOARD_KEYS = ("uid", "title", "description", "time", "refresh", "variables", "rows"), ("pieces",)
_VARIABLE_KEYS = ("name", "shows"), ("label", "choose", "sql", "promql", "choices", "sorted", "all")
_ROW_KEYS = ("size", "panels"), ("title",)
_PANEL_KEYS = ("title", "kind", "shows", "read"), ("unit", "size", "sql", "promql", "pieces", "decimals", "limits", "colour", "colours", "label",
                                                   "headings", "columns", "signed", "empty")


class Mistake(Exception):
    """In a description, for whoever wrote it."""


def checked(given, needed, others, where):
    for key in needed:
        if key not in given:
            raise Mistake(f"{where}: the key '{key}' is missing")
    for key in given:
        if key not in (*needed, *others):
            raise Mistake(f"{where}: there is no key '{key}'; there are {', '.join((*needed, *others))}")


def named(table, name, what, where):
    if name not in table:
        raise Mistake(f"{where}: no {what} '{name}' in common.yaml; there are {', '.join(map(str, table))}")
    return table[name]


def merged(base, change):
    """`change` over `base`, maps within maps too; what is new comes last."""
    out = copy.deepcopy(base)
    for key, value in change.items():
        out[key] = merged(out[key], value) if isinstance(value, dict) and isinstance(out.get(key), dict) else copy.deepcopy(value)
    return out


def put_together(text, pieces, where, within=()):
    """`text` with each <piece> put in, as far to the right as it stands where it begins a line. In the text of a piece,
    <1> is what <piece WORD> says after the name."""
    def piece(match, indent=""):
        name, word = match.group(match.re.groups - 1, match.re.groups)
        if name not in pieces:
            raise Mistake(f"{where}: no piece '<{name}>' of a query")
        if name in within:
            raise Mistake(f"{where}: the piece '<{name}>' has itself in it")
        inner = put_together(str(pieces[name]), {**pieces, "1": word} if word else pieces, where, (*within, name))
        return indent + inner.replace("\n", "\n" + indent)
    text = _INDENTED_PIECE.sub(lambda match: piece(match, match[1]), text)
    return _PIECE.sub(piece, text)


class Description:
    """common.yaml and one dashboard's."""

    def __init__(self, folder, name, database=None):
        self.common = self._read(folder, "common")
        self.own = self._read(folder, name)
        self.file = name + ".yaml"
        self.database = named(self.common["databases"], database, "database", self.file) if database else None
        self.pieces = {**self.common["pieces"], **self.own.get("pieces", {}), **(self.database["pieces"] if database else {})}

    @staticmethod
    def _read(folder, name):
        path = os.path.join(folder, name + ".yaml")
        try:
            with open(path, encoding="utf-8") as file:
                return yaml.safe_load(file)
        except yaml.MarkedYAMLError as error:
            raise Mistake(f"{path}:{error.problem_mark.line + 1}: {error.problem}") from error

    def where(self, title):
        return f"{self.file}, '{title}'"

    # -- What panels and variables share.

    def kind(self, name, where):
        kind = named(self.common["kinds"], name, "kind of panel", where)
        if "extends" not in kind:
            return kind
        return merged(self.kind(kind["extends"], where), {key: value for key, value in kind.items() if key != "extends"})

    def colour(self, name, where):
        return named(self.common["colours"], name, "colour", where)

    def fixed(self, name, where):
        return {"mode": "fixed", "fixedColor": self.colour(name, where)}

    def datasource(self, language):
        if self.database and language == "sql":
            return dict(self.database["datasource"])
        return dict(self.common["datasources"][language])

    def sql_target(self, source, query, over_time):
        if self.database:
            return {"refId": "A", "datasource": source, "editorMode": "code", "format": "time_series" if over_time else "table",
                    "rawQuery": True, "rawSql": query}
        form, number = ("timeseries", 0) if over_time else ("table", 1)
        return {"refId": "A", "datasource": source, "editorType": "sql", "queryType": form, "format": number, "rawSql": query}

    # -- Variables.

    def variable(self, given):
        if isinstance(given, str):
            given = named(self.common["variables"], given, "variable", self.file)
        where = self.where(given.get("name", "a variable"))
        checked(given, *_VARIABLE_KEYS, where)
        language = next((one for one in ("sql", "promql") if one in given), None)
        out = {"name": given["name"], "label": given.get("label", given["name"]),
               "type": "query" if language else "custom" if "choices" in given else "textbox", "description": given["shows"]}
        if out["type"] == "textbox":
            return {**out, "hide": 0, "query": "", "current": {"text": "", "value": ""}, "options": [], "skipUrlSync": False}
        if out["type"] == "custom":
            choices = given["choices"]
            options = [{"text": text, "value": value, "selected": place == 0} for place, (text, value) in enumerate(choices.items())]
            return {**out, "hide": 0, "query": ",".join(f"{text} : {value}" for text, value in choices.items()), "multi": False,
                    "includeAll": False, "options": options,
                    "current": {key: options[0][key] for key in ("text", "value")}, "skipUrlSync": False}
        hidden, several = given.get("choose") is None, given.get("choose") == "several"
        query = put_together(given[language], self.pieces, where)
        out.update(datasource=self.datasource(language), hide=2 if hidden else 0, refresh=2, sort=1 if given.get("sorted") else 0, regex="",
                   multi=several, includeAll=several, options=[], skipUrlSync=hidden)
        out["query"] = (query if self.database and language == "sql" else
                        {"refId": given["name"], "editorType": "sql", "queryType": "sql", "rawSql": query} if language == "sql" else
                        {"refId": "PrometheusVariableQueryEditor-VariableQuery", "qryType": 1, "query": query})
        out["definition"] = query
        if several:
            out["allValue"] = given["all"]
        out["current"] = {"text": ["All"], "value": ["$__all"], "selected": True} if several else {}
        return out

    # -- Panels.

    def targets(self, given, kind, where):
        """The panel's data source and its queries."""
        pieces = {**self.pieces, **kind.get("pieces", {}), **given.get("pieces", {})}
        if "promql" in given:
            source, queries, over_time = self.datasource("promql"), given["promql"], kind["type"] == "timeseries"
            if isinstance(queries, str):
                queries = [queries]
            if isinstance(queries, list):
                queries = [("__auto", query) for query in queries]
            else:
                queries = list(queries.items())
            out = [{"refId": chr(ord("A") + place), "datasource": source, "editorMode": "code", "expr": put_together(query, pieces, where),
                    "legendFormat": legend, "range": over_time, "instant": not over_time} for place, (legend, query) in enumerate(queries)]
            if kind["type"] == "table":
                for target in out:
                    target["format"] = "table"
            return source, out
        source, query = self.datasource("sql"), given.get("sql", kind.get("sql"))
        if query is None:
            raise Mistake(f"{where}: there is no query; say sql or promql")
        return source, [self.sql_target(source, put_together(query, pieces, where), kind["type"] == "timeseries")]

    def unit(self, name, where):
        return named(self.common["units"], name, "unit", where)

    def overrides(self, given, kind, where):
        out = []

        def override(name, properties):
            by = "byRegexp" if name.startswith("/") else "byName"
            out.append({"matcher": {"id": by, "options": name}, "properties": properties})
        colours = given.get("colours", kind.get("colours", {}))
        if isinstance(colours, str):
            colours = named(self.common["palettes"], colours, "palette", where)
        for series, colour in colours.items():
            override(series, [{"id": "color", "value": self.fixed(colour, where)}])
        if kind["type"] == "table":
            for column, heading in given.get("headings", {}).items():
                override(column, [{"id": "displayName", "value": heading}])
            for column, properties in given.get("columns", kind["columns"]).items():
                properties = dict(properties)
                properties["unit"] = self.unit(properties["unit"], where)
                if "color" in properties:
                    properties["color"] = self.fixed(properties["color"], where)
                override(column, [{"id": key, "value": value} for key, value in properties.items()])
        return out

    def panel(self, given, number, place):
        where = self.where(given.get("title", "a panel"))
        checked(given, *_PANEL_KEYS, where)
        kind = self.kind(given["kind"], where)
        source, targets = self.targets(given, kind, where)
        defaults = merged({"unit": self.unit(given["unit"], where)} if "unit" in given else {}, kind["defaults"])
        options = copy.deepcopy(kind["options"])
        plain = defaults["thresholds"]["steps"][0]["color"]
        limits = {"always": plain, **given.get("limits", {})}
        defaults["thresholds"]["steps"] = [{"color": self.colour(colour, where), "value": None if value == "always" else value}
                                           for value, colour in limits.items()]
        if "limits" in given:
            options["colorMode"] = "value"
        if "fixedColor" in defaults["color"]:
            defaults["color"]["fixedColor"] = self.colour(given.get("colour", defaults["color"]["fixedColor"]), where)
        if "empty" in given:
            defaults["noValue"] = given["empty"]
        if given.get("signed"):
            del defaults["min"]
        if "decimals" in given:
            defaults["decimals"] = given["decimals"]
        if "label" in kind or "label" in given:
            defaults["displayName"] = put_together(given.get("label", kind.get("label")), given.get("pieces", {}), where)
        out = {"id": number, "type": kind["type"], "title": given["title"], "description": given["shows"] + ".", "gridPos": place,
               "datasource": source, "targets": targets,
               "fieldConfig": {"defaults": defaults, "overrides": self.overrides(given, kind, where)}, "options": options}
        if "promql" in given and kind["type"] == "table":
            out["transformations"] = copy.deepcopy(self.common["one_row_for_all_queries"])
        return out

    def panels(self):
        """From left to right, a line below where the width is used up; a titled row has a line of its own."""
        out, x, y, height = [], 0, 0, 0
        for row in self.own["rows"]:
            checked(row, *_ROW_KEYS, self.where(row.get("title", "a row")))
            if "title" in row:
                y += height
                out.append({"id": len(out) + 1, "type": "row", "title": row["title"], "collapsed": False,
                            "gridPos": {"x": 0, "y": y, "w": WIDTH, "h": 1}, "panels": []})
                x, y, height = 0, y + 1, 0
            for given in row["panels"]:
                w, h = given.get("size", row["size"])
                if x + w > WIDTH:
                    x, y, height = 0, y + height, 0
                out.append(self.panel(given, len(out) + 1, {"x": x, "y": y, "w": w, "h": h}))
                x, height = x + w, max(height, h)
        return out

    # -- What is written.

    def dashboard(self):
        checked(self.own, *_DASHBOARD_KEYS, self.file)
        out = {key: put_together(self.own[key], self.pieces, self.file) for key in ("uid", "title", "description")}
        out = merged(out, self.common["dashboard"])
        out["time"]["from"] = self.own["time"]
        out["refresh"] = self.own["refresh"]
        out["templating"] = {"list": [self.variable(given) for given in self.own["variables"]]}
        out["panels"] = self.panels()
        return out

    def table(self):
        """The panels in the document."""
        lines = ["| Panel | Unit | Shows | Read it |", "| --- | --- | --- | --- |"]
        for given in (given for row in self.own["rows"] for given in row["panels"]):
            lines.append(f"| {given['title']} | {given.get('unit', 'table')} | {given['shows']} | {given['read']} |")
        return "\n".join(lines)


def with_tables(document, descriptions):
    """The document with the table of each dashboard between its marks."""
    for name, description in descriptions.items():
        begin, end = f"<!-- begin: panels of {name}, made by `{COMMAND}` -->\n", f"\n<!-- end: panels of {name} -->"
        if begin not in document or end not in document[document.index(begin):]:
            raise Mistake(f"docs/dashboards.md: there are no marks '{begin.strip()}' and '{end.strip()}'")
        start = document.index(begin) + len(begin)
        document = document[:start] + description.table() + document[document.index(end, start):]
    return document


def made(folder, document_path):
    """path -> what is to be in it."""
    descriptions = {name: Description(folder, name) for name in DASHBOARDS}
    dashboards = {os.path.join(folder, name + ".json"): description for name, description in descriptions.items()}
    for name, called in OF_DATABASES.items():
        for database in descriptions["traffic"].common["databases"]:
            descriptions[name] = Description(folder, name, database)  # which of them is no matter to its table of panels
            dashboards[os.path.join(folder, "..", database, called + ".json")] = descriptions[name]
    out = {path: json.dumps(description.dashboard(), indent=2) + "\n" for path, description in dashboards.items()}
    if os.path.exists(document_path):  # it lies elsewhere where Sluice is installed
        with open(document_path, encoding="utf-8") as file:
            out[document_path] = with_tables(file.read(), descriptions)
    return out


def content(path):
    try:
        with open(path, encoding="utf-8") as file:
            return file.read()
    except FileNotFoundError:
        return None


def main(arguments=None):
    parser = argparse.ArgumentParser(description="Writes Grafana's dashboards from their descriptions.")
    parser.add_argument("--check", action="store_true", help="write nothing; status 1 where something would be written")
    check = parser.parse_args(arguments).check
    try:
        different = {path: text for path, text in made(os.path.join(HERE, "dashboards"),
                                                       os.path.join(HERE, "../../docs/dashboards.md")).items() if content(path) != text}
    except Mistake as mistake:
        print(mistake, file=sys.stderr)
        return 2
    for path, text in different.items():
        path = os.path.normpath(path)
        if check:
            print(f"{path} is not what its description makes; mend it by '{COMMAND}'", file=sys.stderr)
            continue
        with open(path, "w", encoding="utf-8") as file:
            file.write(text)
        print(f"{path}: written")
    return 1 if check and different else 0


if __name__ == "__main__":
    sys.exit(main())
