# SPDX-License-Identifier: Apache-2.0
"""What the lint programs share: finding C++ files, and reading one without comments and strings."""

import pathlib
import re

SUFFIXES = {".h", ".hpp", ".c", ".cc", ".cpp"}

# Comments, raw strings, strings and characters, in the order in which they have to be tried.
_TOKENS = re.compile(
    r'//[^\n]*'
    r'|/\*.*?\*/'
    r'|R"(?P<mark>[^()\s\\]{0,16})\(.*?\)(?P=mark)"'
    r'|"(?:\\.|[^"\\\n])*"'
    r"|(?<![0-9A-Fa-f])'(?:\\.|[^'\\\n])+'",  # the mark in 1'000 is none
    re.DOTALL)


def _blanked(text):
    """As many lines as `text` has, and nothing in them."""
    return "\n" * text.count("\n")


def without_comments(text):
    """The text with comments blanked; strings stay, line numbers too."""
    return _TOKENS.sub(lambda m: _blanked(m[0]) if m[0].startswith(("//", "/*")) else m[0], text)


def code_only(text):
    """The text with comments blanked and strings emptied; line numbers stay."""
    def replace(match):
        if match[0].startswith(("//", "/*")):
            return _blanked(match[0]) or " "
        quote = "'" if match[0].startswith("'") else '"'
        return quote + _blanked(match[0]) + quote
    return _TOKENS.sub(replace, text)


def line_of(text, offset):
    return text.count("\n", 0, offset) + 1


def cpp_files(folder):
    """All C and C++ files below a folder, in path order."""
    folder = pathlib.Path(folder)
    return sorted(path for path in folder.rglob("*") if path.suffix in SUFFIXES and path.is_file())
