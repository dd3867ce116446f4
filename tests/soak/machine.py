# SPDX-License-Identifier: Apache-2.0
"""What the soak tests have in common: kaigara as process 1 of a PID namespace, and its footprint.

KAIGARA_BINARY is what is tested, KAIGARA_STORM the program of storm.cpp. KAIGARA_SOAK is `full`, or
`short`, which is the default. KAIGARA_SOAK_SEED chooses what is random; the seed is always printed.
"""

import ctypes
import dataclasses
import os
import pathlib
import random
import select
import shutil
import subprocess
import sys
import time
import unittest

BINARY = str(pathlib.Path(os.environ.get("KAIGARA_BINARY", "kaigara")).resolve())
STORM = str(pathlib.Path(os.environ.get("KAIGARA_STORM", "storm")).resolve())
FULL = os.environ.get("KAIGARA_SOAK", "short") == "full"
SEED = int(os.environ.get("KAIGARA_SOAK_SEED") or time.time_ns() % 1_000_000)
DEADLINE = 60
NAMESPACE = ["unshare", "--pid", "--fork", "--mount-proc", "--kill-child=KILL"]
MUST_WORK = os.environ.get("KAIGARA_MUST_WORK") == "1"

# Four pages. What is lost for each of many thousand units shows far above it.
MEMORY_SLACK_KB = 16


def full_or_short(full, short):
    return full if FULL else short


def seeded():
    print(f"KAIGARA_SOAK_SEED={SEED}", flush=True)
    return random.Random(SEED)


def clean_environment(**more):
    """What a container runtime gives: nothing of this process's own."""
    return {"PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "HOME": "/root"} | more


def become_subreaper():
    """What is left of a killed container comes to this process, which can wait for its end."""
    pr_set_child_subreaper = 36
    if ctypes.CDLL(None, use_errno=True).prctl(pr_set_child_subreaper, 1, 0, 0, 0) != 0:
        raise OSError(ctypes.get_errno(), "prctl")


def wait_until(condition, what, seconds=DEADLINE):
    latest = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > latest:
            raise TimeoutError(f"within {seconds} s it did not come about that {what}")
        time.sleep(0.002)


def children_of(pid):
    """The numbers of all children, those that are zombies too."""
    return [int(word) for word in pathlib.Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


@dataclasses.dataclass
class Footprint:
    """Of a process at a moment at which it sleeps."""

    anonymous_kb: int
    descriptors: int
    processor_ns: int
    at: float

    @staticmethod
    def of(pid):
        place = pathlib.Path("/proc", str(pid))
        # status would tell it from counters that the kernel brings together now and then only.
        anonymous = next(line for line in place.joinpath("smaps_rollup").read_text().splitlines()
                         if line.startswith("Anonymous:"))
        return Footprint(int(anonymous.split()[1]), len(os.listdir(place / "fd")),
                         int(place.joinpath("schedstat").read_text().split()[0]), time.perf_counter())


@dataclasses.dataclass
class Tenth:
    """A tenth of the work: the footprint at its end, and what one unit took."""

    end: Footprint
    wall_us: float
    processor_us: float

    @staticmethod
    def between(begin, end, units):
        return Tenth(end, (end.at - begin.at) * 1e6 / units,
                     (end.processor_ns - begin.processor_ns) / 1e3 / units)


def show_row(*cells):
    print("| " + " | ".join(str(cell) for cell in cells) + " |", flush=True)


def show(what, count, first, last):
    """The row of docs/performance.md; tests/soak/run.sh prints its head."""
    show_row(what, f"{count:,}", *(f"{tenth.end.anonymous_kb} kB" for tenth in (first, last)),
             first.end.descriptors, last.end.descriptors,
             *(f"{tenth.wall_us:.1f} us ({tenth.processor_us:.2f} us)" for tenth in (first, last)))


class Container:
    """kaigara as process 1, and its application, at the other end of two pipes."""

    def __init__(self, *words, errors=None, **environment):
        self.process = subprocess.Popen([*NAMESPACE, BINARY, *words], stdin=subprocess.PIPE,
                                        stdout=subprocess.PIPE, stderr=errors, bufsize=0, cwd="/",
                                        env=clean_environment(**environment))
        self.pid = None

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
        self.process.stdin.close()
        self.process.stdout.close()

    def await_application(self, word):
        """Once the application has spoken, kaigara is there."""
        said = self.read(len(word))
        if said != word:
            raise AssertionError(f"the application said {said!r}, not {word!r}")
        (self.pid,) = children_of(self.process.pid)

    def say(self, text):
        data = text.encode()
        while data:
            data = data[self.process.stdin.write(data):]

    def read(self, count, seconds=DEADLINE):
        """So many bytes of the application. The deadline is for each piece of them."""
        data = b""
        while len(data) < count:
            ready, _, _ = select.select([self.process.stdout], [], [], seconds)
            if not ready:
                raise TimeoutError(f"{len(data)} of {count} bytes, and no more within {seconds} s")
            piece = self.process.stdout.read(count - len(data))
            if not piece:
                raise AssertionError(f"the container ended with {self.process.wait()}")
            data += piece
        return data

    def footprint(self):
        """Once it sleeps. What has been sent to it, or closed, has woken it by now."""
        stat = pathlib.Path(f"/proc/{self.pid}/stat")
        wait_until(lambda: stat.read_text().rpartition(")")[2].split()[0] == "S", "process 1 sleeps")
        return Footprint.of(self.pid)

    def send(self, number):
        os.kill(self.pid, number)

    def wait(self):
        return self.process.wait(DEADLINE)


class Case(unittest.TestCase):
    maxDiff = None

    @classmethod
    def setUpClass(cls):
        if os.geteuid() != 0:
            cls.cannot("needs root")
        for tool in ("unshare", BINARY, STORM):
            if not shutil.which(tool):
                cls.cannot(f"needs {tool}")

    @staticmethod
    def cannot(why):
        raise unittest.SkipTest(why)

    def assert_flat(self, first, last):
        """The end of the last tenth is as the end of the first."""
        grown = last.end.anonymous_kb - first.end.anonymous_kb
        self.assertLessEqual(grown, MEMORY_SLACK_KB, f"anonymous memory grew by {grown} kB")
        self.assertEqual(last.end.descriptors, first.end.descriptors)


def main():
    """77 tells meson that all was skipped."""
    result = unittest.main(module="__main__", exit=False, verbosity=2).result
    if not result.wasSuccessful() or (result.skipped and MUST_WORK):
        sys.exit(1)
    sys.exit(77 if result.skipped and len(result.skipped) >= result.testsRun else 0)
