#!/usr/bin/python3
"""deploy/quickstart.sh with the build that is tested: without a broker, with one, and without a registry."""
import os
import re
import subprocess

from harness import daemon, paths
from harness.case import Case, main

PROTOCOLS = {"SFLOW_5", "NETFLOW_V5", "NETFLOW_V9", "IPFIX"}


class QuickstartCase(Case):
    def quickstart(self, *options, **environment):
        daemon.binary()
        result = subprocess.run([os.path.join(paths.source(), "deploy/quickstart.sh"), "--once", *options],
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


class AnswersCase(QuickstartCase):
    options = ()

    def shows_answers_of_every_protocol_and_leaves_nothing(self):
        output = self.quickstart(*self.options)
        if "the flows go to files" in output:
            self.skipTest("a registry is not reached, so there is no engine or no broker")
        sums = dict(re.findall(r"(SFLOW_5|NETFLOW_V5|NETFLOW_V9|IPFIX)\W+(\d+)", output))
        self.assertEqual(PROTOCOLS, set(sums), output)
        self.assertTrue(all(int(count) > 0 for count in sums.values()), output)
        self.assertEqual(sum(map(int, sums.values())), self.delivered(output), output)
        self.assertRegex(output, r"page on http://127\.0\.0\.1:\d+")
        self.assertEqual(3, len(re.findall(r"Question \d+ of docs/queries.md", output)), output)
        self.assert_nothing_left()
        return output


class Quickstart(AnswersCase):
    def test_needs_no_broker(self):
        output = self.shows_answers_of_every_protocol_and_leaves_nothing()
        self.assertNotIn("broker", output)


class QuickstartKafka(AnswersCase):
    options = ("--kafka",)

    def test_goes_through_a_broker(self):
        output = self.shows_answers_of_every_protocol_and_leaves_nothing()
        self.assertRegex(output, r"broker on 127\.0\.0\.1:\d+")


class WithoutRegistry(QuickstartCase):
    def goes_to_files(self, program, *options):
        programs = self.path("programs")
        os.mkdir(programs)
        fake = os.path.join(programs, program)
        with open(fake, "w") as file:
            file.write("#!/bin/sh\necho '[ERROR] no registry'\necho 'npm error no registry' >&2\nexit 1\n")
        os.chmod(fake, 0o755)
        output = self.quickstart(*options, PATH=f"{programs}:{os.environ['PATH']}", XDG_CACHE_HOME=self.path("cache"))
        self.assertIn("the flows go to files", output)
        sums = dict(re.findall(r"^(SFLOW_5|NETFLOW_V5|NETFLOW_V9|IPFIX): (\d+) flows", output, re.MULTILINE))
        self.assertEqual(PROTOCOLS, set(sums), output)
        self.assertEqual(sum(map(int, sums.values())), self.delivered(output), output)
        self.assert_nothing_left()
        return output

    def test_of_the_engine(self):
        self.assertIn("could not be fetched by npm: no registry", self.goes_to_files("npm"))

    def test_of_the_broker(self):
        self.assertIn("could not be fetched by Maven: no registry", self.goes_to_files("mvn", "--kafka"))


if __name__ == "__main__":
    main()
