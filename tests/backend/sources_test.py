#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Metadata from real servers of etcd and Consul, and every fault that the way there may have."""

import json
import os
import signal
import subprocess
import threading
import time

from harness import Case, Scene, errors, main, needs_consul, needs_etcd
from servers import Consul, Etcd, EtcdCluster, FaultServer, TlsFiles, answer, call, encode, reset, until

QUICK = ("--resolve-timeout", "2s")


def as_json(outcome):
    return json.loads(outcome.out)


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

    def test_the_first_endpoint_that_is_dead_is_left_for_the_next(self):
        self.etcd.put("/fail/over", "yes")
        with Scene() as scene:
            outcome = self.metadata(scene, KAIGARA_ETCD="/fail",
                                    ETCDCTL_ENDPOINTS=f"127.0.0.1:1,{self.etcd.url}")
            self.assert_status(outcome, 0)
            self.assertEqual(outcome.err, "")
            self.assertEqual(as_json(outcome), {"over": "yes"})

    def test_a_page_that_is_compacted_meanwhile_is_begun_anew(self):
        self.etcd.put_many((f"/gone/{i:05}", "x") for i in range(1500))
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
            self.assertEqual(len(tree), 1500)
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


def consul_answer():
    return answer(json.dumps([{"Key": "app/a", "Value": encode("1")}]), headers=["X-Consul-Index: 7"])


class Faults(Case):
    """The same for every kind of server; no real one shows them on demand."""

    def ask(self, server, kind, scene, *words, **env):
        scene.write("kaigara.yml", {
            "consul": "metadata:\n- consul: app\n",
            "etcd": "metadata:\n- etcd: /app\n",
            "http": f"metadata:\n- http: {server.url}/doc\n"}[kind])
        return scene.run("metadata", "--format", "json", *words, env=env | {
            "CONSUL_HTTP_ADDR": server.url, "ETCDCTL_ENDPOINTS": server.url})

    good = {
        "consul": consul_answer(),
        "etcd": answer(json.dumps({"header": {"revision": "5", "cluster_id": "1"},
                                   "kvs": [{"key": encode("/app/a"), "value": encode("1")}], "count": "1"})),
        "http": answer('{"a": 1}'),
    }

    def recovers(self, *faults):
        for kind, good in self.good.items():
            with self.subTest(kind), FaultServer(*faults, good) as server, Scene() as scene:
                outcome = self.ask(server, kind, scene)
                self.assert_status(outcome, 0, "trying again")
                self.assertEqual(as_json(outcome), {"a": 1})

    def is_refused(self, fault, *words, times=1):
        for kind in self.good:
            with self.subTest(kind), FaultServer(fault) as server, Scene() as scene:
                outcome = self.ask(server, kind, scene)
                self.assert_status(outcome, 69, "kaigara.yml:2:3", server.url, *words)
                self.assertEqual(len(server.requests), times)

    def test_500_and_then_fine(self):
        self.recovers(answer("oops", "500 Internal Server Error"))

    def test_a_reset_in_the_middle_of_the_body_and_then_fine(self):
        self.recovers(reset(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n[{"))

    def test_a_body_that_is_cut_off_and_then_fine(self):
        self.recovers(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n[{")

    def test_an_empty_answer_and_then_fine(self):
        self.recovers(b"")

    def test_a_refusal_is_final(self):
        self.is_refused(answer("no", "403 Forbidden"))

    def test_a_redirect_is_not_followed(self):
        self.is_refused(answer("", "301 Moved", ["Location: http://127.0.0.1:1/"]), "30")

    def test_a_body_of_20_mb_is_refused_and_not_kept(self):
        self.is_refused(answer(b"x" * 20_000_000), "more than 16777216 bytes")

    def test_json_that_is_none_is_told(self):
        for body in (b'[{"Key": "app/a", "Val', b"<html>welcome</html>", b"\0\1\2"):
            for kind in ("consul", "etcd"):
                with self.subTest(body=body, kind=kind), FaultServer(answer(body, headers=["X-Consul-Index: 1"])) as server, \
                        Scene() as scene:
                    outcome = self.ask(server, kind, scene, *QUICK)
                    self.assert_status(outcome, 69, "no JSON")

    def test_a_broken_document_is_65_and_not_asked_for_again(self):
        with FaultServer(answer('{"a": ')) as server, Scene() as scene:
            self.assert_status(self.ask(server, "http", scene), 65, ":1:")
            self.assertEqual(len(server.requests), 1)

    def test_a_black_hole_ends_with_the_time_of_all_sources(self):
        for kind in self.good:
            with self.subTest(kind), FaultServer(None) as server, Scene() as scene:
                outcome = self.ask(server, kind, scene, "--resolve-timeout", "500ms")
                self.assert_status(outcome, 69, "no answer within")

    def test_a_timeout_of_the_source_leaves_time_for_another_attempt(self):
        with FaultServer(None, self.good["http"]) as server, Scene() as scene:
            scene.write("kaigara.yml", f"metadata:\n- http: {server.url}/doc\n  timeout: 200ms\n")
            outcome = scene.run("metadata", "--format", "json")
            self.assert_status(outcome, 0, "no answer within 200ms")

    def test_retries_are_counted_where_they_are_given(self):
        with FaultServer(answer("", "503 No")) as server, Scene() as scene:
            scene.write("kaigara.yml", f"metadata:\n- http: {server.url}/doc\n  retries: 2\n")
            self.assert_status(scene.run("metadata"), 69, "503", "tried 3 times")
            self.assertEqual(len(server.requests), 3)

    def test_an_optional_source_that_is_away_is_a_warning(self):
        with Scene() as scene:
            scene.write("kaigara.yml", "metadata:\n- consul: app\n  optional: true\n  retries: 0\n- etcd: /app\n"
                                       "  optional: true\n  retries: 0\n- http: http://127.0.0.1:1/\n"
                                       "  optional: true\n  retries: 0\n")
            outcome = scene.run("metadata", env={"CONSUL_HTTP_ADDR": "127.0.0.1:1", "ETCDCTL_ENDPOINTS": "127.0.0.1:1"})
            self.assert_status(outcome, 0, "connection refused")
            self.assertEqual(outcome.err.count("warn:"), 3)

    def test_all_that_are_away_are_told_in_one_go(self):
        with Scene() as scene:
            scene.write("kaigara.yml", "metadata:\n- consul: app\n- etcd: /app\n- http: http://127.0.0.1:1/x?token=s3cret\n")
            outcome = scene.run("metadata", "--resolve-timeout", "500ms",
                                env={"CONSUL_HTTP_ADDR": "127.0.0.1:1", "ETCDCTL_ENDPOINTS": "127.0.0.1:1"})
            self.assert_status(outcome, 69, "consul app", "etcd /app", "http://127.0.0.1:1/x")
            self.assertEqual(outcome.err.count("error:"), 3)
            self.assertNotIn("s3cret", outcome.err)

    def test_an_address_that_is_none_is_a_matter_of_configuration(self):
        with Scene() as scene:
            scene.write("kaigara.yml", "metadata:\n- consul: app\n")
            outcome = scene.run("metadata", env={"CONSUL_HTTP_ADDR": "ftp://x"})
            self.assert_status(outcome, 78, "CONSUL_HTTP_ADDR")

    def test_a_stop_ends_kaigara_at_once_wherever_it_waits(self):
        for name, fault in (("answer", None), ("retry", answer("", "500 x"))):
            for kind in self.good:
                with self.subTest(f"{kind} {name}"), FaultServer(fault) as server, Scene() as scene:
                    scene.write("kaigara.yml", {
                        "consul": "metadata:\n- consul: app\n", "etcd": "metadata:\n- etcd: /app\n",
                        "http": f"metadata:\n- http: {server.url}/doc\n"}[kind])
                    env = {"CONSUL_HTTP_ADDR": server.url, "ETCDCTL_ENDPOINTS": server.url}
                    process = scene.start("start", "--", "true", env=env)
                    until(lambda: server.requests, "it asks")
                    self.assert_stops_at_once(process)

    def test_headers_and_url_take_variables_and_never_show_them(self):
        with FaultServer(answer("", "500 x"), self.good["http"]) as server, Scene() as scene:
            scene.write("kaigara.yml", f"metadata:\n- http:\n    url: {server.url}/${{P}}?t=${{T}}\n"
                                       "    headers: {X-Vault-Token: '${T}'}\n")
            outcome = scene.run("metadata", "--format", "json", env={"P": "path", "T": "s3cret"})
            self.assert_status(outcome, 0)
            self.assertIn(b"GET /path?t=s3cret HTTP/1.1", server.requests[0])
            self.assertIn(b"X-Vault-Token: s3cret", server.requests[0])
            self.assertNotIn("s3cret", outcome.err + outcome.out)
            self.assert_status(scene.run("metadata", env={"P": "x"}), 78, "the variable T is not set")

    def test_http_over_tls_and_the_wait_for_it(self):
        with Scene() as scene:
            tls = TlsFiles(scene.path)
            certificate, key = tls.make("web", "/CN=web", "IP:127.0.0.1")
            port_file = os.path.join(scene.path, "port")
            server = subprocess.Popen(["python3", "-c", HTTPS, certificate, key, port_file], cwd=scene.path)
            self.addCleanup(server.wait)
            self.addCleanup(server.kill)
            port = until(lambda: scene.exists("port") and scene.read("port"), "it listens")
            url = f"https://127.0.0.1:{port}/doc"
            scene.write("kaigara.yml", f"metadata:\n- http: {url}\n")
            trusted = {"SSL_CERT_FILE": tls.authority}
            self.assertEqual(as_json(scene.run("metadata", "--format", "json", env=trusted)), {"tls": True})
            self.assert_status(scene.run("metadata", env={"SSL_CERT_FILE": certificate + "x"}), 69, "cannot be read")
            self.assert_status(scene.run("metadata", env={"SSL_CERT_FILE": os.path.join(scene.path, "web.pem")}), 69,
                               "certificate")
            self.assert_status(scene.run("wait", url, "--timeout", "5s", env=trusted), 0)
            name = f"https://localhost:{port}/"
            self.assert_status(scene.run("wait", name, "--timeout", "500ms", env=trusted), 69, "certificate is not accepted")


HTTPS = """
import http.server, os, ssl, sys
class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        body = b'{"tls": true}'
        self.send_response(200); self.send_header("Content-Length", str(len(body))); self.end_headers(); self.wfile.write(body)
    def log_message(self, *_): pass
server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER); context.load_cert_chain(sys.argv[1], sys.argv[2])
server.socket = context.wrap_socket(server.socket, server_side=True)
open(sys.argv[3] + ".new", "w").write(str(server.server_address[1])); os.rename(sys.argv[3] + ".new", sys.argv[3])
server.serve_forever()
"""


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
