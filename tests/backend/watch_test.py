#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""--watch with real servers: what changes there is in the files soon after, and the application is told."""

import json
import os
import signal
import time

from harness import Case, Scene, errors, main, needs_consul, needs_etcd
from servers import Consul, Etcd, FaultServer, answer, encode, until

APPLICATION = ('trap "echo hup >> $D/signals" HUP; trap "echo usr1 >> $D/signals" USR1; echo $$ >> $D/pids; '
               'trap "exit 0" TERM; while :; do sleep 0.05; done')


class WatchScene(Scene):
    """An application beside a file that is rendered from the source."""

    def __init__(self, source, on_change="reload", more=""):
        super().__init__()
        self.write("resources/app.conf.tmpl", "value={{key}}\n")
        self.write("kaigara.yml", f"metadata:\n- {source}\ntemplates:\n- source: app.conf.tmpl\n"
                                  f"  target: {self.path}/app.conf\n  on-change: {on_change}\n{more}")

    def begin(self, env=None, words=("--watch", "--watch-quiet", "0s")):
        process = self.start("start", *words, "--", "sh", "-c", APPLICATION, env=(env or {}) | {"D": self.path})
        until(lambda: self.exists("pids"), "the application runs")
        return process

    def value(self):
        return self.read("app.conf").strip() if self.exists("app.conf") else ""

    def shows(self, value, patience=30):
        until(lambda: self.value() == f"value={value}", f"the file has {value}", patience)

    def signals(self):
        return self.read("signals").split() if self.exists("signals") else []

    def pids(self):
        return self.read("pids").split()


def children(pid):
    with open(f"/proc/{pid}/task/{pid}/children") as file:
        return [int(word) for word in file.read().split()]


def watcher_of(process):
    """The child that is kaigara."""
    def find():
        for child in children(process.pid):
            try:
                if os.readlink(f"/proc/{child}/exe") == os.readlink(f"/proc/{process.pid}/exe"):
                    return child
            except OSError:
                pass
        return None
    return until(find, "there is a watcher")


def runs(pid):
    """Whether there is a process, and not what is left of one that nobody has waited for."""
    try:
        with open(f"/proc/{pid}/stat") as file:
            return file.read().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


class Watch:
    """The sentences, for each kind of store."""

    def setUp(self):
        super().setUp()
        self.server = self.make_server()
        self.server.start()
        self.addCleanup(self.server.__exit__)
        self.server.put(self.prefix + "/key", "one")
        self.env = self.server.environment()

    def scene(self, **words):
        scene = WatchScene(f"{self.kind}: {self.prefix}", **words)
        self.addCleanup(scene.__exit__)
        return scene

    def test_a_key_that_changes_is_in_the_file_and_the_application_is_told_once(self):
        scene = self.scene()
        process = scene.begin(self.env)
        scene.shows("one")
        for value in ("two", "three"):
            self.server.put(self.prefix + "/key", value)
            scene.shows(value)
        until(lambda: len(scene.signals()) == 2, "it was told twice")
        self.server.put(self.prefix + "/other", "x")
        self.server.put(self.prefix + "/key", "four")
        scene.shows("four")
        until(lambda: len(scene.signals()) == 3, "it was told again")
        self.assertEqual(scene.signals(), ["hup"] * 3)
        self.assertEqual(len(scene.pids()), 1)
        self.assert_stops(process)

    def assert_stops(self, process):
        watcher = watcher_of(process)
        begin = time.monotonic()
        process.send_signal(signal.SIGTERM)
        process.wait(10)
        self.assertEqual(process.returncode, 0, errors(process))
        self.assertLess(time.monotonic() - begin, 1)
        until(lambda: not runs(watcher), "the watcher is gone", 5)

    def test_a_burst_is_one_change(self):
        scene = self.scene()
        process = scene.begin(self.env, ("--watch", "--watch-quiet", "1s"))
        watcher_of(process)
        for value in range(10):
            self.server.put(self.prefix + "/key", str(value))
        scene.shows("9")
        until(scene.signals, "it was told")
        self.assert_stops(process)
        self.assertEqual(scene.signals(), ["hup"])

    def test_what_changed_before_the_watch_began_is_not_lost(self):
        scene = self.scene()
        scene.write("operations/10-slow", "#!/bin/sh\ntouch $D/up; until [ -e $D/go ]; do sleep 0.05; done\n", 0o755)
        process = scene.start("start", "--watch", "--watch-quiet", "0s", "--", "sh", "-c", APPLICATION,
                              env=self.env | {"D": scene.path})
        until(lambda: scene.exists("up"), "an operation runs")
        self.server.put(self.prefix + "/key", "meanwhile")
        scene.write("go", "")
        scene.shows("meanwhile")
        process.send_signal(signal.SIGTERM)
        process.wait(10)

    def test_a_server_that_dies_and_comes_back_is_a_warning_and_nothing_else(self):
        scene = self.scene()
        process = scene.begin(self.env)
        scene.shows("one")
        watcher_of(process)
        self.server.kill()
        until(lambda: "warn" in errors(process), "it is missed")
        self.assertEqual(scene.value(), "value=one")
        self.server.start()
        self.server.put(self.prefix + "/key", "back")
        scene.shows("back", 60)
        self.assertEqual(len(scene.pids()), 1)
        missed = [line for line in errors(process).splitlines() if "refused" in line or "lost" in line or "ended" in line]
        self.assertLessEqual(len(missed), 2, errors(process))
        self.assert_stops(process)

    def test_the_last_good_file_stays_where_the_new_values_are_none(self):
        scene = self.scene()
        process = scene.begin(self.env)
        self.server.put(self.prefix + "/key/below", "both")
        until(lambda: "error" in errors(process), "it is told")
        self.assertEqual(scene.value(), "value=one")
        self.assertEqual(scene.signals(), [])
        self.server.delete(self.prefix + "/key/below")
        self.server.put(self.prefix + "/key", "good")
        scene.shows("good")
        self.assert_stops(process)

    def test_a_restart_starts_the_application_anew(self):
        scene = self.scene(on_change="restart")
        process = scene.begin(self.env)
        self.server.put(self.prefix + "/key", "two")
        until(lambda: len(scene.pids()) == 2, "there is a second run")
        self.assertEqual(scene.value(), "value=two")
        self.assertFalse(os.path.exists(f"/proc/{scene.pids()[0]}"))
        self.assert_stops(process)

    def test_a_stop_while_the_server_is_away(self):
        scene = self.scene()
        process = scene.begin(self.env)
        watcher_of(process)
        self.server.kill()
        until(lambda: "warn" in errors(process), "it is missed")
        self.assert_stops(process)

    def test_a_watcher_that_is_killed_comes_back(self):
        scene = self.scene()
        process = scene.begin(self.env)
        first = watcher_of(process)
        os.kill(first, signal.SIGKILL)
        until(lambda: watcher_of(process) != first, "there is another one")
        self.server.put(self.prefix + "/key", "two")
        scene.shows("two")
        self.assertEqual(len(scene.pids()), 1)
        self.assert_stops(process)

    def test_values_of_a_secret_source_are_in_no_message(self):
        scene = self.scene(more="")
        scene.write("kaigara.yml", scene.read("kaigara.yml").replace("templates:", "  secret: true\ntemplates:", 1))
        self.server.put(self.prefix + "/key", "s3cret")
        process = scene.begin(self.env, ("--watch", "--watch-quiet", "0s", "--log-level", "debug"))
        scene.shows("s3cret")
        self.server.put(self.prefix + "/key", "s3cret2")
        scene.shows("s3cret2")
        self.assertNotIn("s3cret", errors(process))
        self.assertEqual(os.stat(os.path.join(scene.path, "app.conf")).st_mode & 0o777, 0o600)
        self.assert_stops(process)


@needs_etcd
class EtcdWatch(Watch, Case):
    kind = "etcd"
    prefix = "/app"

    def make_server(self):
        return Etcd()

    def test_compaction_under_the_watch_is_no_trouble(self):
        scene = self.scene()
        process = scene.begin(self.env)
        watcher_of(process)
        for turn in range(3):
            self.server.put("/elsewhere", str(turn))
            self.server.compact()
            self.server.put(self.prefix + "/key", f"after{turn}")
            self.server.compact()
            scene.shows(f"after{turn}")
        self.assert_stops(process)


@needs_consul
class ConsulWatch(Watch, Case):
    kind = "consul"
    prefix = "app"

    def make_server(self):
        return Consul()

    def test_an_index_that_goes_backwards_is_read_anew(self):
        def tree(value, index):
            return answer(json.dumps([{"Key": "app/key", "Value": encode(value)}]), headers=[f"X-Consul-Index: {index}"])

        def serve(connection, request):
            path = request.split()[1]
            state["requests"] += 1
            if b".kaigara-may-read" in path:
                connection.sendall(answer("", "404 Not Found", ["X-Consul-Index: 1"]))
            elif b"index=" in path and state["restored"]:
                server.gone.wait(1)
                connection.sendall(tree("restored", 5))
            elif b"index=" in path:
                state["restored"] = True
                connection.sendall(tree("one", 5))
            else:
                connection.sendall(tree("restored" if state["restored"] else "one", 5 if state["restored"] else 500))

        state = {"restored": False, "requests": 0}
        with FaultServer(serve) as server:
            scene = self.scene()
            process = scene.begin({"CONSUL_HTTP_ADDR": server.url})
            scene.shows("restored")
            before = state["requests"]
            time.sleep(1)
            self.assertLess(state["requests"] - before, 15, "it does not ask without a pause")
            self.assert_stops(process)


class Polling(Case):
    def test_a_document_and_a_command_are_asked_again_and_again(self):
        with FaultServer(answer("key: one"), answer("", "500 x"), answer("key: two")) as server:
            scene = WatchScene(f"http: {server.url}/doc")
            self.addCleanup(scene.__exit__)
            process = scene.begin(words=("--watch", "--watch-quiet", "0s", "--watch-interval", "1s"))
            scene.shows("two")
            process.send_signal(signal.SIGTERM)
            process.wait(10)
            self.assertEqual(process.returncode, 0)
        scene = WatchScene("command: [cat, value.yml]")
        self.addCleanup(scene.__exit__)
        scene.write("value.yml", "key: one")
        process = scene.begin(words=("--watch", "--watch-quiet", "0s", "--watch-interval", "1s"))
        scene.write("value.new", "key: two")
        os.rename(os.path.join(scene.path, "value.new"), os.path.join(scene.path, "value.yml"))
        scene.shows("two")
        process.send_signal(signal.SIGTERM)
        process.wait(10)
        self.assertEqual(process.returncode, 0)


if __name__ == "__main__":
    main()
