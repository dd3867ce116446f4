#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A ledger in etcd and in Consul: of many replicas one runs what is to run once."""

import os
import re
import signal
import subprocess
import time
import unittest

from harness import BINARY, Case, Outcome, Scene, errors, main, needs_consul, needs_etcd
from servers import Consul, Etcd, FaultServer, as_json, free_ports, until

TTL = ("--lock-ttl", "10s")


class LedgerSentences:
    """What holds for both stores; `make_server` and `kind` say which."""

    @classmethod
    def setUpClass(cls):
        cls.server = cls.make_server().__enter__()
        cls.addClassCleanup(cls.server.__exit__)

    def setUp(self):
        # Each sentence has a ledger of its own.
        self.prefix = "ledgers/" + re.sub(r"\W", "_", self.id().split(".")[-1])
        self.ledger = f"{self.kind}:{self.prefix}"

    def words(self, command="provision", *options):
        return (command, *TTL, "--ledger", self.ledger, *options)

    def begin(self, scene, *options, env=None):
        return scene.start(*self.words("provision", *options), env=self.server.environment() | (env or {}))

    def provision(self, scene, *options, server=None):
        return scene.run(*self.words("provision", *options), env=(server or self.server).environment())

    def command(self, scene, *words):
        return scene.run("ledger", *words, "--ledger", self.ledger, env=self.server.environment())

    def records(self, server=None):
        """EVENT NAME of each record but the first."""
        keys = (server or self.server).keys(self.prefix + "/")
        lines = [value for key, value in sorted(keys.items()) if "/records/" in key]
        return [" ".join(line.split(" ")[2:4]) for line in lines][1:]

    def once(self, scene, script="", name="10-once", options=""):
        scene.write(f"operations/{name}", f"#!/bin/sh\n# kaigara: run=once {options}\n"
                    f'echo "$KAIGARA_OPERATION interrupted=$KAIGARA_INTERRUPTED" >>runs\n{script}\n', 0o755)

    def runs(self, scene):
        return scene.read("runs").splitlines() if scene.exists("runs") else []

    def is_held(self):
        return self.prefix + "/lock" in self.server.keys(self.prefix + "/")

    def all_go_on(self, replicas):
        with Scene() as scene:
            self.once(scene, "sleep 1")
            begin = time.monotonic()
            processes = [self.begin(scene, "--log-level", "info") for _ in range(replicas)]
            for process in processes:
                process.wait(120)
            took = time.monotonic() - begin
            self.assertEqual([errors(one) for one in processes if one.returncode != 0], [])
            self.assertEqual(len(self.runs(scene)), 1)
            self.assertEqual(self.records(), ["started 10-once", "done 10-once"])
            self.assertFalse(self.is_held())
            waited = [one for one in processes if f"waiting for the ledger {self.ledger}" in errors(one)]
            self.assertGreater(len(waited), 0)
            return took

    def test_of_8_replicas_one_runs_it_and_all_go_on(self):
        self.all_go_on(8)

    def test_of_50_replicas_one_runs_it_and_all_go_on(self):
        self.all_go_on(50)

    def test_a_second_start_runs_nothing_and_takes_no_lock(self):
        with Scene() as scene:
            self.once(scene)
            self.assert_status(self.provision(scene), 0)
            second = self.provision(scene)
            self.assert_status(second, 0)
            self.assertEqual(self.runs(scene), ["10-once interrupted="])
            self.assertEqual(self.records(), ["started 10-once", "done 10-once"])

    def test_who_waits_is_told_who_has_it(self):
        with Scene() as scene:
            self.once(scene, "touch begun; until [ -e go ]; do sleep 0.05; done")
            first = self.begin(scene)
            until(lambda: scene.exists("begun"), "the operation runs")
            second = self.begin(scene)
            words = f"waiting for the ledger {self.ledger}, which is in use, by {os.uname().nodename}, process {first.pid}, since "
            until(lambda: words in errors(second), "the second one is told")
            plan = scene.run("plan", "--ledger", self.ledger, env=self.server.environment())
            self.assertEqual(plan.status, 2, plan)
            self.assertIn("another kaigara uses the ledger", plan.out)
            self.assertIn("running", self.command(scene, "list").out)
            scene.write("go", "")
            self.assertEqual((first.wait(20), second.wait(20)), (0, 0))
            self.assertEqual(len(self.runs(scene)), 1)

    def test_a_lock_that_is_not_had_in_time_is_75(self):
        with Scene() as scene:
            self.once(scene, "touch begun; sleep 60")
            self.begin(scene)
            until(lambda: scene.exists("begun"), "the operation runs")
            late = self.provision(scene, "--lock-timeout", "1s")
            self.assert_status(late, 75, "was not free within 1s", "in use, by ")
            self.assertLess(late.seconds, 3)

    def test_a_failed_operation_frees_the_lock_at_once(self):
        with Scene() as scene:
            self.once(scene, "exit 3")
            self.assert_status(self.provision(scene), 80)
            self.assertFalse(self.is_held())
            self.once(scene)
            again = self.provision(scene)
            self.assert_status(again, 0)
            self.assertLess(again.seconds, 5)
            self.assertEqual(self.records(), ["started 10-once", "failed 10-once", "started 10-once", "done 10-once"])

    def test_a_stop_records_that_and_frees_the_lock(self):
        with Scene() as scene:
            self.once(scene, "touch begun; sleep 60")
            process = self.begin(scene)
            until(lambda: scene.exists("begun"), "the operation runs")
            self.assert_stops_at_once(process)
            self.assertEqual(self.records(), ["started 10-once", "cancelled 10-once"])
            self.assertFalse(self.is_held())

    def test_a_stop_ends_the_waiting_for_the_lock(self):
        with Scene() as scene:
            self.once(scene, "touch begun; sleep 60")
            first = self.begin(scene)
            until(lambda: scene.exists("begun"), "the operation runs")
            second = self.begin(scene)
            until(lambda: "waiting for the ledger" in errors(second), "the second one waits")
            self.assert_stops_at_once(second)
            self.assert_stops_at_once(first)

    def test_a_holder_that_is_killed_is_followed_by_another_within_its_time(self):
        with Scene() as scene:
            self.once(scene, "touch begun; [ -e second ] || sleep 60")
            first = self.begin(scene)
            until(lambda: scene.exists("begun"), "the operation runs")
            second = self.begin(scene)
            until(lambda: "waiting for the ledger" in errors(second), "the second one waits")
            scene.write("second", "")
            first.kill()
            begin = time.monotonic()
            self.assertEqual(second.wait(60), 0, errors(second))
            self.assertLess(time.monotonic() - begin, 25)
            self.assertEqual(self.runs(scene), ["10-once interrupted=", "10-once interrupted=1"])
            self.assertEqual(self.records(), ["started 10-once", "started 10-once", "done 10-once"])

    def test_a_holder_that_was_stopped_for_longer_than_its_time_records_nothing(self):
        with Scene() as scene:
            self.once(scene, "touch begun; [ -e second ] || exec sleep 300")
            first = self.begin(scene)
            until(lambda: scene.exists("begun"), "the operation runs")
            second = self.begin(scene)
            until(lambda: "waiting for the ledger" in errors(second), "the second one waits")
            scene.write("second", "")
            first.send_signal(signal.SIGSTOP)
            self.assertEqual(second.wait(60), 0, errors(second))
            first.send_signal(signal.SIGCONT)
            begin = time.monotonic()
            self.assertEqual(first.wait(10), 75, errors(first))
            self.assertLess(time.monotonic() - begin, 2)
            self.assertIn("10-once", errors(first))
            self.assertEqual(self.runs(scene), ["10-once interrupted=", "10-once interrupted=1"])
            self.assertEqual(self.records(), ["started 10-once", "started 10-once", "done 10-once"])

    def test_a_server_that_dies_ends_the_operation_before_the_lock_is_anothers(self):
        with self.make_server() as server, Scene() as scene:
            self.once(scene, "trap '' TERM; touch begun; while :; do date +%s.%N >alive; sleep 0.1; done")
            process = scene.start(*self.words("provision"), env=server.environment())
            until(lambda: scene.exists("begun"), "the operation runs")
            server.kill()
            begin = time.monotonic()
            self.assertEqual(process.wait(30), 75, errors(process))
            took = time.monotonic() - begin
            # TERM after two thirds of the 10 s, KILL after nine tenths at the latest.
            self.assertGreater(took, 2)
            self.assertLess(took, 10)
            self.assertIn("is ended, for the lock of the ledger is lost", errors(process))

    def test_a_stop_ends_a_run_whose_server_is_dead_within_a_second(self):
        with self.make_server() as server, Scene() as scene:
            self.once(scene, "touch begun; sleep 60")
            process = scene.start(*self.words("provision"), env=server.environment())
            until(lambda: scene.exists("begun"), "the operation runs")
            server.kill()
            self.assert_stops_at_once(process)

    def test_an_end_that_cannot_be_recorded_is_75_when_the_locks_time_is_over(self):
        with self.make_server() as server, Scene() as scene:
            self.once(scene, "touch begun; until [ -e go ]; do sleep 0.05; done")
            process = scene.start(*self.words("provision"), env=server.environment())
            until(lambda: scene.exists("begun"), "the operation runs")
            server.kill()
            scene.write("go", "")
            self.assertEqual(process.wait(30), 75, errors(process))
            self.assertIn("that cannot be recorded", errors(process))

    def test_a_server_that_is_not_there_is_asked_again_and_then_is_69(self):
        port = free_ports(1)[0]
        url = f"http://127.0.0.1:{port}"
        env = {"ETCDCTL_ENDPOINTS": url, "CONSUL_HTTP_ADDR": url}
        with Scene() as scene:
            self.once(scene)
            outcome = scene.run(*self.words("provision", "--resolve-timeout", "2s"), env=env)
            self.assert_status(outcome, 69, self.ledger, str(port))
            self.assertLess(outcome.seconds, 5)
            self.assertEqual(self.runs(scene), [])
            process = scene.start(*self.words("provision"), env=env)
            until(lambda: "trying again" in errors(process), "it asks again")
            self.assert_stops_at_once(process)

    def test_a_server_that_never_answers_is_69_too(self):
        with FaultServer(None) as server, Scene() as scene:
            self.once(scene)
            env = {"ETCDCTL_ENDPOINTS": server.url, "CONSUL_HTTP_ADDR": server.url}
            outcome = scene.run(*self.words("provision", "--resolve-timeout", "2s"), env=env)
            self.assert_status(outcome, 69, self.ledger)
            self.assertLess(outcome.seconds, 5)

    def test_operations_that_are_not_recorded_run_without_a_lock(self):
        with Scene() as scene:
            scene.write("operations/10-always", "#!/bin/sh\necho ran\n", 0o755)
            self.assert_status(self.provision(scene), 0)
            self.assertEqual(self.server.keys(self.prefix + "/"), {})

    def test_the_ledger_commands_work_on_it(self):
        with Scene() as scene:
            self.once(scene)
            self.assertIn("there is no ledger yet", self.command(scene, "verify").out)
            self.assert_status(self.command(scene, "forget", "10-once"), 78, "there is no ledger")
            self.assertEqual(self.command(scene, "baseline").status, 0)
            self.assert_status(self.provision(scene), 0)
            self.assertEqual(self.runs(scene), [])
            self.assertEqual(as_json(self.command(scene, "list", "--json"))[0]["state"], "done")
            self.assert_status(self.command(scene, "forget", "10-once"), 0)
            self.assert_status(self.provision(scene), 0)
            self.assertEqual(len(self.runs(scene)), 1)
            self.assertEqual(self.records(), ["baselined 10-once", "forgotten 10-once", "started 10-once", "done 10-once"])
            self.assertIn("forgotten", self.command(scene, "history", "10-once").out)
            self.assertIn("5 lines, no damage", self.command(scene, "verify").out)
            self.assertIn("no damage, nothing is changed", self.command(scene, "salvage").out)
            self.assertFalse(self.is_held())

    def test_a_damaged_record_is_65_and_salvage_mends_it(self):
        with Scene() as scene:
            self.once(scene)
            self.once(scene, name="20-other")
            self.assert_status(self.provision(scene), 0)
            damaged = f"{self.prefix}/records/0000000002"
            self.server.put(damaged, self.server.keys(damaged)[damaged].replace("10-once", "10-ONCE"))
            before = self.server.keys(self.prefix + "/")
            self.assert_status(self.provision(scene), 65, self.ledger, "salvage")
            self.assert_status(self.command(scene, "verify"), 65)
            self.assertEqual(self.server.keys(self.prefix + "/"), before)
            outcome = self.command(scene, "salvage")
            self.assert_status(outcome, 0)
            self.assertIn("4 lines kept, 1 lost", outcome.out)
            after = self.server.keys(self.prefix + "/")
            copies = {key.split("/")[-1]: value for key, value in after.items() if "/damaged-" in key}
            self.assertEqual(copies, {key.split("/")[-1]: value for key, value in before.items()})
            self.assertEqual(self.records(), ["done 10-once", "started 20-other", "done 20-other", "salvaged -"])
            self.assert_status(self.provision(scene), 0)
            self.assertEqual(len(self.runs(scene)), 2)

    def test_a_missing_record_is_damage_too(self):
        with Scene() as scene:
            self.once(scene)
            self.assert_status(self.provision(scene), 0)
            self.server.delete(f"{self.prefix}/records/0000000002")
            self.assert_status(self.provision(scene), 65, self.ledger)


@needs_etcd
class EtcdLedger(LedgerSentences, Case):
    kind = "etcd"
    make_server = Etcd


@needs_consul
class ConsulLedger(LedgerSentences, Case):
    kind = "consul"
    make_server = Consul

    def test_a_token_that_may_only_read_is_74_and_one_that_may_not_is_69(self):
        with Consul(acl=True) as server, Scene() as scene:
            self.once(scene)
            reader = server.token('key_prefix "ledgers/" { policy = "read" }')
            nobody = server.token('key_prefix "others/" { policy = "read" }')
            for token, status in ((reader, 74), (nobody, 69)):
                outcome = scene.run(*self.words(), env=server.environment() | {"CONSUL_HTTP_TOKEN": token})
                self.assert_status(outcome, status, self.ledger)
                self.assertNotIn(token, outcome.err)
            self.assertEqual(self.runs(scene), [])


class LedgerNames(Case):
    def test_a_prefix_that_is_none_is_64_as_an_option_and_78_in_kaigara_yml(self):
        for place in ("etcd:", "consul:", "consul:/app", "etcd:a//b", "etcd:/"):
            with Scene() as scene:
                self.assert_status(scene.run("provision", "--ledger", place), 64, "--ledger")
                scene.write("kaigara.yml", f"paths: {{ledger: '{place}'}}\n")
                self.assert_status(scene.run("provision"), 78, "kaigara.yml:1:")

    def test_the_locks_time_has_its_limits(self):
        with Scene() as scene:
            for value in ("9s", "61m", "x"):
                self.assert_status(scene.run("provision", "--lock-ttl", value), 64, "--lock-ttl")


if __name__ == "__main__":
    main()
