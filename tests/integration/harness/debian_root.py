"""Clean Debian roots: made once by debootstrap, kept as a tar in the cache, unpacked where a test wants one.

`archive()` is a minbase of the suite that runs here; `archive("systemd", ...)` is that with packages installed. Mirror and
proxy are those that apt uses on this machine; a root that is unpacked has them only where `configure_apt()` is called."""
import concurrent.futures
import contextlib
import fcntl
import functools
import hashlib
import multiprocessing
import os
import shutil
import subprocess
import unittest

from . import mounts
from .case import skip_unless_program

_CACHE = os.path.join(os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache"), "sluice")
# Making a root takes half a minute on an idle machine, and several times that beside other tests.
_MAKING = 600
# apt in a root that nobody is to be asked in, and whose services are not started.
_QUIET = {"DEBIAN_FRONTEND": "noninteractive", "LC_ALL": "C.UTF-8", "HOME": "/root",
          "PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"}


def suite():
    """The codename of this machine's Debian; skips elsewhere."""
    with contextlib.suppress(OSError), open("/etc/os-release") as file:
        release = dict(line.rstrip().split("=", 1) for line in file if "=" in line)
        if release.get("ID") == "debian" and "VERSION_CODENAME" in release:
            return release["VERSION_CODENAME"]
    raise unittest.SkipTest("this is not a Debian system, so no mirror of Debian is known")


def archive(*packages):
    """The path of a tar of a root with these packages, made where it is not in the cache. Skips where no root can be made
    or no mirror answers; AssertionError where one answers and the packages cannot be installed from it."""
    if os.geteuid() != 0:
        raise unittest.SkipTest("only root can make a Debian root")
    name = f"debian-{suite()}"
    if packages:
        name += "-" + hashlib.sha256(" ".join(sorted(packages)).encode()).hexdigest()[:12]
    path = os.path.join(_CACHE, name + ".tar")
    os.makedirs(_CACHE, exist_ok=True)
    # Two tests that want the same root at the same moment make it once.
    with open(os.path.join(_CACHE, name + ".lock"), "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not os.path.exists(path):
            # In a process of its own, since it works on a disk of its own.
            with concurrent.futures.ProcessPoolExecutor(1, multiprocessing.get_context("fork")) as process:
                process.submit(_make_archive, path, packages).result()
    return path


def _make_archive(path, packages):
    if packages:
        archive()
    with mounts.private_disk() as directory:
        root = os.path.join(directory, "root")
        _install(root, packages) if packages else _bootstrap(root)
        _run("tar", "-C", root, "--numeric-owner", "-cf", path + ".new", ".")
    os.rename(path + ".new", path)


def unpack(root, *packages):
    """Fills the directory `root`, which is made, with a root that has these packages."""
    tar = archive(*packages)
    os.makedirs(root, exist_ok=True)
    _run("tar", "-C", root, "-xpf", tar, "--numeric-owner")
    return root


def configure_apt(root):
    """apt in the root goes where apt on this machine goes, by the same proxies."""
    with open(os.path.join(root, "etc/apt/sources.list"), "w") as file:
        file.writelines(f"deb {uri} {release} main\n" for release, uri in _mirrors())
    with open(os.path.join(root, "etc/apt/apt.conf.d/99host"), "w") as file:
        file.writelines(line + "\n" for line in _acquire_settings())
    for copied in ("/etc/resolv.conf", "/etc/apt/auth.conf"):
        if os.path.exists(copied):
            shutil.copy(copied, root + copied)
    # A mirror by HTTPS is believed where this machine believes it.
    if os.path.exists("/etc/ssl/certs/ca-certificates.crt"):
        os.makedirs(os.path.join(root, "etc/ssl/certs"), exist_ok=True)
        shutil.copy("/etc/ssl/certs/ca-certificates.crt", os.path.join(root, "etc/ssl/certs"))


def chroot(root, *command, timeout=_MAKING):
    """Runs a command in the root, with the network of this machine; AssertionError where it fails."""
    proxies = {key: value for key, value in os.environ.items() if key.lower().endswith("_proxy")}
    try:
        return _run("chroot", root, *command, env={**_QUIET, **proxies}, timeout=timeout)
    except subprocess.CalledProcessError as error:
        raise AssertionError(f"{' '.join(command)} ended with {error.returncode}: {error.stdout}") from None


@functools.cache
def _mirrors():
    """[(release, URI)] of the suite and what belongs to it, as apt knows them; skips without."""
    name = suite()
    lines = _run("apt-get", "indextargets", "--format", "$(RELEASE) $(COMPONENT) $(REPO_URI)",
                 "Created-By: Packages").splitlines()
    known = [line.split() for line in lines]
    wanted = (name, f"{name}-updates", f"{name}-security")
    found = [(release, uri) for release, component, uri in known if component == "main" and release in wanted]
    if name not in dict(found):
        raise unittest.SkipTest(f"apt knows no mirror of {name} here")
    return found


@functools.cache
def _acquire_settings():
    """How apt fetches here: proxies, checks, timeouts. Not what it fetches, nor hooks of packages that a root lacks."""
    lines = _run("apt-config", "dump", "Acquire").splitlines()
    return [line for line in lines if not line.startswith("Acquire::IndexTargets") and not line.endswith('"";')]


def _bootstrap(root):
    debootstrap = skip_unless_program("debootstrap")
    environment = dict(os.environ)
    for line in _acquire_settings():  # debootstrap fetches by wget, which knows proxies from the environment alone
        for scheme in ("http", "https"):
            if line.startswith(f'Acquire::{scheme}::Proxy "'):
                environment.setdefault(f"{scheme}_proxy", line.split('"')[1])
    _make("a root of " + suite(), debootstrap, "--variant=minbase", suite(), root, dict(_mirrors())[suite()],
          env=environment)
    chroot(root, "apt-get", "clean")


def _install(root, packages):
    unpack(root)
    configured = [os.path.join(root, path) for path in ("etc/apt/sources.list", "etc/apt/apt.conf.d/99host")]
    configure_apt(root)
    policy = os.path.join(root, "usr/sbin/policy-rc.d")
    with open(policy, "w") as file:
        file.write("#!/bin/sh\nexit 101\n")
    os.chmod(policy, 0o755)
    options = ("-q", "-y", "-o", "Acquire::Retries=3", "-o", "Dpkg::Use-Pty=0")
    try:
        chroot(root, "apt-get", *options, "-o", "APT::Update::Error-Mode=any", "update")
    except (AssertionError, subprocess.SubprocessError) as error:
        raise unittest.SkipTest(f"packages for a root cannot be had: {_last_line(error)}") from None
    chroot(root, "apt-get", *options, "install", "--no-install-recommends", *packages)
    chroot(root, "apt-get", "clean")
    for path in (policy, *configured):
        os.remove(path)
    shutil.rmtree(os.path.join(root, "var/lib/apt/lists"))
    os.makedirs(os.path.join(root, "var/lib/apt/lists/partial"))


def _make(what, *command, **options):
    try:
        return _run(*command, **options)
    except subprocess.SubprocessError as error:
        raise unittest.SkipTest(f"{what} cannot be made: {_last_line(error)}") from None


def _last_line(error):
    said = (getattr(error, "stdout", None) or str(error)).strip().splitlines()
    return said[-1] if said else str(error)


def _run(*command, timeout=_MAKING, **options):
    return subprocess.run(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                          timeout=timeout, check=True, **options).stdout
