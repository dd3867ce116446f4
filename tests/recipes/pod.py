#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The pod of docs/examples/supervision/kubernetes, as podman 4.3 can play it.

    pod.py FOLDER                the Deployment's pod and what it mounts, as YAML
    pod.py FOLDER probe NAME     the command of a probe of its container, a word a line

podman has no cluster, and some limits of its own: no `stringData`, a Secret without `optional` makes it
crash, restartPolicy Always holds for init containers too, and without a network no port can be published.
And pre-stop lasts until the test has asked what it wants to ask. All else is as it stands in the manifests.
"""

import base64
import pathlib
import sys

import yaml

LASTING_PRE_STOP = {"KAIGARA_PRE_STOP": "sleep 500", "KAIGARA_PRE_STOP_TIMEOUT": "500s",
                    "KAIGARA_STOP_TIMEOUT": "0"}


def read(folder: str) -> list:
    return [manifest for path in sorted(pathlib.Path(folder).glob("*.yaml"))
            for manifest in yaml.safe_load_all(path.read_text())]


def pod_of(deployment: dict) -> dict:
    template = deployment["spec"]["template"]
    spec = template["spec"]
    spec["restartPolicy"] = "Never"
    for container in spec["containers"]:
        container.pop("ports", None)
        container["env"] = container["env"] + [
            {"name": name, "value": value} for name, value in LASTING_PRE_STOP.items()]
    for volume in spec["volumes"]:
        if "secret" in volume:
            volume["secret"]["optional"] = False
    return {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "pod", **template["metadata"]},
            "spec": spec}


def encoded(secret: dict) -> dict:
    secret["data"] = {key: base64.b64encode(text.encode()).decode()
                      for key, text in secret.pop("stringData").items()}
    return secret


def main() -> None:
    manifests = {manifest["kind"]: manifest for manifest in read(sys.argv[1])}
    if len(sys.argv) > 2:
        container = manifests["Deployment"]["spec"]["template"]["spec"]["containers"][0]
        print("\n".join(container[sys.argv[3]]["exec"]["command"]))
        return
    played = [manifest for manifest in read(sys.argv[1])
              if manifest["kind"] in ("ConfigMap", "PersistentVolumeClaim")]
    played += [encoded(manifests["Secret"]), pod_of(manifests["Deployment"])]
    print(yaml.safe_dump_all(played))


main()
