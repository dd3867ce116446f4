#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Feeds links.py with links that lead somewhere and with links that do not."""

import pathlib
import subprocess
import sys
import tempfile

PROGRAM = pathlib.Path(__file__).resolve().with_name("links.py")

OTHER = """# Other page

## What `kaigara` does: all of it
## Again
## Again

```sh
## in a fence
```
"""

# content of README.md, the messages that it has to bring (empty: none)
CASES = [
    ("[a](docs/other.md)", []),
    ("[a](docs/nothing.md)", ["README.md:1: docs/nothing.md is not there"]),
    ("text\n\n[a](docs/other.md#other-page) and [b](docs/othre.md)", ["README.md:3: docs/othre.md is not there"]),
    ("[a](docs/other.md#what-kaigara-does-all-of-it)", []),
    ("[a](docs/other.md#again-1)", []),
    ("[a](docs/other.md#again-2)", ["README.md:1: docs/other.md#again-2 has no heading of that name"]),
    ("[a](docs/other.md#in-a-fence)", ["has no heading of that name"]),
    ("# Here\n\n[a](#here)", []),
    ("# Here\n\n[a](#there)", ["README.md:3: #there has no heading of that name"]),
    ("[a](docs)", []),
    ("[a](docs#x)", ["is no page of Markdown"]),
    ("[a](../secret)", ["leads out of the source"]),
    ("[a](/docs/other.md)", ["is a path from the root"]),
    ("[a](https://example.org/x) [b](docs/other.md)", []),
    ("![picture](docs/picture.png)", ["docs/picture.png is not there"]),
    ("[a]\n\n[a]: docs/nothing.md", ["README.md:3: docs/nothing.md is not there"]),
    ("`[a](nothing.md)` [b](docs/other.md)", []),
    ("    [a](nothing.md)\n\n[b](docs/other.md)", []),
    ("```\n[a](nothing.md)\n```\n[b](docs/other.md)", []),
    ("| [`a`](nothing.md) |", ["README.md:1: nothing.md is not there"]),
    ("no link", ["no links found"]),
]


def main():
    failed = 0
    for content, wanted in CASES:
        with tempfile.TemporaryDirectory(prefix="kaigara-lint-") as root:
            pathlib.Path(root, "docs").mkdir()
            pathlib.Path(root, "docs", "other.md").write_text(OTHER, encoding="utf-8")
            pathlib.Path(root, "README.md").write_text(content, encoding="utf-8")
            done = subprocess.run([sys.executable, str(PROGRAM), root], capture_output=True, text=True, check=False)
        right = done.returncode == (1 if wanted else 0) and all(text in done.stdout for text in wanted)
        if not right or (not wanted and ":" in done.stdout):
            failed += 1
            print(f"wanted {wanted}, got status {done.returncode}:\n{done.stdout}{done.stderr}for:\n{content}")
    print(f"{len(CASES) - failed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
