"""Waiting for a condition, never for a time."""
import time

DEADLINE = 60.0  # seconds; generous, since it is only reached when something is wrong


def until(condition, what, deadline=DEADLINE, interval=0.05):
    """The first true value of `condition()`. AssertionError after the deadline, with `what` and the last value."""
    end = time.monotonic() + deadline
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() >= end:
            raise AssertionError(f"{what}: not within {deadline:.0f} s (last: {value!r})")
        time.sleep(interval)
