#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What a static kaigara is made of: its bill of materials (SPDX 2.3) and the licences that go with it.

    sbom.py record LIBRARY TREE ORIGIN [SUITE]       a line of the manifest, to be appended to it
    sbom.py spdx MANIFEST BINARY VERSION ARCH        the bill of materials, as JSON
    sbom.py licences MANIFEST                        the texts of all licences
    sbom.py copyright MANIFEST                       the same for a .deb: common licences by reference
    sbom.py expression MANIFEST                      all licences in one line, as RPM wants them
    sbom.py check FILE [BINARY]                      whether FILE is a whole bill (of BINARY)

The manifest has a line for each library, its fields separated by tabs. Nothing in it is a guess: a version
is read from where the source came from, ORIGIN:

    NAME_VERSION.dsc     a source package of Debian, of SUITE; its files' digests stand in it
    NAME_VERSION.deb     a package that holds sources, as gcc-12-source
    dpkg:PACKAGE         the same, installed
    NAME-VERSION.tar.gz  the upstream's own tarball, which a wrap of subprojects names

TREE is the unpacked source; the texts of the licences are read there. Time comes from SOURCE_DATE_EPOCH. A
library that is missing is an error, but the one that WITHOUT names: a build can be one without mbedtls.
"""

import datetime
import hashlib
import json
import os
import pathlib
import re
import subprocess
import sys
import urllib.parse

ROOT = pathlib.Path(__file__).resolve().parent.parent

# Of each library that the program is linked with: the licence of the whole source; the licence of what is
# linked, where that is less; the files with the texts, those of Debian's common licences after them.
LIBRARIES = {
    "musl": ("MIT", None, ["COPYRIGHT"], {}),
    "libstdc++": ("GPL-3.0-or-later WITH GCC-exception-3.1", None, ["COPYING.RUNTIME"], {"COPYING3": "GPL-3"}),
    "libgcc": ("GPL-3.0-or-later WITH GCC-exception-3.1", None, ["COPYING.RUNTIME"], {"COPYING3": "GPL-3"}),
    "libuv": ("MIT AND BSD-2-Clause AND BSD-3-Clause AND ISC", None, ["LICENSE"], {}),
    "yaml-cpp": ("MIT", None, ["LICENSE"], {}),
    "fmt": ("MIT", None, ["LICENSE*"], {}),
    "ctemplate": ("BSD-3-Clause", None, ["COPYING"], {}),
    "c-ares": ("MIT", None, ["LICENSE.md"], {}),
    "libcurl": ("curl", None, ["COPYING"], {}),
    "mbedtls": ("Apache-2.0 OR GPL-2.0-or-later", "Apache-2.0", [], {"LICENSE": "Apache-2.0"}),
    "simdjson": ("Apache-2.0 AND MIT", None, [], {"LICENSE": "Apache-2.0"}),
    "nlohmann-json": ("MIT", None, ["LICENSE.MIT"], {}),
    "libmd": ("BSD-3-Clause AND BSD-2-Clause AND ISC AND Beerware", "BSD-3-Clause", ["COPYING"], {}),
}
# Who holds the rights where the licence's text does not say it.
HOLDERS = {
    "mbedtls": "Copyright The Mbed TLS Contributors",
    "simdjson": "Copyright The simdjson authors; parts under the MIT licence: Copyright (c) 2009 Florian Loitsch",
    "libstdc++": "Copyright Free Software Foundation, Inc.",
    "libgcc": "Copyright Free Software Foundation, Inc.",
}
FIELDS = ("library", "version", "purl", "file", "sha256", "url", "tree")


class Mistake(Exception):
    """Something that whoever called has to put right."""


def sha256(path):
    return hashlib.sha256(pathlib.Path(path).read_bytes()).hexdigest()


def upstream(version):
    """The version that the authors gave it: without Debian's epoch, revision and mark of a repack."""
    return re.sub(r"[+~.](dfsg|ds|repack)[.\d]*$", "", version.split(":")[-1].rsplit("-", 1)[0])


def debian_purl(source, version, suite):
    query = "arch=source" + (f"&distro={suite}" if suite else "")
    return f"pkg:deb/debian/{source}@{urllib.parse.quote(version, safe='')}?{query}"


def from_dsc(path, suite):
    text = path.read_text()
    head = dict(re.findall(r"^(Source|Version): (\S+)", text, re.M))
    sums = re.search(r"^Checksums-Sha256:\n((?: .*\n)+)", text, re.M)
    for line in sums[1].splitlines() if sums else []:
        digest, _, name = line.split()
        if re.search(r"\.orig\.tar\.\w+$", name):
            return (upstream(head["Version"]), debian_purl(head["Source"], head["Version"], suite), name, digest, "")
    raise Mistake(f"{path} names no .orig.tar file with a SHA-256: is it a source package of Debian?")


def from_binary_package(origin, suite):
    form = "${source:Package}\n${source:Version}"
    if origin.startswith("dpkg:"):
        command, file, digest = ["dpkg-query", "-W", "-f", form, origin[5:]], "", ""
    else:
        command = ["dpkg-deb", "-W", f"--showformat={form}", origin]
        file, digest = os.path.basename(origin), sha256(origin)
    source, version = subprocess.run(command, check=True, capture_output=True, text=True).stdout.split()
    return upstream(version), debian_purl(source, version, suite), file, digest, ""


def from_tarball(path):
    match = re.fullmatch(r"([a-z0-9+.-]+?)[-_]v?(\d[\w.]*?)(?:\.orig)?\.(?:tar\.\w+|zip)", path.name)
    if not match:
        raise Mistake(f"{path.name} is not NAME-VERSION.tar.gz: the version has to be in it")
    name, version = match.groups()
    url, digest = "", sha256(path)
    for wrap in ROOT.glob("subprojects/*.wrap"):
        entries = dict(re.findall(r"^(\w+) = (.*)$", wrap.read_text(), re.M))
        if entries.get("source_hash") == digest:
            url = entries["source_url"]
    return version, f"pkg:generic/{name}@{version}?checksum=sha256:{digest}", path.name, digest, url


def record(library, tree, origin, suite=""):
    if library not in LIBRARIES:
        raise Mistake(f"no library is called '{library}'; there are: {' '.join(LIBRARIES)}")
    licence_texts(library, tree)
    if origin.endswith(".dsc"):
        facts = from_dsc(pathlib.Path(origin), suite)
    elif origin.startswith("dpkg:") or origin.endswith(".deb"):
        facts = from_binary_package(origin, suite)
    else:
        facts = from_tarball(pathlib.Path(origin))
    print("\t".join((library, *facts, os.path.abspath(tree))))


def read_manifest(path):
    """The records by library; each library once, and none missing, but TLS, which a build can be without."""
    records = {}
    for number, line in enumerate(pathlib.Path(path).read_text().splitlines(), 1):
        fields = line.split("\t")
        if len(fields) != len(FIELDS) or fields[0] not in LIBRARIES or fields[0] in records:
            raise Mistake(f"{path}:{number}: no record, or the second of its library: {line}")
        records[fields[0]] = dict(zip(FIELDS, fields))
    missing = [name for name in LIBRARIES if name not in records and os.environ.get("WITHOUT", "") != name]
    if missing:
        raise Mistake(f"{path} has no line for {', '.join(missing)}; see 'sbom.py record'. "
                      "WITHOUT=NAME is for a build that leaves one out")
    return {name: records[name] for name in LIBRARIES if name in records}


def licence_texts(library, tree):
    """Pairs of a text and the name that Debian has for it among the common licences, or None."""
    _, _, own, common = LIBRARIES[library]
    texts = []
    for pattern, name in [(file, None) for file in own] + list(common.items()):
        found = sorted(pathlib.Path(tree).glob(pattern))
        if not found:
            raise Mistake(f"{tree}/{pattern} is not there: the licence of {library} has to be shipped")
        texts.append((found[0].read_text(encoding="utf-8", errors="replace").strip("\n") + "\n", name))
    return texts


def epoch():
    try:
        moment = datetime.datetime.fromtimestamp(int(os.environ["SOURCE_DATE_EPOCH"]), datetime.timezone.utc)
    except (KeyError, ValueError):
        raise Mistake("SOURCE_DATE_EPOCH has to be set: seconds since 1970, of the commit that is released") from None
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


def identifier(name):
    return "SPDXRef-Package-" + re.sub(r"[^A-Za-z0-9.-]", "-", name.replace("++", "xx"))


def library_package(entry):
    declared, concluded, _, _ = LIBRARIES[entry["library"]]
    package = {
        "SPDXID": identifier(entry["library"]),
        "name": entry["library"],
        "versionInfo": entry["version"],
        "supplier": "Organization: Debian" if entry["purl"].startswith("pkg:deb/") else "NOASSERTION",
        "downloadLocation": entry["url"] or "NOASSERTION",
        "filesAnalyzed": False,
        "licenseConcluded": concluded or declared,
        "licenseDeclared": declared,
        "copyrightText": HOLDERS.get(entry["library"], "NOASSERTION"),
        "primaryPackagePurpose": "LIBRARY",
        "externalRefs": [{"referenceCategory": "PACKAGE-MANAGER", "referenceType": "purl",
                          "referenceLocator": entry["purl"]}],
    }
    if entry["sha256"]:
        package["packageFileName"] = entry["file"]
        package["checksums"] = [{"algorithm": "SHA256", "checksumValue": entry["sha256"]}]
    return package


def spdx(manifest, binary, version, arch):
    digest = sha256(binary)
    main = {
        "SPDXID": identifier("kaigara"),
        "name": "kaigara",
        "versionInfo": version,
        "supplier": "NOASSERTION",
        "downloadLocation": "NOASSERTION",
        "packageFileName": "kaigara",
        "filesAnalyzed": False,
        "checksums": [{"algorithm": "SHA256", "checksumValue": digest}],
        "licenseConcluded": "Apache-2.0",
        "licenseDeclared": "Apache-2.0",
        "copyrightText": "NOASSERTION",
        "primaryPackagePurpose": "APPLICATION",
        "externalRefs": [{"referenceCategory": "PACKAGE-MANAGER", "referenceType": "purl",
                          "referenceLocator": f"pkg:generic/kaigara@{version}?arch={arch}&checksum=sha256:{digest}"}],
    }
    libraries = [library_package(entry) for entry in read_manifest(manifest).values()]
    relations = [("SPDXRef-DOCUMENT", "DESCRIBES", main["SPDXID"])]
    relations += [(main["SPDXID"], "STATIC_LINK", library["SPDXID"]) for library in libraries]
    document = {
        "spdxVersion": "SPDX-2.3",
        "dataLicense": "CC0-1.0",
        "SPDXID": "SPDXRef-DOCUMENT",
        "name": f"kaigara-linux-{arch}-v{version}",
        "documentNamespace": f"https://spdx.org/spdxdocs/kaigara-linux-{arch}-v{version}-{digest[:32]}",
        "creationInfo": {"created": epoch(), "creators": ["Tool: kaigara-packaging-sbom.py"]},
        "packages": [main, *libraries],
        "relationships": [{"spdxElementId": left, "relationshipType": kind, "relatedSpdxElement": right}
                          for left, kind, right in relations],
    }
    print(json.dumps(document, indent=2))


def notices(manifest, common_by_reference):
    """A chapter for each library; a text that several have, as the GPL, is printed for the first of them."""
    shown = {}
    for library, entry in read_manifest(manifest).items():
        declared, concluded, _, _ = LIBRARIES[library]
        chosen = f", of which this program takes or links {concluded}" if concluded else ""
        print(f"{library} {entry['version']}\nLicence: {declared}{chosen}\nSource: {entry['purl']}")
        if library in HOLDERS:
            print(HOLDERS[library])
        for text, name in licence_texts(library, entry["tree"]):
            if name and common_by_reference:
                print(f"\nOn Debian systems the text of {name} is in /usr/share/common-licenses/{name}.")
            elif text in shown:
                print(f"\nThe text is the one of {shown[text]}, above.")
            else:
                shown[text] = library
                print("\n" + text, end="")
        print("\n" + "-" * 78 + "\n")


def expression(manifest):
    parts = ["Apache-2.0"]
    for library in read_manifest(manifest):
        declared, concluded, _, _ = LIBRARIES[library]
        parts += [part for part in (concluded or declared).split(" AND ") if part not in parts]
    print(" AND ".join(parts))


def faults(document, binary):
    """What is wrong with a bill of materials, as sentences."""
    for field in ("spdxVersion", "dataLicense", "SPDXID", "name", "documentNamespace", "creationInfo", "packages"):
        if not document.get(field):
            yield f"{field} is missing"
    if document.get("spdxVersion") != "SPDX-2.3" or document.get("dataLicense") != "CC0-1.0":
        yield "it is not SPDX-2.3 under CC0-1.0"
    if not re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", document.get("creationInfo", {}).get("created", "")):
        yield "creationInfo.created is no time in UTC"
    packages = {package.get("SPDXID"): package for package in document.get("packages", [])}
    if len(packages) != len(document.get("packages", [])):
        yield "two packages have one SPDXID"
    for key, package in packages.items():
        yield from package_faults(key, package)
    linked = set()
    for relation in document.get("relationships", []):
        ends = {relation.get("spdxElementId"), relation.get("relatedSpdxElement")} - {"SPDXRef-DOCUMENT"}
        for end in ends - packages.keys():
            yield f"a relationship names {end}, which is not there"
        if relation.get("relationshipType") == "STATIC_LINK":
            linked.add(relation.get("relatedSpdxElement"))
    for name in LIBRARIES:
        if identifier(name) not in linked and os.environ.get("WITHOUT", "") != name:
            yield f"{name} is not linked"
    sums = packages.get(identifier("kaigara"), {}).get("checksums", [{}])
    if binary and sums[0].get("checksumValue") != sha256(binary):
        yield f"it is the bill of another binary than {binary}"


def package_faults(key, package):
    if not re.fullmatch(r"SPDXRef-[A-Za-z0-9.-]+", key or ""):
        yield f"'{key}' is no SPDXID"
    for field in ("name", "versionInfo", "downloadLocation", "licenseConcluded", "licenseDeclared", "externalRefs"):
        if not package.get(field):
            yield f"{key} has no {field}"
    for checksum in package.get("checksums", []):
        if not re.fullmatch("[0-9a-f]{64}", checksum.get("checksumValue", "")):
            yield f"{key} has a digest that is none"
    for reference in package.get("externalRefs", []):
        version = package.get("versionInfo", "")
        if version not in urllib.parse.unquote(reference.get("referenceLocator", "")):
            yield f"{key} has another version in its purl than {version}"


def check(path, binary=None):
    found = list(faults(json.loads(pathlib.Path(path).read_text()), binary))
    if found:
        raise Mistake(f"{path}: " + "; ".join(found))


def main(words):
    forms = {"record": (record, 3, 4), "spdx": (spdx, 4, 4), "check": (check, 1, 2),
             "expression": (expression, 1, 1),
             "licences": (lambda manifest: notices(manifest, False), 1, 1),
             "copyright": (lambda manifest: notices(manifest, True), 1, 1)}
    command, low, high = forms.get(words[0] if words else "", (None, 0, 0))
    if not command or not low <= len(words) - 1 <= high:
        print(__doc__, file=sys.stderr)
        return 64
    try:
        command(*words[1:])
    except (Mistake, OSError, subprocess.CalledProcessError, json.JSONDecodeError) as error:
        print(f"sbom.py: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
