#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Feeds sizes.py with functions and files that are just short enough and just too long."""

import pathlib
import subprocess
import sys
import tempfile

PROGRAM = pathlib.Path(__file__).resolve().with_name("sizes.py")


def function(head, lines):
    """A function of so many lines."""
    return head + " {\n" + "    call();\n" * (lines - 2) + "}\n"


LAMBDA = "    auto f = [](int a) {\n        if (a) {\n            call();\n        }\n    };\n"

# content, the messages that it has to bring (empty: none)
CASES = [
    (function("void f(int a)", 60), []),
    (function("void f(int a)", 61), ["src/a.cpp:1: f has 61 lines"]),
    ("namespace a {\n\n" + function("Result<int> A::g(const B& b) const noexcept", 61) + "}\n",
     ["src/a.cpp:3: A::g has 61 lines"]),
    ("class A : public B {\npublic:\n" + function("    A(int a) : a_(a)", 61) + "};\n", ["src/a.cpp:3: A has 61"]),
    ("template <class T>\n" + function("T f(T a)", 60), ["src/a.cpp:1: f has 61 lines"]),
    ("void f() {\n" + LAMBDA * 12 + "}\n", ["src/a.cpp:1: f has 62 lines"]),
    (function('TEST_SUITE("a") {\nTEST_CASE("{")', 61) + "}\n", ["src/a.cpp:2: TEST_CASE has 61 lines"]),
    ('TEST_SUITE("a") {\n' + (function("TEST_CASE(\"x\")", 40)) * 4 + "}\n", []),
    ("constexpr int table[] = {\n" + "    1,\n" * 100 + "};\n" + function("void f()", 3), []),
    ("struct A {\n" + "    int a = 1;\n" * 100 + "    void f() {}\n};\n", []),
    ("enum class A {\n" + "    a,\n" * 100 + "};\n" + function("void f()", 3), []),
    ("#define A(x) \\\n    do {\\\n    } while (0)\n" + function("void f()", 3), []),
    (function("void f()", 3) + "//\n" * 397, []),
    (function("void f()", 3) + "//\n" * 398, ["src/a.cpp:401: the file has 401 lines"]),
    ("", ["no function found"]),
]


def main():
    failed = 0
    for content, wanted in CASES:
        with tempfile.TemporaryDirectory(prefix="kaigara-lint-") as root:
            path = pathlib.Path(root, "src", "a.cpp")
            path.parent.mkdir()
            path.write_text(content, encoding="utf-8")
            done = subprocess.run([sys.executable, str(PROGRAM), root], capture_output=True, text=True, check=False)
        right = done.returncode == (1 if wanted else 0) and all(text in done.stdout for text in wanted)
        if not right or (not wanted and ":" in done.stdout):
            failed += 1
            print(f"wanted {wanted}, got status {done.returncode}:\n{done.stdout}{done.stderr}for:\n{content[:200]}")
    print(f"{len(CASES) - failed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
