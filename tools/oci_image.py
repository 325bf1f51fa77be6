#!/usr/bin/env python3
"""Makes OCI image layouts from folders and tar archives, with nothing but Python's standard library.

  oci_image.py layer OUT.tar.gz [--without BASE.tar.gz] [--exclude PATTERN]... SOURCE...
      One layer from SOURCEs, each a tar archive or FOLDER[:/where/it/goes]; a later source wins.
      The same input gives the same bytes: entries are sorted, times fixed, owners numeric.
      --without leaves out what BASE already holds identically, so that images can share a layer.
      OUT.tar.gz.json beside it keeps the digests.

  oci_image.py layout FOLDER SPEC.json --layers FOLDER [--arch ARCH]
      An OCI layout from a spec: {TAG: {"layers": [NAME, ...], "config": {"Cmd": [...], ...}}, ...}.
      A layer NAME is the file NAME.tar.gz in the folder of layers. FOLDER is replaced as a whole.

Example:
  oci_image.py layer /tmp/l/base.tar.gz rootfs.tar
  echo '{"latest": {"layers": ["base"], "config": {"Cmd": ["/bin/sh"]}}}' >/tmp/spec.json
  oci_image.py layout /tmp/busybox /tmp/spec.json --layers /tmp/l
"""

import argparse
import hashlib
import io
import json
import os
import shutil
import stat
import sys
import tarfile
import zlib
from fnmatch import fnmatchcase as fnmatch

FIXED_TIME = 1672531200  # 2023-01-01; every file of a layer carries it
CREATED = "2023-01-01T00:00:00Z"
COMPRESSION = 3
MEDIA = "application/vnd.oci.image."


class Hashed:
    """A gzip file that is written once; knows the digests of what went in and of what came out."""

    def __init__(self, path):
        self.file = open(path, "wb")
        self.inner, self.outer, self.size = hashlib.sha256(), hashlib.sha256(), 0
        self.zip = zlib.compressobj(COMPRESSION, zlib.DEFLATED, 16 + zlib.MAX_WBITS)

    def emit(self, data):
        self.outer.update(data)
        self.size += len(data)
        self.file.write(data)

    def write(self, data):
        self.inner.update(data)
        self.emit(self.zip.compress(data))
        return len(data)

    def close(self):
        self.emit(self.zip.flush())
        self.file.close()


def clean(name):
    return os.path.normpath("/" + name).lstrip("/")


def from_tar(path):
    """Yields (name, entry, read) of an archive; a hard link becomes a file, devices are left out."""
    archive = tarfile.open(path)
    for entry in archive:
        name = clean(entry.name)
        if not name or entry.ischr() or entry.isblk() or entry.isfifo():
            continue
        source = archive._find_link_target(entry) if entry.islnk() else entry
        if entry.islnk():
            entry.type, entry.size, entry.linkname = source.type, source.size, source.linkname
        yield name, entry, lambda source=source: archive.extractfile(source).read()


def from_folder(argument):
    """Yields (name, entry, read) of a folder; modes are 755 or 644, as a checkout would have them."""
    folder, _, target = argument.partition(":")
    for parent in parents(clean(target) + "/."):
        yield parent, folder_entry(parent), None
    for where, folders, files in os.walk(folder):
        for item in folders + files:
            path = os.path.join(where, item)
            name = clean(os.path.join(target, os.path.relpath(path, folder)))
            status = os.lstat(path)
            if stat.S_ISDIR(status.st_mode):
                yield name, folder_entry(name), None
                continue
            entry = tarfile.TarInfo(name)
            if stat.S_ISLNK(status.st_mode):
                entry.type, entry.linkname, entry.mode = tarfile.SYMTYPE, os.readlink(path), 0o777
            elif stat.S_ISREG(status.st_mode):
                entry.size, entry.mode = status.st_size, 0o755 if status.st_mode & 0o100 else 0o644
            else:
                continue
            yield name, entry, lambda path=path: open(path, "rb").read()


def folder_entry(name):
    entry = tarfile.TarInfo(name)
    entry.type, entry.mode = tarfile.DIRTYPE, 0o1777 if name in ("tmp", "var/tmp") else 0o755
    return entry


def parents(name):
    parts = name.split("/")[:-1]
    return ["/".join(parts[: i + 1]) for i in range(len(parts)) if parts[i]]


def gather(sources, excluded):
    tree = {}
    for source in sources:
        is_folder = os.path.isdir(source.partition(":")[0])
        for name, entry, read in from_folder(source) if is_folder else from_tar(source):
            if any(fnmatch(name, path) or fnmatch(name, path + "/*") for path in excluded):
                continue
            if name in tree and entry.isdir() and tree[name][0].isdir():
                continue
            tree[name] = (entry, read)
    for name in list(tree):
        for parent in parents(name):
            tree.setdefault(parent, (folder_entry(parent), None))
    return tree


def same(one, other):
    (entry, read), (base, base_read) = one, other
    if (entry.type, entry.mode, entry.uid, entry.gid) != (base.type, base.mode, base.uid, base.gid):
        return False
    if entry.isreg():
        return entry.size == base.size and read() == base_read()
    return entry.linkname == base.linkname


def without(tree, base):
    kept = {n for n, item in tree.items() if n not in base or not same(item, base[n])}
    kept |= {parent for name in kept for parent in parents(name)}
    return {name: tree[name] for name in kept}


def write_layer(out, tree):
    stream = Hashed(out + ".part")
    with tarfile.open(fileobj=stream, mode="w|", format=tarfile.PAX_FORMAT) as archive:
        for name in sorted(tree):
            entry, read = tree[name]
            entry.name, entry.mtime, entry.pax_headers = name, FIXED_TIME, {}
            entry.uname = entry.gname = ""
            archive.addfile(entry, io.BytesIO(read()) if entry.isreg() else None)
    stream.close()
    facts = {
        "mediaType": MEDIA + "layer.v1.tar+gzip",
        "digest": "sha256:" + stream.outer.hexdigest(),
        "size": stream.size,
        "diff_id": "sha256:" + stream.inner.hexdigest(),
    }
    with open(out + ".json", "w") as file:
        json.dump(facts, file)
    os.rename(out + ".part", out)


def make_layer(options):
    tree = gather(options.source, [clean(path) for path in options.exclude])
    if options.without:
        tree = without(tree, gather([options.without], []))
    write_layer(options.out, tree)


def put_blob(layout, value, media):
    data = json.dumps(value, sort_keys=True, separators=(",", ":")).encode()
    digest = hashlib.sha256(data).hexdigest()
    with open(os.path.join(layout, "blobs/sha256", digest), "wb") as file:
        file.write(data)
    return {"mediaType": media, "digest": "sha256:" + digest, "size": len(data)}


def put_layer(layout, path):
    """Puts the layer into the layout, as a link where the filesystem allows, and returns its facts."""
    with open(path + ".json") as file:
        facts = json.load(file)
    blob = os.path.join(layout, "blobs/sha256", facts["digest"].partition(":")[2])
    if not os.path.exists(blob):
        try:
            os.link(path, blob)
        except OSError:
            shutil.copyfile(path, blob)
    return facts


def put_image(layout, tag, image, options):
    layers = [put_layer(layout, os.path.join(options.layers, n + ".tar.gz")) for n in image["layers"]]
    config = {
        "created": CREATED,
        "architecture": options.arch,
        "os": "linux",
        "config": image["config"],
        "rootfs": {"type": "layers", "diff_ids": [layer.pop("diff_id") for layer in layers]},
        "history": [{"created": CREATED, "created_by": name} for name in image["layers"]],
    }
    manifest = {
        "schemaVersion": 2,
        "mediaType": MEDIA + "manifest.v1+json",
        "config": put_blob(layout, config, MEDIA + "config.v1+json"),
        "layers": layers,
    }
    entry = put_blob(layout, manifest, manifest["mediaType"])
    entry["platform"] = {"architecture": options.arch, "os": "linux"}
    entry["annotations"] = {"org.opencontainers.image.ref.name": tag}
    return entry


def make_layout(options):
    with open(options.spec) as file:
        spec = json.load(file)
    layout = options.layout.rstrip("/")
    new, old = f"{layout}.new", f"{layout}.old"
    for leftover in (new, old):
        shutil.rmtree(leftover, ignore_errors=True)
    os.makedirs(os.path.join(new, "blobs/sha256"))
    images = [put_image(new, tag, image, options) for tag, image in sorted(spec.items())]
    index = {"schemaVersion": 2, "mediaType": MEDIA + "index.v1+json", "manifests": images}
    for name, value in (("index.json", index), ("oci-layout", {"imageLayoutVersion": "1.0.0"})):
        with open(os.path.join(new, name), "w") as file:
            json.dump(value, file, indent=2)
    if os.path.exists(layout):
        os.rename(layout, old)
    os.rename(new, layout)
    shutil.rmtree(old, ignore_errors=True)


def machine():
    return {"x86_64": "amd64", "aarch64": "arm64"}.get(os.uname().machine, os.uname().machine)


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    commands = parser.add_subparsers(dest="command", required=True)
    layer = commands.add_parser("layer")
    layer.add_argument("out")
    layer.add_argument("source", nargs="+")
    layer.add_argument("--without")
    layer.add_argument("--exclude", action="append", default=[])
    layer.set_defaults(run=make_layer)
    layout = commands.add_parser("layout")
    layout.add_argument("layout")
    layout.add_argument("spec")
    layout.add_argument("--layers", required=True)
    layout.add_argument("--arch", default=machine())
    layout.set_defaults(run=make_layout)
    options = parser.parse_args()
    try:
        options.run(options)
    except (OSError, KeyError, ValueError, tarfile.TarError) as error:
        sys.exit(f"oci_image.py {options.command}: {error!r}")


main()
