#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""One ledger for a whole cluster, beside what ledger_test.py says of it: a network that is cut, and stops."""

import os
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
