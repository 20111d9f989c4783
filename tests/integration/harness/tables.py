"""The base of tests of the shipped tables in an engine of their own."""
import os
import shutil
import tempfile
import unittest

from . import schema, store
from .columns import NOBODY


class OneStore(unittest.TestCase):
    """One store for all tests of a class, with the shipped tables and a broker that is not there."""
    maxDiff = None
    options = ()

    @classmethod
    def setUpClass(cls):
        cls.directory = tempfile.mkdtemp(prefix="sluice-test-")
        cls.addClassCleanup(shutil.rmtree, cls.directory, ignore_errors=True)
        cls.store = store.Store(os.path.join(cls.directory, "store"))
        cls.addClassCleanup(cls.store.kill)
        schema.apply(cls.store, "--brokers", NOBODY, *cls.options)


class StoreCase(OneStore):
    """A store whose tables are empty before each test."""

    def setUp(self):
        self.empty()

    def empty(self):
        for table in self.store.query("SELECT database || '.' || name FROM system.tables WHERE engine LIKE '%MergeTree' "
                                      "AND database IN ('sluice', 'goflow', 'goflow2') AND name != 'schema_version'"):
            self.store.text(f"TRUNCATE TABLE {table[0]}")

    def feed(self, *rows):
        """Rows go the way of consumed ones, from the Null table on."""
        for row in rows:
            self.store.text(f"INSERT INTO sluice.flows_feed ({', '.join(row)}) VALUES ({', '.join(map(str, row.values()))})")
