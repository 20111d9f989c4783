"""Open vSwitch in user space: no kernel module, no services, all its files in one directory."""
import os
import subprocess

from . import netns, waiting
from .case import skip_unless_program


class Switch:
    """A bridge `br0` in the network namespace of the caller."""

    def __init__(self, case):
        self._tool = skip_unless_program("ovsdb-tool")
        self._control = skip_unless_program("ovs-vsctl")
        server = skip_unless_program("ovsdb-server")
        vswitchd = skip_unless_program("ovs-vswitchd")
        if not os.path.exists("/dev/net/tun"):
            case.skipTest("there is no /dev/net/tun, which a bridge in user space needs")
        self.directory = case.path("openvswitch")
        os.makedirs(self.directory)
        self._environment = {**os.environ, "OVS_RUNDIR": self.directory, "OVS_DBDIR": self.directory,
                             "OVS_LOGDIR": self.directory}
        self._socket = os.path.join(self.directory, "db.sock")
        database = os.path.join(self.directory, "conf.db")
        netns.run(self._tool, "create", database, "/usr/share/openvswitch/vswitch.ovsschema", env=self._environment)
        self._start(case, server, database, f"--remote=punix:{self._socket}")
        waiting.until(lambda: os.path.exists(self._socket), "ovsdb-server listens")
        self.set("--no-wait", "init")
        self._start(case, vswitchd, f"unix:{self._socket}", "--disable-system")
        self.set("add-br", "br0", "--", "set", "bridge", "br0", "datapath_type=netdev")
        # Datapath flows that are idle are evicted, and with that reported, after this many ms instead of 10 s.
        self.set("set", "Open_vSwitch", ".", "other_config:max-idle=500")

    def _start(self, case, *command):
        log = os.path.join(self.directory, os.path.basename(command[0]) + ".log")
        with open(log, "wb") as output:
            process = netns.start(*command, "-vconsole:warn", "--no-chdir", env=self._environment, cwd=self.directory,
                                  stdin=subprocess.DEVNULL, stdout=output, stderr=output)

        def end():
            process.terminate()
            try:
                process.wait(10)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()

        case.addCleanup(end)

    def set(self, *arguments):
        """Waits until the switch has done it, unless told otherwise."""
        return netns.run(self._control, f"--db=unix:{self._socket}", "--timeout=20", *arguments, env=self._environment)

    def add_endpoint(self, endpoint, name, addresses):
        netns.run("ip", "link", "add", name, "type", "veth", "peer", "name", name + "-end")
        netns.run("ethtool", "-K", name, "tx", "off", "gro", "off")
        netns.run("ip", "link", "set", name, "up")
        endpoint.connect(name + "-end", addresses)
        self.set("add-port", "br0", name)

    def export(self, port):
        """sFlow of every packet with counters each second, NetFlow v5 and IPFIX, all to this port of loopback."""
        target = f'"127.0.0.1:{port}"'
        self.set("--", "--id=@s", "create", "sflow", "agent=lo", f"target={target}", "header=128", "sampling=1", "polling=1",
                 "--", "--id=@n", "create", "netflow", f"targets={target}", "active_timeout=1", "engine_type=3", "engine_id=7",
                 "--", "--id=@i", "create", "ipfix", f"targets={target}", "obs_domain_id=123", "obs_point_id=456", "sampling=1",
                 "cache_active_timeout=1", "cache_max_flows=64",
                 "--", "set", "bridge", "br0", "sflow=@s", "netflow=@n", "ipfix=@i")

    def export_nothing(self):
        """What it still holds it sends."""
        self.set("clear", "bridge", "br0", "sflow", "netflow", "ipfix")
