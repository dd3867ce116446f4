#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The Kubernetes manifests of docs/examples/supervision fit the schema that Kubernetes publishes.

    manifests.py SCHEMAS ROOT

SCHEMAS holds v1.json and apps.json: see get-kubernetes-schema.sh. They say which fields an object has, and
an API server refuses or drops all others; JSON Schema wants that said, so it is said here for each object
that lists its fields. The kaigara.yml within the ConfigMap fits docs/kaigara.schema.json.
"""

import copy
import json
import pathlib
import sys

import jsonschema
import yaml

# What has to be refused: a path of the Deployment, and the value that is put there.
CONTAINER = ("spec", "template", "spec", "containers", 0)
BROKEN = [
    (("kind",), "Deploymet"),
    (("apiVersion",), "apps/v2"),
    (("spec", "selector"), None),
    (("spec", "replicas"), "one"),
    ((*CONTAINER, "name"), None),
    ((*CONTAINER, "startupProb"), {}),
    ((*CONTAINER, "startupProbe", "exec", "command"), "kaigara health --startup"),
    ((*CONTAINER, "startupProbe", "failureThreshold"), "150"),
    ((*CONTAINER, "readinessProbe", "exec", "args"), ["--ready"]),
    ((*CONTAINER, "livenessProbe", "periodSeconds"), 1.5),
    ((*CONTAINER, "volumeMounts", 0, "mountPath"), None),
    (("spec", "template", "spec", "initContainers", 0, "comand"), []),
    (("spec", "template", "spec", "terminationGracePeriodSeconds"), "30s"),
    (("spec", "template", "spec", "volumes", 0, "configMap"), "web-kaigara"),
    (("spec", "template", "spec", "volumes", 2, "secret", "name"), "web-secret"),
]


def close(node) -> None:
    """Says of each object with listed fields that it has no others."""
    if isinstance(node, dict):
        if "properties" in node and "additionalProperties" not in node:
            node["additionalProperties"] = False
        for child in node.values():
            close(child)
    elif isinstance(node, list):
        for child in node:
            close(child)


def validators(directory: pathlib.Path) -> dict:
    """(apiVersion, kind) -> a validator, for each object that a document knows."""
    found = {}
    for name in ("v1.json", "apps.json"):
        document = json.loads((directory / name).read_text())
        schemas = document["components"]["schemas"]
        close(schemas)
        for key, schema in schemas.items():
            for known in schema.get("x-kubernetes-group-version-kind", []):
                version = "/".join(filter(None, [known["group"], known["version"]]))
                found.setdefault((version, known["kind"]), jsonschema.Draft4Validator({
                    "allOf": [{"$ref": f"#/components/schemas/{key}"}],
                    "components": document["components"],
                }))
    return found


def errors_of(known: dict, manifest: dict) -> list:
    kind = (manifest.get("apiVersion"), manifest.get("kind"))
    if kind not in known:
        return [f"there is no {kind[1]} in {kind[0]}"]
    return [f"{'.'.join(str(part) for part in error.absolute_path)}: {error.message[:200]}"
            for error in known[kind].iter_errors(manifest)]


def changed(manifest: dict, path: tuple, value) -> dict:
    """A copy with another value there; without the key for None."""
    copied = copy.deepcopy(manifest)
    node = copied
    for step in path[:-1]:
        node = node[step]
    if value is None:
        del node[path[-1]]
    else:
        node[path[-1]] = value
    return copied


def main() -> int:
    root = pathlib.Path(sys.argv[2])
    known = validators(pathlib.Path(sys.argv[1]))
    folder = root / "docs/examples/supervision/kubernetes"
    manifests = []
    failures = []
    for path in sorted(folder.glob("*.yaml")):
        for manifest in yaml.safe_load_all(path.read_text()):
            manifests.append(manifest)
            failures += [f"{path.name}: {manifest.get('kind')}: {error}"
                         for error in errors_of(known, manifest)]
    deployment = next(one for one in manifests if one["kind"] == "Deployment")
    for path, value in BROKEN:
        if not errors_of(known, changed(deployment, path, value)):
            failures.append(f"the schema accepts {value!r} at {'.'.join(map(str, path))}")
    own = json.loads((root / "docs/kaigara.schema.json").read_text())
    texts = [manifest["data"]["kaigara.yml"] for manifest in manifests
             if manifest["kind"] == "ConfigMap" and "kaigara.yml" in manifest["data"]]
    for text in texts:
        failures += [f"kaigara.yml of the ConfigMap: {error.json_path}: {error.message}" for error in
                     jsonschema.Draft202012Validator(own).iter_errors(yaml.safe_load(text))]
    for failure in failures:
        print(failure)
    print(f"{len(manifests)} manifests, {len(BROKEN)} broken ones, {len(texts)} kaigara.yml, "
          f"{len(failures)} failures")
    return 1 if failures or len(manifests) < 6 or not texts else 0


sys.exit(main())
