"""A memory disk that ends with the process: it is mounted in a mount namespace of the process's own, so no more than an
empty directory is left behind however the process ends, and programs that sync every file (dpkg) do not wait for a disk."""
import contextlib
import ctypes
import os
import tempfile
import unittest

_LIBC = ctypes.CDLL(None, use_errno=True)
_CLONE_NEWNS = 0x00020000
_MNT_DETACH = 2
_MS_REC, _MS_PRIVATE = 0x4000, 0x40000


@contextlib.contextmanager
def private_disk():
    """An empty directory in memory, for the calling process and its children alone. The process is in the namespace
    from then on."""
    if _LIBC.unshare(_CLONE_NEWNS) != 0:
        raise unittest.SkipTest(f"there are no mount namespaces here: {os.strerror(ctypes.get_errno())}")
    # The root of a chroot need be no mount point.
    _mount(b"none", b"/", None, _MS_REC | _MS_PRIVATE, "the mounts of / cannot be kept to a process")
    directory = tempfile.mkdtemp(prefix="sluice-disk-")
    try:
        _mount(b"tmpfs", os.fsencode(directory), b"tmpfs", 0)
        os.chmod(directory, 0o755)
        yield directory
    finally:
        _LIBC.umount2(os.fsencode(directory), _MNT_DETACH)
        os.rmdir(directory)


def _mount(source, target, kind, flags, refusal="a memory disk cannot be mounted"):
    if _LIBC.mount(source, target, kind, ctypes.c_ulong(flags), None) != 0:
        raise unittest.SkipTest(f"{refusal} here: {os.strerror(ctypes.get_errno())}")
