"""How the programs under test end: in order, or killed."""
import os
import signal
import subprocess

from . import waiting


class Program:
    """A base for what runs as `process`, a subprocess.Popen, and has a `log()`. A context manager that kills what is left."""

    name = "program"
    process = None

    def signal(self, number):
        self.process.send_signal(number)

    def cpu(self):
        """Seconds of CPU that it has used."""
        with open(f"/proc/{self.process.pid}/stat") as file:
            user, system = file.read().rpartition(")")[2].split()[11:13]
        return (int(user) + int(system)) / os.sysconf("SC_CLK_TCK")

    def stop(self, deadline=waiting.DEADLINE):
        """SIGTERM; gives the exit status."""
        if self.process.poll() is None:
            self.signal(signal.SIGTERM)
        try:
            return self.process.wait(deadline)
        except subprocess.TimeoutExpired:
            self.kill()
            raise AssertionError(f"the {self.name} did not end in {deadline} s after SIGTERM: {self.log()}") from None

    def kill(self):
        """SIGKILL, as a crash."""
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.kill()
