# SPDX-License-Identifier: Apache-2.0
"""A `kaigara start` of docs/examples/nginx with one system call that fails.

The whole test runs in a mount, a network, an IPC and a PID namespace of its own, where only loopback
is up. In it each run is a container: kaigara as process 1 of a further PID namespace, with its own
/etc/nginx, /var/www/html and /run. strace stands outside of the container, so that process 1 sees
nothing of it, and is there before kaigara is: `storm gate` waits for it.
"""

import dataclasses
import os
import pathlib
import re
import select
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request

from machine import BINARY, STORM, clean_environment

EXAMPLE = pathlib.Path(__file__).resolve().parents[2] / "docs" / "examples" / "nginx"
DEADLINE = 20
PAGE = "http://127.0.0.1:8080/"
READY = "start worker process "
INSIDE = "KAIGARA_SOAK_INSIDE"
ABORT = "--- SIGABRT "

# Beside the call that fails these are told, for what became of the children.
OF_CHILDREN = ("clone", "clone3", "fork", "vfork", "wait4", "waitid")

CONTAINER = """
for directory in /etc/nginx /var/www/html /run; do
    mount -t tmpfs -o mode=755 none "$directory"
done
exec "$SOAK_STORM" gate "$SOAK_BINARY" start
"""


def go_inside():
    """Begins this program anew in namespaces of its own."""
    if os.environ.get(INSIDE) != "yes":
        os.environ[INSIDE] = "yes"
        os.execvp("unshare", ["unshare", "--mount", "--net", "--ipc", "--pid", "--fork", "--mount-proc",
                              "--kill-child=KILL", sys.executable, *sys.argv])
    subprocess.run(["ip", "link", "set", "lo", "up"], check=True)


@dataclasses.dataclass
class End:
    """What became of a run."""

    status: int | None = None  # None: it hung, or aborted; negative: a signal ended process 1
    output: str = ""
    page: str = ""             # what was wrong with the page, if anything
    calls: list = dataclasses.field(default_factory=list)
    follows_children: bool = False

    def was_injected(self):
        return any("(INJECTED)" in call for call in self.calls)

    def has_aborted(self):
        """The first signal of abort(3) may have a handler that ends the program with words; the second has none."""
        return sum(ABORT in call for call in self.calls) > 1

    def lost_children(self):
        """Those whose end kaigara did not wait for, by their numbers in the container."""
        if self.follows_children:
            # What still runs when process 1 ends is ended by the kernel.
            return [call for call in self.calls if "killed by SIGKILL" in call]
        made, ended = set(), set()
        for call in self.calls:
            match = re.fullmatch(r"(\w+)\(.*\) = (\d+)", call)
            if match and match[1] in ("clone", "clone3", "fork", "vfork"):
                made.add(int(match[2]))
            elif match and match[1] == "wait4":
                ended.add(int(match[2]))
        return sorted(made - ended)


class Reader:
    """The output of a container, up to a line that is waited for or to its end."""

    def __init__(self, stream):
        self.stream = stream
        self.text = ""

    def until(self, wanted, latest, give_up=lambda: False):
        """True: it is there. False: the output ended without it. None: neither in time."""
        while wanted is None or wanted not in self.text:
            left = latest - time.monotonic()
            if left <= 0 or give_up():
                return None
            ready, _, _ = select.select([self.stream], [], [], min(left, 0.25))
            if not ready:
                continue
            piece = os.read(self.stream.fileno(), 65536)
            if not piece:
                return False
            self.text += piece.decode(errors="replace")
        return True


class Scene:
    def __init__(self, config=None):
        """With a text the example has this kaigara.yml instead of its own."""
        self.place = pathlib.Path(tempfile.mkdtemp(prefix="kaigara-soak-"))
        self.place.chmod(0o755)
        shutil.copytree(EXAMPLE, self.place / "provision")
        if config is not None:
            (self.place / "provision" / "kaigara.yml").write_text(config, encoding="utf-8")
        provision = self.place / "provision"
        self.environment = clean_environment(
            KAIGARA_CONFIG=f"{provision}/kaigara.yml", KAIGARA_METADATA=f"{provision}/metadata.yml",
            KAIGARA_RESOURCES=f"{provision}/resources", KAIGARA_OPERATIONS=f"{provision}/operations",
            KAIGARA_META_nginx__log_level="notice", SOAK_BINARY=BINARY, SOAK_STORM=STORM)

    def nothing(self):
        """An empty directory."""
        place = self.place / "nothing"
        place.mkdir(exist_ok=True)
        return str(place)

    def close(self):
        shutil.rmtree(self.place, ignore_errors=True)

    def trace(self, *words):
        """A finished run, traced with these options of strace."""
        container = subprocess.Popen(
            ["unshare", "--mount", "--pid", "--fork", "--mount-proc", "--kill-child=KILL", "sh", "-euc",
             CONTAINER], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
            env=self.environment, cwd="/")
        log = self.place / "calls"
        tracer = None
        try:
            reader = Reader(container.stdout)
            if not reader.until("gate\n", time.monotonic() + DEADLINE):
                raise RuntimeError(f"no container: {reader.text}")
            pid = process_1_of(container)
            tracer = attach(pid, log, words)
            os.kill(pid, signal.SIGUSR1)
            end = follow(container, reader, pid, lambda: log.read_text(errors="replace").count(ABORT) > 1)
        finally:
            if container.poll() is None:
                container.kill()
            container.wait()
            container.stdout.close()
            if tracer is not None:
                tracer.communicate(timeout=DEADLINE)
        end.output = reader.text.removeprefix("gate\n")
        end.follows_children = "-f" in words
        # With it each line begins with the number of the process.
        end.calls = [" ".join(re.sub(r"^\d+ +", "", line).split())
                     for line in log.read_text(errors="replace").splitlines()]
        return end

    def fail(self, call, error, number, *words):
        """The call with this number fails."""
        # brk(2) of the kernel returns no error, but where the break is; the C library compares.
        outcome = "retval=0" if call == "brk" else f"error={error}"
        return self.trace("-e", "trace=" + ",".join(sorted({call, *OF_CHILDREN})),
                          "-e", f"inject={call}:{outcome}:when={number}", *words)


def process_1_of(container):
    children = f"/proc/{container.pid}/task/{container.pid}/children"
    (pid,) = pathlib.Path(children).read_text(encoding="ascii").split()
    return int(pid)


def attach(pid, log, words):
    tracer = subprocess.Popen(["strace", "-p", str(pid), "-o", str(log), *words], stdin=subprocess.DEVNULL,
                              stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    reader = Reader(tracer.stderr)
    if not reader.until("attached", time.monotonic() + DEADLINE):
        tracer.kill()
        raise RuntimeError(f"strace: {reader.text}")
    return tracer


def follow(container, reader, pid, has_aborted):
    """Until the application serves, then TERM, until the end.

    abort(3) of a process 1 that is traced goes on for ever: the kernel does not let the signal of its
    last instruction end such a process.
    """
    end = End()
    latest = time.monotonic() + DEADLINE
    is_ready = reader.until(READY, latest, has_aborted)
    if is_ready:
        end.page = what_is_wrong_with_the_page()
        os.kill(pid, signal.SIGTERM)
        is_ready = reader.until(None, latest, has_aborted)
    if is_ready is None:
        end.status = None
        return end
    end.status = container.wait(DEADLINE)
    return end


def what_is_wrong_with_the_page():
    try:
        with urllib.request.urlopen(PAGE, timeout=DEADLINE) as answer:
            text = answer.read().decode()
    except (urllib.error.URLError, OSError) as error:
        return f"no page: {error}"
    return "" if "provisioned by kaigara" in text else f"not the page: {text}"
