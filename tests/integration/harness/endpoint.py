"""One end of a network, run as a program in a network namespace: counts the packets that pass its interface, serves
and makes TCP transfers. Told what to do by lines of JSON, which it answers each with one."""
import collections
import json
import os
import socket
import sys
import threading

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
from harness import capture, flows  # noqa: E402

_ETH_P_ALL = 3
_SOL_PACKET, _PACKET_STATISTICS = 263, 6


class Counter:
    """IP packets that pass the interface in either direction, by flow: packets, their frames' and their own bytes."""

    def __init__(self, interface):
        self._sums = collections.defaultdict(lambda: [0, 0, 0])
        self._socket = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0)
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 64 << 20)
        self._socket.bind((interface, _ETH_P_ALL))
        self._socket.settimeout(0.2)
        self._ending = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def _run(self):
        while True:
            try:
                frame = self._socket.recv(65535)
            except TimeoutError:
                if self._ending.is_set():
                    return
                continue
            packet = capture.parse(frame)
            if packet:
                flow = flows.make(*packet[:5], 0, 0, icmp=packet.icmp)
                sums = self._sums[flow[:4]]
                sums[0] += 1
                sums[1] += len(frame)
                sums[2] += packet.ip_bytes

    def end(self):
        """Once nothing more passes; what the kernel could not hand over would make the counts wrong."""
        self._ending.set()
        self._thread.join()
        statistics = self._socket.getsockopt(_SOL_PACKET, _PACKET_STATISTICS, 8)
        dropped = int.from_bytes(statistics[4:8], sys.byteorder)
        return {"dropped": dropped, "flows": [[*key, *sums] for key, sums in self._sums.items()]}


def serve(address, family):
    """Takes one connection, reads all of it and answers with the number of bytes; gives the port."""
    listener = socket.socket(family, socket.SOCK_STREAM)
    # A small window: no more is under way than the queues between hold, so that no packet is lost.
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 16 << 10)
    listener.bind((address, 0))
    listener.listen()

    def take():
        with listener, listener.accept()[0] as connection:
            taken = 0
            while data := connection.recv(1 << 16):
                taken += len(data)
            connection.sendall(str(taken).encode())

    threading.Thread(target=take, daemon=True).start()
    return listener.getsockname()[1]


def send(address, port, count):
    """Gives how many bytes the server says it took."""
    with socket.create_connection((address, port), timeout=20) as connection:
        connection.sendall(b"x" * count)
        connection.shutdown(socket.SHUT_WR)
        said = b""
        while data := connection.recv(100):
            said += data
        return int(said)


def main():
    counter = None
    for line in sys.stdin:
        command, *arguments = json.loads(line)
        answer = True
        if command == "count":
            counter = Counter(*arguments)
        elif command == "counted":
            answer = counter.end()
        elif command == "serve":
            address, = arguments
            answer = serve(address, socket.AF_INET6 if ":" in address else socket.AF_INET)
        elif command == "send":
            answer = send(*arguments)
        print(json.dumps(answer), flush=True)


if __name__ == "__main__":
    main()
