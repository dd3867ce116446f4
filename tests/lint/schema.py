#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The kaigara.yml of every example fits docs/kaigara.schema.json, and broken ones do not.

    schema.py ROOT
"""

import json
import pathlib
import sys

import jsonschema
import yaml

BROKEN = [
    "aplication: {}",
    "application: {user: []}",
    "application: {export: {A: .}}",
    "metadata: [{file: a, directory: b}]",
    "metadata: [{optional: true}]",
    "metadata: {file: a}",
    "templates: [{source: a}]",
    "templates: [{source: a, target: relative}]",
    "templates: [{source: a, target: /b, on-change: explode}]",
    "log: {level: loud}",
]


def main() -> int:
    root = pathlib.Path(sys.argv[1])
    schema = json.loads((root / "docs/kaigara.schema.json").read_text())
    jsonschema.Draft202012Validator.check_schema(schema)
    validator = jsonschema.Draft202012Validator(schema)
    failures = 0
    examples = sorted((root / "docs/examples").glob("*/kaigara.yml"))
    for path in examples:
        for error in validator.iter_errors(yaml.safe_load(path.read_text())):
            failures += 1
            print(f"{path.relative_to(root)}: {error.json_path}: {error.message}")
    for text in BROKEN:
        if validator.is_valid(yaml.safe_load(text)):
            failures += 1
            print(f"the schema accepts: {text}")
    print(f"{len(examples)} examples, {len(BROKEN)} broken files, {failures} failures")
    return 1 if failures or not examples else 0


sys.exit(main())
