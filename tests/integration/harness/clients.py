"""ClickHouse's official clients, in the cache, each version in a directory of its own."""
import glob
import os
import shutil
import subprocess
import sys
import tempfile
import unittest

from . import paths
from .case import skip_unless_program

_CACHE = os.path.join(os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache"), "sluice")


def _file(name):
    return os.path.join(paths.source(), "tests/integration/clients", name)


def _installed(name, pinned, install):
    """`install(directory)` makes what the file `pinned` names; done once for each content of the file."""
    with open(pinned, "rb") as file:
        content = file.read()
    directory = os.path.join(_CACHE, f"clients-{name}")
    marker = os.path.join(directory, os.path.basename(pinned))
    try:
        with open(marker, "rb") as file:
            if file.read() == content:
                return directory
    except FileNotFoundError:
        pass
    try:
        os.makedirs(_CACHE, exist_ok=True)
        fresh = tempfile.mkdtemp(prefix=f"clients-{name}-", dir=_CACHE)
        # The directory keeps its name, since what is installed knows it.
        shutil.rmtree(directory, ignore_errors=True)
        os.rename(fresh, directory)
        install(directory)
        shutil.copy(pinned, marker)
    except (subprocess.SubprocessError, PermissionError) as error:
        shutil.rmtree(directory, ignore_errors=True)
        printed = getattr(error, "stderr", None) or getattr(error, "stdout", None) or b""  # Maven's errors are on stdout
        said = printed.decode(errors="replace").strip().splitlines()
        raise unittest.SkipTest(f"the {name} client cannot be had: {said[-1] if said else error}") from None
    return directory


def _run(*command, **options):
    subprocess.run(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=300,
                   check=True, **options)


def python_program():
    """The command that runs clients/python_client.py."""
    def install(directory):
        _run(sys.executable, "-m", "venv", directory)
        _run(os.path.join(directory, "bin/pip"), "install", "-q", "-r", _file("requirements.txt"))
    directory = _installed("python", _file("requirements.txt"), install)
    return [os.path.join(directory, "bin/python"), _file("python_client.py")]


def node_program():
    """The command that runs clients/node_client.mjs, and what it needs as its last argument."""
    node, npm = skip_unless_program("node"), skip_unless_program("npm")

    def install(directory):
        shutil.copy(_file("package.json"), os.path.join(directory, "source.json"))
        os.rename(os.path.join(directory, "source.json"), os.path.join(directory, "package.json"))
        try:
            _run(npm, "install", "--no-package-lock", "--no-audit", "--no-fund", "--ignore-scripts", "--loglevel=error",
                 cwd=directory)
        except subprocess.SubprocessError:
            os.remove(os.path.join(directory, "package.json"))
            raise
    directory = _installed("node", _file("package.json"), install)
    return [node, _file("node_client.mjs")], directory


def java_program(classes):
    """The command that runs clients/JdbcClient.java, which is compiled into the directory `classes`."""
    java, maven = skip_unless_program("java"), skip_unless_program("mvn")

    def install(directory):
        _run(maven, "-q", "-B", "-Dstyle.color=never", "-f", _file("pom.xml"), "validate", f"-DoutputDirectory={directory}")
    directory = _installed("java", _file("pom.xml"), install)
    compiler, = glob.glob(os.path.join(directory, "ecj-*.jar"))
    _run(java, "-jar", compiler, "-source", "17", "-target", "17", "-d", classes, _file("JdbcClient.java"))
    return [java, "-cp", os.pathsep.join((os.path.join(directory, "*"), classes)), "JdbcClient"]
