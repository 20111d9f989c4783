"""The broker that the tests of one ctest run share, and brokers of a test's own. Topics are read with kcat.

As a program: `kafka.py start|stop`, which ctest runs before and after the tests that need the broker."""
import collections
import itertools
import os
import re
import socket
import subprocess
import sys
import time
import unittest

if __package__:
    from . import paths, udp, waiting
    from .case import SKIPPED, skip_unless_program
else:
    sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
    from harness import paths, udp, waiting
    from harness.case import SKIPPED, skip_unless_program

NO_JARS = 3  # exit status of kafka.sh where the jars cannot be had
_numbers = itertools.count(1)

Record = collections.namedtuple("Record", "partition key value")


def _script(*arguments, **environment):
    return subprocess.run([os.path.join(paths.source(), "deploy/local/kafka.sh"), *map(str, arguments)],
                          stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                          timeout=420, check=False, env={**os.environ, **environment})


class Broker:
    """A broker on 127.0.0.1. A port may be given before the broker is there, for those that wait for it. `properties` are
    its own settings, read at each start; with `sasl` it has a second listener, on which clients must log in."""

    def __init__(self, directory, port=None, sasl=False, **properties):
        self.directory = directory
        self.port = port or udp.free_ports(1, kind=socket.SOCK_STREAM)[0]
        self.sasl_address = f"127.0.0.1:{udp.free_ports(1, kind=socket.SOCK_STREAM)[0]}" if sasl else None
        self.properties = {name.replace("_", "."): value for name, value in properties.items()}
        if sasl:
            self.properties["listener.security.protocol.map"] = (
                "CONTROLLER:PLAINTEXT,PLAINTEXT:PLAINTEXT,SASL_PLAINTEXT:SASL_PLAINTEXT")

    @property
    def address(self):
        return f"127.0.0.1:{self.port}"

    def start(self):
        environment = {"KAFKA_PROPERTIES": "\n".join(f"{name}={value}" for name, value in self.properties.items())}
        if self.sasl_address:
            environment["KAFKA_LISTENER"] = f"SASL_PLAINTEXT://{self.sasl_address}"
        result = _script("start", self.directory, self.port, **environment)
        if result.returncode == NO_JARS:
            raise unittest.SkipTest(result.stdout.strip().splitlines()[-1])
        if result.returncode != 0:
            raise AssertionError(f"the broker does not start: {result.stdout}")

    def stop(self, keep=False):
        _script("stop", self.directory, *(["--keep"] if keep else []))

    def signal(self, number):
        with open(os.path.join(self.directory, "pid")) as file:
            os.kill(int(file.read()), number)

    def records(self, topic):
        """All records of the topic. None yet where the topic is not there yet."""
        kcat = skip_unless_program("kcat")
        # Length first, then the bytes: a value may hold any byte, so no delimiter could be trusted.
        result = subprocess.run([kcat, "-C", "-b", self.address, "-t", topic, "-o", "beginning", "-e", "-q",
                                 "-f", "%p %K %S\n%k%s"], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                stderr=subprocess.PIPE, timeout=waiting.DEADLINE, check=False)
        if result.returncode != 0:
            if re.search(rb"[Uu]nknown topic", result.stderr):
                return []
            raise AssertionError(f"kcat ended with {result.returncode}: {result.stderr.decode()}")
        return _parse(result.stdout)

    def wait_for(self, topic, decode, count):
        """Reads the topic until `decode(value)` of all its records gives `count` items; gives records and items."""
        def read():
            records = self.records(topic)
            items = [item for record in records for item in decode(record.value)]
            return (records, items) if len(items) >= count else None
        try:
            return waiting.until(read, f"{count} flows in the topic {topic}", interval=0.3)
        except AssertionError as error:
            got = [item for record in self.records(topic) for item in decode(record.value)]
            raise AssertionError(f"{error}; there are {len(got)}") from None


def _parse(data):
    records, at = [], 0
    while at < len(data):
        end = data.index(b"\n", at)
        partition, key_length, length = map(int, data[at:end].split())
        at = end + 1
        key = data[at:at + key_length] if key_length >= 0 else None
        at += max(key_length, 0)
        value = data[at:at + length]
        if len(value) != length:
            raise AssertionError(f"kcat gave {len(value)} of {length} bytes")
        records.append(Record(partition, key, value))
        at += length
    return records


def shared():
    """The broker of this ctest run; skips where it is not there, and says why."""
    try:
        with open(os.path.join(paths.kafka(), "port")) as file:
            return Broker(paths.kafka(), int(file.read()))
    except FileNotFoundError:
        raise unittest.SkipTest("no broker runs; ctest starts it as integration.kafka.start, whose output says why") from None


def new_topic(name):
    return f"{name}-{os.getpid()}-{int(time.time())}-{next(_numbers)}"


def _start_shared():
    broker = Broker(paths.kafka())
    _stop_shared()  # one that an earlier run left behind
    try:
        broker.start()
    except unittest.SkipTest as reason:
        print(f"SKIPPED: {reason}")
        return SKIPPED
    with open(os.path.join(paths.kafka(), "port"), "w") as file:
        file.write(str(broker.port))
    print(f"broker on {broker.address}")
    return 0


def _stop_shared():
    Broker(paths.kafka(), 1).stop()
    try:
        os.remove(os.path.join(paths.kafka(), "port"))
    except FileNotFoundError:
        pass
    return 0


if __name__ == "__main__":
    sys.exit({"start": _start_shared, "stop": _stop_shared}[sys.argv[1]]())
