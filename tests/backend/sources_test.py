#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Metadata from real servers of etcd and Consul."""

import json
import os
import subprocess
import threading
import time

from harness import Case, Scene, errors, main, needs_consul, needs_etcd, output, writable_memory
from servers import Consul, Etcd, EtcdCluster, FaultServer, TlsFiles, answer, as_json, call, encode, until

QUICK = ("--resolve-timeout", "2s")


@needs_etcd
class EtcdSource(Case):
    @classmethod
    def setUpClass(cls):
        cls.etcd = Etcd().__enter__()
        cls.addClassCleanup(cls.etcd.__exit__)

    def metadata(self, scene, *words, **env):
        return scene.run("metadata", "--format", "json", *words, env=self.etcd.environment() | env)

    def test_a_prefix_is_a_tree_and_matches_whole_segments(self):
        self.etcd.put_many([("/t1/db/host", "db.internal"), ("/t1/db/port", "5432"), ("/t1/empty", ""),
                            ("/t10/other", "x"), ("/t1x", "x")])
        with Scene() as scene:
            for prefix in ("/t1", "/t1/"):
                outcome = self.metadata(scene, KAIGARA_ETCD=prefix)
                self.assert_status(outcome, 0)
                self.assertEqual(as_json(outcome), {"db": {"host": "db.internal", "port": 5432}, "empty": ""})

    def test_a_prefix_without_keys_is_an_empty_tree(self):
        with Scene() as scene:
            self.assertEqual(as_json(self.metadata(scene, KAIGARA_ETCD="/nothing")), {})

    def test_2500_keys_come_in_pages_at_one_revision_while_a_writer_goes_on(self):
        self.etcd.put_many((f"/many/{i:05}", "old") for i in range(2500))
        stop = threading.Event()

        def write():
            turn = 0
            while not stop.is_set():
                turn += 1
                # Both in one transaction: they differ in no revision.
                self.etcd.put_many([("/many/00000", f"v{turn}"), ("/many/02499", f"v{turn}")])

        writer = threading.Thread(target=write)
        writer.start()
        try:
            with Scene() as scene:
                for _ in range(5):
                    tree = as_json(self.metadata(scene, KAIGARA_ETCD="/many"))
                    self.assertEqual(len(tree), 2500)
                    self.assertEqual(tree["00000"], tree["02499"])
        finally:
            stop.set()
            writer.join()

    def test_a_key_that_is_a_value_and_a_folder_is_65_and_named(self):
        self.etcd.put_many([("/both/a", "x"), ("/both/a/b", "y")])
        with Scene() as scene:
            self.assert_status(self.metadata(scene, KAIGARA_ETCD="/both"), 65, "etcd /both/a/b")

    def test_options_beside_a_source_hold_for_it(self):
        self.etcd.put_many([("/docs/a", "x: [1, 2]"), ("/docs/b", "7")])
        with Scene() as scene:
            scene.write("kaigara.yml", "metadata:\n- etcd: {prefix: /docs}\n  format: yaml\n  at: from.etcd\n"
                                       "  secret: true\n- etcd: /nothing\n")
            tree = as_json(self.metadata(scene, "--show-secrets"))
            self.assertEqual(tree, {"from": {"etcd": {"a": {"x": [1, 2]}, "b": 7}}})
            self.assertNotIn("7", self.metadata(scene).out)
            origin = scene.run("metadata", "--origin", env=self.etcd.environment())
            self.assertIn("etcd /docs/b", origin.out)

    def test_no_value_is_left_in_kaigaras_memory_when_the_application_runs(self):
        value = "Never-seen-again-" + "5e1f" * 8
        self.etcd.put_many([(f"/left/{name}{i}", value) for name in "ab" for i in range(1, 200)])
        with Scene() as scene:
            scene.write("kaigara.yml", "metadata: [{etcd: {prefix: /left}, secret: true}]\n"
                                       f"templates: [{{source: t, target: {scene.path}/out}}]\n")
            scene.write("resources/t.tmpl", "{{a1}} {{b1}}")
            process = scene.start("start", "--", "sh", "-c", "echo up; exec sleep 60",
                                  env=self.etcd.environment())
            until(lambda: "up" in output(process), "the application runs")
            self.assertEqual(scene.read("out").count(value), 2)
            memory = writable_memory(process.pid)
            self.assertIn(b"ETCDCTL_ENDPOINTS=", memory, "its environment can be seen, and so could the value")
            self.assertEqual(memory.count(value[8:].encode()), 0)
            self.assert_stops_at_once(process)

    def test_the_first_endpoint_that_is_dead_is_left_for_the_next(self):
        self.etcd.put("/fail/over", "yes")
        with Scene() as scene:
            outcome = self.metadata(scene, KAIGARA_ETCD="/fail",
                                    ETCDCTL_ENDPOINTS=f"127.0.0.1:1,{self.etcd.url}")
            self.assert_status(outcome, 0)
            self.assertEqual(outcome.err, "")
            self.assertEqual(as_json(outcome), {"over": "yes"})

    def test_large_values_come_in_smaller_pages(self):
        for i in range(40):
            self.etcd.put(f"/large/{i:02}", "x" * 1_000_000)
        with Scene() as scene:
            tree = as_json(self.metadata(scene, KAIGARA_ETCD="/large"))
            self.assertEqual([len(value) for value in tree.values()], [1_000_000] * 40)

    def test_a_page_that_is_compacted_meanwhile_is_begun_anew(self):
        self.etcd.put_many((f"/gone/{i:05}", "x") for i in range(2500))
        etcd = self.etcd
        state = {"turns": 0}

        def proxy(connection, request):
            while True:
                head, _, body = request.partition(b"\r\n\r\n")
                length = int([line for line in head.split(b"\r\n") if line.lower().startswith(b"content-length")][0].split()[1])
                while len(body) < length:
                    body += connection.recv(65536)
                state["turns"] += 1
                if state["turns"] == 2:
                    etcd.put("/gone/00001", "new")
                    etcd.compact()
                status, text = call(etcd.url + head.split()[1].decode(), body)
                connection.sendall(answer(text, f"{status} x"))
                return

        with FaultServer(proxy) as server, Scene() as scene:
            tree = as_json(self.metadata(scene, KAIGARA_ETCD="/gone", ETCDCTL_ENDPOINTS=server.url))
            self.assertEqual(len(tree), 2500)
            self.assertEqual(tree["00001"], "new")
        self.assertEqual(state["turns"], 4)


@needs_etcd
class EtcdTrouble(Case):
    def test_the_leader_dies_in_the_middle_of_the_pages(self):
        with EtcdCluster() as cluster, Scene() as scene:
            until(lambda: call(cluster.members[0].url + "/health")[1].find(b"true") > 0, "the cluster is well")
            leader = cluster.leader()
            others = [m for i, m in enumerate(cluster.members) if i != leader]
            others[0].put_many((f"/app/{i:05}", "x") for i in range(4000))
            first = threading.Event()

            def proxy(connection, request):
                head, _, body = request.partition(b"\r\n\r\n")
                length = int([line for line in head.split(b"\r\n") if line.lower().startswith(b"content-length")][0].split()[1])
                while len(body) < length:
                    body += connection.recv(65536)
                if first.is_set():
                    cluster.members[leader].kill()
                    connection.close()
                    return
                first.set()
                status, text = call(cluster.members[leader].url + head.split()[1].decode(), body)
                connection.sendall(answer(text, f"{status} x"))

            with FaultServer(proxy) as server:
                endpoints = ",".join([server.url] + [other.url for other in others])
                outcome = scene.run("metadata", "--format", "json",
                                    env={"KAIGARA_ETCD": "/app", "ETCDCTL_ENDPOINTS": endpoints})
            self.assert_status(outcome, 0)
            self.assertEqual(len(as_json(outcome)), 4000)

    def test_authentication(self):
        with Etcd() as etcd, Scene() as scene:
            etcd.put("/app/a", "1")
            etcd.put("/other/a", "1")
            for path, body in (("auth/user/add", {"name": "root", "password": "rootpw"}),
                               ("auth/user/add", {"name": "app", "password": "s3cret"}),
                               ("auth/role/add", {"name": "root"}), ("auth/role/add", {"name": "app"}),
                               ("auth/role/grant", {"name": "app", "perm": {
                                   "permType": "READ", "key": encode("/app/"), "range_end": encode("/app0")}}),
                               ("auth/user/grant", {"user": "root", "role": "root"}),
                               ("auth/user/grant", {"user": "app", "role": "app"}), ("auth/enable", {})):
                etcd.ask(path, body)
            env = etcd.environment() | {"KAIGARA_ETCD": "/app"}
            for user in ({"ETCDCTL_USER": "app:s3cret"}, {"ETCDCTL_USER": "app", "ETCDCTL_PASSWORD": "s3cret"}):
                outcome = scene.run("metadata", "--format", "json", env=env | user)
                self.assert_status(outcome, 0)
                self.assertEqual(as_json(outcome), {"a": 1})
            self.assert_status(scene.run("metadata", env=env), 69, "ETCDCTL_USER")
            wrong = scene.run("metadata", env=env | {"ETCDCTL_USER": "app:wr0ng"})
            self.assert_status(wrong, 69, "refuses ETCDCTL_USER or ETCDCTL_PASSWORD")
            self.assertNotIn("wr0ng", wrong.err)
            denied = scene.run("metadata", env=env | {"ETCDCTL_USER": "app:s3cret", "KAIGARA_ETCD": "/other"})
            self.assert_status(denied, 69, "permission denied")
            self.assert_status(scene.run("metadata", env=env | {"ETCDCTL_USER": "app"}), 78, "ETCDCTL_PASSWORD")

    def test_a_user_for_an_etcd_without_authentication_does_no_harm(self):
        with Etcd() as etcd, Scene() as scene:
            etcd.put("/app/a", "1")
            env = etcd.environment() | {"KAIGARA_ETCD": "/app", "ETCDCTL_USER": "app:x"}
            self.assertEqual(as_json(scene.run("metadata", "--format", "json", env=env)), {"a": 1})

    def test_without_its_gateway_etcd_is_told_apart(self):
        with Etcd(extra=["--enable-grpc-gateway=false"]) as etcd, Scene() as scene:
            env = etcd.environment() | {"KAIGARA_ETCD": "/app"}
            self.assert_status(scene.run("metadata", env=env), 69, "--enable-grpc-gateway=false")

    def test_tls_with_our_certificate_and_without(self):
        with Scene() as scene:
            tls = TlsFiles(scene.path)
            server = tls.make("server", "/CN=etcd", "IP:127.0.0.1,DNS:localhost")
            client = tls.make("client", "/O=app")
            with Etcd(tls=server, client_ca=tls.authority) as etcd:
                env = etcd.environment() | {"KAIGARA_ETCD": "/app", "ETCDCTL_CACERT": tls.authority}
                own = {"ETCDCTL_CERT": client[0], "ETCDCTL_KEY": client[1]}
                outcome = scene.run("metadata", "--format", "json", env=env | own)
                self.assert_status(outcome, 0)
                self.assertEqual(as_json(outcome), {})
                self.assert_status(scene.run("metadata", *QUICK, env=env), 69, "127.0.0.1")
                other = TlsFiles(scene.write("other/x", "") and os.path.join(scene.path, "other"))
                untrusted = scene.run("metadata", env=env | own | {"ETCDCTL_CACERT": other.authority})
                self.assert_status(untrusted, 69, "certificate is not accepted", other.authority)
                self.assertLess(untrusted.err.count("\n"), 2)
                skipped = scene.run("metadata", env=env | own | {
                    "ETCDCTL_CACERT": other.authority, "ETCDCTL_INSECURE_SKIP_TLS_VERIFY": "true"})
                self.assert_status(skipped, 0)
                half = scene.run("metadata", env=env | {"ETCDCTL_CERT": client[0]})
                self.assert_status(half, 78, "ETCDCTL_KEY")


@needs_consul
class ConsulSource(Case):
    @classmethod
    def setUpClass(cls):
        cls.consul = Consul().__enter__()
        cls.addClassCleanup(cls.consul.__exit__)

    def metadata(self, scene, *words, **env):
        return scene.run("metadata", "--format", "json", *words, env=self.consul.environment() | env)

    def test_a_prefix_is_a_tree_and_matches_whole_segments(self):
        for key, value in (("t1/db/host", "db.internal"), ("t1/db/port", "5432"), ("t1/empty", ""), ("t1/", ""),
                           ("t1/folder/", ""), ("t10/other", "x"), ("t1x", "x")):
            self.consul.put(key, value)
        with Scene() as scene:
            for prefix in ("t1", "t1/", "/t1"):
                outcome = self.metadata(scene, KAIGARA_CONSUL=prefix)
                self.assert_status(outcome, 0)
                self.assertEqual(as_json(outcome), {"db": {"host": "db.internal", "port": 5432}, "empty": ""})

    def test_a_prefix_without_keys_is_an_empty_tree(self):
        with Scene() as scene:
            self.assertEqual(as_json(self.metadata(scene, KAIGARA_CONSUL="nothing")), {})

    def test_names_with_blanks_and_umlauts_are_keys(self):
        self.consul.put("odd/with%20blank/%C3%BCber", "x")
        with Scene() as scene:
            self.assertEqual(as_json(self.metadata(scene, KAIGARA_CONSUL="odd")), {"with blank": {"über": "x"}})
            self.assertEqual(as_json(self.metadata(scene, KAIGARA_CONSUL="odd/with blank")), {"über": "x"})

    def test_kaigara_yml_leaves_the_short_variables_out(self):
        self.consul.put("short/a", "1")
        with Scene() as scene:
            scene.write("kaigara.yml", "{}\n")
            self.assertEqual(as_json(self.metadata(scene, KAIGARA_CONSUL="short")), {})

    def test_over_a_unix_socket(self):
        with Consul() as consul, Scene() as scene:
            consul.put("app/a", "1")
            path = os.path.join(scene.path, "consul.sock")
            relay = subprocess.Popen(["python3", "-c", RELAY, path, str(consul.port)])
            self.addCleanup(relay.wait)
            self.addCleanup(relay.kill)
            until(lambda: os.path.exists(path), "the relay listens")
            outcome = scene.run("metadata", "--format", "json", env={"KAIGARA_CONSUL": "app", "CONSUL_HTTP_ADDR": f"unix://{path}"})
            self.assert_status(outcome, 0)
            self.assertEqual(as_json(outcome), {"a": 1})


RELAY = """
import socket, sys, threading
listener = socket.socket(socket.AF_UNIX); listener.bind(sys.argv[1]); listener.listen()
def pump(a, b):
    while piece := a.recv(65536): b.sendall(piece)
    b.shutdown(socket.SHUT_WR)
while True:
    one, _ = listener.accept()
    other = socket.create_connection(("127.0.0.1", int(sys.argv[2])))
    for pair in ((one, other), (other, one)): threading.Thread(target=pump, args=pair, daemon=True).start()
"""


@needs_consul
class ConsulTrouble(Case):
    def test_what_a_token_may_not_read_is_an_error_and_no_empty_tree(self):
        with Consul(acl=True) as consul, Scene() as scene:
            for key in ("app/a", "app/b/c", "other/a"):
                consul.put(key, "1")
            env = consul.environment() | {"KAIGARA_CONSUL": "app"}
            whole = consul.token('key_prefix "app" { policy = "read" }')
            self.assertEqual(as_json(scene.run("metadata", "--format", "json", env=env | {"CONSUL_HTTP_TOKEN": whole})),
                             {"a": 1, "b": {"c": 1}})
            path = scene.write("token", whole + "\n", 0o600)
            self.assert_status(scene.run("metadata", env=env | {"CONSUL_HTTP_TOKEN_FILE": path}), 0)
            self.assert_status(scene.run("metadata", env=env | {"CONSUL_HTTP_TOKEN_FILE": path + "x"}), 78,
                               "CONSUL_HTTP_TOKEN_FILE")
            for rules in ('key_prefix "other" { policy = "read" }', 'key "app/a" { policy = "read" }'):
                token = consul.token(rules)
                denied = scene.run("metadata", env=env | {"CONSUL_HTTP_TOKEN": token})
                self.assert_status(denied, 69, "may not read all of 'app'")
                self.assertNotIn(token, denied.err)
            unknown = "99999999-2222-3333-4444-555555555555"
            self.assert_status(scene.run("metadata", env=env | {"CONSUL_HTTP_TOKEN": unknown}), 69, "refuses the token")
            self.assert_status(scene.run("metadata", env=env), 69, "may not read")
            # Allowed, and empty.
            env["KAIGARA_CONSUL"] = "app/none"
            self.assert_status(scene.run("metadata", env=env | {"CONSUL_HTTP_TOKEN": whole}), 0)

    def test_a_server_that_leaves_keys_out_says_so_from_1_11_on(self):
        body = json.dumps([{"Key": "app/a", "Value": encode("1")}])
        filtered = answer(body, headers=["X-Consul-Index: 7", "X-Consul-Results-Filtered-By-ACLs: true"])
        with FaultServer(filtered) as server, Scene() as scene:
            env = {"KAIGARA_CONSUL": "app", "CONSUL_HTTP_ADDR": server.url}
            self.assert_status(scene.run("metadata", env=env), 69, "may not read all of 'app'")

    def test_tls_with_our_certificate_and_without(self):
        with Scene() as scene:
            tls = TlsFiles(scene.path)
            server = tls.make("server", "/CN=consul", "DNS:consul.internal")
            client = tls.make("client", "/CN=app")
            with Consul(tls=server, client_ca=tls.authority) as consul:
                env = consul.environment() | {"KAIGARA_CONSUL": "app", "CONSUL_CACERT": tls.authority}
                own = {"CONSUL_CLIENT_CERT": client[0], "CONSUL_CLIENT_KEY": client[1]}
                named = {"CONSUL_TLS_SERVER_NAME": "consul.internal"}
                self.assert_status(scene.run("metadata", env=env | own | named), 0)
                # The name is not that of the address.
                self.assert_status(scene.run("metadata", env=env | own), 69, "certificate is not accepted")
                self.assert_status(scene.run("metadata", *QUICK, env=env | named), 69, "consul")
                short = env | own | named | {"CONSUL_HTTP_ADDR": f"127.0.0.1:{consul.port}", "CONSUL_HTTP_SSL": "true"}
                self.assert_status(scene.run("metadata", env=short), 0)
                unverified = env | own | {"CONSUL_HTTP_SSL_VERIFY": "false"}
                self.assert_status(scene.run("metadata", env=unverified), 0)


@needs_etcd
@needs_consul
class Restart(Case):
    def test_a_backend_that_comes_up_later_is_waited_for(self):
        for server in (Etcd(), Consul()):
            with self.subTest(type(server).__name__), Scene() as scene:
                self.addCleanup(server.__exit__)
                server.start()
                prefix = "/app" if isinstance(server, Etcd) else "app"
                server.put(prefix + "/a", "1")
                keeps = isinstance(server, Etcd)
                server.kill()
                variable = "KAIGARA_ETCD" if keeps else "KAIGARA_CONSUL"
                process = scene.start("metadata", "--format", "json", env=server.environment() | {variable: prefix})
                until(lambda: "trying again" in errors(process), "it has failed once")
                time.sleep(5)  # the time that the figure asks for; nothing waits for it to be exact
                server.start()
                process.wait(60)
                self.assertEqual(process.returncode, 0, errors(process))


if __name__ == "__main__":
    main()
