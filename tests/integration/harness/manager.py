"""The service manager's end of sd_notify(3) and its store of descriptors, for a daemon that believes in it."""
import contextlib
import os
import socket
import sys
import threading



# Runs a command with these descriptors from 3 on, as sd_listen_fds(3) wants them.
_LAUNCHER = """
import fcntl, os, sys
given, command = sys.argv[1].split(","), sys.argv[2:]
high = [fcntl.fcntl(int(number), fcntl.F_DUPFD, 1000) for number in given if number]
for place, number in enumerate(high, 3):
    os.dup2(number, place)
os.environ["LISTEN_PID"] = str(os.getpid())
os.execv(command[0], command)
"""


class Manager:
    """Keeps what it is given until it ends, over as many daemons as are started with `launch()`. A context manager."""

    def __init__(self, case):
        self._lock = threading.Lock()
        self.store = {}  # name -> descriptor
        self.messages = []
        path = case.path("manager")
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._socket.bind(path)
        os.environ["NOTIFY_SOCKET"] = path
        case.addCleanup(os.environ.pop, "NOTIFY_SOCKET")
        case.addCleanup(self._close)
        threading.Thread(target=self._run, daemon=True).start()

    def _run(self):
        while True:
            try:
                text, fds, _, _ = socket.recv_fds(self._socket, 4096, 16)
            except OSError:
                return
            self._take(text.decode(), fds)
            if text == b"the end":
                return

    def _take(self, text, fds):
        lines = dict(line.partition("=")[::2] for line in text.splitlines())
        with self._lock:
            self.messages.append(text)
            if "FDSTORE" in lines and lines.get("FDNAME") not in self.store:
                self.store[lines["FDNAME"]] = fds.pop()
            if "FDSTOREREMOVE" in lines and lines["FDNAME"] in self.store:
                os.close(self.store.pop(lines["FDNAME"]))
        for fd in fds:  # of a barrier too, which is what is waited for
            os.close(fd)

    def _close(self):
        with contextlib.suppress(OSError), socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as end:
            end.sendto(b"the end", self._socket.getsockname())
        self._socket.close()
        with self._lock:
            for fd in self.store.values():
                os.close(fd)
            self.store.clear()

    def names(self):
        with self._lock:
            return sorted(self.store)

    def launch(self, given=None):
        """Arguments of harness.daemon.Daemon: with all that is kept, or with `given`, {name: [descriptors]} of a socket unit."""
        with self._lock:
            pairs = list(self.store.items()) if given is None else [(name, fd) for name, fds in given.items() for fd in fds]
        numbers = [fd for _, fd in pairs]
        variables = ["env", f"LISTEN_FDS={len(pairs)}", "LISTEN_FDNAMES=" + ":".join(name for name, _ in pairs)]
        return {"launcher": [*variables, sys.executable, "-c", _LAUNCHER, ",".join(map(str, numbers))], "pass_fds": numbers}
