#!/usr/bin/python3
"""The daemon as a service: what it tells the service manager, and how exposed its unit is. The package is test_package.py."""
import contextlib
import ctypes
import errno
import glob
import os
import re
import signal
import socket
import subprocess
import unittest

from harness import daemon, paths, waiting
from harness.case import Case, main, skip_unless_program

SERVICE = os.path.join(paths.source(), "deploy/systemd")
DOCUMENTED_SCORE = 12  # of systemd-analyze security, times ten
SCORE_WITH_CAP_NET_ADMIN = 15


class Unit(Case):
    def score_of(self, *files):
        """The overall exposure, times ten, of the unit with these drop-ins."""
        unit = self.path("sluice.service")
        with open(unit, "w") as file:
            for part in ("sluice.service", *files):
                with open(os.path.join(SERVICE, part)) as source:
                    file.write(source.read())
        analyze = skip_unless_program("systemd-analyze")
        answer = subprocess.run([analyze, "security", "--no-pager", "--offline=true", unit], stdout=subprocess.PIPE,
                                stderr=subprocess.STDOUT, text=True, timeout=waiting.DEADLINE, check=False).stdout
        score = re.search(r"exposure level for sluice.service: (\d+)\.(\d)", answer)
        self.assertTrue(score, answer)
        return int(score[1]) * 10 + int(score[2])

    def test_is_hardly_exposed(self):
        self.assertLessEqual(self.score_of(), DOCUMENTED_SCORE)

    def test_the_documented_drop_in_costs_what_it_says(self):
        example = "sluice.service.d/receive-buffer.conf.example"
        self.assertEqual(SCORE_WITH_CAP_NET_ADMIN, self.score_of(example))
        with open(os.path.join(SERVICE, example)) as file:
            self.assertIn(f"{SCORE_WITH_CAP_NET_ADMIN / 10}", file.read())


class Manager:
    """The service manager's end of sd_notify(3)."""

    def __init__(self, case):
        path = case.path("notify")
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_NONBLOCK)
        case.addCleanup(self.socket.close)
        self.socket.bind(path)
        for name, value in (("NOTIFY_SOCKET", path), ("WATCHDOG_USEC", "30000000")):
            os.environ[name] = value
            case.addCleanup(os.environ.pop, name)
        self.messages = []

    def receive(self):
        with contextlib.suppress(BlockingIOError):
            while True:
                self.messages.append(self.socket.recv(4096).decode())
        return self.messages

    def forget(self):
        self.receive()
        self.messages = []

    def wait_for(self, expression):
        """The match in the first message that has one."""
        return waiting.until(lambda: next(filter(None, (re.search(expression, text) for text in self.receive())), None),
                             f"the service manager is told {expression!r}")


class StoppedThread:
    """One thread of a process stands still, the others go on (ptrace)."""

    _SEIZE, _INTERRUPT, _DETACH = 0x4206, 0x4207, 17
    _LIBC = ctypes.CDLL(None, use_errno=True)
    _LIBC.ptrace.argtypes = [ctypes.c_long, ctypes.c_int, ctypes.c_void_p, ctypes.c_void_p]

    def __init__(self, process, name):
        for comm in glob.glob(f"/proc/{process}/task/*/comm"):
            with open(comm) as file:
                if file.read().strip() == name:
                    self.thread = int(comm.split("/")[4])
        self._ptrace(self._SEIZE)
        self._ptrace(self._INTERRUPT)
        os.waitpid(self.thread, 0x40000000)  # __WALL: threads too

    def go_on(self):
        self._ptrace(self._DETACH)

    def _ptrace(self, request):
        if self._LIBC.ptrace(request, self.thread, None, None) == 0:
            return
        error = ctypes.get_errno()
        if request == self._SEIZE and error in (errno.EPERM, errno.ENOSYS):
            raise unittest.SkipTest(f"threads of another process cannot be stopped here: {os.strerror(error)}")
        raise OSError(error, f"ptrace {request:#x}")


class Notify(Case):
    def test_the_service_manager_is_told_of_each_step(self):
        manager = Manager(self)
        with daemon.Daemon(self.path("daemon"), {"sinks": {"archive": {"type": "file", "format": "json"}}}) as collector:
            manager.wait_for("^READY=1$")
            manager.wait_for("^WATCHDOG=1$")
            sent = daemon.run_once("generate", "--to", f"127.0.0.1:{collector.port}", "--flows", 500, "--rate", 0, "--quiet")
            self.assertEqual(0, sent.returncode, sent.stderr)
            # Not in one line, where a line is due between the decoding and the writing.
            manager.wait_for(r"^STATUS=1 exporter; \d+ datagrams/s, [1-9]\d* flows/s; archive: ")
            manager.wait_for(r"^STATUS=1 exporter; .*; archive: [1-9]\d* flows/s delivered")
            manager.forget()
            collector.signal(signal.SIGHUP)
            manager.wait_for(r"^RELOADING=1\nMONOTONIC_USEC=\d+$")
            manager.wait_for("^READY=1$")
            self.assertEqual(0, collector.stop(), collector.log())
            manager.wait_for(r"^STOPPING=1\n(?s:.*)EXTEND_TIMEOUT_USEC=15000000$")

    def test_the_watchdog_starves_where_one_worker_stands_still(self):
        manager = Manager(self)
        with daemon.Daemon(self.path("daemon"), {}, stdout=os.devnull) as collector:
            manager.wait_for("^WATCHDOG=1$")
            worker = StoppedThread(collector.process.pid, "worker-1")
            manager.wait_for("^STATUS=A worker does not turn; ")
            manager.forget()
            # The status comes every five turns of the main thread, which feeds the watchdog at each where it may.
            manager.wait_for("^STATUS=A worker does not turn; ")
            self.assertNotIn("WATCHDOG=1", manager.messages)
            self.assertEqual(503, collector.http("/readyz")[0])
            worker.go_on()
            manager.wait_for("^WATCHDOG=1$")
            manager.wait_for("^STATUS=0 exporters; ")


if __name__ == "__main__":
    main()
