"""A running `sluice store` in a directory, on a free port, and its HTTP interface."""
import json
import os
import re
import subprocess
import time
import unittest
import urllib.error
import urllib.parse
import urllib.request

from . import daemon, paths, waiting
from .program import Program

NO_ENGINE = 3  # exit status of engine.sh where the engine cannot be had
_engine = None


def engine():
    """The path of the engine, fetched where it is not there; skips the test where it cannot be."""
    global _engine
    if _engine is None:
        result = subprocess.run([os.path.join(paths.source(), "deploy/local/engine.sh"), "fetch"],
                                stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                                timeout=660, check=False)
        if result.returncode == NO_ENGINE:
            raise unittest.SkipTest(result.stderr.strip().splitlines()[-1])
        if result.returncode != 0:
            raise AssertionError(f"engine.sh: {result.stderr}")
        _engine = result.stdout.strip()
    return _engine


class QueryError(AssertionError):
    """ClickHouse's answer where it is an error."""

    def __init__(self, status, code, text):
        super().__init__(f"{status}: {text}")
        self.status, self.code, self.text = status, code, text


class Client:
    """ClickHouse's HTTP interface at `url`."""

    def __init__(self, url):
        self.url = url

    def request(self, body=b"", method="POST", path="/", headers=None, timeout=120, **parameters):
        """(status, headers, bytes), whatever the status is."""
        url = f"{self.url}{path}" + ("?" + urllib.parse.urlencode(parameters) if parameters else "")
        data = body.encode() if isinstance(body, str) else body
        request = urllib.request.Request(url, data=data if method == "POST" else None, headers=headers or {},
                                         method=method)
        try:
            with urllib.request.urlopen(request, timeout=timeout) as answer:
                return answer.status, answer.headers, answer.read()
        except urllib.error.HTTPError as error:
            return error.code, error.headers, error.read()

    def text(self, sql, **parameters):
        """The answer as text; QueryError where it is an error."""
        status, headers, answer = self.request(sql, **parameters)
        if status != 200:
            raise QueryError(status, int(headers.get("X-ClickHouse-Exception-Code", 0)), answer.decode())
        return answer.decode()

    def query(self, sql, **settings):
        """The rows, each a list; numbers are numbers, UInt64 too."""
        settings = {"output_format_json_quote_64bit_integers": 0, **settings}
        text = self.text(sql, default_format="JSONCompactEachRow", **settings)
        return [json.loads(line) for line in text.splitlines()]

    def value(self, sql, **settings):
        """The one value of a one-row answer."""
        return self.query(sql, **settings)[0][0]

    def wait_for(self, sql, expected, deadline=waiting.DEADLINE):
        """Until the one value of the answer is `expected` (a value, or a function that says whether it is right)."""
        right = expected if callable(expected) else lambda value: value == expected
        end, value = time.monotonic() + deadline, None
        while time.monotonic() < end:
            value = self.value(sql)
            if right(value):
                return value
            time.sleep(0.1)
        raise AssertionError(f"{sql}: {value!r}, not {expected!r}, after {deadline:.0f} s")


class Store(Program, Client):
    """`sluice store --path DIRECTORY`. Starts at once; a context manager that kills what is left.

    `files` is where schemas and CSV files go. `arguments` are further ones of the command line. `named`: it is told which
    engine, else it finds the one of the cache."""

    name = "store"

    def __init__(self, directory, arguments=(), wait=True, port=0, named=True):
        self.directory = directory
        self.named = named
        self.arguments = list(arguments)
        self.port = port
        self.process = None
        self.log_path = directory.rstrip("/") + ".log"
        self.start(wait)

    @property
    def url(self):
        return f"http://127.0.0.1:{self.port}"

    @property
    def files(self):
        return os.path.join(self.directory, "files")

    def start(self, wait=True):
        """On the same port as before, so that a restart has the same address."""
        library = engine()
        os.makedirs(os.path.dirname(self.log_path) or ".", exist_ok=True)
        with open(self.log_path, "wb") as log:
            self.process = subprocess.Popen([daemon.binary(), "store", "--path", self.directory,
                                             *(["--engine", library] if self.named else []), "--http", f"127.0.0.1:{self.port}", *self.arguments],
                                            stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        if wait:
            self.wait_ready()

    def wait_ready(self):
        line = waiting.until(self._ready_line, "the store is ready")
        if self.process.poll() is not None:
            raise AssertionError(f"the store ended with {self.process.returncode}: {self.log()}")
        self.port = int(re.search(r"http://\S*:(\d+)", line)[1])

    def _ready_line(self):
        if self.process.poll() is not None:
            return "ended"
        return next((line for line in self.log().splitlines() if "ready on" in line), None)

    def log(self):
        with open(self.log_path, errors="replace") as file:
            return file.read()
