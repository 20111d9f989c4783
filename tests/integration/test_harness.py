#!/usr/bin/python3
"""The tests' own instruments agree: exporters really send what the capture holds, as the independent parser reads it.
Without the daemon; when one of these fails, no other result here means anything. Nor does one that hides what was skipped."""
import ctypes
import errno
import importlib
import os
import re
import subprocess
import sys
import time
import unittest
from unittest import mock

from harness import capture, debian_root, exporters, flows, mounts, nspawn, paths, rights, udp, waiting
from harness.case import SKIPPED, Case, main, skip_unless_program

PASSES = "    def test_passes(self): pass\n"
SKIPS = "    def test_skips(self): self.skipTest('no such thing here')\n"
FAILS = "    def test_fails(self): self.fail()\n"
# As GoogleTest writes it.
UNIT = """[ RUN      ] Socket.HasIpv6
/src/socket_test.cpp:41: Skipped
no IPv6 on this machine
[  SKIPPED ] Socket.HasIpv6 (0 ms)
[ RUN      ] Socket.Has
[       OK ] Socket.Has (0 ms)
[  SKIPPED ] 1 test, listed below:
[  SKIPPED ] Socket.HasIpv6
"""


class Truth(Case):
    def setUp(self):
        super().setUp()
        self.pcap = self.path("traffic.pcap")
        self.packets = capture.make(self.pcap, time.time() - 10)

    def read(self, exporter, *arguments, **options):
        with udp.Tee() as tee:
            exporter(self.pcap, tee.port, *arguments, directory=self.directory, **options)
        return tee.read()

    def test_the_capture_holds_all_kinds(self):
        kinds = {(p.proto, len(p.src), p.fragment) for p in self.packets}
        for proto in (flows.TCP, flows.UDP):
            self.assertLessEqual({(proto, 4, ""), (proto, 16, "")}, kinds)
        self.assertLessEqual({(flows.ICMP, 4, ""), (flows.ICMP6, 16, "")}, kinds)
        self.assertLessEqual({(flows.UDP, size, part) for size in (4, 16) for part in ("first", "later")}, kinds)
        self.assertGreater(len(self.packets), 200)

    def test_softflowd(self):
        for version in (5, 9, 10):
            with self.subTest(version=version):
                expected = capture.one_way_flows(self.packets, family=4 if version == 5 else None,
                                                 later_ipv6_fragment_proto=0)
                self.assertEqual("", flows.difference(expected, self.read(exporters.softflowd, version).flows))

    def test_nfprobe(self):
        for version in (5, 9, 10):
            with self.subTest(version=version):
                expected = capture.one_way_flows(self.packets, "joined", family=4 if version == 5 else None)
                self.assertEqual("", flows.difference(expected, self.read(exporters.nfprobe, version).flows))

    def test_sfprobe(self):
        def read():
            samples = self.read(exporters.sfprobe).flows
            self.assertEqual(capture.samples(self.packets)[:len(samples)], samples)
            return len(samples)
        # The last datagram is lost when pmacctd ends, and more where its core ends before its plugin is done.
        waiting.until(lambda: read() > len(self.packets) - 10, "pmacctd has told all but its last samples")


class Listed(unittest.TestCase):
    """A class that CMakeLists.txt does not name is run by nobody."""

    def test_every_class_is_run(self):
        directory = os.path.join(paths.source(), "tests/integration")
        said = subprocess.run(["ctest", "--test-dir", paths.build(), "-N"], stdout=subprocess.PIPE, text=True, check=True).stdout
        run = set(re.findall(r"integration\.(\w+\.\w+)$", said, re.MULTILINE))
        there = set()
        for file in sorted(os.listdir(directory)):
            if file.startswith("test_") and file.endswith(".py"):
                name = file.removesuffix(".py")
                module = sys.modules["__main__"] if file == os.path.basename(__file__) else importlib.import_module(name)
                there |= {f"{name.removeprefix('test_')}.{word}" for word, one in vars(module).items()
                          if isinstance(one, type) and issubclass(one, unittest.TestCase) and one.__module__ == module.__name__
                          and unittest.defaultTestLoader.getTestCaseNames(one)}
        self.assertGreater(len(there), 100)
        self.assertEqual(set(), there - run)


class Skips(Case):
    """What is left out is told, and nothing is left out that failed."""

    def script(self, *methods):
        path = self.path("test_of_this.py")
        with open(path, "w") as file:
            file.write("from harness.case import Case, main\nclass Some(Case):\n" + "".join(methods) + "main()\n")
        return sys.executable, path

    def test_a_part_that_was_skipped_is_not_passed(self):
        for methods, status in (((PASSES,), 0), ((PASSES, SKIPS), SKIPPED), ((SKIPS,), SKIPPED),
                                ((PASSES, SKIPS, FAILS), 1)):
            with self.subTest(methods=methods):
                result = subprocess.run(self.script(*methods), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                        stderr=subprocess.DEVNULL, text=True, timeout=waiting.DEADLINE, check=False,
                                        env={**os.environ, "PYTHONPATH": os.path.dirname(os.path.abspath(__file__))})
                self.assertEqual(status, result.returncode)
                self.assertEqual(SKIPS in methods, "SKIPPED: Some.test_skips: no such thing here\n" in result.stdout)

    def test_every_skipped_test_is_listed(self):
        """By what tests/run.sh shows at its end, of what ctest really wrote."""
        ctest = skip_unless_program("ctest")
        with open(self.path("unit.txt"), "w") as file:
            file.write(UNIT)
        python, script = self.script(PASSES, SKIPS)
        with open(self.path("CTestTestfile.cmake"), "w") as file:
            file.write(f'add_test(integration.some "{python}" "{script}")\nadd_test(unit.net cat unit.txt)\n'
                       f'set_tests_properties(integration.some PROPERTIES SKIP_RETURN_CODE {SKIPPED} ENVIRONMENT '
                       f'"PYTHONPATH={os.path.dirname(os.path.abspath(__file__))}")\n')
        shown = subprocess.run([ctest, "--test-dir", self.directory, "-j", "2"], stdin=subprocess.DEVNULL,
                               stdout=subprocess.PIPE, text=True, timeout=waiting.DEADLINE, check=True).stdout
        self.assertRegex(shown, r"integration\.some \(Skipped\)")
        listed = subprocess.run(["awk", "-f", os.path.join(paths.source(), "tests/skipped.awk"),
                                 self.path("Testing/Temporary/LastTest.log")], stdin=subprocess.DEVNULL,
                                stdout=subprocess.PIPE, text=True, timeout=waiting.DEADLINE, check=True).stdout
        self.assertEqual(["SKIPPED integration.some: Some.test_skips: no such thing here",
                          "SKIPPED unit.net: Socket.HasIpv6: no IPv6 on this machine"], sorted(listed.splitlines()))

    def program(self, name, text):
        """A program of the test's own that comes first on the PATH."""
        path = self.path("bin", name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "w") as file:
            file.write(f"#!/bin/sh\n{text}\n")
        os.chmod(path, 0o755)

    def boot(self, program, words):
        """A machine of which one of the programs that start it says this and ends; the others do nothing but go on."""
        self.program("unshare", 'shift; exec "$@"')
        self.program("mount", "exit 0")
        self.program("systemd-nspawn", "exit 0")
        self.program(program, f"echo '{words}' >&2\necho '{program} died too early.' >&2\nexit 1")
        with mock.patch.dict(os.environ, PATH=f"{self.path('bin')}:{os.environ['PATH']}"):
            nspawn.Machine(self, self.path("root"), self.path("log"))

    def test_a_machine_that_may_not_start_is_skipped(self):
        for program, words in (
                ("systemd-nspawn", "Failed to mount proc (type proc) on /proc: Operation not permitted"),
                ("systemd-nspawn", "Failed to create /var/lib/machines/x/run: Read-only file system"),
                ("unshare", "unshare: unshare failed: Operation not permitted"),
                # In a chroot, or a container whose root is no mount point.
                ("unshare", "unshare: cannot change root filesystem propagation: Invalid argument"),
                ("mount", "mount: /run: must be superuser to use mount."),
                ("mount", "mount: /run: mount failed: Invalid argument.")):
            with self.subTest(words), self.assertRaises(unittest.SkipTest) as skipped:
                self.boot(program, words)
            self.assertIn(words, str(skipped.exception))

    def test_a_machine_that_breaks_fails(self):
        with self.assertRaisesRegex(AssertionError, "(?s)ended with 1: .*Invalid argument.*died too early"):
            self.boot("systemd-nspawn", "Failed to parse machine name: Invalid argument")

    def test_a_disk_that_cannot_be_mounted_is_skipped(self):
        for refused, error in (("unshare", errno.EPERM), ("mount", errno.EINVAL), ("mount", errno.EPERM)):
            calls = {"unshare": mock.Mock(return_value=0), "mount": mock.Mock(return_value=0),
                     refused: mock.Mock(side_effect=lambda *_, error=error: ctypes.set_errno(error) or -1)}
            with self.subTest(refused, error=error), mock.patch.object(mounts, "_LIBC", mock.Mock(**calls)):
                with self.assertRaisesRegex(unittest.SkipTest, os.strerror(error)), mounts.private_disk():
                    self.fail("there is a disk")

    def install(self, failing):
        def chroot(_, *command, **__):
            if failing in command:
                raise AssertionError(f"E: {failing}")
        for directory in ("etc/apt/apt.conf.d", "usr/sbin", "var/lib/apt/lists"):
            os.makedirs(self.path("root", directory))
        with mock.patch.multiple(debian_root, unpack=mock.DEFAULT, configure_apt=mock.DEFAULT, chroot=chroot):
            debian_root._install(self.path("root"), ["some"])

    def test_a_mirror_that_does_not_answer_is_skipped(self):
        with self.assertRaisesRegex(unittest.SkipTest, "E: update"):
            self.install("update")

    def test_a_package_that_cannot_be_installed_fails(self):
        with self.assertRaisesRegex(AssertionError, "E: install"):
            self.install("install")


class Places(Case):
    """Where the tests are run, and by whom, is no matter of theirs."""

    def run_without_rights(self, directory):
        """What a program below this directory can do that has no more rights than its user."""
        program = os.path.join(directory, "my build", "program")
        os.makedirs(os.path.dirname(program))
        with open(program, "w") as file:
            file.write('#!/bin/sh\ngrep CapEff /proc/self/status\nid -u\ncat "$1" || echo refused\n')
        os.chmod(program, 0o755)
        os.chmod(directory, 0o700)
        if os.geteuid() == 0:
            os.chown(directory, *self.owner)
        secret = self.path("secret")
        with open(secret, "w"):
            os.chmod(secret, 0)
        return subprocess.run([program, secret], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
                              text=True, timeout=waiting.DEADLINE, check=True,
                              **rights.without(program, self.directory)).stdout.split()

    def test_a_program_below_a_directory_that_others_may_not_enter(self):
        for number, self.owner in enumerate([(0, 0), (65534, 65534)] if os.geteuid() == 0 else [()]):
            with self.subTest(owner=self.owner):
                self.assertEqual(["CapEff:", "0" * 16, str(os.geteuid()), "refused"],
                                 self.run_without_rights(self.path(f"home {number}")))

    def test_what_is_only_on_the_path_of_root_is_found(self):
        """Debian's PATH of a user, and of a root that came by `su`."""
        script = "from harness.case import skip_unless_program; print(skip_unless_program('chroot'))"
        found = subprocess.run([sys.executable, "-c", script], cwd=os.path.dirname(os.path.abspath(__file__)),
                               env={**os.environ, "PATH": "/usr/bin:/bin"}, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                               text=True, timeout=waiting.DEADLINE, check=True).stdout
        self.assertEqual("/usr/sbin/chroot", found.strip())


if __name__ == "__main__":
    main()
