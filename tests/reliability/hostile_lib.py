"""What the tests of hostile input share: a scratch folder, runs of the program with their time and
memory, a canary tree that must stay as it is, and snapshots that a thief of the public key could make.

The thief's tar is written here header by header and not by tarfile, which refuses to write most of
it; encryption is the program's own, compression the zstd tool's. The index and the manifest fit the
archive unless a case makes them lie: what is refused only for a wrong hash would prove nothing.
"""
import concurrent.futures
import hashlib
import json
import os
import resource
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time

LONG = bool(os.environ.get("LIFEBOAT_LONG"))
REFUSED = {6, 7, 10}  # crypto, verification, limit
FACTS = {"format": 1, "host": "h1", "job": "nightly", "started": "2026-01-02T03:04:05Z",
         "tool": "lifeboat 0.1.0", "services": {}}


def counted(what, figure):
    """One line of the closing table; counts.h says what it means."""
    folder = os.environ.get("LIFEBOAT_COUNTS")
    if folder:
        with open(folder + "/lines", "a") as lines:
            lines.write(f"security\t{what}\t{figure}\n")


def last_of(file, bytes_max=4 << 20):
    file.seek(max(0, file.seek(0, os.SEEK_END) - bytes_max))
    return file.read()


class Run:
    """A finished command: code (negative: a signal), out, err, rss_mib, seconds."""

    def __init__(self, argv, cwd, timeout, env=None):
        environment = {**os.environ, "NO_COLOR": "1", "LC_ALL": "C.UTF-8", "TZ": "UTC",
                       "DOCKER_HOST": f"unix://{cwd}/no-engine.sock", **(env or {})}
        environment.pop("LIFEBOAT_PASSPHRASE", None)
        self.argv = argv
        begin = time.monotonic()
        out, err = tempfile.TemporaryFile(), tempfile.TemporaryFile()
        limit = lambda: resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        child = subprocess.Popen(argv, cwd=cwd, env=environment, stdin=subprocess.DEVNULL,
                                 stdout=out, stderr=err, preexec_fn=limit)
        too_late = threading.Timer(timeout, lambda: os.kill(child.pid, signal.SIGKILL))
        too_late.start()
        _, status, usage = os.wait4(child.pid, 0)
        too_late.cancel()
        child.returncode = os.waitstatus_to_exitcode(status)
        self.code, self.seconds = child.returncode, time.monotonic() - begin
        self.rss_mib = usage.ru_maxrss / 1024
        for name, file in (("out", out), ("err", err)):
            setattr(self, name, last_of(file))
            file.close()

    def __str__(self):
        return (f"{' '.join(map(str, self.argv[1:]))}: exit {self.code} in {self.seconds:.1f} s, "
                f"{self.rss_mib:.0f} MiB\n  out: {self.out[-400:]!r}\n  err: {self.err[-900:]!r}")


class Place:
    """A scratch folder with a key, a store and a canary; removed at the end."""

    def __init__(self, program, at_once=1):
        self.program = os.path.realpath(program)
        self.root = tempfile.mkdtemp(prefix="lifeboat-hostile-")
        self.faults = []
        # Forked while it is small: a child's peak of memory begins with its parent's.
        self.launcher = concurrent.futures.ProcessPoolExecutor(at_once)
        for one in [self.launcher.submit(time.sleep, 0.1) for _ in range(at_once)]:
            one.result()
        self.store, self.canary = self.root + "/store", self.root + "/canary"
        self.key = self.root + "/key.txt"
        os.mkdir(self.store)
        os.mkdir(self.canary, 0o755)
        self.run(["keygen", "-o", self.key], ok={0})
        self.recipient = self.run(["keygen", "-y", self.key], ok={0}).out.decode().strip()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.launcher.shutdown()
        shutil.rmtree(self.root, ignore_errors=True)

    def run(self, args, ok=None, timeout=60, rss_mib_max=160, env=None, case=""):
        made = self.launcher.submit(Run, [self.program, *args], self.root, timeout, env).result()
        if made.seconds >= timeout:
            self.fault(case, f"does not end within {timeout} s: {made}")
        elif ok is not None and made.code not in ok:
            self.fault(case, f"expected exit {sorted(ok)}: {made}")
        if made.rss_mib > rss_mib_max + int(os.environ.get("LIFEBOAT_SANITIZER_MIB", "0")):
            self.fault(case, f"takes more than {rss_mib_max} MiB: {made}")
        return made

    def fault(self, case, what):
        self.faults.append(f"{case}: {what}")
        print(f"FAULT {case}: {what}", file=sys.stderr, flush=True)

    def bare(self, command, *args):
        return [command, *args, "--store", "dir:" + self.store, "--identity", self.key]

    def listing(self, folder):
        """Everything of a tree that a run could change."""
        lines = []
        for path, folders, files in os.walk(folder):
            for name in sorted(folders + files) + ["."]:
                full = os.path.join(path, name)
                s = os.lstat(full)
                lines.append((full, s.st_mode, s.st_uid, s.st_gid, s.st_size if not name == "."
                              else 0, s.st_mtime_ns, s.st_ctime_ns, s.st_nlink))
        return sorted(lines)

    def close(self):
        if self.faults:
            sys.exit(f"{len(self.faults)} faults, the first: {self.faults[0]}")


def octal(value, width):
    return b"%0*o\0" % (width - 1, value)


def header(name, kind, size=0, mode=0o644, uid=0, gid=0, mtime=0, link=b"", numbers=None):
    """One block. `numbers` replaces fields by raw bytes: {"size": b"-0000000001\\0"}."""
    raw = {"mode": octal(mode, 8), "uid": octal(uid, 8), "gid": octal(gid, 8),
           "size": octal(size, 12) if size < 8 ** 11 else b"\x80" + size.to_bytes(11, "big"),
           "mtime": octal(mtime, 12), **(numbers or {})}
    block = name[:100].ljust(100, b"\0") + raw["mode"] + raw["uid"] + raw["gid"] + raw["size"]
    block += raw["mtime"] + b" " * 8 + kind + link[:100].ljust(100, b"\0") + b"ustar\x0000"
    block = block.ljust(512, b"\0")
    return block[:148] + b"%06o\0 " % sum(block) + block[156:]


def record(key, value):
    size = len(key) + len(value) + 3
    length = size + 1
    while length != size + len(str(length)):
        length = size + len(str(length))
    return b"%d %s=%s\n" % (length, key, value)


def padded(data):
    return data + b"\0" * (-len(data) % 512)


def pax(records, kind=b"x"):
    data = b"".join(record(key, value) for key, value in records)
    return header(b"pax", kind, len(data)) + padded(data)


def encode_name(name):
    """As the index writes names: UTF-8 without controls as it is, anything else in %XX."""
    try:
        text = name.decode()
        if not any(ord(c) < 0x20 or 0x7F <= ord(c) < 0xA0 or c == "%" for c in text):
            return text
    except UnicodeDecodeError:
        pass
    return "".join(chr(c) if 0x20 <= c < 0x7F and c != 0x25 else f"%{c:02X}" for c in name)


KINDS = {b"0": "file", b"5": "directory", b"2": "symlink", b"1": "hardlink"}


class Archive:
    """Members in their order; `lines` are the index's, to be changed by a case that lies."""

    def __init__(self):
        self.tar, self.lines, self.offset = [], [], 0

    def raw(self, data):
        self.tar.append(data)
        self.offset += len(data)

    def add(self, name, kind=b"0", data=b"", link=b"", mode=0o644, uid=0, gid=0, xattrs=(),
            extents=None, apparent=None, mtime=0):
        """A member that keeps tar's rules, and its line."""
        begin, records, stored = self.offset, [], data
        if len(name) > 100:
            records.append((b"path", name))
        if len(link) > 100:
            records.append((b"linkpath", link))
        records += [(b"SCHILY.xattr." + key, value) for key, value in xattrs]
        if extents is not None:
            numbers = [len(extents)] + [n for one in extents for n in one]
            stored = padded(b"".join(b"%d\n" % n for n in numbers)) + data
            records += [(b"GNU.sparse.major", b"1"), (b"GNU.sparse.minor", b"0"),
                        (b"GNU.sparse.name", name),
                        (b"GNU.sparse.realsize", b"%d" % apparent)]
        if records:
            self.raw(pax(records))
        self.raw(header(name, kind, len(stored), mode, uid, gid, mtime, link))
        self.raw(padded(stored))
        line = {"path": encode_name(name), "service": name.split(b"/")[0].decode("latin1"),
                "type": KINDS.get(kind, "file"), "mode": mode, "uid": uid, "gid": gid,
                "mtime_ns": mtime * 10 ** 9}
        if b"/" not in name and kind == b"0":
            del line["service"]
        if link:
            line["link_target"] = encode_name(link)
        if xattrs:
            line["xattrs"] = [[encode_name(k), encode_name(v)] for k, v in xattrs]
        if extents is not None:
            line["extents"] = [list(one) for one in extents if one[1]]
        line.update(size=len(data) if apparent is None else apparent, offset=begin,
                    end=self.offset)
        if kind == b"0":
            line["sha256"] = hashlib.sha256(data).hexdigest()
        self.lines.append(line)
        return line


def compressed(data, *options):
    return subprocess.run(["zstd", "-q", "-c", "--check", "-1", *options], input=data,
                          stdout=subprocess.PIPE, check=True).stdout


def seek_table(frames):
    """Of frames as (stored bytes, raw size)."""
    table = b"".join(len(stored).to_bytes(4, "little") + (raw & 0xFFFFFFFF).to_bytes(4, "little")
                     + stored[-4:] for stored, raw in frames)
    content = table + len(frames).to_bytes(4, "little") + b"\x80" + (0x8F92EAB1).to_bytes(4, "little")
    return (0x184D2A5E).to_bytes(4, "little") + len(content).to_bytes(4, "little") + content


def encrypted(place, data, name):
    plain, sealed = f"{place.root}/{name}.plain", f"{place.root}/{name}.age"
    with open(plain, "wb") as file:
        file.write(data)
    place.run(["encrypt", "-r", place.recipient, "-o", sealed, plain], ok={0}, rss_mib_max=10 ** 6)
    with open(sealed, "rb") as file:
        made = file.read()
    os.unlink(plain)
    os.unlink(sealed)
    return made


def summary(data):
    return {"bytes": len(data), "sha256": hashlib.sha256(data).hexdigest()}


def print_manifest(manifest):
    text = json.dumps(manifest, indent=2, ensure_ascii=False)[:-2] + ",\n"
    digest = hashlib.sha256(text.encode()).hexdigest()
    return (text + f'  "sha256": "{digest}"\n}}\n').encode()


def service(name="files", recipe="volume", **more):
    return {"name": name, "recipe": recipe, "ok": True, "error": "", "hints": [], "warnings": [],
            "missing": [], "members": 1, "raw_bytes": 0, "items": [], **more}


def volume_facts(name="files", recipe="volume", **details):
    """facts.json of one service that holds nothing in particular."""
    facts = {"items": [], "details": {"files": 0, "bytes": 0, "must": [], **details}, "missing": [],
             "consistency": "x"}
    return json.dumps({**FACTS, "services": {name: {"recipe": recipe, "facts": facts}}}).encode()


def plant(place, archive, services=None, facts=None, lie=None):
    """Puts the archive into the store as the only snapshot of h1. `lie(parts)` may change what was
    made: tar, stored (frames with table), index (lines), frames, manifest."""
    shutil.rmtree(place.store)
    day = place.store + "/h1/2026-01-02"
    os.makedirs(day)
    if facts is not None:
        archive.add(b"facts.json", data=facts)
    tar = b"".join(archive.tar) + b"\0" * 1024
    parts = {"tar": tar, "lines": archive.lines, "frames": None, "stored": None,
             "services": services or [service()]}
    if lie:
        lie(parts)
    tar = parts["tar"]
    if not parts["stored"]:
        made, frames = {}, []
        for at in range(0, len(tar), 4 << 20):  # what is the same is compressed once
            piece = tar[at:at + (4 << 20)]
            made[piece] = made.get(piece) or compressed(piece)
            frames.append((made[piece], len(piece)))
        parts["stored"] = b"".join(stored for stored, _ in frames) + seek_table(frames)
        parts["frames"] = parts["frames"] or [[raw, len(stored)] for stored, raw in frames]
    sealed = encrypted(place, parts["stored"], "archive")
    key = "h1/2026-01-02/backup.tar.zst.age"
    tail = {"members": len(parts["lines"]), "raw": parts.get("raw") or summary(tar),
            "stored": summary(sealed), "frames": parts["frames"] or [[len(tar), len(tar)]]}
    text = parts.get("index") or "\n".join(
        json.dumps(one, ensure_ascii=False, separators=(",", ":"))
        for one in [{"format": 1, "archive": key}, *parts["lines"], tail]) + "\n"
    index = encrypted(place, compressed(text.encode() if isinstance(text, str) else text), "index")
    manifest = {"format": 1, "tool": "lifeboat 0.1.0", "host": "h1", "job": "nightly",
                "started": "2026-01-02T03:04:05Z", "finished": "2026-01-02T03:04:06Z",
                "archive": {"key": key, **summary(sealed)}, "raw": tail["raw"],
                "index": {"key": "h1/2026-01-02/backup.index.age", **summary(index)},
                "members": parts.get("members", len(parts["lines"])),
                "recipients": [place.recipient], "services": parts["services"]}
    for name, data in (("backup.tar.zst.age", parts.get("sealed", sealed)),
                       ("backup.index.age", index),
                       ("manifest.json", parts.get("manifest") or print_manifest(manifest))):
        with open(f"{day}/{name}", "wb") as file:
            file.write(data)
