"""A running deploy/local/pipeline.sh without traffic of its own: broker, engine with the shipped tables, collector."""
import os
import signal
import subprocess
import unittest

from . import paths, store, waiting

NO_REGISTRY = 3  # its exit status where broker or engine cannot be had


class Pipeline:
    """`directory` holds its state; with `keep` the data too, so that another one goes on with it. `programs` is a
    directory that comes first on its PATH."""

    def __init__(self, directory, framing="batch", keep=False, programs=None):
        os.makedirs(directory, exist_ok=True)
        self._output = os.path.join(directory, "output")
        state = os.path.join(directory, "state")
        if os.path.exists(state):
            os.remove(state)
        command = [os.path.join(paths.source(), "deploy/local/pipeline.sh"), "--no-traffic", "--framing", framing,
                   "--build-dir", paths.build(), "--state", state]
        if keep:
            command += ["--dir", os.path.join(directory, "data")]
        path = os.pathsep.join(filter(None, (programs, os.environ["PATH"])))
        with open(self._output, "wb") as output:
            self.process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.STDOUT,
                                            env={**os.environ, "TMPDIR": directory, "PATH": path})
        try:
            waiting.until(lambda: os.path.exists(state) or self.process.poll() is not None, "the pipeline is up", 420)
        except AssertionError:
            self.stop()
            raise AssertionError(f"the pipeline does not come up: {self.output()}") from None
        if self.process.poll() == NO_REGISTRY:
            raise unittest.SkipTest(self.output().strip().splitlines()[-1])
        if self.process.poll() is not None:
            raise AssertionError(f"the pipeline ended with {self.process.returncode}: {self.output()}")
        with open(state) as file:
            self.state = dict(line.rstrip("\n").split("=", 1) for line in file)
        self.client = store.Client(self.state["store_url"])

    def port(self, protocol):
        return int(self.state[f"{protocol}_port"])

    def output(self):
        with open(self._output, errors="replace") as file:
            return file.read()

    def stop(self):
        """SIGTERM, as Ctrl-C; gives the exit status."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        return self.process.wait(waiting.DEADLINE)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop()
