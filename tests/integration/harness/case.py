"""The base of the tests: a temporary directory, what is missing is said and skipped, and the status for ctest."""
import os
import resource
import shutil
import sys
import tempfile
import unittest

SKIPPED = 77  # ctest's SKIP_RETURN_CODE
#: Whether a test is run in its long form, by tests/run.sh --long.
LONG = bool(os.environ.get("TEST_LONG"))


def skip_unless_program(name):
    place = shutil.which(name)
    if place:
        return place
    raise unittest.SkipTest(f"{name} is not installed (deploy/install-deps.sh test brings it)")


class Case(unittest.TestCase):
    maxDiff = None

    def setUp(self):
        self.directory = tempfile.mkdtemp(prefix="sluice-test-")
        self.addCleanup(shutil.rmtree, self.directory, ignore_errors=True)

    def path(self, *parts):
        return os.path.join(self.directory, *parts)


def main():
    """Runs what the command line names (classes or methods; all without). Status 77 when any of it was skipped: ctest has
    no word for a part, and what was left out is not to be taken for tested. tests/run.sh shows the lines printed here, and
    of those that took most of the processors' time, their own and their children's, how much it was."""
    program = unittest.main(module="__main__", verbosity=2, exit=False)
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    print(f"PROCESSORS: {sum(one.ru_utime + one.ru_stime for one in used):.0f} s")
    for test, reason in program.result.skipped:
        print(f"SKIPPED: {test.id().removeprefix('__main__.')}: {reason}")
    if not program.result.wasSuccessful():
        sys.exit(1)
    sys.exit(SKIPPED if program.result.skipped else 0)
