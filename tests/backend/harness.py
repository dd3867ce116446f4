# SPDX-License-Identifier: Apache-2.0
"""Runs kaigara for the backend tests, and the tests themselves.

A test is a method of a unittest.TestCase whose name is a sentence. KAIGARA_BINARY is what is tested,
KAIGARA_CONSUL_BINARY a Consul; without one, or without etcd, the tests that need it are skipped, which is a
failure where KAIGARA_MUST_WORK=1.
"""

import os
import pathlib
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import unittest

BINARY = os.environ.get("KAIGARA_BINARY", "kaigara")


class Scene:
    """A directory with what kaigara reads: files by their names, written as they are said."""

    def __init__(self, **files):
        self.path = tempfile.mkdtemp(prefix="kaigara-scene-")
        self.config = None
        self.running = []

    def __enter__(self):
        return self

    def __exit__(self, *_):
        for process in self.running:
            if process.poll() is None:
                process.kill()
                process.wait()
        shutil.rmtree(self.path, ignore_errors=True)

    def write(self, name, text, mode=0o644):
        path = pathlib.Path(self.path, name)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        path.chmod(mode)
        if name == "kaigara.yml":
            self.config = str(path)
        return str(path)

    def read(self, name):
        return pathlib.Path(self.path, name).read_text()

    def exists(self, name):
        return pathlib.Path(self.path, name).exists()

    def environment(self, extra):
        env = {"PATH": os.environ["PATH"], "HOME": self.path, "KAIGARA_SOCKET": "off",
               "KAIGARA_METADATA": self.write("metadata.yml", "{}\n") if not self.exists("metadata.yml")
               else os.path.join(self.path, "metadata.yml")}
        if self.config:
            env["KAIGARA_CONFIG"] = self.config
        for name, variable in (("operations", "KAIGARA_OPERATIONS"), ("resources", "KAIGARA_RESOURCES")):
            if self.exists(name):
                env[variable] = os.path.join(self.path, name)
        return env | (extra or {})

    def start(self, *words, env=None, wrap=()):
        """kaigara, running; its output goes to files that are read by output()."""
        number = len(self.running)
        out, err = (open(os.path.join(self.path, f"{name}.{number}"), "wb") for name in ("out", "err"))
        with out, err:
            process = subprocess.Popen([*wrap, BINARY, *words], stdin=subprocess.DEVNULL, stdout=out, stderr=err,
                                       env=self.environment(env), cwd=self.path)
        process.out_path, process.err_path = out.name, err.name
        self.running.append(process)
        return process

    def run(self, *words, env=None, timeout=60):
        """An Outcome."""
        begin = time.monotonic()
        process = self.start(*words, env=env)
        process.wait(timeout)
        return Outcome(process, time.monotonic() - begin)


class Outcome:
    def __init__(self, process, seconds):
        self.status = process.returncode
        self.seconds = seconds
        self.out = pathlib.Path(process.out_path).read_text()
        self.err = pathlib.Path(process.err_path).read_text()

    def __repr__(self):
        return f"status {self.status} after {self.seconds:.1f} s\n{self.out}---\n{self.err}"


def output(process):
    return pathlib.Path(process.out_path).read_text()


def errors(process):
    return pathlib.Path(process.err_path).read_text()


def writable_memory(pid):
    """All that a process has written, or could have."""
    parts = []
    with open(f"/proc/{pid}/maps") as maps, open(f"/proc/{pid}/mem", "rb") as memory:
        for line in maps:
            addresses, rights = line.split()[:2]
            if rights.startswith("rw"):
                begin, end = (int(address, 16) for address in addresses.split("-"))
                memory.seek(begin)
                parts.append(memory.read(end - begin))
    return b"".join(parts)


class Case(unittest.TestCase):
    maxDiff = None

    def assert_status(self, outcome, status, *words):
        self.assertEqual(outcome.status, status, outcome)
        for word in words:
            self.assertIn(word, outcome.err)

    def assert_stops_at_once(self, process, number=signal.SIGTERM):
        """A stop signal ends kaigara within a second, with 128 and the signal."""
        begin = time.monotonic()
        process.send_signal(number)
        process.wait(10)
        self.assertEqual(process.returncode, 128 + number, errors(process))
        self.assertLess(time.monotonic() - begin, 1)


def main():
    program = unittest.main(module="__main__", exit=False, verbosity=2)
    skipped = len(program.result.skipped)
    must_work = os.environ.get("KAIGARA_MUST_WORK") == "1"
    sys.exit(0 if program.result.wasSuccessful() and not (skipped and must_work) else 1)


needs_etcd = unittest.skipUnless(shutil.which("etcd"), "there is no etcd")
needs_consul = unittest.skipUnless(os.path.exists(os.environ.get("KAIGARA_CONSUL_BINARY", "")), "there is no Consul")
