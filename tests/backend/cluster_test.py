#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""One ledger for a whole cluster: --ledger consul:PREFIX and etcd:PREFIX, with real servers."""

import json
import os
import signal
import socket
import subprocess
import time

from harness import Case, Scene, errors, main, needs_consul, needs_etcd
from servers import Consul, Etcd, until

TTL = 10  # seconds, the shortest there is


class Cluster:
    """The sentences, for each kind of store."""

    prefix = "test"

    def setUp(self):
        super().setUp()
        self.server = self.make_server()
        self.server.start()
        self.addCleanup(self.server.__exit__)
        self.scene = Scene()
        self.addCleanup(self.scene.__exit__)
        self.env = self.server.environment() | {
            "KAIGARA_LEDGER": f"{self.kind}:{self.prefix}", "KAIGARA_LOCK_TTL": f"{TTL}s", "D": self.scene.path}

    def operation(self, name, body, options="run=once"):
        self.scene.write(f"operations/{name}", f"#!/bin/sh\n# kaigara: {options}\n{body}\n", 0o755)

    def lines(self, name):
        """What an operation has written down of itself."""
        return self.scene.read(name).splitlines() if self.scene.exists(name) else []

    def begin(self, *words, wrap=()):
        return self.scene.start(*(words or ("start", "--", "true")), env=self.env, wrap=wrap)

    def run_once(self, *words):
        return self.scene.run(*(words or ("start", "--", "true")), env=self.env)

    def ended(self, process, status, patience=60):
        process.wait(patience)
        self.assertEqual(process.returncode, status, errors(process))

    def wait_for(self, path):
        until(lambda: self.scene.exists(path), f"{path} is there")

    def records(self):
        keys = self.server.keys(self.prefix + "/records/")
        return [keys[key] for key in sorted(keys)]

    # An operation that says that it runs, and goes on when it is told to.
    held = 'echo "run ${KAIGARA_INTERRUPTED:-0} $$" >> $D/ran; echo $$ > $D/up; until [ -e $D/go ]; do sleep 0.05; done'

    def test_of_eight_that_start_at_once_one_runs_and_all_go_on(self):
        self.operation("10-once", "echo ran >> $D/ran")
        self.operation("20-change", "echo changed >> $D/changed", "run=on-change")
        self.operation("30-always", "echo always >> $D/always", "run=always")
        replicas = [self.begin() for _ in range(8)]
        for replica in replicas:
            self.ended(replica, 0)
        self.assertEqual(self.lines("ran"), ["ran"])
        self.assertEqual(self.lines("changed"), ["changed"])
        self.assertEqual(len(self.lines("always")), 8)
        self.assertEqual([line.split()[2] for line in self.records()],
                         ["ledger", "started", "done", "started", "done"])

    def test_a_later_start_finds_it_done_and_takes_no_lock(self):
        self.operation("10-once", "echo ran >> $D/ran")
        self.ended(self.begin(), 0)
        before = self.server.keys(self.prefix + "/")
        self.ended(self.begin(), 0)
        self.assertEqual(self.lines("ran"), ["ran"])
        self.assertEqual(self.server.keys(self.prefix + "/"), before)

    def test_without_anything_to_record_nothing_is_written(self):
        self.operation("10-always", "true", "run=always")
        self.ended(self.begin(), 0)
        self.assertEqual(self.server.keys(self.prefix + "/"), {})

    def test_who_waits_is_told_for_whom_and_goes_on_at_once(self):
        self.operation("10-once", self.held)
        first = self.begin()
        self.wait_for("up")
        second = self.begin()
        until(lambda: f"process {first.pid}" in errors(second), "it names the holder")
        begun = time.monotonic()
        self.scene.write("go", "")
        self.ended(first, 0)
        self.ended(second, 0)
        self.assertLess(time.monotonic() - begun, 5)
        self.assertEqual(len(self.lines("ran")), 1)

    def test_an_operation_that_fails_frees_the_lock_at_once(self):
        self.operation("10-once", "echo ran >> $D/ran; [ -e $D/good ]")
        self.ended(self.begin(), 80)
        self.scene.write("good", "")
        begun = time.monotonic()
        self.ended(self.begin(), 0)
        self.assertLess(time.monotonic() - begun, 5)
        self.assertEqual(len(self.lines("ran")), 2)
        self.assertEqual([line.split()[2] for line in self.records()], ["ledger", "started", "failed", "started", "done"])

    def test_a_holder_that_is_killed_is_followed_by_another_that_is_told(self):
        self.operation("10-once", self.held)
        first = self.begin()
        self.wait_for("up")
        second = self.begin()
        until(lambda: "waiting" in errors(second), "it waits")
        first.kill()
        first.wait()
        os.kill(int(self.lines("up")[0]), signal.SIGKILL)
        until(lambda: len(self.lines("ran")) == 2, "the other one runs it", 3 * TTL + 15)
        self.scene.write("go", "")
        self.ended(second, 0)
        self.assertEqual([line.split()[1] for line in self.lines("ran")], ["0", "1"])

    def test_a_holder_that_slept_past_its_time_records_nothing(self):
        self.operation("10-once", self.held)
        first = self.begin()
        self.wait_for("up")
        second = self.begin()
        until(lambda: "waiting" in errors(second), "it waits")
        first.send_signal(signal.SIGSTOP)
        until(lambda: len(self.lines("ran")) == 2, "the other one runs it", 3 * TTL + 15)
        first.send_signal(signal.SIGCONT)
        self.ended(first, 75)
        self.scene.write("go", "")
        self.ended(second, 0)
        self.assertEqual([line.split()[2] for line in self.records()], ["ledger", "started", "started", "done"])

    def test_a_holder_whose_store_is_gone_ends_its_operation_before_its_time_is_over(self):
        self.operation("10-once", self.held)
        first = self.begin()
        self.wait_for("up")
        pid = int(self.lines("up")[0])
        self.server.kill()
        begun = time.monotonic()
        until(lambda: not os.path.exists(f"/proc/{pid}"), "the operation is ended", TTL)
        self.assertLess(time.monotonic() - begun, TTL)
        self.ended(first, 75)

    def test_a_holder_that_is_cut_off_ends_its_operation_before_its_time_is_over(self):
        with Namespace(self.server.port) as namespace:
            self.operation("10-once", self.held)
            self.env |= {name: value.replace("127.0.0.1", namespace.gateway) for name, value in
                         self.server.environment().items()}
            first = self.begin(wrap=namespace.inside)
            self.wait_for("up")
            pid = int(self.lines("up")[0])
            namespace.cut_off()
            begun = time.monotonic()
            until(lambda: not os.path.exists(f"/proc/{pid}"), "the operation is ended", TTL + 5)
            self.assertLess(time.monotonic() - begun, TTL)
            self.ended(first, 75)
            # The lock is free after its time, and another one does the work.
            self.env |= self.server.environment()
            self.scene.write("go", "")
            self.ended(self.begin(), 0, 3 * TTL + 15)
            self.assertEqual(self.lines("ran")[-1].split()[1], "1")

    def test_a_store_that_is_away_at_the_start_is_waited_for_and_then_69(self):
        self.operation("10-once", "echo ran >> $D/ran")
        self.server.kill()
        outcome = self.run_once("start", "--resolve-timeout", "1s", "--", "true")
        self.assert_status(outcome, 69, self.kind, "connection refused")
        self.assertEqual(self.lines("ran"), [])

    def test_a_store_that_comes_back_in_time_is_enough(self):
        self.operation("10-once", "echo ran >> $D/ran")
        self.server.kill()
        process = self.begin()
        until(lambda: "refused" in errors(process), "it has tried")
        self.server.start()
        self.ended(process, 0)
        self.assertEqual(self.lines("ran"), ["ran"])

    def test_a_stop_ends_kaigara_at_once_wherever_it_is(self):
        self.operation("10-once", self.held)
        first = self.begin()
        self.wait_for("up")
        second = self.begin()
        until(lambda: "waiting" in errors(second), "it waits")
        self.assert_stops_at_once(second)
        self.assert_stops_at_once(first)
        self.assertEqual(self.records()[-1].split()[2], "cancelled")
        self.server.kill()
        third = self.begin()
        until(lambda: "refused" in errors(third), "it has tried")
        self.assert_stops_at_once(third)

    def test_a_stop_while_the_store_is_away_and_an_operation_runs(self):
        self.operation("10-once", self.held)
        first = self.begin()
        self.wait_for("up")
        self.server.kill()
        self.assert_stops_at_once(first)

    def test_the_ledger_commands_work_on_it(self):
        self.operation("10-once", "true")
        self.operation("20-later", "true")
        self.assert_status(self.run_once("ledger", "baseline", "10-once"), 0)
        listed = self.run_once("ledger", "list", "--json")
        self.assert_status(listed, 0)
        states = {row["name"]: row["state"] for row in json.loads(listed.out)}
        self.assertEqual(states["10-once"], "done")
        self.assertNotEqual(states["20-later"], "done")
        self.assert_status(self.run_once("ledger", "verify"), 0)
        self.assertIn("baselined", self.run_once("ledger", "history").out)
        self.assert_status(self.run_once("ledger", "forget", "10-once"), 0)
        plan = self.run_once("plan", "--json")
        self.assertEqual(plan.status, 2, plan)
        self.ended(self.begin(), 0)
        self.assert_status(self.run_once("plan"), 0)

    def test_a_damaged_record_is_65_and_salvaged_with_a_copy(self):
        self.operation("10-a", "true")
        self.operation("20-b", "echo ran >> $D/ran")
        self.ended(self.begin(), 0)
        keys = sorted(self.server.keys(self.prefix + "/records/"))
        old = self.records()
        self.server.put(keys[1], "nonsense")
        self.assert_status(self.run_once(), 65, "salvage")
        self.assert_status(self.run_once("ledger", "verify"), 65)
        self.assert_status(self.run_once("ledger", "salvage"), 0)
        self.assert_status(self.run_once("ledger", "verify"), 0)
        copies = [value for key, value in self.server.keys(self.prefix + "/damaged-").items()]
        self.assertIn("nonsense", copies)
        self.assertIn(old[-1], copies)
        self.assert_status(self.run_once(), 0)
        self.assertEqual(self.lines("ran"), ["ran"])

    def test_a_prefix_that_is_none_is_refused(self):
        for bad in (f"{self.kind}:", f"{self.kind}:a//b"):
            self.assert_status(self.run_once("start", "--ledger", bad, "--", "true"), 64, "--ledger")


class Namespace:
    """A network namespace whose one way out leads to a port of this host, until it is cut."""

    count = 0

    def __init__(self, port):
        Namespace.count += 1
        number = (os.getpid() + Namespace.count) % 200
        self.name = f"kaigara{os.getpid()}x{Namespace.count}"
        self.outside = f"kg{os.getpid() % 100000}x{Namespace.count}"
        self.gateway = f"10.231.{number}.1"
        self.address = f"10.231.{number}.2"
        self.port = port
        self.inside = ["ip", "netns", "exec", self.name]
        self.relay = None

    @staticmethod
    def ip(*words):
        subprocess.run(["ip", *words], check=True, capture_output=True)

    def __enter__(self):
        self.ip("netns", "add", self.name)
        self.ip("link", "add", self.outside, "type", "veth", "peer", "name", "inside", "netns", self.name)
        self.ip("addr", "add", f"{self.gateway}/24", "dev", self.outside)
        self.ip("link", "set", self.outside, "up")
        for words in (("addr", "add", f"{self.address}/24", "dev", "inside"), ("link", "set", "inside", "up"),
                      ("link", "set", "lo", "up")):
            self.ip("-n", self.name, *words)
        # The servers listen on loopback alone.
        self.relay = subprocess.Popen(["python3", "-c", RELAY, self.gateway, str(self.port)])
        until(lambda: self.reachable(), "the relay listens")
        return self

    def reachable(self):
        try:
            socket.create_connection((self.gateway, self.port), 1).close()
            return True
        except OSError:
            return False

    def cut_off(self):
        self.ip("link", "set", self.outside, "down")

    def __exit__(self, *_):
        if self.relay:
            self.relay.kill()
            self.relay.wait()
        subprocess.run(["ip", "link", "del", self.outside], capture_output=True)
        subprocess.run(["ip", "netns", "del", self.name], capture_output=True)


RELAY = """
import socket, sys, threading
listener = socket.socket(); listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
listener.bind((sys.argv[1], int(sys.argv[2]))); listener.listen(100)
def pump(a, b):
    try:
        while piece := a.recv(65536): b.sendall(piece)
        b.shutdown(socket.SHUT_WR)
    except OSError: pass
while True:
    one, _ = listener.accept()
    other = socket.create_connection(("127.0.0.1", int(sys.argv[2])))
    for pair in ((one, other), (other, one)): threading.Thread(target=pump, args=pair, daemon=True).start()
"""


@needs_etcd
class EtcdCluster(Cluster, Case):
    kind = "etcd"
    prefix = "/test"

    def make_server(self):
        return Etcd()


@needs_consul
class ConsulCluster(Cluster, Case):
    kind = "consul"

    def make_server(self):
        return Consul()


if __name__ == "__main__":
    main()
