#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Starts that are killed at a random moment, with all that runs in their container.

After each: a target is what it was or what it was to be, whole; the ledger is whole; the next start
goes on, and leaves exactly the files that belong there. What is killed at each single system call,
and what a loss of power leaves, is in tests/crash.
"""

import os
import pathlib
import shutil
import statistics
import subprocess
import tempfile
import time

from machine import (BINARY, DEADLINE, NAMESPACE, Case, become_subreaper, clean_environment, full_or_short,
                     main, seeded, show_row)

STARTS = full_or_short(1_000, 100)
LINES = 5_000  # of a target: so many that a half written one is seen

CONFIG = """
templates:
  - {{source: big.tmpl, target: {out}/big}}
  - {{source: checked.tmpl, target: {out}/etc/checked, mode: 0640, check: "grep -q '^end$' {{{{target}}}}"}}
operations:
  10-once: {{run: once}}
  20-changed: {{run: on-change, inputs: round}}
application:
  command: [sh, -c, "echo ready; exec cat"]
"""

OPERATION = """#!/bin/sh
set -eu
"$SOAK_BINARY" get {path} >"$SOAK_OUT/{name}.new"
mv "$SOAK_OUT/{name}.new" "$SOAK_OUT/{name}"
"""


def big(number):
    return "".join(f"line {index} of round {number}\n" for index in range(LINES))


def checked(number):
    return f"round {number}\nend\n"


class Scene:
    """The files of an image, and of a volume."""

    def __init__(self, place):
        self.place = pathlib.Path(place)
        self.out = self.place / "out"
        self.state = self.place / "state"
        self.out.mkdir()
        self.environment = clean_environment(
            KAIGARA_CONFIG=self.write("kaigara.yml", CONFIG.format(out=self.out)),
            KAIGARA_METADATA=self.write("metadata.yml", "seed: sown\n"),
            KAIGARA_RESOURCES=str(self.place / "resources"), KAIGARA_LEDGER=str(self.state / "ledger"),
            KAIGARA_OPERATIONS=str(self.place / "operations"), KAIGARA_SOCKET=str(self.place / "socket"),
            SOAK_BINARY=BINARY, SOAK_OUT=str(self.out))
        self.write("resources/big.tmpl",
                   "".join(f"line {index} of round {{{{round}}}}\n" for index in range(LINES)))
        self.write("resources/checked.tmpl", "round {{round}}\nend\n")
        for name, path in (("10-once", "seed"), ("20-changed", "round")):
            self.write(f"operations/{name}", OPERATION.format(path=path, name=name)).chmod(0o755)

    def write(self, name, text):
        path = self.place / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(text, encoding="utf-8")
        return path

    def start(self, number, stdin, stdout):
        return subprocess.Popen([*NAMESPACE, BINARY, "start", "--set", f"round={number}"], stdin=stdin,
                                stdout=stdout, stderr=subprocess.STDOUT, env=self.environment, cwd="/")

    def start_to_the_end(self, number):
        """The application ends with its input: status, and what was said."""
        process = self.start(number, subprocess.DEVNULL, subprocess.PIPE)
        said, _ = process.communicate(timeout=DEADLINE)
        return process.returncode, said.decode()

    def run(self, *words):
        return subprocess.run([BINARY, *words], env=self.environment, capture_output=True, text=True,
                              timeout=DEADLINE, check=False)

    def tree(self, folder):
        """What lies there: mode and content of each file by its name."""
        return {str(path.relative_to(folder)): (oct(path.stat().st_mode),
                                                None if path.is_dir() else path.read_text())
                for path in sorted(folder.rglob("*"))}

    def as_left(self):
        """All that a start leaves behind, but for the lines of the ledger."""
        stands = sorted(line.split()[:2] for line in self.run("ledger", "list").stdout.splitlines())
        return self.tree(self.out), sorted(self.tree(self.state)), stands


def bury():
    """Waits for all that a killed container leaves, its process 1 at last."""
    while True:
        try:
            os.waitpid(-1, 0)
        except ChildProcessError:
            return


class Kills(Case):
    def setUp(self):
        become_subreaper()
        self.random = seeded()

    def scene(self):
        scratch = tempfile.TemporaryDirectory(prefix="kaigara-soak-")
        self.addCleanup(scratch.cleanup)
        return Scene(scratch.name)

    def how_long_a_start_takes(self):
        """Until the application runs; the median of some, each on an empty volume."""
        spent = []
        for _ in range(7):
            scene = self.scene()
            begin = time.perf_counter()
            process = scene.start(0, subprocess.PIPE, subprocess.PIPE)
            said = b""
            while b"ready\n" not in said:
                piece = os.read(process.stdout.fileno(), 4096)
                self.assertTrue(piece, said)
                said += piece
            spent.append(time.perf_counter() - begin)
            process.communicate(b"", timeout=DEADLINE)
        return statistics.median(spent)

    def start_and_kill(self, scene, number, moment):
        """The moment is what is random here, and no event stands for it."""
        with open(os.devnull, "wb") as nowhere:
            process = scene.start(number, subprocess.PIPE, nowhere)
        time.sleep(moment)
        is_running = process.poll() is None
        process.kill()
        process.stdin.close()
        process.wait()
        bury()
        self.assertTrue(is_running, f"it ended by itself with {process.returncode}")

    def check_after_kill(self, scene, before, number):
        now = scene.tree(scene.out)
        for name, new in (("big", big(number)), ("etc/checked", checked(number)), ("10-once", "sown\n"),
                          ("20-changed", f"{number}\n")):
            there = now.get(name)
            is_whole = there == before.get(name) or (there is not None and there[1] == new)
            self.assertTrue(is_whole, f"{name} is neither the old one nor the new one")
        if (scene.state / "ledger").exists():
            verified = scene.run("ledger", "verify")
            self.assertEqual(verified.returncode, 0, verified.stderr)
        return [name for name in now if ".kaigara-" in name]

    def test_a_start_that_is_killed_at_any_moment_does_no_harm(self):
        scene, names = self.scene(), {"big", "etc", "etc/checked", "10-once", "20-changed"}
        whole = self.how_long_a_start_takes()
        left = 0
        for number in range(1, STARTS + 1):
            moment = self.random.uniform(0, 1.2 * whole)
            fresh = self.random.randrange(4) == 0
            with self.subTest(number=number, moment=moment, fresh=fresh):
                if fresh:
                    shutil.rmtree(scene.state, ignore_errors=True)
                elif scene.state.exists():
                    self.assertEqual(scene.run("ledger", "forget", "10-once").returncode, 0)
                before = scene.tree(scene.out)
                self.start_and_kill(scene, number, moment)
                left += bool(self.check_after_kill(scene, before, number))
                status, said = scene.start_to_the_end(number)
                self.assertEqual(status, 0, said)
                now = scene.tree(scene.out)
                self.assertEqual(set(now), names)
                self.assertEqual(sorted(scene.tree(scene.state)), ["ledger", "ledger.lock"])
                self.assertEqual((now["big"][1], now["etc/checked"][1]), (big(number), checked(number)))
                self.assertEqual((now["10-once"][1], now["20-changed"][1]), ("sown\n", f"{number}\n"))
        undisturbed = self.scene()
        self.assertEqual(undisturbed.start_to_the_end(STARTS)[0], 0)
        self.assertEqual(scene.as_left(), undisturbed.as_left())
        show_row(f"starts killed within {1.2 * whole * 1000:.0f} ms, seeded", f"{STARTS:,}",
                 f"{left} left temporary files, the next start none", *["-"] * 5)


if __name__ == "__main__":
    main()
