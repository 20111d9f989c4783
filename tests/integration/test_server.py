#!/usr/bin/python3
"""The daemon as a service: what it tells the service manager, the unit, the Debian package, and its life in a root that is
booted."""
import contextlib
import ctypes
import glob
import os
import re
import shutil
import signal
import socket
import subprocess
import tempfile

from harness import daemon, debian_root, mounts, nspawn, paths, waiting
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
        if self._LIBC.ptrace(request, self.thread, None, None) != 0:
            raise OSError(ctypes.get_errno(), f"ptrace {request:#x}")


class Notify(Case):
    def test_the_service_manager_is_told_of_each_step(self):
        manager = Manager(self)
        with daemon.Daemon(self.path("daemon"), {"sinks": {"archive": {"type": "file", "format": "json"}}}) as collector:
            manager.wait_for("^READY=1$")
            manager.wait_for("^WATCHDOG=1$")
            sent = daemon.run_once("generate", "--to", f"127.0.0.1:{collector.port}", "--flows", 500, "--rate", 0, "--quiet")
            self.assertEqual(0, sent.returncode, sent.stderr)
            manager.wait_for(r"^STATUS=1 exporter; \d+ datagrams/s, [1-9]\d* flows/s; archive: [1-9]\d* flows/s delivered")
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


def build_package(directory):
    """The .deb of the build that is tested, in the directory."""
    cpack = skip_unless_program("cpack")
    skip_unless_program("dpkg-shlibdeps")
    result = subprocess.run([cpack, "-G", "DEB", "-B", directory], cwd=paths.build(), stdin=subprocess.DEVNULL,
                            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=300, check=False)
    found = glob.glob(os.path.join(directory, "*.deb"))
    if result.returncode != 0 or len(found) != 1:
        raise AssertionError(f"cpack ended with {result.returncode}: {result.stdout}")
    return found[0]


def subcommands(help_text):
    block = re.search(r"^Subcommands:\n((?:  .*\n)+)", help_text, re.MULTILINE)
    return re.findall(r"^  (\S+)", block[1], re.MULTILINE) if block else []


def options(help_text):
    block = re.search(r"^Options:\n((?:  .*\n)+)", help_text, re.MULTILINE)
    return [name for names in re.findall(r"^  (-\S+)", block[1], re.MULTILINE) for name in names.split(",")]


def command_line(*command):
    """(words of a command, its help) for it and for all below it."""
    result = daemon.run_once(*command, "--help")
    assert result.returncode == 0, result.stderr
    yield command, result.stdout
    for word in subcommands(result.stdout):
        yield from command_line(*command, word)


class PackageCase(Case):
    """Works on a memory disk. The package is built once."""

    @classmethod
    def setUpClass(cls):
        disk = cls.enterClassContext(mounts.private_disk())
        cls.addClassCleanup(setattr, tempfile, "tempdir", tempfile.tempdir)
        tempfile.tempdir = disk
        cls.disk = disk
        cls.deb = build_package(os.path.join(disk, "package"))


class Package(PackageCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.root = os.path.join(cls.disk, "extracted")
        subprocess.run(["dpkg-deb", "-x", cls.deb, cls.root], check=True)

    def test_lintian_finds_no_error(self):
        lintian = skip_unless_program("lintian")
        result = subprocess.run([lintian, "--allow-root", "--fail-on", "error", self.deb], stdin=subprocess.DEVNULL,
                                stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=300, check=False)
        self.assertEqual(0, result.returncode, result.stdout)

    def test_its_configuration_is_kafka_here_and_a_state_file(self):
        result = daemon.run_once("check", "-c", os.path.join(self.root, "etc/sluice/sluice.yaml"))
        self.assertEqual(0, result.returncode, result.stderr)
        self.assertIn("file: /var/lib/sluice/state", result.stdout)
        self.assertIn("brokers: localhost:9092", result.stdout)
        self.assertNotIn("type: stdout", result.stdout)

    def test_its_tables_find_their_message(self):
        result = subprocess.run([os.path.join(self.root, "usr/share/sluice/clickhouse/apply.sh"), "--print"],
                                stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                                timeout=waiting.DEADLINE, check=False)
        self.assertEqual(0, result.returncode, result.stderr)
        self.assertIn("CREATE TABLE", result.stdout)

    def test_the_man_page_has_every_command_and_option(self):
        page = subprocess.run([skip_unless_program("man"), "-l", os.path.join(self.root, "usr/share/man/man1/sluice.1.gz")],
                              env={**os.environ, "MANWIDTH": "200", "LC_ALL": "C", "MAN_KEEP_FORMATTING": ""},
                              stdout=subprocess.PIPE, text=True, timeout=waiting.DEADLINE, check=True).stdout
        sections = dict(re.findall(r"^   (sluice.*)\n((?:(?:     .*)?\n)*)", page, re.MULTILINE))
        for command, help_text in command_line():
            section = sections.get(" ".join(("sluice", *command)), "")
            for option in options(help_text):
                self.assertRegex(section, rf"(?m)^ +(-\S+,)?{re.escape(option)}\b", f"sluice {' '.join(command)}")

    def test_the_shell_completes_every_command_and_option(self):
        completion = os.path.join(self.root, "usr/share/bash-completion/completions/sluice")
        script = 'source "$1"; COMP_WORDS=("${@:2}"); COMP_CWORD=$(($# - 2)); _sluice; printf "%s\\n" "${COMPREPLY[@]}"'

        def completed(*words):
            result = subprocess.run(["bash", "-c", script, "bash", completion, daemon.binary(), *words],
                                    stdout=subprocess.PIPE, text=True, timeout=waiting.DEADLINE, check=True)
            return result.stdout.split()

        for command, help_text in command_line():
            self.assertEqual(options(help_text), completed(*command, "-"), command)
            self.assertEqual(subcommands(help_text), completed(*command, ""), command)
        self.assertEqual(["netflow5", "netflow9"], completed("generate", "--protocol", "net"))


ADMINS_CONFIGURATION = """
sinks:
  archive: {type: file, format: json}
"""
ADMINS_UNIT = "[Service]\nWatchdogSec=2s\n"


class LifeCycle(PackageCase):
    """One package's life from installation to purge."""

    def setUp(self):
        super().setUp()
        depends = subprocess.run(["dpkg-deb", "-f", self.deb, "Depends"], stdout=subprocess.PIPE, text=True, check=True).stdout
        packages = [re.match(r"[^ |,]+", alternatives.strip())[0] for alternatives in depends.split(",")]
        root = debian_root.unpack(os.path.join(self.disk, "root"), "systemd-sysv", *packages)
        with open(os.path.join(root, "etc/hosts"), "w") as file:
            file.write("127.0.0.1 localhost\n::1 localhost\n")
        self.machine = nspawn.Machine(self, root, self.path("log"))
        self.run_in = self.machine.run

    def newer(self, version):
        """A package that differs in its version and in its configuration's first line."""
        tree = self.path(version)
        subprocess.run(["dpkg-deb", "-R", self.deb, tree], check=True)
        self.edit(os.path.join(tree, "DEBIAN/control"), r"(?m)^Version: .*", f"Version: {version}")
        self.edit(os.path.join(tree, "etc/sluice/sluice.yaml"), r"\A", f"# As of {version}\n")
        deb = self.path(f"sluice_{version}.deb")
        subprocess.run(["dpkg-deb", "-Zgzip", "-z1", "-b", tree, deb], stdout=subprocess.DEVNULL, check=True)
        return deb

    def edit(self, path, expression, text):
        with open(path) as file:
            content = file.read()
        with open(path, "w") as file:
            file.write(re.sub(expression, text, content, count=1))

    def install(self, deb, *options):
        shutil.copy(deb, os.path.join(self.machine.root, "root/sluice.deb"))
        output = self.run_in("apt-get", "install", "-q", "-y", *options, "/root/sluice.deb")
        os.remove(os.path.join(self.machine.root, "root/sluice.deb"))
        self.wait_active()
        return output

    def file(self, path):
        with open(self.machine.root + path) as file:
            return file.read()

    def show(self, name):
        return self.run_in("systemctl", "show", "--value", "--property", name, "sluice").strip()

    def wait_active(self):
        waiting.until(lambda: self.show("ActiveState") == "active", "the service is active")

    def journal(self, *options):
        return self.run_in("journalctl", "--no-pager", "--unit", "sluice", *options)

    def send(self, flows, *options):
        """Flows of one exporter, which the file sink has in the end."""
        before = self.delivered()
        self.run_in("sluice", "generate", "--protocol", "ipfix", "--to", "127.0.0.1:4739", "--flows", str(flows), "--rate", "0",
                    "--quiet", *options)
        waiting.until(lambda: self.delivered() == before + flows, f"{flows} flows are delivered")

    def delivered(self):
        return self.machine.metric(r'sluice_sink_delivered_flows_total\{[^}]*sink="archive"[^}]*\}')

    def everything(self):
        """All files, but for what the package manager and the journal keep for themselves."""
        found = self.run_in("find", "/", "-xdev", "(", "-path", "/var/lib/dpkg", "-o", "-path", "/var/lib/apt", "-o", "-path",
                            "/var/cache/apt", "-o", "-path", "/var/log", "-o", "-path", "/run", "-o", "-path", "/tmp", ")",
                            "-prune", "-o", "-print").splitlines()
        users = [line for name in ("passwd", "group") for line in self.file(f"/etc/{name}").splitlines()]
        return set(found) | set(users)

    def test_from_installation_to_purge(self):
        clean = self.everything()
        self.installed()
        self.upgraded_untouched()
        self.collects()
        self.reloads()
        self.is_started_again_after_a_crash()
        self.is_killed_by_the_watchdog()
        self.upgraded_with_a_changed_configuration()
        self.has_its_receive_buffer_by_the_documented_drop_in()
        self.removed()
        self.run_in("apt-get", "purge", "-q", "-y", "sluice")
        self.run_in("rm", "-r", "/etc/systemd/system/sluice.service.d")
        self.assertEqual(set(), {path for path in self.everything() - clean if not path.endswith("-")})  # /etc/passwd-
        self.assertEqual("", self.run_in("find", "/var/log", "-name", "*sluice*"))

    def installed(self):
        self.install(self.deb)
        self.assertEqual("enabled", self.run_in("systemctl", "is-enabled", "sluice").strip())
        process = self.run_in("cat", f"/proc/{self.show('MainPID')}/status")
        self.assertRegex(process, r"(?m)^CapEff:\t0+$")
        self.assertRegex(process, r"(?m)^CapBnd:\t0+$")
        self.assertNotRegex(process, r"(?m)^Uid:\t0\t")
        self.assertRegex(self.show("StatusText"), "^0 exporters; 0 datagrams/s, 0 flows/s; kafka: ")
        self.assertEqual("", self.run_in("systemd-analyze", "verify", "--man=no", "/lib/systemd/system/sluice.service"))
        self.assertEqual("750 root sluice", self.stat("/etc/sluice"))
        self.assertEqual("640 root sluice", self.stat("/etc/sluice/sluice.yaml"))
        for directory in ("/var/lib/sluice", "/var/cache/sluice", "/var/log/sluice"):
            self.assertEqual("750 sluice sluice", self.stat(directory))
        # Names are resolved inside the sandbox; a warning is filed as one.
        refused = "Connect to ipv4#127.0.0.1:9092 failed: Connection refused"
        waiting.until(lambda: refused in self.journal("--priority", "warning"), "the broker is tried")
        self.assertNotIn("listening on", self.journal("--priority", "warning"))
        self.assertIn("listening on", self.journal())

    def stat(self, path):
        return self.run_in("stat", "-c", "%a %U %G", path).strip()

    def upgraded_untouched(self):
        before = self.show("MainPID")
        self.install(self.newer("7.0"))
        self.assertNotEqual(before, self.show("MainPID"))
        self.assertTrue(self.file("/etc/sluice/sluice.yaml").startswith("# As of 7.0\n"))
        self.assertEqual("640 root sluice", self.stat("/etc/sluice/sluice.yaml"))

    def collects(self):
        with open(self.machine.root + "/etc/sluice/sluice.yaml", "a") as file:
            file.write(ADMINS_CONFIGURATION)
        drop_in = self.machine.root + "/etc/systemd/system/sluice.service.d/watchdog.conf"
        os.makedirs(os.path.dirname(drop_in))
        with open(drop_in, "w") as file:
            file.write(ADMINS_UNIT)
        self.run_in("systemctl", "daemon-reload")
        self.run_in("systemctl", "restart", "sluice")
        self.send(500)
        waiting.until(lambda: re.search(r"^1 exporter; .*archive: [1-9]\d* flows/s", self.show("StatusText")), "the status tells of flows")

    def has_its_receive_buffer_by_the_documented_drop_in(self):
        example = "/usr/share/doc/sluice/examples/receive-buffer.conf.example"
        drop_in = "/etc/systemd/system/sluice.service.d/receive-buffer.conf"
        self.run_in("cp", example, drop_in)
        self.run_in("systemctl", "daemon-reload")
        self.run_in("systemctl", "restart", "sluice")
        self.assertNotIn("asked for a receive buffer", self.run_in("journalctl", "--no-pager", "_PID=" + self.show("MainPID")))
        # The kernel books twice what was asked for.
        sockets = self.machine.metric("sluice_workers")
        self.assertEqual(2 * (32 << 20) * sockets, self.machine.metric(r'sluice_listener_queue_limit_bytes\{[^}]*:4739"[^}]*\}'))
        self.run_in("rm", drop_in)
        self.run_in("systemctl", "daemon-reload")

    def reloads(self):
        self.assertEqual([], self.finished_files())
        self.run_in("systemctl", "reload", "sluice")
        self.send(100)
        self.assertEqual(("active", "0"), (self.show("ActiveState"), self.show("NRestarts")))
        [first] = self.finished_files()
        self.assertEqual(500, len(self.file(first).splitlines()))
        self.assertEqual("640 sluice sluice", self.stat(first))

    def finished_files(self):
        return [path.removeprefix(self.machine.root) for path in glob.glob(self.machine.root + "/var/lib/sluice/flows/*.jsonl")]

    def is_started_again_after_a_crash(self):
        # What was learnt outlives it: templates are known at once.
        waiting.until(lambda: self.machine.metric("sluice_state_unwritten_changes") == 0, "the state is written")
        self.run_in("systemctl", "kill", "--signal=KILL", "sluice")
        waiting.until(lambda: self.show("NRestarts") == "1", "it is started again")
        self.wait_active()
        waiting.until(lambda: self.machine.metric(r"sluice_state_restored\{.*\}") > 0, "it has read its state")
        self.send(100, "--no-templates")

    def is_killed_by_the_watchdog(self):
        self.run_in("systemctl", "kill", "--signal=STOP", "sluice")
        waiting.until(lambda: self.show("NRestarts") == "2", "the watchdog has it started again")
        self.wait_active()
        self.assertIn("Watchdog timeout", self.journal())

    def upgraded_with_a_changed_configuration(self):
        ours = self.file("/etc/sluice/sluice.yaml")
        self.install(self.newer("8.0"), "-o", "Dpkg::Options::=--force-confdef", "-o", "Dpkg::Options::=--force-confold")
        self.assertEqual(ours, self.file("/etc/sluice/sluice.yaml"))
        self.assertTrue(self.file("/etc/sluice/sluice.yaml.dpkg-dist").startswith("# As of 8.0\n"))
        self.send(100)

    def removed(self):
        self.run_in("apt-get", "remove", "-q", "-y", "sluice")
        self.assertEqual("inactive", self.show("ActiveState"))
        self.assertEqual("", self.run_in("sh", "-c", "grep -l '^sluice$' /proc/[0-9]*/comm 2>/dev/null || true"))
        self.assertIn("archive", self.file("/etc/sluice/sluice.yaml"))
        self.assertTrue(os.path.exists(self.machine.root + "/var/lib/sluice/state"))


if __name__ == "__main__":
    main()
