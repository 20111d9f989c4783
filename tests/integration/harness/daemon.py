"""A running `sluice run` with a configuration of its own, on free ports."""
import collections
import json
import os
import re
import socket
import subprocess
import urllib.error
import urllib.request

from . import paths, udp, waiting
from .program import Program

_SAMPLE = re.compile(r'^(\w+)(?:\{(.*)\})? (\S+)$')
_LABEL = re.compile(r'(\w+)="((?:[^"\\]|\\.)*)"')

Sample = collections.namedtuple("Sample", "labels value")


def binary():
    path = paths.sluice()
    if not os.access(path, os.X_OK):
        raise AssertionError(f"there is no {path}; the build makes it")
    return path


def run_once(*arguments, timeout=waiting.DEADLINE, **options):
    """A sluice that ends by itself; gives the subprocess.CompletedProcess with text output."""
    return subprocess.run([binary(), *map(str, arguments)], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE, text=True, timeout=timeout, check=False, **options)


Shown = collections.namedtuple("Shown", "status text")


def run_on_terminal(*arguments):
    """The same with stderr that is a terminal's; gives the exit status and what was shown there."""
    ours, theirs = os.openpty()
    with subprocess.Popen([binary(), *map(str, arguments)], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=theirs) as process:
        os.close(theirs)
        text = b""
        try:
            while chunk := os.read(ours, 65536):
                text += chunk
        except OSError:  # as Linux tells that nobody has the other side any more
            pass
        os.close(ours)
        return Shown(process.wait(waiting.DEADLINE), text.decode(errors="replace"))


class Daemon(Program):
    """`settings` is merged over listeners on free ports. JSON is YAML, so the file is written by json.

    With `listeners=0` there is no word of listeners in it. The daemon is up when /readyz says so; `wait=False` returns at once. `like` is one before it, whose ports it has; `launcher`
    a command that runs it, `pass_fds` the descriptors that this one inherits, and `command` what it is told to do."""

    name = "daemon"

    def __init__(self, directory, settings, arguments=(), wait=True, listeners=1, stdout=None, like=None, launcher=(),
                 pass_fds=(), command=("run",)):
        self.directory = directory
        self.ports = like.ports if like else udp.free_ports(listeners)
        self.metrics_port, self.api_port = ((like.metrics_port, like.api_port) if like else
                                            udp.free_ports(2, kind=socket.SOCK_STREAM))
        config = {
            "workers": 2,
            "listeners": [{"address": "127.0.0.1", "port": port} for port in self.ports],
            "metrics": {"listen": f"127.0.0.1:{self.metrics_port}"},
            "api": {"listen": f"127.0.0.1:{self.api_port}"},
            **settings,
        }
        if not self.ports:
            del config["listeners"]
        os.makedirs(directory, exist_ok=True)
        self.config = os.path.join(directory, "sluice.yaml")
        with open(self.config, "w") as file:
            json.dump(config, file, indent=1)
        self.stdout_path = stdout or os.path.join(directory, "stdout")
        self.log_path = os.path.join(directory, "log")
        with open(self.stdout_path, "wb") as out, open(self.log_path, "wb") as log:
            self.process = subprocess.Popen([*launcher, binary(), *command, "-c", self.config, *arguments], cwd=directory,
                                            stdin=subprocess.DEVNULL, stdout=out, stderr=log, pass_fds=pass_fds)
        if wait:
            self.wait_ready()

    @property
    def port(self):
        return self.ports[0]

    def wait_ready(self):
        try:
            waiting.until(self._ready_or_dead, "the daemon is ready")
        except AssertionError:
            self.kill()
            raise AssertionError(f"the daemon does not become ready: {self.log()}") from None
        if self.process.poll() is not None:
            raise AssertionError(f"the daemon ended with {self.process.returncode}: {self.log()}")

    def _ready_or_dead(self):
        return self.process.poll() is not None or self.http("/readyz")[0] == 200

    def http(self, path):
        """(status, text); status 0 where nobody answers."""
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.metrics_port}{path}", timeout=10) as answer:
                return answer.status, answer.read().decode()
        except urllib.error.HTTPError as error:
            return error.code, error.read().decode()
        except OSError:
            return 0, ""

    def metrics(self):
        """name -> [Sample]"""
        status, text = self.http("/metrics")
        if status != 200:
            raise AssertionError(f"/metrics answers {status}; log: {self.log()}")
        samples = collections.defaultdict(list)
        for line in text.splitlines():
            match = _SAMPLE.match(line)
            if match:
                samples[match[1]].append(Sample(dict(_LABEL.findall(match[2] or "")), float(match[3])))
        return samples

    def metric(self, name, **labels):
        """The sum of the samples of this name that carry these labels; 0 without any."""
        return sum(sample.value for sample in self.metrics().get(name, [])
                   if all(sample.labels.get(key) == value for key, value in labels.items()))

    def log(self):
        with open(self.log_path, errors="replace") as file:
            return file.read()
