#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Breaks each rule of include_rules.py once, in a small tree, and demands that it is noticed."""

import pathlib
import subprocess
import sys
import tempfile

PROGRAM = pathlib.Path(__file__).resolve().with_name("include_rules.py")

# A tree in which everything is allowed: each exception of the rules is used once.
CLEAN = {
    "main.cpp": '#include "app/run.h"\n',
    "base/text.h": "#include <string>\n",
    "platform/fd.h": '#include "base/text.h"\n#include <uv.h>\n',
    "platform/reaper.cpp": "void f() { ::waitid(P_ALL, 0, nullptr, WEXITED); ::wait(nullptr); }\n",
    "platform/spawn.cpp": "void f() { ::clone(g, nullptr, 0, nullptr); ::vfork(); }\n",
    "platform/after_fork.cpp": "void f() { ::execve(path, argv, envp); }\n",
    "platform/http.cpp": "#include <curl/curl.h>\n",
    "metadata/value.h": "",
    "metadata/tree.h": '#include "metadata/value.h"\n',
    "metadata/snapshot.h": "",
    "metadata/output.h": "",
    "metadata/yaml.cpp": "#include <yaml-cpp/yaml.h>\n#include <sstream>\n",
    "metadata/json.cpp": "#include <nlohmann/json.hpp>\n",
    "metadata/gatherer.cpp": '#include "platform/fd.h"\n',
    "metadata/sources/file.cpp": '#include "platform/fd.h"\n',
    "provision/template_engine.cpp": "#include <ctemplate/template.h>\n",
    "provision/plan.cpp": '#include "metadata/value.h"\n#include "metadata/tree.h"\n'
                          '#include "metadata/snapshot.h"\n#include "metadata/output.h"\n'
                          '#include "platform/fd.h"\n',
    "supervise/policy.cpp": '#include "platform/fd.h"\n',
    "app/run.h": '#include "supervise/launch.h"\n#include "metadata/tree.h"\n',
    "supervise/launch.h": "// not <iostream>, no getpwnam(\"x\"), not #include <yaml-cpp/yaml.h>\n"
                          'const char* const words = "fork() and std::cout";\n'
                          "/* execve(\n#include <iostream>\n*/\n"
                          "Launch clone(const Launch& other);\n"
                          "auto copy = other.clone(1) + other->fork(2) + Launch::clone(3);\n"
                          "int waitpid_count = 1'000;\n",
}

# file, content, the line of the rule that is broken, a part of the message
BROKEN = [
    ("base/a.h", '#include "platform/fd.h"\n', 1, "base must not include"),
    ("platform/a.h", '\n#include "supervise/launch.h"\n', 2, "platform must not include"),
    ("platform/b.h", '#include "metadata/value.h"\n', 1, "platform must not include"),
    ("metadata/a.cpp", '#include "platform/fd.h"\n', 1, "metadata must not include"),
    ("metadata/b.cpp", '#include "provision/plan.h"\n', 1, "metadata must not include"),
    ("metadata/sources/a.cpp", '#include "supervise/launch.h"\n', 1, "metadata must not include"),
    ("provision/a.cpp", '#include "metadata/gatherer.h"\n', 1, "provision must not include"),
    ("provision/b.cpp", '#include "metadata/sources/file.h"\n', 1, "provision must not include"),
    ("provision/c.cpp", '#include "supervise/launch.h"\n', 1, "provision must not include"),
    ("supervise/a.cpp", '#include "metadata/value.h"\n', 1, "supervise must not include"),
    ("supervise/b.cpp", '#include "app/run.h"\n', 1, "supervise must not include"),
    ("main.cpp", '#include "supervise/launch.h"\n', 1, "main.cpp must not include"),
    ("odd/a.cpp", "", 1, "is in no row of the table"),
    ("base/a.h", '#include "base/absent.h"\n', 1, "is not in src/"),
    ("app/a.cpp", "#include <base/text.h>\n", 1, "is ours"),
    ("app/a.cpp", '#include "run.h"\n', 1, "has no module"),
    ("app/a.cpp", '#include "../base/text.h"\n', 1, "has no module"),
    ("metadata/tree.cpp", "#include <yaml-cpp/yaml.h>\n", 1, "metadata/yaml.cpp alone"),
    ("provision/a.cpp", "#include <ctemplate/template.h>\n", 1, "template_engine.cpp alone"),
    ("app/a.cpp", "#include <nlohmann/json.hpp>\n", 1, "metadata/json.cpp alone"),
    ("metadata/sources/a.cpp", "#include <curl/curl.h>\n", 1, "platform/http.cpp alone"),
    ("platform/a.cpp", "#include <ares.h>\n", 1, "platform/name_lookup.cpp alone"),
    ("supervise/a.cpp", "#include <uv.h>\n", 1, "libuv is for platform/"),
    ("app/a.cpp", "#include <doctest/doctest.h>\n", 1, "belongs into tests/"),
    ("app/a.cpp", "#include <iostream>\n", 1, "streams cost"),
    ("base/a.cpp", "#include <sstream>\n", 1, "yaml-cpp's sake"),
    ("base/a.cpp", "#include <locale>\n", 1, "no locale"),
    ("platform/a.cpp", "#include <thread>\n", 1, "no threads"),
    ("app/a.cpp", "\n\nvoid f() { waitpid(1, nullptr, 0); }\n", 3, "platform/reaper alone"),
    ("platform/spawn.cpp", "void f() { ::waitid(P_ALL, 0, nullptr, 0); }\n", 1, "platform/reaper alone"),
    ("platform/a.cpp", "int f() { return ::wait4(1, nullptr, 0, nullptr); }\n", 1, "platform/reaper alone"),
    ("platform/a.cpp", "void f() { ::wait(nullptr); }\n", 1, "platform/reaper alone"),
    ("platform/a.cpp", "void f() { ::syscall(SYS_waitid); }\n", 1, "platform/reaper alone"),
    ("platform/a.cpp", "auto p = ::fork();\n", 1, "platform/spawn alone"),
    ("platform/a.cpp", "int f() { return fork(); }\n", 1, "platform/spawn alone"),
    ("platform/a.cpp", "void f() { vfork(); }\n", 1, "platform/spawn alone"),
    ("platform/a.cpp", "void f() { ::clone(g, 0, 0, 0); }\n", 1, "platform/spawn alone"),
    ("app/a.cpp", "void f() { ::execve (a, b, c); }\n", 1, "platform/spawn alone"),
    ("app/a.cpp", "void f() { std::system(command); }\n", 1, "platform/spawn alone"),
    ("app/a.cpp", "void f() { syscall(SYS_clone3); }\n", 1, "platform/spawn alone"),
    ("platform/spawn.cpp", "void f() { uv_spawn(loop, handle, options); }\n", 1, "beside our reaper"),
    ("platform/users.cpp", "auto* p = getpwnam(name);\n", 1, "platform/users"),
    ("platform/users.cpp", "auto* p = ::getgrnam(name);\n", 1, "platform/users"),
    ("platform/users.cpp", "void f() { uv_os_homedir(a, b); }\n", 1, "platform/users"),
    ("platform/a.cpp", "void f() { getaddrinfo(a, b, c, d); }\n", 1, "without NSS"),
    ("platform/a.cpp", "void f() { uv_getaddrinfo(a, b, c, d, e, f); }\n", 1, "without NSS"),
    ("platform/a.cpp", "void f() { dlopen(a, 1); }\n", 1, "link what you need"),
    ("app/a.cpp", "void f() { setlocale(LC_ALL, empty); }\n", 1, "the locale is C"),
    ("app/a.cpp", 'std::locale("");\n', 1, "no locale"),
    ("app/a.cpp", "void f() { std::cerr << 1; }\n", 1, "streams cost"),
    ("platform/a.cpp", "void f() { uv_queue_work(a, b, c, d); }\n", 1, "no threads"),
    ("platform/a.cpp", "void f() { std::jthread t; }\n", 1, "no threads"),
    ("platform/a.cpp", "void f() { uv_tty_init(a, b, c, d); }\n", 1, "stays as it was found"),
    ("app/a.cpp", "Task f() { co_return 1; }\n", 1, "no coroutines"),
]


def check(tree):
    """Writes the tree, runs the program on it; its status and what it printed."""
    with tempfile.TemporaryDirectory(prefix="kaigara-lint-") as root:
        for name, content in tree.items():
            path = pathlib.Path(root, "src", name)
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(content, encoding="utf-8")
        done = subprocess.run([sys.executable, str(PROGRAM), root], capture_output=True, text=True, check=False)
        return done.returncode, done.stdout + done.stderr


def main():
    failed = []
    status, output = check(CLEAN)
    if status != 0:
        failed.append(f"the clean tree is refused:\n{output}")
    status, output = check({})
    if status == 0:
        failed.append(f"a tree without files passes:\n{output}")
    for name, content, line, words in BROKEN:
        status, output = check({**CLEAN, name: content})
        wanted = [text for text in output.splitlines() if text.startswith(f"src/{name}:{line}: ") and words in text]
        if status != 1 or len(output.splitlines()) != 2 or not wanted:
            failed.append(f"{name} with {content!r} should break one rule, '{words}', at line {line}; status {status}:\n{output}")
    for text in failed:
        print(text)
    print(f"{len(BROKEN) + 2 - len(failed)} passed, {len(failed)} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
