#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The sentences of smoke.sh, which calls this in namespaces that it made.

    smoke.py NUMBER LABEL scratch WORK BINARY
    smoke.py NUMBER LABEL debian WORK BINARY ROOT

NUMBER is that of the last sentence before; how many came is written to WORK/count.
"""

import os
import pathlib
import shutil
import signal
import socket
import subprocess
import sys
import time

from smoke_servers import Certificates, Documents, Names

PATIENCE = 60  # seconds until something that has to happen has happened; emulated, on a busy machine

signal.signal(signal.SIGHUP, signal.SIG_DFL)  # the tests may run under nohup; an application inherits what is ignored

CHROOT = shutil.which("chroot", path="/usr/sbin:/sbin:/usr/bin")

KAIGARA_YML = """\
metadata:
  - http: {url: "https://config.test:8443/app.json"}
    retries: 2
"""
PAGE = "{{app.name}} listens on {{app.port}}\n"
OPERATION = "#!/bin/sh\nset -e\nkaigara get app.name >/tmp/name\necho \"the name is $(cat /tmp/name)\"\n"


class Root:
    """A root file system, and the binary run in it as process 1."""

    def __init__(self, path, binary):
        self.path = pathlib.Path(str(path).replace(" ", "-"))
        self.path.mkdir(parents=True, exist_ok=True)
        self.binary = binary
        shutil.copy(binary, self.path / "kaigara")

    def write(self, name, text, mode=0o644):
        path = self.path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        path.chmod(mode)

    def start(self, *words, env=None, bare=False):
        """bare: without /proc and /dev, which every container has, but no image does."""
        command = ["unshare", "--pid", "--fork", "--kill-child=KILL"]
        if not bare:
            command += [f"--mount-proc={self.path}/proc"]
        environment = {"PATH": "/bin:/usr/bin", "LANG": "C"} | (env or {})
        return subprocess.Popen([*command, CHROOT, self.path, *words], env=environment, text=True,
                                stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)

    def run(self, *words, **options):
        """(status, output)"""
        return finish(self.start(*words, **options))


def finish(process):
    """(status, what is left of the output) of a run that has to end."""
    try:
        output, _ = process.communicate(timeout=PATIENCE)
    except subprocess.TimeoutExpired:
        process.kill()  # and --kill-child ends what it has forked
        return None, f"not over after {PATIENCE} s; it said: " + process.communicate()[0]
    return process.returncode, output


def devices(root):
    """What every runtime gives a container: four device nodes."""
    for name in ("null", "zero", "random", "urandom"):
        (root.path / "dev").mkdir(exist_ok=True)
        (root.path / "dev" / name).touch()
        subprocess.run(["mount", "--bind", f"/dev/{name}", root.path / "dev" / name], check=True)


def process_1(process):
    """The pid, as seen from here, of what `unshare --fork` has forked."""
    return int(pathlib.Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split()[0])


class Sentences:
    def __init__(self, number, label):
        self.first = self.number = number
        self.label = label
        self.failures = 0

    def holds(self, sentence, condition, shown=""):
        self.number += 1
        print(f"{'ok' if condition else 'not ok'} {self.number} - {self.label}: {sentence}", flush=True)
        if not condition:
            self.failures += 1
            print("".join(f"# {line}\n" for line in str(shown).splitlines()), end="", flush=True)

    def skips(self, sentence, reason):
        self.number += 1
        print(f"ok {self.number} - {self.label}: {sentence} # SKIP {reason}", flush=True)

    def ends(self, sentence, result, status, *texts):
        """A run ended with this status and said these texts."""
        self.holds(sentence, result[0] == status and all(text in result[1] for text in texts),
                   f"status {result[0]}, not {status}; wanted: {texts}\n{result[1]}")


def alone(say, work, binary):
    """The binary, and nothing else at all."""
    root = Root(work / "alone" / say.label, binary)
    say.ends("in an empty root it tells its version", root.run("/kaigara", "version", bare=True), 0, "kaigara ")
    say.ends("in an empty root it is the init of itself",
             root.run("/kaigara", "exec", "--", "/kaigara", "version", bare=True), 0, "kaigara ")


def supervised(say, root):
    say.ends("exec passes the exit status on", root.run("/kaigara", "exec", "/bin/sh", "-c", "exit 7"), 7)
    # The child tells why in memory that it shares by vfork(2), which qemu-user makes a fork(2).
    why = () if say.label.endswith("under qemu") else ("kaigara: error",)
    say.ends("a program that is not there is 127", root.run("/kaigara", "exec", "/no/such"), 127, *why)
    say.ends("a program that a signal ended is 128 and its number",
             root.run("/kaigara", "exec", "/bin/sh", "-c", "kill -KILL $$"), 137)
    process = root.start("/kaigara", "exec", "/bin/sh", "-c", "echo up; exec sleep 1000")
    up = process.stdout.readline()
    os.kill(process_1(process), signal.SIGTERM)
    status, output = finish(process)
    say.ends("exec forwards TERM", (status, up + output), 143, "up\n")
    process = root.start("/kaigara", "exec", "/bin/sh", "-c",
                         "trap 'echo reloaded; exit 9' HUP; echo up; while :; do sleep 0.1; done")
    up = process.stdout.readline()
    os.kill(process_1(process), signal.SIGHUP)
    status, output = finish(process)
    say.ends("exec forwards HUP to a handler", (status, up + output), 9, "reloaded\n")
    orphans = "i=0; while [ $i -lt 20 ]; do (true &); i=$((i + 1)); done\n" \
              "t=0; while grep -sq '^State:.Z' /proc/[0-9]*/status && [ $t -lt 300 ]\n" \
              "do t=$((t + 1)); sleep 0.1; done\n" \
              "! grep -s '^State:.Z' /proc/[0-9]*/status"
    say.ends("orphans are reaped", root.run("/kaigara", "exec", "/bin/sh", "-c", orphans), 0)


def provisioned(say, root, names, documents):
    """Metadata by https and DNS, a template, an operation, an application."""
    ca = {"SSL_CERT_FILE": "/etc/ca.pem"}
    application = ("/bin/sh", "-c", "cat /etc/page; exit 5")
    result = root.run("/kaigara", "start", "--", *application, env=ca)
    say.ends("start renders, operates and supervises", result, 5, "shop listens on 8080\n", "the name is shop")
    say.holds("its names were asked of the server in resolv.conf", "config.test" in names.asked, names.asked)
    say.holds("its source was read by TLS 1.3", documents.protocols[-1:] == ["TLSv1.3"], documents.protocols)
    say.ends("the certificate's authority may be the only one that is trusted",
             root.run("/kaigara", "get", "app.port", env=ca), 0, "8080\n")
    say.ends("an unknown authority is refused",
             root.run("/kaigara", "get", "app.port", env={"SSL_CERT_FILE": "/etc/other.pem"}), 69, "config.test")
    for name, sentence in (("other.test", "a certificate of another name is refused"),
                           ("nowhere.test", "a name that is nowhere is told")):
        config = KAIGARA_YML.replace("config.test", name).replace("retries: 2", "retries: 0")
        root.write("etc/other.yml", config)
        result = root.run("/kaigara", "get", "app.port", env=ca | {"KAIGARA_CONFIG": "/etc/other.yml"})
        say.ends(sentence, result, 69, name)
    root.write("etc/address.yml", KAIGARA_YML.replace("config.test", "127.0.0.1"))
    say.ends("a certificate may be of an address",
             root.run("/kaigara", "get", "app.port", env=ca | {"KAIGARA_CONFIG": "/etc/address.yml"}), 0, "8080\n")


def followed(say, root):
    """--watch starts kaigara once more, by /proc/self/exe: a child of its own machine."""
    root.write("opt/watch/kaigara.yml", "metadata:\n  - file: site.yml\n"
               "templates:\n  - {source: page, target: /etc/followed, on-change: reload}\n")
    root.write("opt/watch/resources/page.tmpl", "{{color}}\n")
    root.write("opt/watch/site.yml", "color: red\n")
    root.write("opt/watch/operations/.none", "")
    env = {"KAIGARA_CONFIG": "/opt/watch/kaigara.yml", "KAIGARA_RESOURCES": "/opt/watch/resources",
           "KAIGARA_OPERATIONS": "/opt/watch/operations"}
    process = root.start("/kaigara", "start", "--watch", "--watch-quiet", "0", "--log-level", "debug", "--", "/bin/sh",
                         "-c", "trap 'cat /etc/followed; exit 3' HUP; echo up; while :; do sleep 0.1; done", env=env)
    output = ""
    deadline = time.monotonic() + PATIENCE
    while "up\n" not in output and time.monotonic() < deadline:
        output += process.stdout.readline()
    # The source is changed until the change is seen: when the watcher looks for the first time is its own affair.
    count = 0
    while process.poll() is None and time.monotonic() < deadline:
        count += 1
        root.write("opt/watch/new.yml", f"color: blue{count}\n")
        os.replace(root.path / "opt/watch/new.yml", root.path / "opt/watch/site.yml")
        try:
            process.wait(1)
        except subprocess.TimeoutExpired:
            pass
    status, more = finish(process)
    say.ends("start --watch follows a file", (status, output + more), 3, "\nblue")


def scratch(say, work, binary):
    alone(say, work, binary)
    root = Root(work / "scratch" / say.label, binary)
    for folder in ("bin", "etc", "tmp", "proc", "dev", "var/lib", "run", "opt/provision"):
        (root.path / folder).mkdir(parents=True, exist_ok=True)
    shutil.copy(work / "busybox/bin/busybox", root.path / "bin/busybox")
    for applet in ("sh", "cat", "sleep", "grep", "true"):
        (root.path / "bin" / applet).symlink_to("busybox")
    (root.path / "bin/kaigara").symlink_to("/kaigara")
    root.write("etc/resolv.conf", "nameserver 127.0.0.1\n")
    root.write("opt/provision/kaigara.yml", KAIGARA_YML +
               "templates:\n  - {source: page, target: /etc/page}\n")
    root.write("opt/provision/resources/page.tmpl", PAGE)
    root.write("opt/provision/operations/10-name", OPERATION, 0o755)
    devices(root)
    certificates = Certificates(work / "certificates", "config.test")
    shutil.copy(certificates.authority, root.path / "etc/ca.pem")
    shutil.copy(Certificates(work / "others", "config.test").authority, root.path / "etc/other.pem")
    supervised(say, root)
    with Names({"config.test", "other.test"}) as names, Documents(8443, certificates) as documents:
        documents.text = '{"app": {"name": "shop", "port": 8080}}'
        provisioned(say, root, names, documents)
    followed(say, root)


def debian(say, work, binary, path):
    """The image's own libc has modules that a static program of another libc dies of."""
    root = Root(path, binary)
    root.write("etc/resolv.conf", "nameserver 127.0.0.1\n")
    devices(root)
    host = socket.gethostname()
    say.ends("the root's own libc asks myhostname",
             root.run("/usr/bin/getent", "-s", "myhostname", "hosts", host), 0, host)
    say.ends("the root's own libc asks systemd",
             root.run("/usr/bin/getent", "-s", "systemd", "passwd", "nobody"), 0, "nobody")
    if pathlib.Path("/proc/self/setgroups").read_text() == "allow\n":
        say.ends("a user is known by name, with all groups",
                 root.run("/kaigara", "exec", "--user", "servant", "--", "/bin/sh", "-c", "id -un; id -Gn"), 0,
                 "servant\nservant helpers\n")
        say.ends("a user may be a number that nobody has",
                 root.run("/kaigara", "exec", "--user", "4711:4712", "--", "/bin/sh", "-c", "id -u; id -g"), 0,
                 "4711\n4712\n")
    else:
        say.skips("users are changed", "only root may change users")
    say.ends("a user that is unknown is told",
             root.run("/kaigara", "exec", "--user", "nosuchuser", "--", "/bin/true"), 78, "nosuchuser")
    with Names({"config.test", host}) as names, Documents(8080, None) as documents:
        documents.text = '{"color": "blue"}'
        for name in ("config.test", host, "localhost"):
            config = 'metadata:\n  - http: {url: "http://%s:8080/"}\n    retries: 2\n' % name
            root.write("etc/kaigara.yml", config)
            say.ends(f"{'its own host name' if name == host else name} is found",
                     root.run("/kaigara", "get", "color", env={"KAIGARA_CONFIG": "/etc/kaigara.yml"}), 0, "blue\n")
        say.holds("names were asked of the server in resolv.conf", "config.test" in names.asked, names.asked)
        result = root.run("/kaigara", "wait", "--timeout", "1s", "tcp:nowhere.test:80")
        say.ends("a name that is nowhere is told", result, 69, "nowhere.test")


def main(number, label, kind, work, *words):
    say = Sentences(int(number), label)
    work = pathlib.Path(work)
    try:
        {"scratch": scratch, "debian": debian}[kind](say, work, *words)
    finally:
        (work / "count").write_text(str(say.number - say.first))
    return 1 if say.failures or say.number == say.first else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
