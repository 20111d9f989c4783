#!/usr/bin/python3
"""The library as it is installed: every header by itself, and the programs of docs/embedding.md, built outside the tree by
the document's own words."""
import concurrent.futures
import ipaddress
import json
import os
import re
import shlex
import struct
import subprocess
import tempfile

from harness import messages, paths, waiting
from harness.case import Case, main

BUILDING = 300  # seconds, beside other tests


def netflow5(source, destination, octets):
    """A datagram with one flow."""
    header = struct.pack(">HHIIIIBBH", 5, 1, 1000, 1_790_000_000, 0, 0, 0, 0, 0)
    record = ipaddress.ip_address(source).packed + ipaddress.ip_address(destination).packed
    return header + record + bytes(12) + struct.pack(">I", octets) + bytes(24)


def cached(name):
    """What this build was configured with, the one place that is there wherever this build is."""
    with open(os.path.join(paths.build(), "CMakeCache.txt")) as file:
        return re.search(rf"(?m)^{name}:[A-Z]+=(.*)$", file.read())[1]


def run(*command, **options):
    result = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                            timeout=BUILDING, check=False, **options)
    if result.returncode != 0:
        raise AssertionError(f"{shlex.join(command)} ended with {result.returncode}: {result.stdout}")
    return result.stdout


def files_of_the_document():
    """{name: text} of the blocks whose first line names a file."""
    with open(os.path.join(paths.source(), "docs/embedding.md")) as file:
        blocks = re.findall(r"(?ms)^```\w+\n(?://|#) (\S+)\n(.*?)^```$", file.read())
    return dict(blocks)


class Installed(Case):
    """Installed and built against once for all."""

    @classmethod
    def setUpClass(cls):
        cls.cmake = cached("CMAKE_COMMAND")
        cls.compiler = cached("CMAKE_CXX_COMPILER")
        directory = cls.enterClassContext(tempfile.TemporaryDirectory(prefix="sluice-test-"))
        cls.prefix = os.path.join(directory, "prefix")
        run(cls.cmake, "--install", paths.build(), "--component", "dev", "--prefix", cls.prefix)
        cls.programs = cls.build_programs(os.path.join(directory, "project"))

    def headers(self):
        """Paths as they are included."""
        include = os.path.join(self.prefix, "include")
        return sorted(os.path.relpath(os.path.join(directory, name), include)
                      for directory, _, names in os.walk(include) for name in names)

    @classmethod
    def build_programs(cls, project):
        """Of the document, in a project of its own; gives the directory that has them."""
        os.makedirs(project)
        for name, text in files_of_the_document().items():
            with open(os.path.join(project, name), "w") as file:
                file.write(text)
        run(cls.cmake, "-S", project, "-B", os.path.join(project, "build"), f"-DCMAKE_PREFIX_PATH={cls.prefix}",
            f"-DCMAKE_CXX_COMPILER={cls.compiler}", "-DCMAKE_CXX_FLAGS=-Wall -Wextra -Werror")
        run(cls.cmake, "--build", os.path.join(project, "build"), "-j2")
        return os.path.join(project, "build")

    def payload(self, name, content):
        with open(self.path(name), "wb") as file:
            file.write(content)
        return file.name

    def test_what_is_there(self):
        self.assertEqual({"lib/libsluice.a", "share/pkgconfig/sluice.pc", "lib/cmake/sluice"},
                         {path for path in ("lib/libsluice.a", "share/pkgconfig/sluice.pc", "lib/cmake/sluice")
                          if os.path.exists(os.path.join(self.prefix, path))})
        public = os.path.join(paths.source(), "include")
        self.assertEqual(sorted(os.path.relpath(os.path.join(directory, name), public)
                                for directory, _, names in os.walk(public) for name in names), self.headers())
        self.assertFalse(os.path.exists(os.path.join(self.prefix, "bin")), "the daemon is a component of its own")

    def test_every_header_compiles_alone(self):
        include = os.path.join(self.prefix, "include")
        self.assertGreater(len(self.headers()), 10)

        def compile_alone(header):
            source = self.payload(header.replace("/", "_") + ".cpp", f'#include "{header}"\n'.encode())
            run(self.compiler, "-std=c++20", "-fsyntax-only", "-Wall", "-Wextra", "-Wpedantic", "-Wconversion", "-Wshadow",
                "-Werror", f"-I{include}", source)
        with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
            list(pool.map(compile_alone, self.headers()))

    def test_headers_include_none_that_is_not_installed(self):
        for header in self.headers():
            with open(os.path.join(self.prefix, "include", header)) as file:
                for included in re.findall(r'(?m)^#include "(.*)"$', file.read()):
                    self.assertIn(included, self.headers(), header)

    def decodes(self, program):
        datagram = self.payload("v5", netflow5("192.0.2.20", "203.0.113.9", 40))
        self.assertEqual("192.0.2.20 203.0.113.9 40\n", run(program, datagram))

    def test_the_example_decodes(self):
        self.decodes(os.path.join(self.programs, "flows"))

    def test_a_decoder_of_ones_own_beside_ours(self):
        program = os.path.join(self.programs, "probe")
        record = bytes((192, 0, 2, 10, 198, 51, 100, 7)) + struct.pack(">II", 1500, 3)
        own = self.payload("probe", b"PRB1" + record + record[4:8] + record[:4] + record[8:])
        ours = self.payload("v5", netflow5("192.0.2.20", "203.0.113.9", 40))
        self.assertEqual("192.0.2.10 198.51.100.7 1500\n198.51.100.7 192.0.2.10 1500\n192.0.2.20 203.0.113.9 40\n",
                         run(program, own, ours))
        cut = self.payload("cut", b"PRB1" + record + record[:15])
        self.assertEqual({"192.0.2.10 198.51.100.7 1500", f"{cut}: not all of it could be read"},
                         set(run(program, cut).splitlines()))

    def test_an_output_of_ones_own(self):
        program = os.path.join(self.programs, "rows")
        lines = [json.loads(line) for line in run(program, self.path("rows.pb")).splitlines()]
        self.assertEqual([("192.0.2.1", 100), ("192.0.2.2", 200), ("192.0.2.3", 300)],
                         [(line["src_addr"], line["bytes"]) for line in lines])
        with open(self.path("rows.pb"), "rb") as file:
            found = messages.parse_framed(file.read())
        self.assertEqual([100, 200, 300], [message.bytes for message in found])

    def compile_by_pkg_config(self, source, program):
        told = run("pkg-config", "--cflags", "--libs", "sluice",
                   env={**os.environ, "PKG_CONFIG_PATH": os.path.join(self.prefix, "share/pkgconfig")})
        run(self.compiler, "-std=c++20", "-Wall", "-Wextra", "-Werror", source, *shlex.split(told), "-o", program)

    def test_pkg_config_tells_the_same(self):
        self.compile_by_pkg_config(self.payload("flows.cpp", files_of_the_document()["flows.cpp"].encode()), self.path("flows"))
        self.decodes(self.path("flows"))

    def test_counters_for_ones_own_metrics(self):
        """Those of the document's flows.cpp, which tells them at its end."""
        document = files_of_the_document()
        self.payload("counters.hpp", document["counters.hpp"].encode())
        body, end = document["flows.cpp"].rsplit("}\n", 1)
        tell = """  tell_counters(exporters, [](auto key, auto, const auto& address, auto protocol, auto value) {
    std::printf("%s %s %s %d\\n", std::string(key).c_str(), address.c_str(), std::string(protocol).c_str(), int(value));
  });
}
"""
        source = self.payload("told.cpp", ('#include "counters.hpp"\n' + body + tell + end).encode())
        self.compile_by_pkg_config(source, self.path("told"))
        told = run(self.path("told"), self.payload("v5", netflow5("192.0.2.20", "203.0.113.9", 40))).splitlines()
        self.assertIn("flows 192.0.2.1 netflow5 1", told)
        self.assertIn("flows 192.0.2.1 ipfix 0", told)

    def test_another_version_is_refused(self):
        project = self.path("project")
        os.makedirs(project)
        with open(os.path.join(project, "CMakeLists.txt"), "w") as file:
            file.write("cmake_minimum_required(VERSION 3.16)\nproject(p LANGUAGES CXX)\nfind_package(sluice 99.0 REQUIRED)\n")
        result = subprocess.run([self.cmake, "-S", project, "-B", os.path.join(project, "build"),
                                 f"-DCMAKE_PREFIX_PATH={self.prefix}", f"-DCMAKE_CXX_COMPILER={self.compiler}"],
                                stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                                timeout=waiting.DEADLINE, check=False)
        self.assertNotEqual(0, result.returncode)
        self.assertRegex(result.stdout, r"sluice-config\.cmake, version: 0\.")


if __name__ == "__main__":
    main()
