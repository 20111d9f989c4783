"""A MariaDB server of its own, in a directory, on a free port, asked by its client."""
import contextlib
import os
import re
import shutil
import signal
import socket
import subprocess
import unittest

from . import udp, waiting
from .program import Program


def _as_nobody_special(directory):
    """Options of subprocess: the server does not like to be root. One that starts deletes temporary tables, those of others
    too, so that each has a place of its own for them."""
    who = {"user": "mysql", "group": "mysql", "extra_groups": []} if os.geteuid() == 0 else {}
    return {"cwd": directory, "env": {**os.environ, "TMPDIR": directory}, **who}


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
                              timeout=waiting.DEADLINE, check=False, **_as_nobody_special(directory))
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
                                            stdin=subprocess.DEVNULL, stdout=out, stderr=out, **_as_nobody_special(self.directory))
        waiting.until(self._answers_or_dead, "MariaDB answers")
        if self.process.poll() is not None:
            raise AssertionError(f"MariaDB ended with {self.process.returncode}: {self.log()}")

    def _answers_or_dead(self):
        return self.process.poll() is not None or self._ask("SELECT 1", None, "root").returncode == 0

    def _ask(self, sql, database, user):
        return subprocess.run(["mariadb", "--no-defaults", "-S", self.socket, "-u", user, "--default-character-set=utf8mb4", "--batch", "--raw",
                               *([database] if database else [])], input=sql, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                              timeout=waiting.DEADLINE, check=False)

    def run(self, sql, database="sluice", user="root"):
        """Statements; what they print: of each answer a line of names and the rows, with tabs between the columns."""
        ended = self._ask(sql, database, user)
        if ended.returncode != 0:
            raise MariadbError(ended.stderr)
        return ended.stdout

    def value(self, sql, **where):
        """The one value of the one row, as text."""
        return self.run(sql, **where).splitlines()[1]

    def query(self, sql, **where):
        """The rows, each a list of texts, integers and None."""
        def value(text):
            return None if text == "NULL" else int(text) if re.fullmatch(r"-?\d+", text) else text
        return [[value(text) for text in line.split("\t")] for line in self.run(sql, **where).splitlines()[1:]]

    def log(self):
        with open(os.path.join(self.directory, "out"), errors="replace") as file:
            return file.read()

    def restart(self, *arguments):
        """With these arguments besides."""
        self.arguments += arguments
        self.stop()
        self.start()

    def use_certificate(self, certificate, key):
        """For those who ask for TLS, from now on."""
        options = []
        for path, option in ((certificate, "ssl-cert"), (key, "ssl-key")):
            own = shutil.copy(path, self.directory)
            os.chmod(own, 0o600)
            if os.geteuid() == 0:
                shutil.chown(own, "mysql", "mysql")
            options.append(f"--{option}={own}")
        self.restart(*options)

    def end_connections_of(self, user):
        """How many there were; one that ends by itself meanwhile is none."""
        ended = 0
        for number, in self.query(f"SELECT id FROM information_schema.PROCESSLIST WHERE user = '{user}'"):
            with contextlib.suppress(MariadbError):
                self.run(f"KILL CONNECTION {number}")
                ended += 1
        return ended

    @contextlib.contextmanager
    def stopped(self):
        """Within it the server takes connections, by its kernel, and answers nobody."""
        self.process.send_signal(signal.SIGSTOP)
        try:
            yield
        finally:
            self.process.send_signal(signal.SIGCONT)
