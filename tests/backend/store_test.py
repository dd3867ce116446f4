#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The sentences of store_sentences.cpp, which speak to a store directly, against both kinds of it."""

import os
import subprocess

from harness import Case, main, needs_consul, needs_etcd
from servers import Consul, Etcd

SENTENCES = os.environ["KAIGARA_STORE_SENTENCES"]


class Store(Case):
    def say(self, environment):
        done = subprocess.run([SENTENCES], env=os.environ | environment, capture_output=True, text=True, timeout=300)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)

    @needs_etcd
    def test_etcd(self):
        with Etcd() as etcd:
            self.say(etcd.environment() | {"KAIGARA_TEST_STORE": "etcd"})

    @needs_consul
    def test_consul(self):
        with Consul(acl=True) as consul:
            weak = consul.token('key_prefix "weak" { policy = "read" } key "weak/lock" { policy = "write" } '
                                'session_prefix "" { policy = "write" }')
            self.say(consul.environment() | {"KAIGARA_TEST_STORE": "consul", "CONSUL_HTTP_TOKEN": consul.root,
                                             "KAIGARA_TEST_WEAK_TOKEN": weak})


if __name__ == "__main__":
    main()
