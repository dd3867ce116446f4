# SPDX-License-Identifier: Apache-2.0
"""Real servers on loopback for the backend tests, and one that misbehaves on purpose.

    with Etcd() as etcd, Consul() as consul: ...

Each picks free ports, keeps its data in a directory that goes with it, is waited for until it answers,
and is ended by its own pid. FaultServer answers what a test says, connection by connection; TlsFiles makes
an authority and certificates with openssl.
"""

import base64
import contextlib
import http.client
import json
import os
import pathlib
import shutil
import signal
import socket
import socketserver
import subprocess
import tempfile
import threading
import time
import urllib.request

PATIENCE = 30  # seconds until something that has to happen has happened

signal.signal(signal.SIGHUP, signal.SIG_DFL)  # the tests may run under nohup; an application inherits what is ignored


def free_ports(count):
    """Ports that nobody has; they are let go together, so that all differ."""
    sockets = [socket.socket() for _ in range(count)]
    for one in sockets:
        one.bind(("127.0.0.1", 0))
    ports = [one.getsockname()[1] for one in sockets]
    for one in sockets:
        one.close()
    return ports


def until(condition, what, patience=PATIENCE):
    """Waits for a condition that has no event, and returns what it is."""
    deadline = time.monotonic() + patience
    while True:
        found = condition()
        if found:
            return found
        if time.monotonic() > deadline:
            raise AssertionError(f"in vain: {what}")
        time.sleep(0.02)


class TlsFiles:
    """ca.pem; NAME.pem and NAME.key for servers and clients, an authority's own work."""

    def __init__(self, directory):
        self.directory = pathlib.Path(directory)
        self._openssl("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2",
                      "-subj", "/CN=kaigara test authority", "-keyout", "ca.key", "-out", "ca.pem")
        self.authority = str(self.directory / "ca.pem")

    def _openssl(self, *words):
        subprocess.run(["openssl", *words], cwd=self.directory, check=True, capture_output=True)

    def make(self, name, subject, names=""):
        """The paths of a certificate and its key. `names` as openssl's subjectAltName."""
        usage = "extendedKeyUsage=serverAuth,clientAuth\n"
        (self.directory / f"{name}.ext").write_text(usage + (f"subjectAltName={names}\n" if names else ""))
        self._openssl("req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-subj", subject,
                      "-keyout", f"{name}.key", "-out", f"{name}.csr")
        self._openssl("x509", "-req", "-in", f"{name}.csr", "-CA", "ca.pem", "-CAkey", "ca.key", "-CAcreateserial",
                      "-days", "2", "-extfile", f"{name}.ext", "-out", f"{name}.pem")
        return str(self.directory / f"{name}.pem"), str(self.directory / f"{name}.key")


class Server:
    """A process of ours, with a directory of its own."""

    def __init__(self):
        self.directory = tempfile.mkdtemp(prefix="kaigara-backend-")
        self.process = None

    def __enter__(self):
        self.start()
        return self

    def __exit__(self, *_):
        self.kill()
        shutil.rmtree(self.directory, ignore_errors=True)

    def _run(self, words, log="log"):
        output = open(os.path.join(self.directory, log), "ab")
        with output:
            self.process = subprocess.Popen(words, stdin=subprocess.DEVNULL, stdout=output, stderr=output)

    def kill(self):
        if self.process is not None:
            self.process.kill()
            self.process.wait()
            self.process = None

    def send(self, number):
        os.kill(self.process.pid, number)

    def wait_until_it_answers(self):
        until(self._answers, f"{type(self).__name__} answers")


def call(url, body=None, method=None, headers=None, timeout=5):
    """The status and the body of a request; status 0 where there was no answer."""
    request = urllib.request.Request(url, data=body, method=method, headers=headers or {})
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with opener.open(request, timeout=timeout) as answer:
            return answer.status, answer.read()
    except urllib.error.HTTPError as error:
        return error.code, error.read()
    except (OSError, http.client.HTTPException):
        return 0, b""


class Etcd(Server):
    """One member; `tls` is (certificate, key), `client_ca` asks for certificates of clients."""

    def __init__(self, port=None, tls=None, client_ca=None, extra=()):
        super().__init__()
        ports = free_ports(2)
        self.port = port or ports[0]
        self.peer_port = ports[1]
        self.tls = tls
        self.client_ca = client_ca
        self.extra = list(extra)
        self.scheme = "https" if tls else "http"
        self.url = f"{self.scheme}://127.0.0.1:{self.port}"

    def start(self):
        words = ["etcd", "--data-dir", os.path.join(self.directory, "data"), "--name", "m0",
                 "--listen-client-urls", self.url, "--advertise-client-urls", self.url,
                 "--listen-peer-urls", f"http://127.0.0.1:{self.peer_port}",
                 "--initial-advertise-peer-urls", f"http://127.0.0.1:{self.peer_port}",
                 "--initial-cluster", f"m0=http://127.0.0.1:{self.peer_port}", *self.extra]
        if self.tls:
            words += ["--cert-file", self.tls[0], "--key-file", self.tls[1]]
        if self.client_ca:
            words += ["--client-cert-auth", "--trusted-ca-file", self.client_ca]
        self._run(words)
        self.wait_until_it_answers()

    def _answers(self):
        with contextlib.suppress(OSError):
            if self.tls:
                socket.create_connection(("127.0.0.1", self.port), 1).close()
                return b"ready to serve client requests" in pathlib.Path(self.directory, "log").read_bytes() or \
                    b"serving client requests" in pathlib.Path(self.directory, "log").read_bytes()
            return b'"true"' in call(self.url + "/health")[1]
        return False

    def environment(self):
        return {"ETCDCTL_ENDPOINTS": self.url}

    def ask(self, path, body):
        status, answer = call(f"{self.url}/v3/{path}", json.dumps(body).encode())
        assert status == 200, (path, status, answer)
        return json.loads(answer)

    def put(self, key, value):
        self.ask("kv/put", {"key": encode(key), "value": encode(value)})

    def put_many(self, pairs):
        """A hundred keys a transaction."""
        pairs = list(pairs)
        for begin in range(0, len(pairs), 100):
            self.ask("kv/txn", {"success": [
                {"request_put": {"key": encode(key), "value": encode(value)}} for key, value in pairs[begin:begin + 100]]})

    def revision(self):
        return int(self.ask("kv/range", {"key": encode("none")})["header"]["revision"])

    def compact(self):
        self.ask("kv/compaction", {"revision": str(self.revision()), "physical": True})

    def keys(self, prefix):
        """What is below a prefix, as etcd has it."""
        answer = self.ask("kv/range", {"key": encode(prefix), "range_end": encode(prefix[:-1] + chr(ord(prefix[-1]) + 1))})
        return {decode(kv["key"]): decode(kv.get("value", "")) for kv in answer.get("kvs", [])}

    def delete(self, key):
        self.ask("kv/deleterange", {"key": encode(key)})


class EtcdCluster:
    """Three members."""

    def __init__(self):
        self.members = [Etcd() for _ in range(3)]
        peers = ",".join(f"m{i}=http://127.0.0.1:{member.peer_port}" for i, member in enumerate(self.members))
        for i, member in enumerate(self.members):
            member.extra = ["--name", f"m{i}", "--initial-cluster", peers,
                            "--heartbeat-interval", "50", "--election-timeout", "500"]

    def __enter__(self):
        for member in self.members:
            member.wait_until_it_answers = lambda: None
            member.start()
        for member in self.members:
            until(member._answers, "a member of three answers")
        return self

    def __exit__(self, *exception):
        for member in self.members:
            member.__exit__(*exception)

    def leader(self):
        """The index of the member that leads."""
        status = self.members[0].ask("maintenance/status", {})
        for i, member in enumerate(self.members):
            if member.ask("maintenance/status", {})["header"]["member_id"] == status["leader"]:
                return i
        raise AssertionError("nobody leads")


class Consul(Server):
    """An agent in its development mode; with `acl` tokens are needed, and `root` may do all."""

    root = "11111111-2222-3333-4444-555555555555"

    def __init__(self, acl=False, tls=None, client_ca=None):
        super().__init__()
        self.port, self.server_port, self.lan, self.wan = free_ports(4)
        self.acl = acl
        self.tls = tls
        self.client_ca = client_ca
        self.scheme = "https" if tls else "http"
        self.url = f"{self.scheme}://127.0.0.1:{self.port}"
        self.binary = os.environ["KAIGARA_CONSUL_BINARY"]

    def start(self):
        ports = {"grpc": -1, "dns": -1, "server": self.server_port, "serf_lan": self.lan, "serf_wan": self.wan}
        ports |= {"http": -1, "https": self.port} if self.tls else {"http": self.port}
        settings = {"ports": ports, "bind_addr": "127.0.0.1", "disable_update_check": True,
                    "performance": {"raft_multiplier": 1}}
        if self.acl:
            settings["acl"] = {"enabled": True, "default_policy": "deny", "tokens": {"master": self.root}}
        if self.tls:
            settings |= {"cert_file": self.tls[0], "key_file": self.tls[1]}
        if self.client_ca:
            settings |= {"ca_file": self.client_ca, "verify_incoming_https": True}
        path = os.path.join(self.directory, "consul.json")
        pathlib.Path(path).write_text(json.dumps(settings))
        self._run([self.binary, "agent", "-dev", "-config-file", path])
        self.wait_until_it_answers()

    def _answers(self):
        if self.tls:
            return b"cluster leadership acquired" in pathlib.Path(self.directory, "log").read_bytes()
        if call(self.url + "/v1/status/leader")[1] in (b"", b'""'):
            return False
        # Until the first write is taken nobody may rely on sessions and tokens.
        return call(f"{self.url}/v1/kv/ready", b"yes", "PUT", self._headers())[1].strip() == b"true"

    def _headers(self):
        return {"X-Consul-Token": self.root} if self.acl else {}

    def environment(self):
        return {"CONSUL_HTTP_ADDR": self.url}

    def put(self, key, value):
        assert call(f"{self.url}/v1/kv/{key}", value.encode(), "PUT", self._headers()) == (200, b"true\n") or \
            call(f"{self.url}/v1/kv/{key}", value.encode(), "PUT", self._headers())[1].strip() == b"true"

    def put_many(self, pairs):
        pairs = list(pairs)
        for begin in range(0, len(pairs), 64):
            body = [{"KV": {"Verb": "set", "Key": key, "Value": encode(value)}} for key, value in pairs[begin:begin + 64]]
            assert call(f"{self.url}/v1/txn", json.dumps(body).encode(), "PUT", self._headers())[0] == 200

    def delete(self, key):
        call(f"{self.url}/v1/kv/{key}", method="DELETE", headers=self._headers())

    def keys(self, prefix):
        status, answer = call(f"{self.url}/v1/kv/{prefix}?recurse", headers=self._headers())
        return {} if status == 404 else {kv["Key"]: decode(kv["Value"] or "") for kv in json.loads(answer)}

    def token(self, rules):
        """A token with these rules."""
        name = f"p{time.monotonic_ns()}"
        status, answer = call(f"{self.url}/v1/acl/policy", json.dumps({"Name": name, "Rules": rules}).encode(), "PUT",
                              self._headers())
        assert status == 200, answer
        status, answer = call(f"{self.url}/v1/acl/token", json.dumps({"Policies": [{"Name": name}]}).encode(), "PUT",
                              self._headers())
        assert status == 200, answer
        return json.loads(answer)["SecretID"]


def encode(text):
    return base64.b64encode(text.encode()).decode()


def as_json(outcome):
    """What a program has printed."""
    return json.loads(outcome.out)


def decode(text):
    return base64.b64decode(text).decode()


class FaultServer:
    """Answers each request with the next of `answers`, the last one again and again.

    An answer is bytes, which are sent as they are before the connection is closed; a function of the socket and the
    request; or None, for a server that takes the request and never answers.
    """

    def __init__(self, *answers, tls=None):
        self.answers = list(answers)
        self.requests = []
        self.gone = threading.Event()
        outer = self

        class Handler(socketserver.BaseRequestHandler):
            def handle(self):
                outer._serve(self.request)

        class Threads(socketserver.ThreadingTCPServer):
            allow_reuse_address = True
            daemon_threads = True
            request_queue_size = 100

        self.server = Threads(("127.0.0.1", 0), Handler)
        self.port = self.server.server_address[1]
        self.url = f"http://127.0.0.1:{self.port}"
        self.lock = threading.Lock()

    def _serve(self, connection):
        request = b""
        while b"\r\n\r\n" not in request:
            piece = connection.recv(65536)
            if not piece:
                return
            request += piece
        with self.lock:
            self.requests.append(request)
            answer = self.answers[min(len(self.requests), len(self.answers)) - 1]
        with contextlib.suppress(OSError):
            if answer is None:
                self.gone.wait()
            elif callable(answer):
                answer(connection, request)
            else:
                connection.sendall(answer)

    def __enter__(self):
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_):
        self.gone.set()
        self.server.shutdown()
        self.server.server_close()


def answer(body=b"", status="200 OK", headers=()):
    body = body if isinstance(body, bytes) else body.encode()
    head = "".join(f"{line}\r\n" for line in (f"HTTP/1.1 {status}", f"Content-Length: {len(body)}", "Connection: close",
                                             *headers))
    return head.encode() + b"\r\n" + body


def reset(piece):
    """Sends a piece and resets the connection."""
    def act(connection, _request):
        connection.sendall(piece)
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
        connection.close()
    return act
