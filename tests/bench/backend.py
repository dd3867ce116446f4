#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What etcd and Consul cost: the figures of docs/performance.md that need servers.

    KAIGARA_BINARY=build-static/kaigara-amd64 tests/backend/run.sh tests/bench/backend.py [list|change|idle|replicas]...

Prints the rows of the table; judges nothing. Peers run in turn with kaigara, in the same minute.
"""

import os
import pathlib
import shlex
import statistics
import subprocess
import sys
import threading
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "backend"))

from harness import BINARY, Scene  # noqa: E402
from servers import Consul, Etcd, call, encode, until  # noqa: E402

ROUNDS = 15
KEYS = 10_000


def row(*cells):
    print("| " + " | ".join(str(cell) for cell in cells) + " |", flush=True)


def taken(words, env):
    """Milliseconds of a command whose output goes nowhere."""
    begin = time.perf_counter()
    subprocess.run(words, env=env, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=True)
    return (time.perf_counter() - begin) * 1000


def medians(commands, env):
    """By name, each command in turn, so that what disturbs one disturbs all."""
    samples = {name: [] for name in commands}
    for turn in range(ROUNDS + 1):
        for name, words in commands.items():
            spent = taken(words, env)
            if turn:
                samples[name].append(spent)
    return {name: statistics.median(values) for name, values in samples.items()}


def shell(text):
    return ["sh", "-c", text]


def measure_list():
    pairs = [(f"app/service{i % 100:02}/key{i:05}", f"value of key number {i}") for i in range(KEYS)]
    with Scene() as scene, Consul() as consul, Etcd() as etcd:
        consul.put_many(pairs)
        etcd.put_many(("/" + key, value) for key, value in pairs)
        env = scene.environment(consul.environment() | etcd.environment() | {"ETCDCTL_API": "3"})
        kaigara = [BINARY, "metadata", "--format", "json"]
        curl = f"curl -sf '{consul.url}/v1/kv/app/?recurse'"
        found = medians({
            "kaigara": ["env", "KAIGARA_CONSUL=app", *kaigara],
            "curl": shell(f"exec {curl}"),
            "consul kv export": [consul.binary, "kv", "export", "app/"],
        }, env)
        row(f"{KEYS} keys from Consul, `metadata --format json`", f"{found['kaigara']:.0f} ms",
            f"curl alone {found['curl']:.0f} ms", f"{found['kaigara'] / found['curl']:.2f} x", "1.5 x")
        row("", "", f"consul kv export {found['consul kv export']:.0f} ms",
            f"{found['kaigara'] / found['consul kv export']:.2f} x", "1 x")
        body = '{"key":"%s","range_end":"%s"}' % (encode("/app/"), encode("/app0"))
        ask = f"curl -sf -d {shlex.quote(body)} {etcd.url}/v3/kv/range"
        found = medians({
            "kaigara": ["env", "KAIGARA_ETCD=/app", *kaigara],
            "curl": shell(f"exec {ask}"),
            "curl and jq": shell(ask + " | jq -r '.kvs[] | [(.key | @base64d), (.value | @base64d)] | @tsv'"),
            "etcdctl": ["etcdctl", "get", "--prefix", "/app/"],
        }, env)
        row(f"{KEYS} keys from etcd, `metadata --format json`", f"{found['kaigara']:.0f} ms",
            f"curl alone {found['curl']:.0f} ms", f"{found['kaigara'] / found['curl']:.2f} x", "1.2 x")
        row("", "", f"curl and jq {found['curl and jq']:.0f} ms",
            f"{found['kaigara'] / found['curl and jq']:.2f} x", "1 x")
        row("", "", f"etcdctl (gRPC) {found['etcdctl']:.0f} ms",
            f"{found['kaigara'] / found['etcdctl']:.2f} x", "")


def watched(scene, source, keys, env):
    """kaigara with --watch and an application that sleeps; one file of the key a0."""
    scene.write("resources/app.conf.tmpl", "{{a0}}\n")
    scene.write("kaigara.yml", f"metadata:\n- {source}\ntemplates:\n- source: app.conf.tmpl\n"
                               f"  target: {scene.path}/app.conf\n  on-change: none\n")
    process = scene.start("start", "--watch", "--watch-quiet", "0s", "--", "sleep", "600", env=env)
    until(lambda: scene.exists("app.conf"), "the first file is there")
    return process, until(lambda: watcher_of(process), "the watcher is there")


def watcher_of(process):
    with open(f"/proc/{process.pid}/task/{process.pid}/children") as file:
        for child in file.read().split():
            if os.readlink(f"/proc/{child}/exe") == os.readlink(f"/proc/{process.pid}/exe"):
                return child
    return None


def measure_change():
    for kind, server, prefix in (("etcd", Etcd(), "/app"), ("consul", Consul(), "app")):
        with server, Scene() as scene:
            server.put(prefix + "/a0", "v0")
            process, _ = watched(scene, f"{kind}: {prefix}", 1, server.environment())
            time.sleep(1)  # the first pass is over
            path = os.path.join(scene.path, "app.conf")
            samples = []
            for turn in range(1, 31):
                begin = time.perf_counter()
                server.put(prefix + "/a0", f"v{turn}")
                while pathlib.Path(path).read_text() != f"v{turn}\n":
                    time.sleep(0.0005)
                samples.append((time.perf_counter() - begin) * 1000)
                time.sleep(0.3)
            process.kill()
            process.wait()
            row(f"a changed key of {kind} to the file in place, median of 30",
                f"{statistics.median(samples):.1f} ms", "", "", "20 ms")


def status(pid, name):
    for line in pathlib.Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith(name + ":"):
            return int(line.split()[1])
    return 0


def measure_idle():
    for kind, server, prefix in (("etcd", Etcd(), "/app"), ("consul", Consul(), "app")):
        with server, Scene() as scene:
            server.put_many((f"{prefix}/a{i}", "value") for i in range(1000))
            process, watcher = watched(scene, f"{kind}: {prefix}", 1000, server.environment())
            time.sleep(5)
            before = status(process.pid, "voluntary_ctxt_switches")
            time.sleep(60)
            wakes = status(process.pid, "voluntary_ctxt_switches") - before
            row(f"1,000 keys of {kind} watched for a minute: wake-ups of the supervisor", wakes, "", "", "0")
            row("the same: memory of the watcher", f"{status(watcher, 'VmRSS') / 1024:.1f} MB", "", "", "10 MB")
            process.kill()
            process.wait()


def measure_replicas():
    for kind, server, prefix in (("etcd", Etcd(), "/test"), ("consul", Consul(), "test")):
        with server, Scene() as scene:
            scene.write("operations/10-once", "#!/bin/sh\n# kaigara: run=once\nsleep 1; echo ran >> $D/ran\n", 0o755)
            env = server.environment() | {"KAIGARA_LEDGER": f"{kind}:{prefix}", "D": scene.path}
            begin = time.perf_counter()
            replicas = [scene.start("start", "--", "sh", "-c", "date +%s.%N >> $D/up", env=env) for _ in range(50)]
            for replica in replicas:
                replica.wait()
            spent = time.perf_counter() - begin
            assert scene.read("ran") == "ran\n" and len(scene.read("up").split()) == 50
            row(f"50 replicas on one ledger in {kind}, an operation of 1 s: all started", f"{spent:.2f} s", "", "", "3 s")


FIGURES = {"list": measure_list, "change": measure_change, "idle": measure_idle, "replicas": measure_replicas}


def main():
    chosen = sys.argv[1:] or list(FIGURES)
    for name in chosen:
        FIGURES[name]()


if __name__ == "__main__":
    main()
