"""TimescaleDB as WebAssembly, in a process of its own, on a free port. One connection at a time; COPY from the client ends it."""
import os
import shutil
import socket
import subprocess
import unittest

from . import paths, postgres, udp, waiting
from .program import Program


class Timescale(Program):
    """`directory` is where its log goes."""

    name = "timescaledb"

    def __init__(self, directory):
        home = os.path.join(paths.source(), "tests/timescaledb")
        if not shutil.which("node") or not os.path.isdir(os.path.join(home, "node_modules/@unni-craftsman")):
            raise unittest.SkipTest("TimescaleDB is not there (deploy/install-deps.sh test fetches it by npm)")
        if not shutil.which("psql"):
            raise unittest.SkipTest("psql is not installed (deploy/install-deps.sh test brings it)")
        (self.port,) = udp.free_ports(1, kind=socket.SOCK_STREAM)
        os.makedirs(directory, exist_ok=True)
        self.log_path = os.path.join(directory, "timescale.log")
        with open(self.log_path, "wb") as log:
            self.process = subprocess.Popen(["node", "server.mjs", str(self.port)], cwd=home, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=log,
                                            text=True)
        if self.process.stdout.readline() != "ready\n":
            self.kill()
            raise AssertionError(f"TimescaleDB does not start: {self.log()}")

    def run(self, sql):
        """Statements; what they print."""
        environment = {**os.environ, "PGSSLMODE": "disable", "PGGSSENCMODE": "disable", "PGPASSWORD": "any"}
        ended = subprocess.run(["psql", "-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1", "-h", "127.0.0.1", "-p", str(self.port), "-U", "postgres",
                                "-d", "postgres"], input="SET client_min_messages = warning;\n" + sql, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                               text=True, timeout=waiting.DEADLINE, check=False, env=environment)
        if ended.returncode != 0:
            raise postgres.PostgresError(ended.stderr)
        return ended.stdout

    def rows(self, sql):
        """Each a list of texts."""
        return [line.split("|") for line in self.run(sql).splitlines()]

    def kill(self):
        super().kill()
        self.process.stdin.close()
        self.process.stdout.close()

    def log(self):
        with open(self.log_path, errors="replace") as file:
            return file.read()
