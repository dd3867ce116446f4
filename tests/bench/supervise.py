#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What supervision costs: the figures of docs/performance.md about restarts and health.

    KAIGARA_BINARY=build-static/kaigara-amd64 tests/bench/supervise.py [restart|health|soak]...

Prints the rows of the table; judges nothing. Peers run in turn with kaigara, in the same minute.
"""

import json
import os
import pathlib
import statistics
import subprocess
import sys
import tempfile
import time

BINARY = str(pathlib.Path(os.environ["KAIGARA_BINARY"]).resolve())
ROUNDS = 11
RUNS = 500
ASKED = 200
ORPHANS = 10_000
SOAK = 100_000
CHILD = "/bin/false"
QUIET = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}

ORPHAN_MAKER = """
import os, sys, time
for _ in range(%d):
    if os.fork() == 0:
        if os.fork() == 0:
            os._exit(0)
        os._exit(0)
    os.wait()
open(sys.argv[1], "w").close()
time.sleep(60)
""" % ORPHANS


def row(*cells):
    print("| " + " | ".join(str(cell) for cell in cells) + " |", flush=True)


def milliseconds(words, env=None):
    begin = time.perf_counter()
    subprocess.run(words, env=env, check=False, **QUIET)
    return (time.perf_counter() - begin) * 1000


def wait_until(condition, seconds=60):
    latest = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > latest:
            raise TimeoutError("the condition did not come about")
        time.sleep(0.005)


class Kaigara:
    """A `kaigara start` whose control socket is its own."""

    def __init__(self, scratch, *words):
        self.socket = os.path.join(scratch, "control.sock")
        self.environment = dict(os.environ, KAIGARA_SOCKET=self.socket)
        empty = pathlib.Path(scratch, "kaigara.yml")
        empty.write_text("{}\n", encoding="utf-8")
        self.process = subprocess.Popen([BINARY, "start", "--config", str(empty), *words],
                                        env=self.environment, **QUIET)
        wait_until(lambda: os.path.exists(self.socket))

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.terminate()
        self.process.wait()

    def status(self):
        out = subprocess.run([BINARY, "status", "--json"], env=self.environment, check=True, capture_output=True)
        return json.loads(out.stdout)

    def health(self):
        return milliseconds([BINARY, "health", "--live"], self.environment)

    def footprint(self):
        """Anonymous memory in kB, and the number of descriptors."""
        place = pathlib.Path("/proc", str(self.process.pid))
        lines = dict(line.split(":", 1) for line in place.joinpath("status").read_text(encoding="utf-8").splitlines())
        return int(lines["RssAnon"].split()[0]), len(list(place.joinpath("fd").iterdir()))


def measure_restart():
    policy = ["--restart", "always", "--restart-delay", "0", "--restart-limit", str(RUNS - 1), CHILD]
    loop = f"i=0; while [ $i -lt {RUNS} ]; do {CHILD}; i=$((i+1)); done"
    contenders = {
        "dash": ["dash", "-c", loop],
        "kaigara exec": [BINARY, "exec", *policy],
        "kaigara start": [BINARY, "start", "--socket", "off", *policy],
    }
    samples = {name: [] for name in contenders}
    for turn in range(ROUNDS + 1):
        for name, words in contenders.items():
            spent = milliseconds(words) / RUNS
            if turn:
                samples[name].append(spent)
    medians = {name: statistics.median(values) for name, values in samples.items()}
    for name, spent in medians.items():
        row("a crash to the next one", name, f"{spent:.3f} ms", f"{spent / medians['dash']:.2f} x dash")


def measure_health():
    with tempfile.TemporaryDirectory() as scratch:
        with Kaigara(scratch, "sleep", "60") as kaigara:
            spent = [kaigara.health() for _ in range(ASKED)]
            row("kaigara health, idle", f"median {statistics.median(spent):.2f} ms", f"longest {max(spent):.2f} ms")
        done = os.path.join(scratch, "done")
        with Kaigara(scratch, sys.executable, "-c", ORPHAN_MAKER, done) as kaigara:
            spent = []
            while not os.path.exists(done):
                spent.append(kaigara.health())
            reaped = kaigara.status()["orphans_reaped"]
            row(f"kaigara health, {reaped} orphans reaped meanwhile", f"median {statistics.median(spent):.2f} ms",
                f"longest {max(spent):.2f} ms of {len(spent)}")


def measure_soak():
    with tempfile.TemporaryDirectory() as scratch:
        with Kaigara(scratch, "--restart", "always", "--restart-delay", "0", "--log-level", "error", "/bin/true") as kaigara:
            for goal in (1_000, SOAK // 2, SOAK):
                wait_until(lambda goal=goal: kaigara.status()["restarts"] >= goal, seconds=900)
                memory, descriptors = kaigara.footprint()
                row(f"after {goal} restarts", f"RssAnon {memory} kB", f"{descriptors} descriptors")


MEASUREMENTS = {"restart": measure_restart, "health": measure_health, "soak": measure_soak}

if __name__ == "__main__":
    for chosen in sys.argv[1:] or MEASUREMENTS:
        MEASUREMENTS[chosen]()
