#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Every fault that the way to a source may have, from servers that show them on demand."""

import json
import os
import subprocess

from harness import Case, Scene, main
from servers import FaultServer, TlsFiles, answer, as_json, encode, reset, until

QUICK = ("--resolve-timeout", "2s")


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
        # etcd is asked for smaller pages, down to one key.
        for kind in self.good:
            with self.subTest(kind), FaultServer(answer(b"x" * 20_000_000)) as server, Scene() as scene:
                outcome = self.ask(server, kind, scene)
                self.assert_status(outcome, 69, "more than 16777216 bytes")
                self.assertEqual(len(server.requests), 5 if kind == "etcd" else 1)

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


if __name__ == "__main__":
    main()
