"""A running `sluice web`, and what its API answers."""
import json
import os
import re
import subprocess
import urllib.error
import urllib.request

from . import daemon, waiting
from .program import Program


class Web(Program):
    """`settings` is the section web of its file; by default a free port of loopback and the store at `store`."""

    name = "web"

    def __init__(self, directory, store="", arguments=(), wait=True, **settings):
        os.makedirs(directory, exist_ok=True)
        self.config, self.log_path = os.path.join(directory, "web.yaml"), os.path.join(directory, "web.log")
        section = {"listen": "127.0.0.1:0", **settings}
        if store:
            section["clickhouse"] = {"url": store, **section.get("clickhouse", {})}
        with open(self.config, "w") as file:
            json.dump({"web": section}, file)
        with open(self.log_path, "wb") as log:
            self.process = subprocess.Popen([daemon.binary(), "web", "-c", self.config, *arguments], stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        self.port = 0
        if wait:
            waiting.until(lambda: "ready on" in self.log() or self.process.poll() is not None, "sluice web is ready")
            if self.process.poll() is not None:
                raise AssertionError(f"sluice web ended with {self.process.returncode}: {self.log()}")
            self.port = int(re.search(r"ready on https?://\S*:(\d+)", self.log())[1])

    @property
    def url(self):
        return f"http://127.0.0.1:{self.port}"

    def log(self):
        with open(self.log_path, errors="replace") as file:
            return file.read()

    def request(self, path, body=None, method=None, headers=None, timeout=120):
        """(status, headers, bytes), whatever the status is. A body is sent as JSON."""
        data = None if body is None else body if isinstance(body, bytes) else json.dumps(body).encode()
        given = {"Content-Type": "application/json", **(headers or {})} if data is not None else headers or {}
        request = urllib.request.Request(self.url + path, data=data, headers=given, method=method or ("GET" if data is None else "POST"))
        try:
            with urllib.request.urlopen(request, timeout=timeout) as answer:
                return answer.status, answer.headers, answer.read()
        except urllib.error.HTTPError as error:
            return error.code, error.headers, error.read()

    def json(self, path, body=None, status=200, **options):
        got, _, text = self.request(path, body, **options)
        if got != status:
            raise AssertionError(f"{path} {body}: {got}, not {status}: {text.decode(errors='replace')}")
        return json.loads(text)

    def lines(self, path, body, **options):
        """The lines of a stream: [(name, value)]."""
        got, _, text = self.request(path, body, **options)
        if got != 200:
            raise AssertionError(f"{path} {body}: {got}: {text.decode(errors='replace')}")
        return [next(iter(json.loads(line).items())) for line in text.splitlines()]

    def stream(self, path, body, **options):
        """The same by names: {"series": [...], "end": [...]}; an AssertionError where it ended with an error."""
        out = {}
        for name, value in self.lines(path, body, **options):
            out.setdefault(name, []).append(value)
        if "end" not in out:
            raise AssertionError(f"{path} {body}: {out.get('error', 'cut off')}")
        return out
