"""A Debian root that is booted: systemd in a container of its own (systemd-nspawn), with no network but a loopback."""
import os
import re
import signal
import subprocess
import unittest

from . import netns, waiting
from .case import skip_unless_program

# What is said where the machine does not let it: rights, a kernel or a container without what it needs, or a root that is
# no mount point (a chroot). unshare and mount, which make its place, know nothing of the root that is to boot.
_REFUSED = re.compile(r"^(?:(?:unshare|mount): .*|.*(?:not permitted|permission denied|not supported|not implemented|"
                      r"read-only file system).*)$", re.IGNORECASE | re.MULTILINE)
_ENVIRONMENT = ("PATH=/usr/sbin:/usr/bin:/sbin:/bin", "HOME=/root", "LC_ALL=C.UTF-8", "DEBIAN_FRONTEND=noninteractive")


def _namespace(process):
    try:
        return os.readlink(f"/proc/{process}/ns/pid")
    except OSError:
        return None


class Machine:
    """Boots the root at once. It ends with `stop()`, with the test, or with the test's process."""

    def __init__(self, case, root, log):
        nspawn = skip_unless_program("systemd-nspawn")
        self.root = root
        self.log_path = log
        with open(log, "wb") as out:
            # nspawn leaves a directory in /run; this one ends with it.
            self.process = netns.start("unshare", "--mount", "sh", "-c", 'mount -t tmpfs none /run && exec "$@"', "sh",
                                       nspawn, "--boot", "--directory", root, "--machine", f"sluice-test-{os.getpid()}",
                                       "--register=no", "--keep-unit", "--private-network", "--console=pipe",
                                       stdin=subprocess.DEVNULL, stdout=out, stderr=out)
        case.addCleanup(self.stop)
        self.leader = waiting.until(self._leader, "the root has a first process")
        waiting.until(self._booted, "the root is booted")

    def _leader(self):
        if self.process.poll() is not None:
            refused = _REFUSED.search(self.log())
            if refused:
                raise unittest.SkipTest(f"systemd-nspawn starts nothing here: {refused[0].strip()}")
            raise AssertionError(f"systemd-nspawn ended with {self.process.returncode}: {self.log()}")
        with open(f"/proc/{self.process.pid}/task/{self.process.pid}/children") as file:
            children = file.read().split()
        # nspawn's first child makes the container and goes; the first process inside is what stays.
        inside = [child for child in children if _namespace(child) not in (None, _namespace("self"))]
        return int(inside[0]) if inside else None

    def _booted(self):
        return self.try_run("systemctl", "is-system-running", "--wait").stdout.strip() in ("running", "degraded")

    def try_run(self, *command, timeout=waiting.DEADLINE):
        """A command in the root, as root; gives the subprocess.CompletedProcess with text output."""
        return self._enter(("--mount", "--uts", "--ipc", "--net", "--pid"), "env", "-i", *_ENVIRONMENT, *command,
                           timeout=timeout)

    def run(self, *command, **options):
        """The same; its output. AssertionError where it fails."""
        result = self.try_run(*command, **options)
        if result.returncode != 0:
            raise AssertionError(f"{' '.join(command)} ended with {result.returncode}: {result.stdout}")
        return result.stdout

    def metric(self, name, url="http://127.0.0.1:8080/metrics"):
        """The sum of the samples whose name and labels match the expression; 0 without any, and where nobody answers."""
        text = self._enter(("--net",), skip_unless_program("curl"), "--silent", "--max-time", "10", url).stdout
        return sum(float(value) for value in re.findall(rf"^{name} (\S+)$", text, re.MULTILINE))

    def _enter(self, namespaces, *command, timeout=waiting.DEADLINE):
        return subprocess.run(["nsenter", "--target", str(self.leader), *namespaces, "--", *command],
                              stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                              timeout=timeout, check=False)

    def log(self):
        with open(self.log_path, errors="replace") as file:
            return file.read()

    def stop(self):
        """Halts it, or kills it where it does not."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            try:
                self.process.wait(20)
            except subprocess.TimeoutExpired:
                self.process.kill()
        self.process.wait()
