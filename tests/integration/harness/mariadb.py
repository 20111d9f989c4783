"""A MariaDB server of its own, in a directory, on a free port, asked by its client."""
import os
import shutil
import socket
import subprocess
import unittest

from . import udp, waiting
from .program import Program


def _as_nobody_special():
    """Options of subprocess: the server does not like to be root."""
    return {"user": "mysql", "group": "mysql", "extra_groups": []} if os.geteuid() == 0 else {}


class MariadbError(AssertionError):
    """What the server said."""


class Mariadb(Program):
    """`directory` may be made; those above it must let the server's user pass. Times are in UTC."""

    name = "mariadb"

    def __init__(self, directory, arguments=()):
        if not shutil.which("mariadbd") or not shutil.which("mariadb"):
            raise unittest.SkipTest("mariadb-server is not installed (deploy/install-deps.sh test brings it)")
        self.directory = directory
        self.arguments = list(arguments)
        (self.port,) = udp.free_ports(1, kind=socket.SOCK_STREAM)
        os.makedirs(directory)
        if os.geteuid() == 0:
            shutil.chown(directory, "mysql", "mysql")
        made = subprocess.run(["mariadb-install-db", "--no-defaults", f"--datadir={self.data}", "--auth-root-authentication-method=normal",
                               "--skip-test-db"], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                              timeout=waiting.DEADLINE, check=False, cwd=directory, **_as_nobody_special())
        if made.returncode != 0:
            raise AssertionError(f"mariadb-install-db: {made.stdout}")
        self.start()

    @property
    def data(self):
        return os.path.join(self.directory, "data")

    @property
    def socket(self):
        return os.path.join(self.directory, "s")

    @property
    def address(self):
        return f"127.0.0.1:{self.port}"

    def start(self):
        """On the same port as before."""
        with open(os.path.join(self.directory, "out"), "ab") as out:
            self.process = subprocess.Popen(["mariadbd", "--no-defaults", f"--datadir={self.data}", f"--socket={self.socket}", f"--port={self.port}",
                                             "--bind-address=127.0.0.1", "--default-time-zone=+00:00", "--innodb-log-file-size=64M", *self.arguments],
                                            stdin=subprocess.DEVNULL, stdout=out, stderr=out, cwd=self.directory, **_as_nobody_special())
        waiting.until(self._answers_or_dead, "MariaDB answers")
        if self.process.poll() is not None:
            raise AssertionError(f"MariaDB ended with {self.process.returncode}: {self.log()}")

    def _answers_or_dead(self):
        return self.process.poll() is not None or self._ask("SELECT 1", None).returncode == 0

    def _ask(self, sql, database):
        return subprocess.run(["mariadb", "--no-defaults", "-S", self.socket, "-u", "root", "--default-character-set=utf8mb4", "--batch", "--raw",
                               *([database] if database else [])], input=sql, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                              timeout=waiting.DEADLINE, check=False)

    def run(self, sql, database="sluice"):
        """Statements; what they print: of each answer a line of names and the rows, with tabs between the columns."""
        ended = self._ask(sql, database)
        if ended.returncode != 0:
            raise MariadbError(ended.stderr)
        return ended.stdout

    def value(self, sql, **where):
        """The one value of the one row, as text."""
        return self.run(sql, **where).splitlines()[1]

    def log(self):
        with open(os.path.join(self.directory, "out"), errors="replace") as file:
            return file.read()
