#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Orphans, signals and restarts in great numbers: what kaigara needs at the end is what it needed at first.

Memory and descriptors are judged. Time is told only.
"""

import json
import math
import os
import signal
import subprocess
import tempfile

from machine import (BINARY, STORM, Case, Container, Tenth, children_of, clean_environment, full_or_short,
                     main, show, wait_until)

ORPHANS = full_or_short(1_000_000, 40_000)
SIGNALS = full_or_short(100_000, 20_000)
RESTARTS = full_or_short(10_000, 1_000)
TENTHS = 10

# Not those that cannot be caught, that a fault sends, that is the kernel's for parents, and the one
# that ends `storm signals`.
STANDARD = sorted(set(range(1, 32)) - {
    signal.SIGKILL, signal.SIGSTOP, signal.SIGCHLD, signal.SIGTERM, signal.SIGILL, signal.SIGTRAP,
    signal.SIGABRT, signal.SIGBUS, signal.SIGFPE, signal.SIGSEGV, signal.SIGSYS})
# Ascending, for of those that wait the lowest is delivered first (signal(7)).
BURST = [number for number in range(signal.SIGRTMIN, signal.SIGRTMAX + 1) for _ in range(10)]


def tenths(container, units, do_some):
    """Does all the work, a tenth after the other; the first and the last."""
    done = []
    before = container.footprint()
    for _ in range(TENTHS):
        do_some(units // TENTHS)
        after = container.footprint()
        done.append(Tenth.between(before, after, units // TENTHS))
        before = after
    return done[0], done[-1]


class Soak(Case):
    def setUp(self):
        scratch = tempfile.TemporaryDirectory(prefix="kaigara-soak-")
        self.addCleanup(scratch.cleanup)
        self.scratch = scratch.name
        self.socket = os.path.join(self.scratch, "control.sock")

    def status(self):
        """What `kaigara status` tells from outside of the container."""
        out = subprocess.run([BINARY, "status", "--json"], env=clean_environment(KAIGARA_SOCKET=self.socket),
                             check=True, capture_output=True)
        return json.loads(out.stdout)

    def test_a_million_orphans_are_reaped_and_leave_nothing_behind(self):
        with Container("exec", "--socket", self.socket, STORM, "orphans") as container:
            container.await_application(b"!")

            def make(count):
                container.say(f"{count}\n")
                container.read(1, seconds=600)
                wait_until(lambda: len(children_of(container.pid)) == 1, "all orphans are reaped")

            first, last = tenths(container, ORPHANS, make)
            # A middle process that could not fork leaves no orphan, so this is no guess.
            self.assertEqual(self.status()["orphans_reaped"], ORPHANS)
            self.assertEqual(len(children_of(container.pid)), 1)
            container.process.stdin.close()
            self.assertEqual(container.wait(), 0)
        show("orphans", ORPHANS, first, last)
        self.assert_flat(first, last)

    def test_each_standard_signal_arrives_before_the_next_is_sent(self):
        with Container("exec", "--socket", "off", STORM, "signals") as container:
            container.await_application(b"!")

            def send(count):
                for index in range(count):
                    number = STANDARD[index % len(STANDARD)]
                    container.send(number)
                    self.assertEqual(container.read(1)[0], number)

            first, last = tenths(container, SIGNALS // 2, send)
            container.send(signal.SIGTERM)
            self.assertEqual(container.wait(), 0)
        show("standard signals", SIGNALS // 2, first, last)
        self.assert_flat(first, last)

    def test_all_real_time_signals_of_a_burst_arrive_in_order(self):
        with Container("exec", "--socket", "off", STORM, "signals") as container:
            container.await_application(b"!")
            bursts = math.ceil(SIGNALS / 2 / len(BURST) / TENTHS) * TENTHS

            def send(units):
                for _ in range(units // len(BURST)):
                    for number in BURST:
                        container.send(number)
                    self.assertEqual(list(container.read(len(BURST))), BURST)

            first, last = tenths(container, bursts * len(BURST), send)
            container.send(signal.SIGTERM)
            self.assertEqual(container.wait(), 0)
        show(f"real-time signals, {len(BURST)} at once", bursts * len(BURST), first, last)
        self.assert_flat(first, last)

    def check_restarts(self, command, *words):
        policy = ["--restart", "always", "--restart-delay", "0", "--socket", self.socket]
        with Container(command, *words, "--log-level", "error", *policy, STORM, "run") as container:
            container.await_application(b".")

            def restart(count):
                container.say("g" * count)
                self.assertEqual(container.read(count), b"." * count)

            first, last = tenths(container, RESTARTS, restart)
            self.assertEqual(self.status()["restarts"], RESTARTS)
            self.assertEqual(len(children_of(container.pid)), 1)
            container.send(signal.SIGTERM)
            self.assertEqual(container.wait(), 128 + signal.SIGTERM)
        show(f"restarts, `{command}`", RESTARTS, first, last)
        self.assert_flat(first, last)

    def test_ten_thousand_restarts_of_exec_leave_nothing_behind(self):
        self.check_restarts("exec")

    def test_ten_thousand_restarts_of_start_leave_nothing_behind(self):
        config = os.path.join(self.scratch, "kaigara.yml")
        with open(config, "w", encoding="utf-8") as file:
            file.write("{}\n")
        self.check_restarts("start", "--config", config)


if __name__ == "__main__":
    main()
