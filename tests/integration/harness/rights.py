"""Programs under test that have no more rights than their user: root reads, writes and binds whatever it likes."""
import ctypes
import os
import shutil
import subprocess
import unittest

_LIBC = ctypes.CDLL(None, use_errno=True)
_PR_SET_SECUREBITS, _SECBIT_NOROOT = 28, 1
_PR_CAP_AMBIENT, _PR_CAP_AMBIENT_CLEAR_ALL = 47, 4


def without(program, directory):
    """Options of subprocess.Popen by which the program runs without root's rights; skips where they cannot be laid down.

    It stays the user who runs the tests, and is a copy in `directory`: where the build is, others may not be let in, and
    without its rights root is one of them."""
    if os.geteuid() != 0:
        return {}
    try:
        subprocess.run(["true"], preexec_fn=_drop, check=True)
    except subprocess.SubprocessError:
        raise unittest.SkipTest("root may not lay down its rights here") from None
    return {"executable": shutil.copy(program, directory), "preexec_fn": _drop}


def _drop():
    """What is executed from here on has no capability, though its user is 0."""
    for arguments in ((_PR_SET_SECUREBITS, _SECBIT_NOROOT, 0, 0, 0), (_PR_CAP_AMBIENT, _PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0)):
        if _LIBC.prctl(*arguments) != 0:
            raise OSError(ctypes.get_errno(), "prctl")
