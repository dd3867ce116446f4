# SPDX-License-Identifier: Apache-2.0
"""Servers on loopback for smoke.py: names by DNS, documents by HTTP and HTTPS, an authority's certificates."""

import http.server
import pathlib
import socket
import socketserver
import ssl
import struct
import subprocess
import threading


class Certificates:
    """An authority of its own, and a server's certificate for a name and for 127.0.0.1."""

    def __init__(self, directory, name):
        self.directory = pathlib.Path(directory)
        self.directory.mkdir(exist_ok=True)
        new = ("req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes")
        self._openssl(*new, "-x509", "-days", "2", "-subj", "/CN=authority of a smoke test",
                      "-keyout", "ca.key", "-out", "ca.pem")
        self._openssl(*new, "-subj", f"/CN={name}", "-keyout", "server.key", "-out", "server.csr")
        (self.directory / "extensions").write_text(f"subjectAltName=DNS:{name},IP:127.0.0.1\n")
        self._openssl("x509", "-req", "-in", "server.csr", "-CA", "ca.pem", "-CAkey", "ca.key", "-CAcreateserial",
                      "-days", "2", "-extfile", "extensions", "-out", "server.pem")
        self.authority = self.directory / "ca.pem"

    def _openssl(self, *words):
        subprocess.run(["openssl", *words], cwd=self.directory, check=True, capture_output=True)

    def context(self):
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self.directory / "server.pem", self.directory / "server.key")
        return context


class Serving:
    """A socketserver that serves while a `with` lasts."""

    def __enter__(self):
        self.thread = threading.Thread(target=self.serve_forever, daemon=True)
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.shutdown()
        self.server_close()


def answer(query, known):
    """(name, the answer to a query): 127.0.0.1 for a known name, no address of version 6, else NXDOMAIN."""
    at, labels = 12, []
    while query[at]:
        labels.append(query[at + 1:at + 1 + query[at]].decode())
        at += 1 + query[at]
    name = ".".join(labels).lower()
    kind, _ = struct.unpack("!HH", query[at + 1:at + 5])
    records = b""
    if name in known and kind == 1:
        records = struct.pack("!HHHIH", 0xC00C, 1, 1, 60, 4) + socket.inet_aton("127.0.0.1")
    head = query[:2] + struct.pack("!HHHHH", 0x8580 | (0 if name in known else 3), 1, 1 if records else 0, 0, 0)
    return name, head + query[12:at + 5] + records


class Names(Serving, socketserver.ThreadingUDPServer):
    allow_reuse_address = True
    daemon_threads = True

    def __init__(self, known):
        self.known = {name.lower() for name in known}
        self.asked = []
        super().__init__(("127.0.0.1", 53), self.Handler)

    class Handler(socketserver.BaseRequestHandler):
        def handle(self):
            query, sender = self.request
            name, reply = answer(query, self.server.known)
            self.server.asked.append(name)
            sender.sendto(reply, self.client_address)


class Documents(Serving, http.server.ThreadingHTTPServer):
    """One text for every path, and the protocols by which it was read. The handshake is the handler's, so that
    a client which refuses the certificate does not end the server."""

    daemon_threads = True
    text = ""

    def __init__(self, port, certificates):
        self.context = certificates.context() if certificates else None
        self.protocols = []
        super().__init__(("127.0.0.1", port), self.Handler)

    def handle_error(self, request, client_address):
        """A client that goes away is what some sentences are about."""

    class Handler(http.server.BaseHTTPRequestHandler):
        timeout = 60

        def setup(self):
            if self.server.context:
                self.request = self.server.context.wrap_socket(self.request, server_side=True)
            super().setup()

        def do_GET(self):
            self.server.protocols.append(self.request.version() if self.server.context else "")
            body = self.server.text.encode()
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_):
            pass
