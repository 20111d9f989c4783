"""deploy/clickhouse/apply.sh on a running store."""
import os
import subprocess

from . import paths

SCRIPT = os.path.join(paths.source(), "deploy/clickhouse/apply.sh")


def run(*arguments):
    """The finished script, whatever came of it, as subprocess.CompletedProcess with text output."""
    return subprocess.run([SCRIPT, *map(str, arguments)], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, text=True, timeout=300, check=False)


def apply(store, *options):
    """Makes the tables in a store.Store, whose directory takes the schema and the dictionaries' files."""
    result = run("--url", store.url, "--schema-dir", store.files, "--user-files", store.files, *options)
    if result.returncode != 0:
        raise AssertionError(f"apply.sh ended with {result.returncode}: {result.stdout}")
    return result.stdout
