#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What etcd and Consul cost: the figures of docs/performance.md that need servers.

    KAIGARA_BINARY=build-release/src/kaigara tests/backend/run.sh tests/bench/backend.py [list|change|idle|replicas]...

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


FIGURES = {"list": measure_list}


def main():
    chosen = sys.argv[1:] or list(FIGURES)
    for name in chosen:
        FIGURES[name]()


if __name__ == "__main__":
    main()
