"""What this machine's ccache holds, by HTTP: a build elsewhere that compiles the same files need not compile them again.

The keys are alike only where compiler, headers, command lines and directories are."""
import http.server
import os
import re
import shutil
import subprocess
import threading


class Server:
    """A ccache remote storage to read from. A context manager; `storage` is the setting that names it."""

    def __init__(self):
        directory, self.hits, self.misses = _directory(), 0, 0
        outer = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self):
                path = _entry(directory, self.path.strip("/"))
                if path is None:
                    outer.misses += 1
                    self.send_response(404)
                    self.send_header("Content-Length", "0")
                    self.end_headers()
                    return
                outer.hits += 1
                with open(path, "rb") as file:
                    content = file.read()
                self.send_response(200)
                self.send_header("Content-Length", str(len(content)))
                self.end_headers()
                self.wfile.write(content)

            def log_message(self, *_):
                pass

        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    @property
    def storage(self):
        return f"http://127.0.0.1:{self._server.server_port}|layout=flat|read-only"

    def close(self):
        self._server.shutdown()
        self._server.server_close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()


def _directory():
    ccache = shutil.which("ccache")
    if ccache is None:
        return None
    return subprocess.run([ccache, "--get-config", "cache_dir"], stdout=subprocess.PIPE, text=True, check=True).stdout.strip()


def _entry(directory, key):
    """The file of a key: its first characters are directories, as many as the size of the cache asks for, and the last
    letter tells a result from a manifest."""
    if directory is None or not re.fullmatch(r"[0-9a-z]{20,}", key):
        return None
    for depth in (2, 3, 1, 4):
        for kind in "RM":
            path = os.path.join(directory, *key[:depth], key[depth:] + kind)
            if os.path.exists(path):
                return path
    return None
