"""deploy/clickhouse/apply.sh on a running store."""
import os
import re
import subprocess

from . import paths

SCRIPT = os.path.join(paths.source(), "deploy/clickhouse/apply.sh")


def version():
    """Of the tables that the script makes."""
    with open(SCRIPT) as file:
        return int(re.search(r"^schema_version=(\d+)$", file.read(), re.M)[1])


def rollups(client):
    """Names of the tables that sum flows."""
    found = [row[0] for row in client.query("SELECT name FROM system.tables WHERE database = 'sluice' AND engine = 'SummingMergeTree' ORDER BY name")]
    if "flows_1m" not in found:
        raise AssertionError(f"the rollups are not among {found}")
    return found


def run(*arguments, **options):
    """The finished script, whatever came of it, as subprocess.CompletedProcess with text output."""
    return subprocess.run([SCRIPT, *map(str, arguments)], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, text=True, timeout=300, check=False, **options)


def apply(store, *options):
    """Makes the tables in a store.Store, whose directory takes the schema and the dictionaries' files."""
    result = run("--url", store.url, "--schema-dir", store.files, "--user-files", store.files, *options)
    if result.returncode != 0:
        raise AssertionError(f"apply.sh ended with {result.returncode}: {result.stdout}")
    return result.stdout
