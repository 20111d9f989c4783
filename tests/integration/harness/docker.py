"""A Docker engine of the test's own: its socket, its images and its containers are in one directory, and end with the
test, however that ends."""
import json
import os
import signal
import subprocess
import unittest

from . import debian_root, paths, waiting
from .case import skip_unless_program

BASE = "debian:bookworm-slim"
_QUESTION = 120  # seconds; builds and starts have bounds of their own in the tests


class Engine:
    """dockerd in the network namespace that the calling thread is in. A context manager that leaves nothing behind, or
    with `keep`, where nothing went wrong, its images for another one on the same directory. With `bridge` it has networks
    and published ports, which is for a namespace of its own."""

    def __init__(self, directory, bridge, keep=False):
        skip_unless_program("dockerd")
        if os.geteuid() != 0:
            raise unittest.SkipTest("only root can start a Docker engine")
        self.directory, self._keep = directory, keep
        self.docker = skip_unless_program("docker")
        # An image is named by nothing but what the test gave it: there is nowhere to fetch another one from.
        self.environment = {**os.environ, "DOCKER_HOST": f"unix://{directory}/socket", "DOCKER_BUILDKIT": "0",
                            "DOCKER_CONFIG": os.path.join(directory, "client"), "COMPOSE_PROJECT_NAME": "sluice"}
        options = [] if bridge else ["--bridge=none", "--iptables=false", "--ip6tables=false", "--ip-forward=false",
                                     "--ip-masq=false", "--userland-proxy=false"]
        script = os.path.join(paths.source(), "tests/integration/harness/dockerd.sh")
        self._process = subprocess.Popen([script, directory, *options], stdin=subprocess.PIPE, text=True,
                                         start_new_session=True)
        try:
            waiting.until(self._answers, "the Docker engine answers")
        except AssertionError:
            said = self._log()[-1:]
            self.close()
            raise unittest.SkipTest(f"no Docker engine can be started here: {' '.join(said)}") from None

    def close(self, keep=False):
        if keep:
            self._process.stdin.write("keep\n")
        self._process.stdin.close()
        self._process.wait(10 * waiting.DEADLINE)  # containers end, and gigabytes are removed, on a disk that others use

    def run(self, *arguments, timeout=_QUESTION, **options):
        """`docker ARGUMENTS`; gives its output, AssertionError where it fails."""
        return self._run(self.docker, *arguments, timeout=timeout, **options)

    def compose(self, *arguments, timeout=_QUESTION, **options):
        return self._run(skip_unless_program("docker-compose"), *arguments, timeout=timeout, **options)

    def inspect(self, name):
        return json.loads(self.run("inspect", name))[0]

    def import_debian(self, name, *packages):
        """An image of a minimal Debian with these packages."""
        self.run("import", debian_root.archive(*packages), name)

    def import_base(self, directory):
        """What Debian's own image is: minimal, with an apt that works here, and quickly."""
        self.import_debian("minbase")
        settings = os.path.join(directory, "settings")
        os.makedirs(os.path.join(settings, "etc/apt/apt.conf.d"))
        os.makedirs(os.path.join(settings, "etc/dpkg/dpkg.cfg.d"))
        debian_root.configure_apt(settings)
        with open(os.path.join(settings, "etc/dpkg/dpkg.cfg.d/docker-apt-speedup"), "w") as file:
            file.write("force-unsafe-io\n")
        with open(os.path.join(directory, "Dockerfile"), "w") as file:
            file.write("FROM minbase\nCOPY . /\n")
        self.run("build", "-t", BASE, "-f", file.name, settings)

    def _answers(self):
        return subprocess.run([self.docker, "version"], env=self.environment, stdin=subprocess.DEVNULL,
                              stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=False).returncode == 0

    def _run(self, *command, timeout, env=None, stdin=subprocess.DEVNULL, **options):
        result = subprocess.run(command, stdin=stdin, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                                timeout=timeout, check=False, env={**self.environment, **(env or {})}, **options)
        if result.returncode != 0:
            raise AssertionError(f"{' '.join(command)} ended with {result.returncode}: {result.stdout[-4000:]}")
        return result.stdout

    def _log(self):
        with open(os.path.join(self.directory, "log"), errors="replace") as file:
            return [line.strip() for line in file if line.strip()]

    def __enter__(self):
        return self

    def __exit__(self, kind, *_):
        self.close(keep=self._keep and kind is None)


def interrupt_on_sigterm():
    """SIGTERM as Ctrl-C: by itself it ends Python without anything in order."""
    signal.signal(signal.SIGTERM, lambda *_: signal.raise_signal(signal.SIGINT))
