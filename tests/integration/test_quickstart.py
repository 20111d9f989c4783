#!/usr/bin/python3
"""deploy/quickstart.sh from the broker to the flows read back, with the build that is tested."""
import os
import re
import subprocess

from harness import daemon, paths
from harness.case import Case, main


class Quickstart(Case):
    def test_shows_flows_of_every_protocol_and_leaves_nothing(self):
        daemon.binary()
        environment = {**os.environ, "QUICKSTART_BUILD_DIR": paths.build(), "TMPDIR": self.directory}
        result = subprocess.run([os.path.join(paths.source(), "deploy/quickstart.sh"), "--once"], env=environment,
                                stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                                timeout=400, check=False)
        self.assertEqual(0, result.returncode, result.stdout)
        sums = dict(re.findall(r"^(SFLOW_5|NETFLOW_V5|NETFLOW_V9|IPFIX): (\d+) flows", result.stdout, re.MULTILINE))
        self.assertEqual({"SFLOW_5", "NETFLOW_V5", "NETFLOW_V9", "IPFIX"}, set(sums), result.stdout)
        self.assertTrue(all(int(count) > 0 for count in sums.values()), result.stdout)
        delivered = re.search(r"^ *sluice_sink_delivered_flows_total\{.*\} (\d+)", result.stdout, re.MULTILINE)
        self.assertEqual(sum(map(int, sums.values())), int(delivered[1]), result.stdout)
        self.assertEqual([], [name for name in os.listdir(self.directory) if name.startswith("sluice-quickstart")])
        left = subprocess.run(["pgrep", "-f", self.directory], stdout=subprocess.PIPE, text=True, check=False).stdout
        self.assertEqual("", left, "processes of the quickstart are left")


if __name__ == "__main__":
    main()
