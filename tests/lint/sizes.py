#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Checks that files and functions stay short enough to be read in one go.

    sizes.py [ROOT]

A source file of src/ or tests/ has at most 400 lines, a C++ function at most 60, counted from the first
line of its head to its closing brace. Functions are found by their braces: a body that follows a
parameter list, outside of any other function. Lambdas count as part of the function that holds them.
"""

import pathlib
import re
import sys

import source_text

LONGEST_FILE = 400
LONGEST_FUNCTION = 60
COUNTED = source_text.SUFFIXES | {".py", ".sh"}

# A brace after one of these opens a scope in which functions may stand.
SCOPE = re.compile(r"^(inline\s+|template\s*<.*>\s*|export\s+)*"
                   r"(namespace|class|struct|union|enum|extern|TEST_SUITE)\b", re.DOTALL)
FUNCTION = re.compile(r"\)[^=]*$|operator\s*\(\)", re.DOTALL)


def plain_code(text):
    """The text without comments, contents of strings, directives and access labels; lines stay."""
    return re.sub(r"^[ \t]*#(?:[^\n]*\\\n)*[^\n]*|\b(?:public|protected|private):",
                  lambda match: "\n" * match[0].count("\n"), source_text.code_only(text), flags=re.MULTILINE)


def end_of_body(code, start):
    """The offset of the brace that closes the one before `start`."""
    depth = 1
    for match in re.compile(r"[{}]").finditer(code, start):
        depth += 1 if match[0] == "{" else -1
        if depth == 0:
            return match.start()
    return len(code)


def functions(text):
    """(first line, last line, head) of each function of a C++ text."""
    code = plain_code(text)
    marks = re.compile(r"[(){};]")
    head_start = at = parentheses = 0
    initialisers = 0  # open braces of `a{b}`; in `a {b}`, with its blank, b is a body
    while match := marks.search(code, at):
        mark, at = match[0], match.end()
        if mark in "()":
            parentheses += 1 if mark == "(" else -1
        elif mark == "{" and (parentheses or initialisers or not code[at - 2:at - 1].isspace()):
            initialisers += 1
        elif mark == "}" and initialisers:
            initialisers -= 1
        elif mark == "{":
            head = code[head_start:at - 1]
            if not SCOPE.match(head.strip()) and FUNCTION.search(head):
                first = head_start + len(head) - len(head.lstrip())
                last = end_of_body(code, at)
                yield source_text.line_of(code, first), source_text.line_of(code, last), head
                at = last + 1
            head_start = at
        elif not parentheses:
            head_start = at


def name_of(head):
    match = re.search(r"([\w:~]+)\s*\(", head)
    return match[1] if match else head[:40]


def main(arguments):
    root = pathlib.Path(arguments[1]) if len(arguments) > 1 else pathlib.Path(__file__).resolve().parents[2]
    broken = []
    counted = 0
    for folder in ("src", "tests"):
        for path in sorted((root / folder).rglob("*")):
            if path.suffix not in COUNTED or not path.is_file():
                continue
            text = path.read_text(encoding="utf-8")
            name = path.relative_to(root).as_posix()
            lines = text.count("\n")
            if lines > LONGEST_FILE:
                broken.append(f"{name}:{lines}: the file has {lines} lines, more than {LONGEST_FILE}; "
                              "it says two things: split it")
            if path.suffix not in source_text.SUFFIXES:
                continue
            for first, last, head in functions(text):
                counted += 1
                if last - first + 1 > LONGEST_FUNCTION:
                    broken.append(f"{name}:{first}: {name_of(head)} has {last - first + 1} lines, more than "
                                  f"{LONGEST_FUNCTION}; take a part out and name it")
    for line in broken:
        print(line)
    print(f"{counted} functions, {len(broken)} too long")
    if counted == 0:
        print(f"{root}: no function found; is this the root of the project?")
    return 1 if broken or counted == 0 else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv))
