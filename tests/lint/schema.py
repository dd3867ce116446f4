#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The kaigara.yml of every example fits docs/kaigara.schema.json; so do sound files, and broken ones do not.

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
    "operations: [a]",
    "operations: {a: {rnu: once}}",
    "operations: {a: {run: onc}}",
    "operations: {a: {inputs: {b: c}}}",
    "operations: {a: {inputs: ['b,c']}}",
    "operations: {a: {retries: -1, timeout: soon}}",
]


SOUND = [
    "",
    "application: {stop-timeout: 10, grace: 1m30s, stop-signal: 3, umask: 027, success: [0, 143]}",
    "application: {command: [a, 1, true], export: all}",
    "set: a=b",
    "metadata: [{environment: {prefix: A_}, at: a.b, secret: yes}, {command: a b, retries: 3}]",
    "templates: [{source: a, target: /b, mode: 0640, owner: '0', on-change: 'signal:HUP'}]",
    "operations: {a: {run: once, timeout: 90, barrier: yes, user: 70, when: '!b=c'}, b: }",
    "operations: {a: {run: on-change, inputs: [b.c, /d], wait: 'tcp:e:1,file:/f', retries: 3}}",
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
    for text in SOUND:
        for error in validator.iter_errors(yaml.safe_load(text)):
            failures += 1
            print(f"{text}: {error.json_path}: {error.message}")
    for text in BROKEN:
        if validator.is_valid(yaml.safe_load(text)):
            failures += 1
            print(f"the schema accepts: {text}")
    print(f"{len(examples)} examples, {len(SOUND)} sound and {len(BROKEN)} broken files, "
          f"{failures} failures")
    return 1 if failures or not examples else 0


sys.exit(main())
