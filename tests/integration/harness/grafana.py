"""Dashboards as Grafana would ask them: variables and the macros of its SQL data sources put in, in that order."""
import datetime
import glob
import json
import os
import re

from . import paths

CLICKHOUSE, PROMETHEUS = "grafana-clickhouse-datasource", "prometheus"
#: The databases that have a directory of dashboards of their own.
OF_DATABASES = {"postgres": "grafana-postgresql-datasource", "mysql": "mysql"}
SQL = (CLICKHOUSE, *OF_DATABASES.values())
ALL = "$__all"
# "$name", "${name}", "${name:format}". What begins with two underscores is Grafana's own.
_VARIABLE = re.compile(r"\$(?:(\w+)|\{(\w+)(?::(\w+))?\})")
_MACRO = re.compile(r"\$__(\w+)(?:\(([^()]*)\))?")
_METRIC = re.compile(r"\b(?:sluice|process)_\w+")


def folder():
    return os.path.join(paths.source(), "deploy/grafana")


def dashboards(directory="dashboards"):
    """name -> the dashboard."""
    out = {}
    for path in sorted(glob.glob(os.path.join(folder(), directory, "*.json"))):
        with open(path) as file:
            out[os.path.basename(path).removesuffix(".json")] = json.load(file)
    return out


def all_dashboards():
    """Those of databases besides, as "postgres/traffic"."""
    return {**dashboards(), **{f"{database}/{name}": dashboard for database in OF_DATABASES for name, dashboard in dashboards(database).items()}}


def query_of(variable):
    """What a variable asks."""
    query = variable["query"]
    return query if isinstance(query, str) else query.get("rawSql") or query["query"]


def panels(dashboard):
    """Those that show something."""
    return [panel for panel in dashboard["panels"] if panel["type"] != "row"]


def targets(dashboard, datasource):
    """(panel, target) of each query to a kind of data source."""
    for panel in panels(dashboard):
        for target in panel["targets"]:
            if target["datasource"]["type"] == datasource:
                yield panel, target


def texts(dashboard):
    """Everything in a dashboard where Grafana puts variables in."""
    for variable in dashboard["templating"]["list"]:
        yield variable["definition"] if variable["type"] == "query" else variable["query"]
    for panel in panels(dashboard):
        yield panel["title"]
        for target in panel["targets"]:
            yield target.get("rawSql", "") + target.get("expr", "") + target.get("legendFormat", "")


def names_used(text):
    """Variables of the dashboard's own that a text uses."""
    return {plain or braced for plain, braced, _ in _VARIABLE.findall(text) if not (plain or braced).startswith("__")}


def metrics_of(expression):
    """Names of metrics in PromQL."""
    return set(_METRIC.findall(re.sub(r'"[^"]*"', '""', expression)))


def _quoted(value):
    return "'" + value.replace("'", "''") + "'"


def with_variables(text, values, variables=()):
    """`values` are texts, lists of texts, or ALL; `variables` are the dashboard's, for what All stands for."""
    all_values = {variable["name"]: variable.get("allValue") for variable in variables}

    def value(match):
        name, form = match[1] or match[2], match[3]
        if name not in values:
            return match[0]
        given = values[name]
        if given == ALL:
            return all_values[name]  # as it is, in whatever form it was asked for
        if form == "sqlstring":
            return ",".join(map(_quoted, given)) if isinstance(given, list) else _quoted(given)
        if isinstance(given, list):
            return "'" + "','".join(given) + "'"
        return given

    return _VARIABLE.sub(value, text)


class Range:
    """A time range, in seconds since 1970, and the macros of the data source in it."""

    def __init__(self, begin, end, points=1000):
        self.begin, self.end = begin, end
        self.interval = max(1, (end - begin) // points)

    def expanded(self, sql):
        return _MACRO.sub(self._macro, sql)

    def _macro(self, match):
        name, column = match[1], match[2]
        begin, end = f"toDateTime({self.begin})", f"toDateTime({self.end})"
        if name == "timeFilter":
            return f"{column} >= {begin} AND {column} <= {end}"
        if name == "timeInterval":
            return f"toStartOfInterval(toDateTime({column}), INTERVAL {self.interval} second)"
        # These take nothing: what stands in brackets behind them is not theirs.
        rest = "" if column is None else f"({column})"
        plain = {"fromTime": begin, "toTime": end, "interval_s": str(self.interval)}
        if name not in plain:
            raise AssertionError(f"the data source has no macro {match[0]}")
        return plain[name] + rest


class PostgresRange(Range):
    """With the macros of Grafana's PostgreSQL data source, as its documentation has them."""

    def _macro(self, match):
        name, arguments = match[1], [argument.strip() for argument in (match[2] or "").split(",")]
        if name == "timeFilter":
            return f"{arguments[0]} BETWEEN '{self._text(self.begin)}' AND '{self._text(self.end)}'"
        if name == "timeGroup":
            return self._group(arguments[0], int(arguments[1].strip("'").removesuffix("s")))
        if name in ("unixEpochFrom", "unixEpochTo"):
            return str(self.begin if name == "unixEpochFrom" else self.end)
        raise AssertionError(f"the data source has no macro {match[0]}")

    @staticmethod
    def _text(seconds):
        return datetime.datetime.fromtimestamp(seconds, datetime.timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")

    def _group(self, column, seconds):
        return f"floor(extract(epoch from {column})/{seconds})*{seconds}"


class MysqlRange(PostgresRange):
    """With those of its MySQL data source."""

    def _macro(self, match):
        if match[1] == "timeFilter":
            return f"{match[2]} BETWEEN FROM_UNIXTIME({self.begin}) AND FROM_UNIXTIME({self.end})"
        return super()._macro(match)

    def _group(self, column, seconds):
        return f"UNIX_TIMESTAMP({column}) DIV {seconds} * {seconds}"


class Asked:
    """A dashboard with values for its variables. `ask` takes SQL and gives rows; `chosen` is what the user chose."""

    def __init__(self, dashboard, time_range, ask, **chosen):
        self.variables, self.range, self.values, self.options = dashboard["templating"]["list"], time_range, {}, {}
        for variable in self.variables:
            name = variable["name"]
            if variable["type"] == "query" and variable["datasource"]["type"] in SQL:
                self.options[name] = ask(self.sql(query_of(variable)))
            self.values[name] = chosen.get(name, self._first(variable))

    def _first(self, variable):
        if variable["type"] != "query":
            return variable["current"]["value"]
        if variable["includeAll"]:
            return ALL
        rows = self.options.get(variable["name"])
        return str(rows[0][0]) if rows else ""

    def sql(self, text):
        return self.range.expanded(with_variables(text, self.values, self.variables))
