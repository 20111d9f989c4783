#!/usr/bin/python3
"""The Debian packages of the build that is tested: what is in them, and the daemon's life in a root that is booted."""
import glob
import json
import os
import re
import shutil
import subprocess
import tempfile

from harness import daemon, debian_root, mounts, nspawn, paths, waiting
from harness.case import Case, main, skip_unless_program


def build_packages(directory):
    """{name: .deb} of the build that is tested, in the directory."""
    cpack = skip_unless_program("cpack")
    skip_unless_program("dpkg-shlibdeps")
    result = subprocess.run([cpack, "-G", "DEB", "-B", directory], cwd=paths.build(), stdin=subprocess.DEVNULL,
                            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=300, check=False)
    found = {os.path.basename(path).split("_")[0]: path for path in glob.glob(os.path.join(directory, "*.deb"))}
    if result.returncode != 0 or found.keys() != {"sluice", "libsluice-dev"}:
        raise AssertionError(f"cpack ended with {result.returncode} and made {found}: {result.stdout}")
    return found


#: Licences of libraries that a program under Apache-2.0 may be linked with and shipped beside (the LGPL: as shared libraries,
#: which Debian's are).
COMPATIBLE = {"Apache-2.0", "MIT", "MIT-CMU", "0BSD", "X11", "Zlib", "ISC", "BSD-2-Clause", "BSD-3-Clause", "BSD-4-Clause", "bzip2-1.0.6", "BSL-1.0", "CC0-1.0", "AFL-2.1",
              "OLDAP-2.8", "PostgreSQL",
              "LGPL-2.0-or-later", "LGPL-2.1-or-later", "LGPL-3.0-or-later", "GPL-3.0-or-later WITH GCC-exception-3.1", "LicenseRef-public-domain",
              "LicenseRef-Tcl-BSDish"}


def may_be_linked(expression):
    """Whether a choice of licences of the SPDX expression is compatible; of what stands in brackets there is one level."""
    expression = re.sub(r"\(([^()]*)\)", lambda inner: "MIT" if may_be_linked(inner[1]) else "NONE", expression)
    return any(all(licence.strip() in COMPATIBLE for licence in choice.split(" AND ")) for choice in expression.split(" OR "))


def source_of(package):
    return subprocess.run(["dpkg-query", "-W", "-f", "${source:Package}\n", package], stdout=subprocess.PIPE, text=True,
                          check=True).stdout.split()[0]


def provided(packages):
    """Names that these packages have besides: libspdlog1.10-fmt9."""
    told = subprocess.run(["dpkg-query", "-W", "-f", "${Provides}\n", *packages], stdout=subprocess.PIPE, text=True, check=True).stdout
    return {name.split()[0] for line in told.splitlines() for name in line.split(",") if name.strip()}


def compiled_sources():
    """Source packages of all headers that the program was compiled with, but for the kernel's and metapackages'."""
    listed = subprocess.run([skip_unless_program("ninja"), "-C", paths.build(), "-t", "deps"], stdout=subprocess.PIPE, text=True,
                            timeout=waiting.DEADLINE, check=True).stdout
    headers, ours = set(), False
    for line in listed.splitlines():
        if line and not line.startswith(" "):
            ours = line.startswith("src/")
        elif ours and line.strip().startswith("/usr/"):
            headers.add(os.path.normpath(line.strip()))
    assert headers, "ninja knows no header"
    owners = subprocess.run(["dpkg-query", "-S", *headers], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, timeout=120,
                            check=False).stdout
    packages = {owner.split(":")[0] for line in owners.splitlines() for owner in line.rsplit(": ", 1)[0].split(", ")}
    return {source_of(package) for package in packages} - {"linux"}


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


def edit(path, expression, text):
    with open(path) as file:
        content = file.read()
    with open(path, "w") as file:
        file.write(re.sub(expression, text, content, count=1))


class Server(nspawn.Machine):
    """A clean Debian with what the package depends on, booted."""

    def __init__(self, case, deb, root):
        depends = subprocess.run(["dpkg-deb", "-f", deb, "Depends"], stdout=subprocess.PIPE, text=True, check=True).stdout
        packages = [re.match(r"[^ |,]+", alternatives.strip())[0] for alternatives in depends.split(",")]
        debian_root.unpack(root, "systemd-sysv", *packages)
        with open(os.path.join(root, "etc/hosts"), "w") as file:
            file.write("127.0.0.1 localhost\n::1 localhost\n")
        super().__init__(case, root, case.path("log"))

    def install(self, deb, *options):
        shutil.copy(deb, os.path.join(self.root, "var/tmp/sluice.deb"))
        output = self.run("apt-get", "install", "-q", "-y", *options, "/var/tmp/sluice.deb")
        os.remove(os.path.join(self.root, "var/tmp/sluice.deb"))
        self.wait_active()
        return output

    def file(self, path):
        with open(self.root + path) as file:
            return file.read()

    def stat(self, path):
        return self.run("stat", "-c", "%a %U %G", path).strip()

    def show(self, name, unit="sluice"):
        return self.run("systemctl", "show", "--value", "--property", name, unit).strip()

    def process_status(self, unit):
        return self.run("cat", f"/proc/{self.show('MainPID', unit)}/status")

    def wait_active(self):
        waiting.until(lambda: self.show("ActiveState") == "active", "the service is active")

    def journal(self, *options):
        return self.run("journalctl", "--no-pager", "--unit", "sluice", *options)

    def send(self, flows, *options):
        """Flows of one exporter, which the file sink has in the end."""
        before = self.delivered()
        self.generate(flows, *options)
        waiting.until(lambda: self.delivered() == before + flows, f"{flows} flows are delivered")

    def generate(self, flows, *options):
        self.run("sluice", "generate", "--protocol", "ipfix", "--to", "127.0.0.1:4739", "--flows", str(flows), "--rate", "0",
                 "--quiet", *options)

    def delivered(self):
        return self.metric(r'sluice_sink_delivered_flows_total\{[^}]*sink="archive"[^}]*\}')

    def finished_files(self):
        return [path.removeprefix(self.root) for path in glob.glob(self.root + "/var/lib/sluice/flows/*.jsonl")]

    def everything(self):
        """All files, but for what the package manager and the journal keep for themselves."""
        found = self.run("find", "/", "-xdev", "(", "-path", "/var/lib/dpkg", "-o", "-path", "/var/lib/apt", "-o", "-path",
                            "/var/cache/apt", "-o", "-path", "/var/log", "-o", "-path", "/run", "-o", "-path", "/tmp", ")",
                            "-prune", "-o", "-print").splitlines()
        users = [line for name in ("passwd", "group") for line in self.file(f"/etc/{name}").splitlines()]
        return set(found) | set(users)


# No broker is there, and the end is not to wait for one.
ADMINS_CONFIGURATION = """
shutdown_timeout: 1s
sinks:
  archive: {type: file, format: json}
"""
ADMINS_UNIT = "[Service]\nWatchdogSec=2s\n"


class Built(Case):
    """Works on a memory disk. The packages are built once for a class."""

    @classmethod
    def setUpClass(cls):
        cls.disk = cls.enterClassContext(mounts.private_disk())
        cls.addClassCleanup(setattr, tempfile, "tempdir", tempfile.tempdir)
        tempfile.tempdir = cls.disk
        cls.debs = build_packages(os.path.join(cls.disk, "package"))
        cls.deb = cls.debs["sluice"]


class Package(Built):
    """What is in it."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.root = os.path.join(cls.disk, "extracted")
        subprocess.run(["dpkg-deb", "-x", cls.deb, cls.root], check=True)

    def test_lintian_finds_no_error(self):
        lintian = skip_unless_program("lintian")
        result = subprocess.run([lintian, "--allow-root", "--fail-on", "error", *self.debs.values()], stdin=subprocess.DEVNULL,
                                stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=300, check=False)
        self.assertEqual(0, result.returncode, result.stdout)

    def test_the_library_is_in_a_package_of_its_own(self):
        def files(deb):
            listed = subprocess.run(["dpkg-deb", "-c", deb], stdout=subprocess.PIPE, text=True, check=True).stdout
            return {line.split()[5].removeprefix("./") for line in listed.splitlines() if not line.startswith("d")}
        library, program = files(self.debs["libsluice-dev"]), files(self.deb)
        public = os.path.join(paths.source(), "include")
        headers = {os.path.join("usr/include", os.path.relpath(os.path.join(directory, name), public))
                   for directory, _, names in os.walk(public) for name in names}
        self.assertLessEqual(headers | {"usr/lib/libsluice.a", "usr/share/pkgconfig/sluice.pc"}, library)
        self.assertIn("usr/bin/sluice", program)
        self.assertEqual(set(), {path for path in program if path in library or path.startswith("usr/include")})

    def test_its_configuration_is_kafka_here_and_a_state_file(self):
        file = os.path.join(self.root, "etc/sluice/sluice.yaml")
        with open(file) as text:
            self.assertIn("file: /var/lib/sluice/state", text.read())
        # The service manager makes that directory.
        result = daemon.run_once("check", "-c", file, "--set", "state.file=" + os.path.join(self.root, "state"))
        self.assertEqual(0, result.returncode, result.stderr)
        self.assertIn("brokers: localhost:9092", result.stdout)
        self.assertNotIn("type: stdout", result.stdout)

    def test_the_configuration_of_a_small_site_is_right(self):
        file = os.path.join(self.root, "etc/sluice/standalone.yaml")
        result = daemon.run_once("check", "-c", file)
        self.assertEqual(0, result.returncode, result.stderr)
        self.assertIn("state_bytes: 64MB", result.stdout)
        with open(os.path.join(self.root, "lib/systemd/system/sluice-standalone.service")) as unit:
            words = re.search(r"(?m)^ExecStart=/usr/bin/sluice (standalone .*)$", unit.read())[1].split()
        known = daemon.run_once("standalone", "--help").stdout
        for word in words:
            if word.startswith("-"):
                self.assertRegex(known, rf"(?m)^  (-c,)?{word}\b|{word},")

    def test_it_has_all_tables_rules_and_dashboards(self):
        def files(top):
            return {os.path.relpath(os.path.join(directory, name), top) for directory, _, names in os.walk(top)
                    for name in names if "__pycache__" not in directory}
        for part in ("clickhouse", "prometheus", "grafana"):
            shipped = files(os.path.join(paths.source(), "deploy", part))
            self.assertTrue(shipped, part)
            self.assertLessEqual(shipped, files(os.path.join(self.root, "usr/share/sluice", part)))

    def test_its_documents_have_their_pictures(self):
        """What docs holds is installed, in its folders: links between documents and to pictures lead somewhere."""
        top = os.path.join(paths.source(), "docs")
        shipped = {os.path.relpath(os.path.join(directory, name), top) for directory, _, names in os.walk(top) for name in names}
        self.assertIn("pictures/architecture.svg", shipped)
        installed = os.path.join(self.root, "usr/share/doc/sluice")
        self.assertEqual([], sorted(name for name in shipped if not os.path.isfile(os.path.join(installed, name))))

    def test_what_it_is_made_of_is_told(self):
        """The SPDX document: whole in itself, every library in it, and under no licence that Apache-2.0 does not go with."""
        with open(os.path.join(self.root, "usr/share/doc/sluice/sluice.spdx.json")) as file:
            told = json.load(file)
        self.assertEqual("SPDX-2.3", told["spdxVersion"])
        version = subprocess.run(["dpkg-deb", "-f", self.deb, "Version"], stdout=subprocess.PIPE, text=True, check=True).stdout.strip()
        packages = {package["name"]: package for package in told["packages"]}
        self.assertEqual(version, packages["sluice"]["versionInfo"])
        known = {package["SPDXID"] for package in told["packages"]} | {told["SPDXID"]}
        self.assertEqual(len(told["packages"]) + 1, len(known), "each has a name of its own")
        ends = {relation[end] for relation in told["relationships"] for end in ("spdxElementId", "relatedSpdxElement")}
        self.assertEqual(known, ends, "each is related to another, and to none that is not there")
        depends = subprocess.run(["dpkg-deb", "-f", self.deb, "Depends"], stdout=subprocess.PIPE, text=True, check=True).stdout
        libraries = {name for name in re.findall(r"(?:^|, )(lib[^ ,]+)", depends)}
        self.assertIn("librdkafka1", libraries)

        def of(kind):
            return {name for name, package in packages.items()
                    if any(reference["referenceLocator"].startswith(f"pkg:{kind}/") for reference in package.get("externalRefs", ()))}
        self.assertLessEqual(libraries, of("deb") | provided(of("deb")))
        self.assertEqual(set(), compiled_sources() - {source_of(name) for name in of("deb")})
        if os.path.exists(os.path.join(paths.build(), "src/tools/web/page/assets.cpp")):
            with open(os.path.join(paths.source(), "src/tools/web/page/package.json")) as file:
                self.assertLessEqual(json.load(file)["dependencies"].keys(), of("npm"))
        defined = {licence["licenseId"] for licence in told["hasExtractedLicensingInfos"]}
        for name, package in packages.items():
            self.assertTrue(may_be_linked(package["licenseDeclared"]), f"{name}: {package['licenseDeclared']}")
            self.assertLessEqual(set(re.findall(r"LicenseRef-[\w.-]+", package["licenseDeclared"])), defined)

    def test_licences_that_do_not_go_together_are_found(self):
        for licence in ("MIT", "BSD-3-Clause OR GPL-2.0-only", "(GPL-2.0-or-later OR AFL-2.1) AND MIT"):
            self.assertTrue(may_be_linked(licence), licence)
        for licence in ("GPL-2.0-only", "NOASSERTION", "", "MIT AND GPL-2.0-only", "(GPL-2.0-or-later OR AFL-2.1) AND SSPL-1.0",
                        "GPL-3.0-or-later", "LicenseRef-x"):
            self.assertFalse(may_be_linked(licence), licence)

    def test_a_setting_of_the_administrator_counts_more(self):
        """At a boot the settings in files of all directories are made in the order that is told here."""
        analyze = skip_unless_program("systemd-analyze")
        root = self.path("root")
        shutil.copytree(os.path.join(self.root, "usr/lib/sysctl.d"), os.path.join(root, "usr/lib/sysctl.d"))
        os.makedirs(os.path.join(root, "etc/sysctl.d"))
        with open(os.path.join(root, "etc/sysctl.d/20-buffers.conf"), "w") as file:
            file.write("net.core.rmem_max = 134217728\n")
        told = subprocess.run([analyze, "--root", root, "--no-pager", "cat-config", "sysctl.d"], stdin=subprocess.DEVNULL,
                              stdout=subprocess.PIPE, text=True, timeout=waiting.DEADLINE, check=True).stdout
        self.assertEqual(["33554432", "134217728"], re.findall(r"(?m)^net\.core\.rmem_max = (\d+)$", told))

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


class LifeCycle(Built):
    """A class of its own, so that it is seen where it is skipped."""

    def newer(self, version):
        """A package that differs in its version and in its configuration's first line."""
        tree = self.path(version)
        subprocess.run(["dpkg-deb", "-R", self.deb, tree], check=True)
        edit(os.path.join(tree, "DEBIAN/control"), r"(?m)^Version: .*", f"Version: {version}")
        edit(os.path.join(tree, "etc/sluice/sluice.yaml"), r"\A", f"# As of {version}\n")
        deb = self.path(f"sluice_{version}.deb")
        subprocess.run(["dpkg-deb", "-Zgzip", "-z1", "-b", tree, deb], stdout=subprocess.DEVNULL, check=True)
        return deb

    def test_from_installation_to_purge(self):
        self.server = Server(self, self.deb, os.path.join(self.disk, "root"))
        clean = self.server.everything()
        self.installed()
        self.shows_the_page()
        self.upgraded_untouched()
        self.collects()
        self.reloads()
        self.is_started_again_after_a_crash()
        self.is_killed_by_the_watchdog()
        self.tries_a_failed_start_again()
        self.upgraded_with_a_changed_configuration()
        self.has_its_receive_buffer_by_the_documented_drop_in()
        self.removed()
        self.server.run("apt-get", "purge", "-q", "-y", "sluice")
        self.server.run("rm", "-r", "/etc/systemd/system/sluice.service.d")
        self.assertEqual(set(), {path for path in self.server.everything() - clean if not path.endswith("-")})  # /etc/passwd-
        self.assertEqual("", self.server.run("find", "/var/log", "-name", "*sluice*"))

    def installed(self):
        self.server.install(self.deb)
        self.assertEqual("enabled", self.server.run("systemctl", "is-enabled", "sluice").strip())
        self.is_confined("sluice")
        self.assertRegex(self.server.show("StatusText"), "^0 exporters; 0 datagrams/s, 0 flows/s; kafka: ")
        self.assertEqual("disabled", self.server.run("sh", "-c", "systemctl is-enabled sluice-web || true").strip())
        self.assertEqual("", self.server.run("systemd-analyze", "verify", "--man=no", *(f"/lib/systemd/system/sluice{name}.service" for name in ("", "-web", "-standalone"))))
        self.assertEqual("750 root sluice", self.server.stat("/etc/sluice"))
        self.assertEqual("640 root sluice", self.server.stat("/etc/sluice/sluice.yaml"))
        for directory in ("/var/lib/sluice", "/var/cache/sluice", "/var/log/sluice"):
            self.assertEqual("750 sluice sluice", self.server.stat(directory))
        # Names are resolved inside the sandbox; a warning is filed as one.
        refused = "Connect to ipv4#127.0.0.1:9092 failed: Connection refused"
        waiting.until(lambda: refused in self.server.journal("--priority", "warning"), "the broker is tried")
        self.assertNotIn("listening on", self.server.journal("--priority", "warning"))
        self.assertIn("listening on", self.server.journal())

    def is_confined(self, unit):
        process = self.server.process_status(unit)
        self.assertRegex(process, r"(?m)^CapEff:\t0+$")
        self.assertRegex(process, r"(?m)^CapBnd:\t0+$")
        self.assertRegex(process, r"(?m)^NoNewPrivs:\t1$")
        self.assertRegex(process, r"(?m)^Seccomp:\t2$", "its system calls are filtered")
        self.assertNotRegex(process, r"(?m)^Uid:\t0\t")

    def shows_the_page(self):
        """Where somebody wants it: as a user that the collector's files are hidden from, whose configuration it reads."""
        self.server.run("systemctl", "enable", "--now", "sluice-web")
        alive = ("sluice", "health", "--alive", "--url", "http://127.0.0.1:8082")
        waiting.until(lambda: self.server.run("sh", "-c", f"{' '.join(alive)} 2>&1 || true").strip() == "ok", "the page is served")
        self.is_confined("sluice-web")
        root = f"/proc/{self.server.show('MainPID', 'sluice-web')}/root"
        self.assertEqual("sluice-web", self.server.run("stat", "-c", "%U", f"/proc/{self.server.show('MainPID', 'sluice-web')}").strip())
        self.assertTrue(self.server.run("ls", "/var/lib/sluice"))
        self.assertEqual("", self.server.run("ls", f"{root}/var/lib/sluice"))
        self.assertLess(float(re.search(r"exposure level for sluice-web.service: ([\d.]+)", self.server.run("systemd-analyze", "security", "--no-pager", "sluice-web"))[1]), 1.5)

    def upgraded_untouched(self):
        before = self.server.show("MainPID"), self.server.show("MainPID", "sluice-web")
        self.server.install(self.newer("7.0"))
        self.assertNotIn(self.server.show("MainPID"), before)
        waiting.until(lambda: self.server.show("MainPID", "sluice-web") not in (*before, "0"), "the page is started again")
        self.assertTrue(self.server.file("/etc/sluice/sluice.yaml").startswith("# As of 7.0\n"))
        self.assertEqual("640 root sluice", self.server.stat("/etc/sluice/sluice.yaml"))

    def collects(self):
        with open(self.server.root + "/etc/sluice/sluice.yaml", "a") as file:
            file.write(ADMINS_CONFIGURATION)
        drop_in = self.server.root + "/etc/systemd/system/sluice.service.d/watchdog.conf"
        os.makedirs(os.path.dirname(drop_in))
        with open(drop_in, "w") as file:
            file.write(ADMINS_UNIT)
        self.server.run("systemctl", "daemon-reload")
        self.server.run("systemctl", "restart", "sluice")
        self.server.send(500)
        waiting.until(lambda: re.search(r"^1 exporter; .*archive: [1-9]\d* flows/s", self.server.show("StatusText")),
                      "the status tells of flows")

    def has_its_receive_buffer_by_the_documented_drop_in(self):
        example = "/usr/share/doc/sluice/examples/receive-buffer.conf.example"
        drop_in = "/etc/systemd/system/sluice.service.d/receive-buffer.conf"
        self.server.run("cp", example, drop_in)
        self.server.run("systemctl", "daemon-reload")
        self.server.run("systemctl", "restart", "sluice")
        told = self.server.run("journalctl", "--no-pager", "_PID=" + self.server.show("MainPID"))
        self.assertNotIn("asked for a receive buffer", told)
        # The kernel books twice what was asked for.
        sockets = self.server.metric("sluice_workers")
        self.assertEqual(2 * (32 << 20) * sockets, self.server.metric(r'sluice_listener_queue_limit_bytes\{[^}]*:4739"[^}]*\}'))
        self.server.run("rm", drop_in)
        self.server.run("systemctl", "daemon-reload")

    def reloads(self):
        self.assertEqual([], self.server.finished_files())
        self.server.run("systemctl", "reload", "sluice")
        self.server.send(100)
        self.assertEqual(("active", "0"), (self.server.show("ActiveState"), self.server.show("NRestarts")))
        [first] = self.server.finished_files()
        self.assertEqual(500, len(self.server.file(first).splitlines()))
        self.assertEqual("640 sluice sluice", self.server.stat(first))

    def is_started_again_after_a_crash(self):
        # What was learnt outlives it: templates are known at once.
        waiting.until(lambda: self.server.metric("sluice_state_unwritten_changes") == 0, "the state is written")
        self.server.run("systemctl", "kill", "--signal=KILL", "sluice")
        # Meanwhile datagrams wait in its sockets, which systemd has.
        waiting.until(lambda: self.server.show("MainPID") == "0", "it is dead")
        self.server.generate(100, "--no-templates")
        self.assertEqual("0", self.server.show("MainPID"), "all was sent to nobody")
        waiting.until(lambda: self.server.show("NRestarts") == "1", "it is started again")
        self.server.wait_active()
        waiting.until(lambda: self.server.metric(r"sluice_state_restored\{.*\}") > 0, "it has read its state")
        waiting.until(lambda: self.server.delivered() == 100, "what waited is delivered")
        self.server.send(100, "--no-templates")

    def is_killed_by_the_watchdog(self):
        self.server.run("systemctl", "kill", "--signal=STOP", "sluice")
        waiting.until(lambda: self.server.show("NRestarts") == "2", "the watchdog has it started again")
        self.server.wait_active()
        self.assertIn("Watchdog timeout", self.server.journal())

    def tries_a_failed_start_again(self):
        """By what it says of a wrong configuration; and once that is mended it runs, without a word from anybody."""
        right, kept = "/etc/sluice/sluice.yaml", "/var/tmp/sluice.yaml"
        self.server.run("cp", "-p", right, kept)
        self.server.run("sh", "-c", f"echo 'kafka: {{brokrs: a}}' >{right}; systemctl restart sluice || true")
        waiting.until(lambda: self.server.show("NRestarts") not in ("0", "1"), "it is tried again, and once more")
        self.assertIn('unknown key "kafka.brokrs"', self.server.journal())
        self.server.run("sh", "-c", f"cat {kept} >{right}; rm {kept}")
        self.server.wait_active()

    def upgraded_with_a_changed_configuration(self):
        ours = self.server.file("/etc/sluice/sluice.yaml")
        self.server.install(self.newer("8.0"), "-o", "Dpkg::Options::=--force-confdef", "-o", "Dpkg::Options::=--force-confold")
        self.assertEqual(ours, self.server.file("/etc/sluice/sluice.yaml"))
        self.assertTrue(self.server.file("/etc/sluice/sluice.yaml.dpkg-dist").startswith("# As of 8.0\n"))
        self.server.send(100)

    def removed(self):
        self.server.run("apt-get", "remove", "-q", "-y", "sluice")
        self.assertEqual(["inactive"] * 2, [self.server.show("ActiveState", unit) for unit in ("sluice", "sluice-web")])
        self.assertEqual("", self.server.run("sh", "-c", "grep -l '^sluice$' /proc/[0-9]*/comm 2>/dev/null || true"))
        self.assertIn("archive", self.server.file("/etc/sluice/sluice.yaml"))
        self.assertTrue(os.path.exists(self.server.root + "/var/lib/sluice/state"))


if __name__ == "__main__":
    main()
