#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Checks that what README.md and the pages of docs/ link to is there.

    links.py [ROOT]

A link that is relative has to name a file or folder of the source, and an anchor, of this page or of
another one, a heading of that page, spelt as the usual web pages of repositories spell it: lower case,
punctuation away, a dash for each blank. Nobody is asked about links to other hosts.
"""

import pathlib
import re
import sys
import urllib.parse

LINK = re.compile(r"!?\[(?:[^\[\]]|\[[^\]]*\])*\]\(([^()\s]+)\)")
REFERENCE = re.compile(r"^ {0,3}\[[^\]]+\]:\s+(\S+)")
HEADING = re.compile(r"^ {0,3}#{1,6}\s+(.*?)\s*#*$")
FENCE = re.compile(r"^\s*(```|~~~)")
SCHEME = re.compile(r"^[a-z][a-z0-9+.-]*:", re.IGNORECASE)
CODE = re.compile(r"`[^`]*`")


def prose(path):
    """The numbered lines of a page that are neither in a fence nor in an indented block."""
    fenced = False
    indented = False
    before = ""
    for number, line in enumerate(path.read_text(encoding="utf-8").split("\n"), 1):
        if FENCE.match(line):
            fenced = not fenced
        elif not fenced:
            # An indented block begins behind an empty line; within a list that would be its text.
            indented = line.startswith("    ") and (indented or not before.strip())
            if not indented:
                yield number, line
        before = line


def anchor(heading):
    """What a heading is called in a link."""
    text = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", heading).replace("`", "").lower()
    return re.sub(r"[^\w\- ]", "", text).replace(" ", "-")


def anchors(path):
    """The anchors of a page; a name that comes again is numbered."""
    found = set()
    times = {}
    for _, line in prose(path):
        heading = HEADING.match(line)
        if heading:
            name = anchor(heading.group(1))
            again = times.get(name, 0)
            times[name] = again + 1
            found.add(name if again == 0 else f"{name}-{again}")
    return found


def targets(line):
    """What a line links to; code in it is no link."""
    text = CODE.sub(lambda code: "x" * len(code.group()), line)
    reference = REFERENCE.match(text)
    return [link.group(1) for link in LINK.finditer(text)] + ([reference.group(1)] if reference else [])


def fault(root, page, target):
    """What is wrong with a link, or None."""
    if SCHEME.match(target) or target.startswith("//"):
        return None
    name, _, fragment = urllib.parse.unquote(target).partition("#")
    if name.startswith("/"):
        return "is a path from the root: say where it is from this page"
    there = (page.parent / name).resolve() if name else page
    if not there.is_relative_to(root):
        return "leads out of the source"
    if not there.exists():
        return "is not there"
    if not fragment:
        return None
    if there.suffix != ".md":
        return "has an anchor, and is no page of Markdown"
    if fragment not in anchors(there):
        return f"has no heading of that name: {there.relative_to(root)} has {', '.join(sorted(anchors(there)))}"
    return None


def main():
    root = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else ".").resolve()
    pages = [root / "README.md", *sorted((root / "docs").rglob("*.md"))]
    faults = 0
    links = 0
    for page in pages:
        for number, line in prose(page):
            for target in targets(line):
                links += 1
                wrong = fault(root, page, target)
                if wrong:
                    print(f"{page.relative_to(root)}:{number}: {target} {wrong}")
                    faults += 1
    if links == 0:
        print("no links found: is this the top of the source?")
        return 1
    print(f"{links} links of {len(pages)} pages")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
