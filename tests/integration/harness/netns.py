"""Network namespaces that end with the test: the test's own process goes into a new one, and each endpoint is a process
in one of its own. Nothing is named, mounted or left behind: a namespace is gone with the last process in it."""
import ctypes
import json
import os
import signal
import subprocess
import sys
import unittest

from . import paths, waiting

_LIBC = ctypes.CDLL(None, use_errno=True)
_CLONE_NEWNET = 0x40000000
_PR_SET_PDEATHSIG = 1


def enter(case):
    """The calling process is in a new namespace with a loopback until the test ends."""
    before = os.open("/proc/self/ns/net", os.O_RDONLY)
    case.addCleanup(os.close, before)
    if _LIBC.unshare(_CLONE_NEWNET) != 0:
        raise unittest.SkipTest(f"there are no network namespaces here: {os.strerror(ctypes.get_errno())}")
    case.addCleanup(_LIBC.setns, before, _CLONE_NEWNET)
    run("ip", "link", "set", "lo", "up")


def _end_with_parent():
    _LIBC.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)


def start(*command, **options):
    """A process that is killed should the test die."""
    return subprocess.Popen(command, preexec_fn=_end_with_parent, **options)


def run(*command, **options):
    result = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                            timeout=waiting.DEADLINE, check=False, **options)
    if result.returncode != 0:
        raise AssertionError(f"{' '.join(command)} ended with {result.returncode}: {result.stdout}")
    return result.stdout


class Endpoint:
    """endpoint.py in a namespace of its own, which it leaves when it is closed."""

    def __init__(self, case):
        program = os.path.join(paths.source(), "tests/integration/harness/endpoint.py")
        self.process = start("unshare", "--net", sys.executable, program, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                             text=True)
        case.addCleanup(self.close)
        self.ask("hello")

    def connect(self, interface, addresses):
        """Takes the interface of this name into its namespace and gives it these addresses."""
        run("ip", "link", "set", interface, "netns", str(self.process.pid))
        self.run("ip", "link", "set", "lo", "up")
        # Checksums and segments as on a wire: a switch in user space passes on what it gets.
        self.run("ethtool", "-K", interface, "tx", "off", "tso", "off", "gso", "off", "gro", "off")
        for address in addresses:
            self.run("ip", "address", "add", address, "dev", interface, "nodad")
        self.run("ip", "link", "set", interface, "up")
        self.interface = interface

    def run(self, *command):
        return run("nsenter", "--net", "--target", str(self.process.pid), *command)

    def ask(self, command, *arguments):
        self.process.stdin.write(json.dumps([command, *arguments]) + "\n")
        self.process.stdin.flush()
        answer = self.process.stdout.readline()
        if not answer:
            raise AssertionError(f"the endpoint ended with {self.process.wait()}")
        return json.loads(answer)

    def close(self):
        self.process.kill()
        self.process.wait()
        self.process.stdin.close()
        self.process.stdout.close()
