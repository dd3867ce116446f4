#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Every system call of a start of the nginx example fails, one at a time, with each error it may have.

The run ends in success, or in one line that says what is wrong and a status of the contract's table;
never in a hang, in a crash, in silence, or with a child that kaigara did not wait for.
"""

import collections
import re
import shutil
import subprocess

import fault_scene
from fault_scene import End
from fault_table import (CANNOT_BE_MEANT, ERRORS, ERRORS_OF_A_CHILD, FIRST_OF_MAIN, LEFT_OUT, OF_A_CHILD,
                         OF_ERRORS)
from machine import BINARY, NAMESPACE, Case, full_or_short, main, seeded, show_row

SAMPLE = full_or_short(None, 300)  # of injections; None is all of them
SAMPLE_OF_CHILDREN = full_or_short(None, 15)

# What may come first is a child of each of the three kinds: a check, an operation, the application.
CONFIGS = {
    "check": None,
    "operation": "application: {command: [nginx, -e, stderr], stop-signal: QUIT}\n"
                 "templates:\n  - {source: nginx.conf.tmpl, target: /etc/nginx/nginx.conf}\n",
    "application": "application: {command: [nginx, -e, stderr], stop-signal: QUIT}\n"
                   "templates:\n  - {source: nginx.conf.tmpl, target: /etc/nginx/nginx.conf}\n"
                   "operations:\n  10-compress: {when: there.is.no.such}\n",
}


def complaints(end):
    """What is wrong with the end of a run; none when it is as it has to be."""
    found = []
    errors = re.findall(r"^kaigara: error: .*", end.output, re.MULTILINE)
    if end.status is None:
        return ["it aborts" if end.has_aborted() else "it hangs"]
    # A run that ends with an error may have stopped nginx before the page was asked for.
    if end.page and not (end.status and end.page.startswith("no page")):
        found.append(end.page)
    if end.status < 0 or end.status > 128:
        found.append(f"it crashed: {end.status}")
    elif end.status and end.status not in OF_ERRORS:
        found.append(f"the status {end.status} is none of the contract's")
    if end.status and len(errors) != 1:
        found.append(f"status {end.status} with {len(errors)} error lines")
    if re.search(r"terminate called|Sanitizer|Assertion", end.output):
        found.append("a library says that it gives up")
    if end.lost_children():
        found.append(f"children that it did not wait for: {end.lost_children()}")
    if fault_scene.READY in end.output and not re.search(r"\[notice\] \d+#\d+: exit$", end.output, re.MULTILINE):
        found.append("nginx did not come to its end")
    return found


class Tally:
    """How the runs ended, and what is told of those that failed."""

    def __init__(self):
        self.ends = collections.Counter()
        self.failed = []

    def count(self, what, end):
        self.ends[end.status if end.was_injected() else "not reached"] += 1
        wrong = complaints(end)
        if wrong:
            self.failed.append(f"{what}: {'; '.join(wrong)}\n{end.output}{last_calls(end)}")

    def show(self, what):
        ends = ", ".join(f"{count} with {status}" for status, count in sorted(self.ends.items(), key=str))
        show_row(f"{what} ({ends})", f"{sum(self.ends.values()):,}", *["-"] * 6)


def last_calls(end):
    injected = next((index for index, call in enumerate(end.calls) if "(INJECTED)" in call), len(end.calls))
    return "".join(f"    {call[:160]}\n" for call in end.calls[max(0, injected - 2):injected + 3])


def by_name(lines):
    """Those lines of a trace that are calls; with what comes before main marked by None."""
    calls, is_main = collections.defaultdict(list), False
    for line in lines:
        is_main = is_main or re.match(FIRST_OF_MAIN, line) is not None
        match = re.match(r"(\w+)\(", line)
        if match:
            calls[match[1]].append(line if is_main else None)
    return calls


def is_growth(line, before):
    """brk(2) can lack memory only where it needs a page more."""
    asked, had = re.match(r"brk\((0x\w+)\)", line), re.search(r"= (0x\w+)", before or "")
    return asked and had and int(asked[1], 16) > -(-int(had[1], 16) // 4096) * 4096


def meant(name, lines):
    """The numbers, from 1, of those calls of this name that can fail."""
    for number, line in enumerate(lines, 1):
        if line is None or any(re.match(pattern, line) for pattern in CANNOT_BE_MEANT):
            continue
        if name == "brk" and not is_growth(line, lines[number - 2]):
            continue
        yield number


SERVED = "[notice] 7#7: start worker process 8\n"
STOPPED = "[notice] 7#7: exit\n"
ERROR = "kaigara: error: cannot fork: not enough memory\n"


class Judgement(Case):
    """That what must not be is seen."""

    def test_a_good_end_is_good(self):
        whole = ["clone(flags=SIGCHLD) = 7", "wait4(-1, [{WIFEXITED(s)}], WNOHANG, NULL) = 7"]
        for end in (End(0, SERVED + STOPPED, calls=whole), End(74, ERROR), End(126, ERROR),
                    End(74, ERROR, page="no page: refused")):
            self.assertEqual(complaints(end), [])

    def test_a_hang_a_crash_silence_and_a_lost_child_are_seen(self):
        for end, words in ((End(None), "hangs"), (End(None, calls=["--- SIGABRT {} ---"] * 2), "aborts"),
                           (End(139, ERROR), "crashed"), (End(-11, ERROR), "crashed"),
                           (End(1, ERROR), "none of the contract's"), (End(74), "0 error lines"),
                           (End(74, ERROR + ERROR), "2 error lines"), (End(0, SERVED), "nginx did not"),
                           (End(0, "terminate called\n"), "a library"), (End(0, page="no page"), "no page"),
                           (End(74, ERROR, page="not the page: welcome"), "not the page"),
                           (End(0, calls=["clone(flags=SIGCHLD) = 7"]), "did not wait for: [7]"),
                           (End(0, calls=["+++ killed by SIGKILL +++"], follows_children=True), "not wait")):
            with self.subTest(words=words):
                self.assertIn(words, "; ".join(complaints(end)))

    def test_only_what_can_fail_is_meant(self):
        lines = ["brk(NULL) = 0x1000", "brk(0x2000) = 0x2000", "brk(0x2800) = 0x2800", "brk(0x3000) = 0x3000",
                 "brk(0x5000) = 0x5000", "brk(0x4000) = 0x4000", None]
        self.assertEqual(list(meant("brk", lines)), [2, 3, 5])
        self.assertEqual(list(meant("epoll_ctl", ["epoll_ctl(3, EPOLL_CTL_DEL, 9, 0x7f) = 0",
                                                  "epoll_ctl(3, EPOLL_CTL_ADD, 9, {}) = 0"])), [2])


class Faults(Case):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        for tool in ("strace", "nginx", "ip", "gzip", "prlimit"):
            if not shutil.which(tool):
                cls.cannot(f"needs {tool}")

    def setUp(self):
        self.random = seeded()

    def scene(self, config=None):
        scene = fault_scene.Scene(config)
        self.addCleanup(scene.close)
        return scene

    def calls_of_a_start(self, scene):
        """The calls by their names, each list in order. Runs differ a little: the longest of three."""
        longest = {}
        for _ in range(3):
            end = scene.trace()
            self.assertEqual((end.status, complaints(end)), (0, []), end.output)
            for name, lines in by_name(end.calls).items():
                longest[name] = max(longest.get(name, []), lines, key=len)
        return longest

    def sample(self, injections, size):
        if size is not None and size < len(injections):
            injections = self.random.sample(injections, size)
        return sorted(injections)

    def finish(self, tally, what):
        tally.show(what)
        self.assertEqual(len(tally.failed), 0, "\n" + "\n".join(tally.failed))

    def test_each_call_of_a_start_may_fail(self):
        scene = self.scene()
        calls = self.calls_of_a_start(scene)
        unknown = [name for name in calls if name not in ERRORS and name not in LEFT_OUT]
        self.assertEqual(unknown, [], "calls that tests/soak/fault_table.py does not know")
        every = [(call, error, number) for call, errors in ERRORS.items() for error in errors
                 for number in meant(call, calls.get(call, []))]
        tally = Tally()
        for call, error, number in self.sample(every, SAMPLE):
            end = scene.fail(call, error, number)
            tally.count(f"inject={call}:error={error}:when={number}", end)
        self.finish(tally, "system calls of a start that fail")

    def test_too_few_descriptors_are_told_at_whatever_call_they_run_out(self):
        """Without a tracer, which changes what abort(3) does to a process 1."""
        scene = self.scene("{application: {command: [nginx, -v]}}\n")
        ends = collections.Counter()
        for most in range(3, 33):
            run = subprocess.run([*NAMESPACE, "prlimit", f"--nofile={most}", BINARY, "start"], cwd="/",
                                 env=scene.environment | {"KAIGARA_OPERATIONS": scene.nothing(),
                                                          "KAIGARA_RESOURCES": scene.nothing(),
                                                          "KAIGARA_SOCKET": "off"},
                                 stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                                 text=True, timeout=fault_scene.DEADLINE, check=False)
            with self.subTest(descriptors=most):
                self.assertEqual(complaints(End(run.returncode, run.stdout)), [], run.stdout)
            ends[run.returncode] += 1
        self.assertGreater(len(ends), 1, "no number was too few, or none was enough")

    def test_each_call_of_a_child_before_its_program_may_fail(self):
        every = [(kind, call, error, number) for kind, calls in OF_A_CHILD.items()
                 for call, most in calls.items() for error in ERRORS_OF_A_CHILD[call]
                 for number in range(1, most + 1)]
        scenes = {kind: self.scene(config) for kind, config in CONFIGS.items()}
        tally = Tally()
        for kind, call, error, number in self.sample(every, SAMPLE_OF_CHILDREN):
            end = scenes[kind].fail(call, error, number, "-f")
            self.assertTrue(end.was_injected(), f"{call} {number} of the {kind} is not reached")
            tally.count(f"{kind}: -f inject={call}:error={error}:when={number}", end)
        self.finish(tally, "system calls between fork and execve that fail")


if __name__ == "__main__":
    fault_scene.go_inside()
    main()
