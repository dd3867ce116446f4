#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Checks who includes whom in src/, and who calls what: docs/architecture.md as a program.

    include_rules.py [ROOT]

Prints `file:line: what is wrong; what to do` for each broken rule and ends with 1 when there is one.
The tables below are the rules; the code under them only reads files.
"""

import pathlib
import re
import sys
from typing import NamedTuple

import source_text

# --- Who may include which of our headers: regular expressions on "module/file.h" ----------------

MODULES = {
    "base": ["base/"],
    "platform": ["base/", "platform/"],
    "metadata": ["base/", "metadata/"],
    "remote": ["base/", "platform/", "remote/"],
    "provision": ["base/", "platform/", "remote/", r"metadata/(value|tree|snapshot|output|redaction)\.h$", "provision/"],
    "supervise": ["base/", "platform/", "supervise/"],
    "app": ["base/", "platform/", "remote/", "metadata/", "provision/", "supervise/", "app/"],
    "main.cpp": ["base/", "platform/", "app/"],
}

# What single files may include beyond their module.
EXTRA = {
    r"metadata/sources/": ["platform/", "remote/"],
    r"metadata/gatherer\.(h|cpp)$": ["platform/", "remote/"],
}

NOBODY = r"(?!)"  # matches no file


class Fence(NamedTuple):
    """Only files that match `allowed` (below src/) may include, or call, what `pattern` matches."""
    pattern: str
    allowed: str
    advice: str


# --- Who may include which library header --------------------------------------------------------

HEADERS = [
    Fence(r"yaml-cpp/", r"metadata/yaml\.cpp$", "metadata/yaml.cpp alone knows yaml-cpp: go through metadata/yaml.h"),
    Fence(r"ctemplate/", r"provision/template_engine\.cpp$",
          "provision/template_engine.cpp alone knows ctemplate: go through its header"),
    Fence(r"nlohmann/", r"metadata/json\.cpp$", "metadata/json.cpp alone knows nlohmann_json: go through metadata/json.h"),
    Fence(r"simdjson", r"remote/json\.cpp$", "remote/json.cpp alone knows simdjson: go through remote/json.h"),
    Fence(r"curl/", r"platform/http(_failure)?\.cpp$",
          "platform/http.cpp alone knows libcurl (http_failure.cpp its errors): go through platform/http.h"),
    Fence(r"ares(_|\.h$)", r"platform/name_lookup\.cpp$",
          "platform/name_lookup.cpp alone knows c-ares: go through platform/name_lookup.h"),
    Fence(r"uv(\.h$|/)", r"platform/", "libuv is for platform/ alone: use platform/loop.h and its like"),
    Fence(r"doctest/", NOBODY, "doctest belongs into tests/"),
    Fence(r"(iostream|fstream|iomanip|ostream|syncstream)$", NOBODY,
          "streams cost 60,000 instructions at every start: use fmt and platform/files"),
    Fence(r"(istream|sstream|streambuf)$", r"metadata/yaml\.cpp$",
          "streams are for yaml-cpp's sake alone: use fmt and std::string_view"),
    Fence(r"(locale|codecvt|regex)$", NOBODY, "no locale in a static binary: text is UTF-8, see base/text.h"),
    Fence(r"(thread|future|pthread\.h|threads\.h|coroutine)$", NOBODY,
          "PID 1 has no threads and no coroutines: use the loop and a state table"),
]

# --- Who may call what: regular expressions on the name of a C function --------------------------

NSS = "a static binary that calls it dies in an image of another release"
CALLS = [
    Fence(r"waitpid|waitid|wait3|wait4", r"platform/reaper\.cpp$",
          "platform/reaper alone waits for children: register with it"),
    Fence(r"fork|_Fork|vfork|clone|clone3|posix_spawnp?|exec(l|le|lp|v|ve|vp|vpe|veat)|fexecve|popen|system",
          r"platform/(spawn|after_fork)\.cpp$", "platform/spawn alone makes processes: call it"),
    Fence(r"uv_spawn", NOBODY, "libuv waits for its own children, beside our reaper: use platform/spawn"),
    Fence(r"getpw(nam|uid|ent)(_r)?|getgr(nam|gid|ent)(_r)?|getgrouplist|initgroups|getlogin(_r)?"
          r"|uv_os_homedir|uv_os_get_passwd2?|uv_os_get_group",
          NOBODY, f"{NSS}: use platform/users"),
    Fence(r"getaddrinfo|getnameinfo|gethostby(name|addr)(2)?(_r)?|getserv(byname|byport)(_r)?"
          r"|uv_getaddrinfo|uv_getnameinfo",
          NOBODY, f"{NSS}: names are resolved without NSS, by platform/name_lookup"),
    Fence(r"dlopen|dlmopen|uv_dlopen|iconv_open", NOBODY, f"{NSS}: link what you need"),
    Fence(r"setlocale|newlocale|uselocale", NOBODY, "the locale is C: see base/text.h"),
    Fence(r"uv_queue_work|uv_thread_create(_ex)?|pthread_create|thrd_create", NOBODY,
          "PID 1 has no threads: use the loop"),
    Fence(r"uv_tty_init", NOBODY, "the container's stdio stays as it was found: use platform/terminal"),
]

# --- What may stand nowhere, with the files where it may after all -------------------------------

TEXTS = [
    Fence(r"\bstd::locale\b", NOBODY, "no locale in a static binary: text is UTF-8, see base/text.h"),
    Fence(r"\bstd::(cout|cerr|clog|cin)\b", NOBODY, "streams cost 60,000 instructions at every start: use fmt and platform/"),
    Fence(r"\bstd::j?thread\b|\bstd::async\b", NOBODY, "PID 1 has no threads: use the loop"),
    Fence(r"\bco_(await|yield|return)\b", NOBODY, "no coroutines under GCC 12: write a state table"),
    Fence(r"(?<![\w>:])::wait\s*\(", r"platform/reaper\.cpp$", "platform/reaper alone waits for children: register with it"),
    Fence(r"\bSYS_wait(id|4)\b", r"platform/reaper\.cpp$", "platform/reaper alone waits for children: register with it"),
    Fence(r"\bSYS_(v?fork|clone3?|execve(at)?)\b", r"platform/(spawn|after_fork)\.cpp$",
          "platform/spawn alone makes processes: call it"),
]

INCLUDE = re.compile(r'^[ \t]*#[ \t]*include[ \t]*([<"])([^>"\n]+)[>"]', re.MULTILINE)
KEYWORDS_BEFORE_A_CALL = {"return", "else", "do", "case", "throw", "and", "or", "not", "if"}


def is_call(code, start):
    """Whether the name at `start`, which a parenthesis follows, calls the C function of that name.

    `tree.clone(`, `tree->clone(` and `Tree::clone(` are functions of ours, `Tree clone(` declares one.
    """
    before = code[max(0, start - 200):start]
    if re.search(r"(\.|->)\s*$", before):
        return False
    scope = re.search(r"([\w>]*)\s*::\s*$", before)
    if scope:
        return scope[1] in ("", "std") or scope[1] in KEYWORDS_BEFORE_A_CALL
    word = re.search(r"([\w>&*]+)\s+$", before) or re.search(r"([>&*])$", before)
    if not word:
        return True
    return word[1] in KEYWORDS_BEFORE_A_CALL or not re.match(r"[\w>]", word[1])


class Checker:
    def __init__(self, root):
        self.source = pathlib.Path(root) / "src"
        self.broken = []

    def report(self, name, line, text):
        self.broken.append(f"src/{name}:{line}: {text}")

    def check_own(self, name, module, line, included):
        allowed = list(MODULES[module])
        for files, more in EXTRA.items():
            if re.match(files, name):
                allowed += more
        if not any(re.match(pattern, included) for pattern in allowed):
            self.report(name, line, f'{module} must not include "{included}"; it may include '
                        + ", ".join(allowed) + ": pass a value, or move the code")
        elif not (self.source / included).is_file():
            self.report(name, line, f'"{included}" is not in src/; correct the name')

    def check_includes(self, name, module, text):
        for match in INCLUDE.finditer(source_text.without_comments(text)):
            line, quote, included = source_text.line_of(text, match.start()), match[1], match[2]
            if included.split("/")[0] in MODULES and quote == "<":
                self.report(name, line, f'<{included}> is ours; write "{included}"')
            elif included.split("/")[0] in MODULES:
                self.check_own(name, module, line, included)
            elif quote == '"':
                self.report(name, line, f'"{included}" has no module; write "module/file.h", or <> for a library')
            for fence in HEADERS:
                if re.match(fence.pattern, included) and not re.match(fence.allowed, name):
                    self.report(name, line, f"<{included}> must not be included here; {fence.advice}")

    def check_code(self, name, text):
        code = source_text.code_only(text)
        for fence in CALLS:
            if re.match(fence.allowed, name):
                continue
            for match in re.finditer(rf"\b(?:{fence.pattern})(?=\s*\()", code):
                if is_call(code, match.start()):
                    self.report(name, source_text.line_of(code, match.start()),
                                f"{match[0]}() must not be called here; {fence.advice}")
        for fence in TEXTS:
            if re.match(fence.allowed, name):
                continue
            for match in re.finditer(fence.pattern, code):
                self.report(name, source_text.line_of(code, match.start()),
                            f"{match[0].strip('( ')} must not be used here; {fence.advice}")

    def run(self):
        files = source_text.cpp_files(self.source)
        for path in files:
            name = path.relative_to(self.source).as_posix()
            module = name.split("/")[0]
            if module not in MODULES:
                self.report(name, 1, f"{module} is in no row of the table; move it, or add a row to "
                            "tests/lint/include_rules.py and docs/architecture.md")
                continue
            text = path.read_text(encoding="utf-8")
            self.check_includes(name, module, text)
            self.check_code(name, text)
        return len(files)


def main(arguments):
    root = arguments[1] if len(arguments) > 1 else pathlib.Path(__file__).resolve().parents[2]
    checker = Checker(root)
    count = checker.run()
    for line in checker.broken:
        print(line)
    if count == 0:
        print(f"{root}/src: no source file found; is this the root of the project?")
        return 1
    print(f"{count} files, {len(checker.broken)} broken rules")
    return 1 if checker.broken else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv))
