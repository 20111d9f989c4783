"""UDP on loopback: free ports, and a tee that writes down what an exporter sends on its way to the daemon."""
import random
import socket
import threading

from . import waiting, wire


def free_ports(count, kind=socket.SOCK_DGRAM, address="127.0.0.1"):
    """Different ports that nobody holds now, below the range from which the kernel gives ports to outgoing
    connections: a port may be wanted only later, and must not have gone to one of those by then."""
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    ports = []
    while len(ports) < count:
        port = random.randint(15000, 30000)
        with socket.socket(family, kind) as sock:
            try:
                sock.bind((address, port))
            except OSError:
                continue
        if port not in ports:
            ports.append(port)
    return ports


class Sender:
    """Datagrams from one port of 127.0.0.1 to another."""

    def __init__(self, port):
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.connect(("127.0.0.1", port))

    def send(self, data):
        self._socket.send(data)

    def close(self):
        self._socket.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()


class Tee:
    """Listens on a port of its own, records each datagram and sends it on. The daemon sees 127.0.0.1 as the exporter,
    as it would without the tee. Without `forward_to` it is a plain receiver."""

    def __init__(self, forward_to=None):
        self.datagrams = []
        self._forward_to = forward_to
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 8 << 20)
        self._socket.bind(("127.0.0.1", 0))
        self._socket.settimeout(0.05)
        self.port = self._socket.getsockname()[1]
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def _run(self):
        while True:
            try:
                data = self._socket.recv(65535)
            except TimeoutError:
                if self._stop.is_set():
                    return
                continue
            self.datagrams.append(data)
            if self._forward_to:
                self._socket.sendto(data, ("127.0.0.1", self._forward_to))

    def close(self):
        """Ends once nothing more is waiting on the socket."""
        self._stop.set()
        self._thread.join(timeout=waiting.DEADLINE)
        self._socket.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def read(self):
        """What was sent, as the tests' own parser reads it."""
        reader = wire.Reader()
        for datagram in self.datagrams:
            reader.take(datagram)
        return reader
