#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Whether an OCI archive holds one image for each machine, and each image one binary and nothing else.

    packages_image.py ARCHIVE MACHINE=BINARY...
"""

import gzip
import hashlib
import io
import json
import pathlib
import sys
import tarfile


def blob(archive, descriptor):
    """The bytes that a descriptor names, which have its digest."""
    kind, digest = descriptor["digest"].split(":")
    data = archive.extractfile(f"blobs/{kind}/{digest}").read()
    if hashlib.new(kind, data).hexdigest() != digest or len(data) != descriptor["size"]:
        raise SystemExit(f"the blob {digest} is damaged")
    return data


def content(archive, image):
    """(the machine in the image's own words, the mode and the bytes of each file by name)."""
    config = json.loads(blob(archive, image["config"]))
    files = {}
    for layer in image["layers"]:
        data = blob(archive, layer)
        if layer["mediaType"].endswith("gzip"):
            data = gzip.decompress(data)
        with tarfile.open(fileobj=io.BytesIO(data)) as tar:
            for member in tar:
                if member.name not in (".", ""):
                    data = tar.extractfile(member).read() if member.isfile() else None
                    files[member.name] = (member.mode & 0o7777, data)
    return config["architecture"], files


def main(path, *pairs):
    wanted = dict(pair.split("=", 1) for pair in pairs)
    found = {}
    with tarfile.open(path) as archive:
        index = json.load(archive.extractfile("index.json"))
        (top,) = index["manifests"]
        for entry in json.loads(blob(archive, top))["manifests"]:
            machine, files = content(archive, json.loads(blob(archive, entry)))
            if entry["platform"]["architecture"] != machine or entry["platform"]["os"] != "linux":
                raise SystemExit(f"the list says {entry['platform']}, the image is for {machine}")
            found[machine] = files
    if found.keys() != wanted.keys():
        raise SystemExit(f"it is for {sorted(found)}, not for {sorted(wanted)}")
    for machine, binary in wanted.items():
        if found[machine] != {"kaigara": (0o755, pathlib.Path(binary).read_bytes())}:
            raise SystemExit(f"{machine}: it holds {sorted(found[machine])}, or kaigara is not {binary}")


if __name__ == "__main__":
    main(*sys.argv[1:])
