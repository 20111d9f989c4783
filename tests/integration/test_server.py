#!/usr/bin/python3
"""The daemon as a service: what it tells the service manager, and how exposed its unit is. The package is test_package.py."""
import contextlib
import ctypes
import errno
import glob
import json
import os
import pwd
import re
import shutil
import signal
import socket
import subprocess
import time
import unittest

from harness import daemon, paths, waiting
from harness.case import Case, main, skip_unless_program

SERVICE = os.path.join(paths.source(), "deploy/systemd")
DOCUMENTED_SCORE = 11  # of systemd-analyze security, times ten
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
        for document in ("security.md", "server.md"):
            with open(os.path.join(paths.source(), "docs", document)) as file:
                self.assertIn(f"`systemd-analyze security sluice` rates it {DOCUMENTED_SCORE / 10}", file.read(), document)

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


USER = "nobody"  # whom every machine has


class User(Case):
    """Started as root it becomes the user of its configuration, and what that one may not do is refused before."""

    def setUp(self):
        super().setUp()
        if os.geteuid() != 0:
            raise unittest.SkipTest("only root can become somebody else")
        self.account = pwd.getpwnam(USER)
        os.chmod(self.directory, 0o711)
        self.theirs = self.path("theirs")
        os.mkdir(self.theirs)
        os.chown(self.theirs, self.account.pw_uid, self.account.pw_gid)
        self.settings = {"user": USER, "state": {"file": os.path.join(self.theirs, "state")}, "run": {"takeover": os.path.join(self.theirs, "takeover")},
                         "sinks": {"archive": {"type": "file", "format": "json", "path": os.path.join(self.theirs, "flows")}}}

    def start(self, name="daemon", **options):
        directory = self.path(name)
        collector = daemon.Daemon(directory, self.settings, **options)
        self.addCleanup(collector.kill)
        return collector

    def readable(self, collector):
        os.chown(collector.config, 0, self.account.pw_gid)
        os.chmod(collector.config, 0o640)

    def status(self, collector):
        """Of each thread."""
        out = []
        for path in glob.glob(f"/proc/{collector.process.pid}/task/*/status"):
            with open(path) as file:
                out.append(dict(line.rstrip("\n").split(":\t", 1) for line in file if ":\t" in line))
        self.assertGreater(len(out), 2)
        return out

    def send(self, collector):
        before = collector.metric("sluice_sink_delivered_flows_total", sink="archive")
        sent = daemon.run_once("generate", "--to", f"127.0.0.1:{collector.port}", "--flows", 100, "--rate", 0, "--quiet")
        self.assertEqual(0, sent.returncode, sent.stderr)
        waiting.until(lambda: collector.metric("sluice_sink_delivered_flows_total", sink="archive") == before + 100, "the flows are delivered")

    def test_root_is_given_up_and_all_goes_on(self):
        collector = self.start()
        self.readable(collector)
        for thread in self.status(collector):
            self.assertEqual([str(self.account.pw_uid)] * 4, thread["Uid"].split())
            self.assertEqual([str(self.account.pw_gid)] * 4, thread["Gid"].split())
            self.assertEqual({str(group) for group in os.getgrouplist(USER, self.account.pw_gid)}, set(thread["Groups"].split()))
            for capabilities in ("CapEff", "CapPrm", "CapInh", "CapAmb"):
                self.assertEqual(0, int(thread[capabilities], 16), thread)
            self.assertEqual("1", thread["NoNewPrivs"], thread)
        self.assertIn(f"runs as {USER}", collector.log())
        self.send(collector)
        # Files are opened again, and the configuration is read again.
        with open(collector.config) as file:
            config = json.load(file)
        config["collector_id"] = "again"
        config["sinks"]["second"] = {"type": "file", "path": os.path.join(self.theirs, "second")}
        with open(collector.config, "w") as file:
            json.dump(config, file)
        collector.signal(signal.SIGHUP)
        waiting.until(lambda: "reloaded: collector_id, sinks" in collector.log(), "it is reloaded")
        self.send(collector)
        waiting.until(lambda: collector.metric("sluice_state_last_write_timestamp_seconds") > 0, "the state is written")
        self.assertEqual(0, collector.stop(), collector.log())
        written = [path for path in glob.glob(os.path.join(self.theirs, "**"), recursive=True) if os.path.isfile(path)]
        self.assertGreaterEqual(len(written), 4, written)
        for path in written:
            self.assertEqual((self.account.pw_uid, self.account.pw_gid), (os.stat(path).st_uid, os.stat(path).st_gid), path)
        self.assertEqual(0o640, os.stat(os.path.join(self.theirs, "state")).st_mode & 0o777)

    def test_root_is_gone_before_there_are_threads(self):
        collector = self.start(wait=False)
        process = f"/proc/{collector.process.pid}"

        def users():
            with open(f"{process}/status") as file:
                return next(line for line in file if line.startswith("Uid:")).split()[1:]
        end = time.monotonic() + waiting.DEADLINE
        while True:
            self.assertIsNone(collector.process.poll(), collector.log())
            self.assertLess(time.monotonic(), end)
            threads = len(os.listdir(f"{process}/task"))
            if threads < 2:
                continue
            self.assertEqual([str(self.account.pw_uid)] * 4, users(), f"there are {threads} threads")
            if threads > 4:  # sinks, state, workers
                break

    def test_the_next_one_takes_over(self):
        first = self.start("first")
        second = self.start("second", like=first, arguments=("--takeover",))
        self.assertEqual(0, first.process.wait(waiting.DEADLINE), first.log())
        self.assertNotEqual("0", self.status(second)[0]["Uid"].split()[0])
        self.send(second)

    def refused(self, settings):
        path = self.path("refused.yaml")
        with open(path, "w") as file:
            json.dump({"listeners": ["127.0.0.1:0"], "metrics": {"listen": ""}, "api": {"listen": ""}, **settings}, file)
        os.chmod(path, 0o644)
        said = [daemon.run_once(command, "-c", path) for command in ("check", "run")]
        for one in said:
            self.assertEqual(2, one.returncode, one.stderr)
        self.assertEqual(said[0].stderr, said[1].stderr)
        return said[0].stderr

    def test_what_the_user_may_not_do_is_refused(self):
        ours = self.path("ours")
        os.mkdir(ours, 0o700)
        token = self.path("token")
        with open(token, "w") as file:
            file.write("secret")
        os.chmod(token, 0o600)
        for setting, settings in {
                "sinks.out.path": {"sinks": {"out": {"type": "file", "path": os.path.join(ours, "flows")}}},
                "state.file": {"state": {"file": os.path.join(ours, "state")}},
                "run.takeover": {"run": {"takeover": os.path.join(ours, "takeover")}},
                "user: nobody could not read the configuration at a reload": {"api": {"token_file": token}}}.items():
            with self.subTest(setting):
                told = self.refused({"user": USER, **settings})
                self.assertIn(setting, told)
                self.assertIn("Permission denied", told)
        self.assertEqual([], os.listdir(ours))
        self.assertIn("user: there is no user nobody-at-all", self.refused({"user": "nobody-at-all"}))

    def test_somebody_else_cannot_become_it(self):
        path = self.path("other.yaml")
        with open(path, "w") as file:
            json.dump({"user": "root", "listeners": ["127.0.0.1:0"], "metrics": {"listen": ""}, "api": {"listen": ""}}, file)
        os.chmod(path, 0o644)
        # A copy: where the build is, others may not be let in.
        program = shutil.copy(daemon.binary(), self.path("sluice"))
        said = subprocess.run([skip_unless_program("setpriv"), f"--reuid={self.account.pw_uid}", "--clear-groups", program, "run", "-c", path],
                              stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, timeout=waiting.DEADLINE, check=False)
        self.assertEqual(2, said.returncode, said.stderr)
        self.assertIn("user: only root can become root", said.stderr)


if __name__ == "__main__":
    main()
