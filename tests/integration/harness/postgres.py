"""A PostgreSQL server of its own, in a directory, on a free port, asked by psql."""
import contextlib
import glob
import json
import os
import shutil
import signal
import socket
import subprocess
import unittest

from . import udp, waiting
from .program import Program

ADMIN = "admin"


def _programs():
    """The directory of the newest server's programs; skips where none is installed."""
    found = glob.glob("/usr/lib/postgresql/*/bin/postgres")
    if not found or not shutil.which("psql"):
        raise unittest.SkipTest("postgresql is not installed (deploy/install-deps.sh test brings it)")
    return os.path.dirname(max(found, key=lambda path: int(path.split("/")[4])))


def _as_nobody_special():
    """Options of subprocess: the server refuses to be root."""
    return {"user": "postgres", "group": "postgres", "extra_groups": []} if os.geteuid() == 0 else {}


class PostgresError(AssertionError):
    """What the server said."""


class Postgres(Program):
    """`directory` may be made; those above it must let the server's user pass."""

    name = "postgres"

    def __init__(self, directory, arguments=()):
        self.directory = directory
        self.arguments = list(arguments)
        self.programs = _programs()
        self.log_path = os.path.join(directory, "log")
        (self.port,) = udp.free_ports(1, kind=socket.SOCK_STREAM)
        os.makedirs(directory)
        if os.geteuid() == 0:
            shutil.chown(directory, "postgres", "postgres")
        made = subprocess.run([os.path.join(self.programs, "initdb"), "-D", self.data, "-A", "trust", "-U", ADMIN, "--no-sync", "--no-instructions",
                               "--locale=C.UTF-8", "-E", "UTF8"], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                              text=True, timeout=waiting.DEADLINE, check=False, cwd=directory, **_as_nobody_special())
        if made.returncode != 0:
            raise AssertionError(f"initdb: {made.stdout}")
        self.start()

    @property
    def data(self):
        return os.path.join(self.directory, "data")

    @property
    def address(self):
        return f"127.0.0.1:{self.port}"

    def start(self):
        """On the same port as before."""
        with open(self.log_path, "ab") as log:
            # What may be lost is what a loss of power costs, not a kill.
            self.process = subprocess.Popen([os.path.join(self.programs, "postgres"), "-D", self.data, "-p", str(self.port), "-c", "fsync=off",
                                             "-c", "listen_addresses=127.0.0.1", "-c", f"unix_socket_directories={self.directory}", *self.arguments],
                                            stdin=subprocess.DEVNULL, stdout=log, stderr=log, cwd=self.directory, **_as_nobody_special())
        waiting.until(self._answers_or_dead, "PostgreSQL answers")
        if self.process.poll() is not None:
            raise AssertionError(f"PostgreSQL ended with {self.process.returncode}: {self.log()}")

    def _answers_or_dead(self):
        return self.process.poll() is not None or self._psql("SELECT 1", "postgres", ADMIN).returncode == 0

    def _psql(self, sql, database, user):
        return subprocess.run(["psql", "-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1", "-h", "127.0.0.1", "-p", str(self.port), "-U", user, "-d", database],
                              input=sql, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, timeout=waiting.DEADLINE, check=False)

    def run(self, sql, database="sluice", user=ADMIN):
        """Statements; what they print."""
        ended = self._psql(sql, database, user)
        if ended.returncode != 0:
            raise PostgresError(ended.stderr)
        return ended.stdout

    def query(self, sql, **who):
        """The rows, each a list of what JSON makes of the values."""
        text = self.run(f"SELECT coalesce(json_agg(t), '[]') FROM ({sql}) t", **who)
        return json.loads(text, object_pairs_hook=lambda columns: [value for _, value in columns])

    def value(self, sql, **who):
        """The one value of the one row, as text."""
        return self.run(sql, **who).strip()

    def log(self):
        with open(self.log_path, errors="replace") as file:
            return file.read()

    def use_certificate(self, certificate, key):
        """For those who ask for TLS, from now on."""
        for path, setting in ((certificate, "ssl_cert_file"), (key, "ssl_key_file")):
            own = shutil.copy(path, self.directory)
            os.chmod(own, 0o600)
            if os.geteuid() == 0:
                shutil.chown(own, "postgres", "postgres")
            self.run(f"ALTER SYSTEM SET {setting} = '{own}'")
        self.run("ALTER SYSTEM SET ssl = on")
        self.run("SELECT pg_reload_conf()")
        waiting.until(lambda: self.value("SHOW ssl") == "on", "the server speaks TLS")

    def end_connections_of(self, name):
        """How many there were of programs that call themselves so."""
        return int(self.value(f"SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE application_name = '{name}'"))

    def signal_fast(self):
        """What an administrator's restart does: connections are ended."""
        self.process.send_signal(signal.SIGINT)
        self.process.wait(waiting.DEADLINE)

    def kill(self):
        """SIGKILL of the server and of all its processes."""
        children = self._children()
        super().kill()
        for child in children:
            try:
                os.kill(child, signal.SIGKILL)
            except ProcessLookupError:
                pass
        waiting.until(lambda: not any(self._lives(child) for child in children), "the server's processes are gone")

    @contextlib.contextmanager
    def stopped(self):
        """Within it the server takes connections, by its kernel, and answers nobody."""
        processes = [self.process.pid, *self._children()]
        for process in processes:
            os.kill(process, signal.SIGSTOP)
        try:
            yield
        finally:
            for process in processes:
                os.kill(process, signal.SIGCONT)

    def _children(self):
        return [int(path.split("/")[2]) for path in glob.glob("/proc/[0-9]*/stat") if self._parent_and_state(path)[0] == self.process.pid]

    def _lives(self, process):
        return self._parent_and_state(f"/proc/{process}/stat")[1] not in ("", "Z", "X")

    @staticmethod
    def _parent_and_state(path):
        try:
            with open(path) as file:
                state, parent = file.read().rpartition(")")[2].split()[:2]
        except OSError:
            return 0, ""
        return int(parent), state
