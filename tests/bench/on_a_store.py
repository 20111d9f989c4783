"""What the benchmarks of questions share: a `sluice store` with the shipped tables, in a directory that may be kept."""
import argparse
import contextlib
import os
import shutil
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [os.path.join(os.path.dirname(HERE), "integration"), HERE]
from harness import columns, schema, store  # noqa: E402


def arguments(description, rate, runs):
    parser = argparse.ArgumentParser(description=description, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--directory")
    parser.add_argument("--rate", type=int, default=rate)
    parser.add_argument("--runs", type=int, default=runs)
    parser.add_argument("--keep", action="store_true")
    parser.add_argument("--sluice", default="build/release/bin/sluice")
    given = parser.parse_args()
    os.environ.setdefault("TEST_SLUICE", os.path.abspath(given.sluice))
    return given


@contextlib.contextmanager
def served(given):
    """(directory, store with the tables); what is in the directory goes in the end, but for --keep."""
    directory = given.directory or tempfile.mkdtemp(prefix="sluice-bench-")
    try:
        with store.Store(os.path.join(directory, "store")) as server:
            schema.apply(server, "--brokers", columns.NOBODY)
            yield directory, server
            server.stop()
    finally:
        if not given.keep:
            shutil.rmtree(directory, ignore_errors=True)


def tell(slow):
    if slow:
        sys.exit(f"a second or longer: {', '.join(slow)}")
