"""A real snmpd with made-up interfaces, on a free port of loopback. What it tells is a file that may change while it runs."""
import json
import os
import shutil
import subprocess
import sys
import unittest

from . import udp, waiting
from .program import Program

IF_TABLE = (1, 3, 6, 1, 2, 1, 2, 2, 1)
IF_X_TABLE = (1, 3, 6, 1, 2, 1, 31, 1, 1, 1)
DESCR, SPEED = (*IF_TABLE, 2), (*IF_TABLE, 5)
NAME, HIGH_SPEED, ALIAS = (*IF_X_TABLE, 1), (*IF_X_TABLE, 15), (*IF_X_TABLE, 18)
USER, AUTH, PRIVACY = "sluice", "authpass12", "privpass12"


def interface(index, name="", alias="", mbit=0):
    """Rows of ifXTable."""
    return {(*NAME, index): ("string", name or f"xe-0/0/{index}"), (*ALIAS, index): ("string", alias or f"Transit {index}"),
            (*HIGH_SPEED, index): ("gauge", str(mbit or 10000))}


def old_interface(index, name, speed):
    """Rows of ifTable, of a device that has no other."""
    return {(*DESCR, index): ("string", name), (*SPEED, index): ("gauge", str(speed))}


class Snmpd(Program):
    """`rows`: OID (a tuple) -> (type, value), types of snmpd's pass_persist. Listens on all of 127.0.0.0/8."""

    name = "snmpd"

    def __init__(self, directory, rows, community="public", auth=AUTH, privacy=PRIVACY, auth_protocol="SHA"):
        if not shutil.which("snmpd"):
            raise unittest.SkipTest("snmpd is not installed (deploy/install-deps.sh test brings it)")
        self.directory = directory
        self.community, self.auth, self.privacy, self.auth_protocol = community, auth, privacy, auth_protocol
        self.log_path = os.path.join(directory, "log")
        (self.port,) = udp.free_ports(1)
        os.makedirs(directory)
        self.tell(rows)
        self.start()

    def tell(self, rows):
        """From now on, to the next request. Values are bytes of latin-1."""
        path = os.path.join(self.directory, "rows.json")
        with open(path + ".new", "w") as file:
            json.dump([[list(oid), kind, value] for oid, (kind, value) in sorted(rows.items())], file)
        os.replace(path + ".new", path)

    def start(self):
        """On the same port as before, with the passwords that it has now."""
        agent = os.path.join(os.path.dirname(__file__), "snmp_rows.py")
        serve = f"{sys.executable} {agent} {os.path.join(self.directory, 'rows.json')}"
        config = os.path.join(self.directory, "conf")
        with open(config, "w") as file:
            file.write(f"agentAddress udp:0.0.0.0:{self.port}\nsysName edge1.example.net\n"
                       f"rocommunity {self.community} 127.0.0.0/8\n"
                       f"createUser {USER} {self.auth_protocol} \"{self.auth}\" AES \"{self.privacy}\"\nrouser {USER} authPriv\n"
                       f"pass_persist .1.3.6.1.2.1.2 {serve}\npass_persist .1.3.6.1.2.1.31.1.1 {serve}\n")
        kept = os.path.join(self.directory, "var")  # users with the keys of before are in it
        shutil.rmtree(kept, ignore_errors=True)
        with open(self.log_path, "ab") as log:
            self.process = subprocess.Popen(
                ["snmpd", "-f", "-C", "-c", config, "-Lo", "-I", "-ifTable,ifXTable,ifNumber,interfaces"],
                stdin=subprocess.DEVNULL, stdout=log, stderr=log, cwd=self.directory,
                env={**os.environ, "MIBS": "", "SNMP_PERSISTENT_DIR": kept})
        waiting.until(self._answers_or_dead, "snmpd answers")
        if self.process.poll() is not None:
            raise AssertionError(f"snmpd ended with {self.process.returncode}: {self.log()}")

    def _answers_or_dead(self):
        """Its user of v3 too."""
        def asks(*who):
            return subprocess.run(["snmpget", *who, "-m", "", "-t", "0.5", "-r", "0", f"127.0.0.1:{self.port}", ".1.3.6.1.2.1.1.5.0"],
                                  stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=False).returncode == 0
        if self.process.poll() is not None:
            return True
        return asks("-v2c", "-c", self.community) and asks(
            "-v3", "-l", "authPriv", "-u", USER, "-a", self.auth_protocol, "-A", self.auth, "-x", "AES", "-X", self.privacy)

    def log(self):
        with open(self.log_path, errors="replace") as file:
            return file.read()
