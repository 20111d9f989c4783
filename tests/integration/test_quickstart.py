#!/usr/bin/python3
"""deploy/quickstart.sh with the build that is tested: the whole way to answers, and the way without a registry."""
import os
import re
import subprocess

from harness import daemon, paths
from harness.case import Case, main

PROTOCOLS = {"SFLOW_5", "NETFLOW_V5", "NETFLOW_V9", "IPFIX"}


class QuickstartCase(Case):
    def quickstart(self, **environment):
        daemon.binary()
        result = subprocess.run([os.path.join(paths.source(), "deploy/quickstart.sh"), "--once"],
                                env={**os.environ, "QUICKSTART_BUILD_DIR": paths.build(), "TMPDIR": self.directory, **environment},
                                stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                                timeout=400, check=False)
        self.assertEqual(0, result.returncode, result.stdout)
        return result.stdout

    def assert_nothing_left(self):
        self.assertEqual([], [name for name in os.listdir(self.directory) if name.startswith("sluice-")])
        left = subprocess.run(["pgrep", "-f", self.directory], stdout=subprocess.PIPE, text=True, check=False).stdout
        self.assertEqual("", left, "processes of the quickstart are left")

    def delivered(self, output):
        return int(re.search(r"^ *sluice_sink_delivered_flows_total\{.*\} (\d+)", output, re.MULTILINE)[1])


class Quickstart(QuickstartCase):
    def test_shows_answers_of_every_protocol_and_leaves_nothing(self):
        output = self.quickstart()
        if "without broker and engine" in output.lower():
            self.skipTest("a registry is not reached, so there is neither broker nor engine")
        sums = dict(re.findall(r"(SFLOW_5|NETFLOW_V5|NETFLOW_V9|IPFIX)\W+(\d+)", output))
        self.assertEqual(PROTOCOLS, set(sums), output)
        self.assertTrue(all(int(count) > 0 for count in sums.values()), output)
        self.assertEqual(sum(map(int, sums.values())), self.delivered(output), output)
        self.assertEqual(3, len(re.findall(r"Question \d+ of docs/queries.md", output)), output)
        self.assert_nothing_left()


class WithoutRegistry(QuickstartCase):
    def test_goes_to_files_and_says_so(self):
        programs = self.path("programs")
        os.mkdir(programs)
        mvn = os.path.join(programs, "mvn")
        with open(mvn, "w") as file:
            file.write("#!/bin/sh\necho '[ERROR] no registry'\nexit 1\n")
        os.chmod(mvn, 0o755)
        output = self.quickstart(PATH=f"{programs}:{os.environ['PATH']}", XDG_CACHE_HOME=self.path("cache"))
        self.assertIn("could not be fetched by Maven: no registry", output)
        self.assertIn("the flows go to files", output)
        sums = dict(re.findall(r"^(SFLOW_5|NETFLOW_V5|NETFLOW_V9|IPFIX): (\d+) flows", output, re.MULTILINE))
        self.assertEqual(PROTOCOLS, set(sums), output)
        self.assertEqual(sum(map(int, sums.values())), self.delivered(output), output)
        self.assert_nothing_left()


if __name__ == "__main__":
    main()
