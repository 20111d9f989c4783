"""Where things are. ctest sets the environment; by hand, the defaults find build/release."""
import os


def source():
    return os.path.dirname(os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__)))))


def build():
    return os.environ.get("TEST_BUILD_DIR", os.path.join(source(), "build/release"))


def sluice():
    return os.environ.get("TEST_SLUICE", os.path.join(build(), "bin/sluice"))


def generated():
    """flow_pb2.py, which the build makes by protoc."""
    return os.path.join(build(), "tests/integration")


def kafka():
    """The directory of the broker that all tests of one ctest run share."""
    return os.path.join(build(), "tests/integration/kafka")
