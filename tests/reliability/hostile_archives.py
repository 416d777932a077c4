#!/usr/bin/env python3
"""Whole snapshots that a thief of the public key could plant, each met by every reading command as
root: refused with the right exit code, or contained. Nothing outside the target may change, not even
a mode; memory, time and a drill's disk have bounds. What one reader refuses, extract_test.cc and
tar_test.cc try; here are the things that only whole snapshots do.

  hostile_archives.py LIFEBOAT
"""
import json
import os
import shutil
import sqlite3
import sys

from hostile_lib import (LONG, REFUSED, Archive, Place, compressed, counted, header, padded, pax,
                         plant, seek_table, service, summary, volume_facts)

SEEN = []
CONTAINED = {0}
EITHER = REFUSED | CONTAINED


def meet(place, case, archive, want, facts=None, services=None, lie=None, rss_mib_max=160,
         timeout=60, commands=None, sabotage=False):
    """Plants the snapshot and runs the commands. `want`: of restore, the rest may do either."""
    facts = volume_facts() if facts is None else facts
    plant(place, archive, services=services, facts=facts, lie=lie)
    scratch = place.root + "/scratch"
    os.makedirs(scratch, exist_ok=True)
    before = place.listing(place.canary)
    more = [
        (["ls", "latest"], EITHER),
        (["restore", "latest", "files", "--to", "part"], EITHER | {2}),
        (["cat", "latest", "files/a"], EITHER | {2})]
    # In the short form each case meets one of these, in turn.
    runs = commands or [
        (["restore", "latest", "--to", "out"], want),
        *(more if LONG else [more[len(SEEN) % 3]]),
        (["drill", "latest", "--no-evidence", "--scratch", scratch, "--scratch-max", "64M"],
         EITHER)]
    if sabotage:
        runs = runs + [(["drill", "latest", "--sabotage", "--no-evidence", "--scratch", scratch],
                        EITHER)]
    for (command, *rest), codes in runs:
        made = place.run(place.bare(command, *rest), ok=codes, timeout=timeout,
                         rss_mib_max=rss_mib_max, case=case)
        words = made.out + made.err
        if made.code in REFUSED and not any(word in words for word in (
                b"lifeboat: ", b"RESTORE FAILED", b"SABOTAGE MISSED")):
            place.fault(case, f"refuses without a word: {made}")
        if place.listing(place.canary) != before:
            place.fault(case, f"changed what lies outside the target: {made}")
            before = place.listing(place.canary)
        if os.listdir(scratch):
            place.fault(case, f"leaves {os.listdir(scratch)} in scratch: {made}")
    known = {"store", "canary", "key.txt", "scratch", "out", "part"}
    if set(os.listdir(place.root)) - known:
        place.fault(case, f"left {set(os.listdir(place.root)) - known} beside the target")
    for target in ("out", "part"):
        inspect(place, case, f"{place.root}/{target}")
    SEEN.append(case)


def inspect(place, case, target):
    """Nothing restored is a device, and what is set-id belongs to whom the archive says."""
    for path, folders, files in os.walk(target):
        for name in folders + files:
            kind = os.lstat(os.path.join(path, name)).st_mode & 0o170000
            if kind not in (0o100000, 0o040000, 0o120000):
                place.fault(case, f"restored the special file {path}/{name}")
    shutil.rmtree(target, ignore_errors=True)


def one(name=b"files/a", **more):
    archive = Archive()
    archive.add(name, **more)
    return archive


def ways_out(place):
    """Members that mean a place outside, each in agreement with its index."""
    outside = place.canary.encode()
    for name in (b"../canary/x", outside + b"/x", b"files/../../canary/x", b"files//x", b"files/./x",
                 b"files/..", b"..", b"/", b"files/" + b"n" * 256, b"f/" * 300 + b"x",
                 b"files/" + b"p" * 65536):
        meet(place, f"a member {name[:24]!r}", one(name, data=b"evil"),
             EITHER if name.startswith(b"f/") else REFUSED)
    folder = one(b"files", kind=b"2", link=outside)
    folder.add(b"files/x", data=b"evil")
    meet(place, "a service that is a link", folder, REFUSED)
    chain = one(b"files/1", kind=b"2", link=b"2")
    chain.add(b"files/2", kind=b"2", link=outside)
    chain.add(b"files/1/x", data=b"evil")
    meet(place, "a chain of links", chain, REFUSED)
    swap = one(b"files/d", kind=b"5", mode=0o755)
    swap.add(b"files/d/x", data=b"1")
    swap.add(b"files/d", kind=b"2", link=outside)
    swap.add(b"files/d/x", data=b"evil")
    meet(place, "a folder that becomes a link", swap, REFUSED)
    twice = one(b"files/a", kind=b"2", link=outside + b"/plain")
    twice.add(b"files/a", data=b"evil")
    meet(place, "a file in the place of a link", twice, CONTAINED)
    hard = one(b"files/l", kind=b"2", link=outside + b"/plain")
    hard.add(b"files/h", kind=b"1", link=b"files/l")
    hard.add(b"files/h", data=b"evil")
    meet(place, "a hard link to a link, then a file", hard, CONTAINED)
    for target in (outside + b"/plain", b"../canary/plain", b"files/later", b"files/a"):
        links = one(b"files/a", kind=b"1", link=target)
        links.add(b"files/later", data=b"x")
        meet(place, f"a hard link to {target[-14:]!r}", links, REFUSED)
    farm = Archive()
    for at in range(300):
        farm.add(b"files/l%d" % at, kind=b"2", link=b"l%d/" % ((at + 1) % 300) + b"../" * 40)
    meet(place, "a farm of links", farm, CONTAINED)
    names = Archive()
    for name in (b"files/A", b"files/a", b"files/\xc3\xa4", b"files/a\xcc\x88", b"files/\xff"):
        names.add(name, data=name)
    meet(place, "names alike but for case, form or encoding", names, CONTAINED)


def odd_members(place):
    for kind in (b"3", b"4", b"6", b"7", b"V", b"S", b"D", b"M", b"Z"):
        bad = one(b"files/a", data=b"x")
        bad.raw(header(b"files/dev", kind))
        bad.lines.append({**bad.lines[0], "path": "files/dev", "offset": bad.offset - 512,
                          "end": bad.offset, "size": 0})
        meet(place, f"a member of type {kind!r}", bad, REFUSED)
    odd = one(b"files/su", data=b"x", mode=0o6755, uid=4321, gid=4321)
    odd.add(b"files/cap", data=b"x", xattrs=[(b"security.capability", b"\1\0\0\2" + b"\xff" * 16)])
    odd.add(b"files/acl", data=b"x", xattrs=[(b"system.posix_acl_access", b"\2\0\0\0\xff")])
    meet(place, "set-id, capabilities, a broken ACL", odd, EITHER)
    for key, value in ((b"user." + b"n" * 300, b"x"), (b"user.big", b"v" * 900_000),
                       (b"trusted.overlay.opaque", b"y"), (b"user.\xff\x1b[2J", b"x")):
        meet(place, f"the attribute {key[:20]!r}", one(data=b"x", xattrs=[(key, value)]), EITHER)
    for field, raw in (("size", b"-0000000001\0"), ("size", b"\x80" + b"\xff" * 11),
                       ("size", b"\xff" * 12), ("mtime", b"\xff" * 12), ("uid", b"\x80" + b"\xff" * 7),
                       ("mode", b"7777777\0")):
        bad = Archive()
        bad.add(b"files/a")
        bad.tar = [header(b"files/a", b"0", numbers={field: raw})]
        meet(place, f"a header's {field} of {raw[:5]!r}", bad, REFUSED)
    for size in (1 << 62, (1 << 63) - 1):
        holes = one(b"files/a", data=b"x", extents=[(size - 1, 1)], apparent=size)
        meet(place, f"a sparse file of {size:#x} bytes", holes, EITHER, commands=[
            (["restore", "latest", "--to", "out"], EITHER), (["ls", "latest"], CONTAINED),
            (["drill", "latest", "--no-evidence", "--scratch", place.root + "/scratch"], EITHER)])
    many = Archive()
    many.add(b"files/a", data=b"x" * 30_000, extents=[(at * 1048576, 1) for at in range(30_000)],
             apparent=30_000 * 1048576)
    meet(place, "a sparse file of 30,000 single bytes", many, EITHER, commands=[
        (["drill", "latest", "--no-evidence", "--scratch", place.root + "/scratch",
          "--scratch-max", "16M"], {10}),
        (["verify", "latest"], EITHER)])
    huge = Archive()
    huge.raw(header(b"pax", b"x", 3 << 30))
    huge.raw(padded(b"x" * 100_000))
    huge.add(b"files/a")
    meet(place, "an extended header of 3 GiB", huge, REFUSED)
    flood = Archive()
    for _ in range(200):
        flood.raw(pax([(b"comment", b"c" * 500_000)], kind=b"g"))
    flood.add(b"files/a")
    meet(place, "100 MB of global headers", flood, EITHER)


def lies(place):
    """Index, seek table, manifest and tar that disagree, or that are absurd in agreement."""
    def changed(**fields):
        return lambda parts: parts["lines"][0].update(fields)

    for case, lie, want in (
            ("the index names another path", changed(path="files/b"), REFUSED),
            ("the index says another size", changed(size=1 << 62), REFUSED),
            ("the index says another type", changed(type="directory"), REFUSED),
            ("the index hides a setuid bit", changed(mode=0o600), REFUSED),
            ("the index's end is the largest number", changed(end=(1 << 64) - 1), REFUSED),
            ("the index says -1", changed(size=-1), REFUSED),
            ("the index says 1e999", lambda p: p.update(index=b'{"format":1e999}\n'), REFUSED),
            ("the index is nested 100,000 deep",
             lambda p: p.update(index=b'{"format":1,"a":' + b"[" * 100_000 + b"\n"), REFUSED),
            ("the index is one line of 40 MB", lambda p: p.update(index=b"[" * 40_000_000), REFUSED),
            ("the index has lines without end",
             lambda p: p.update(index=b"\n" * 30_000_000), REFUSED),
            ("the index's members are nobody's", lambda p: p["lines"].clear(), REFUSED),
            ("the manifest counts other members", lambda p: p.update(members=7), REFUSED),
            ("the manifest says fewer raw bytes",
             lambda p: p.update(raw={**summary(p["tar"]), "bytes": 1000}), REFUSED),
            ("a manifest of 5 MB", lambda p: p.update(manifest=b" " * 5_000_000), REFUSED),
            ("a manifest nested 100,000 deep", lambda p: p.update(manifest=b"[" * 100_000), REFUSED),
            ("a manifest with 1e999", lambda p: p.update(manifest=b'{"format":1e999}'), REFUSED)):
        meet(place, case, one(data=b"hello"), want, lie=lie)

    def table(change):
        def lie(parts):
            tar = parts["tar"]
            frame = compressed(tar)
            parts["stored"] = change(frame, tar)
        return lie

    for case, change in (
            ("a seek table of 2^27 frames", lambda f, t: f + seek_table([(f, len(t))])[:-9] +
             (1 << 27).to_bytes(4, "little") + b"\x80" + (0x8F92EAB1).to_bytes(4, "little")),
            ("a seek table that says 4 GiB", lambda f, t: f + seek_table([(f, 0xFFFFFFFF)])),
            ("no seek table", lambda f, t: f),
            ("frames inside a skippable frame", lambda f, t: f + (0x184D2A50).to_bytes(4, "little")
             + len(f).to_bytes(4, "little") + f + seek_table([(f, len(t))])),
            ("a window of 2 GiB", lambda f, t: compressed(t + os.urandom(1) * 0, "--ultra",
                                                          "--long=31", "--no-check")),
            ("a second frame behind the end", lambda f, t: f + compressed(b"evil")),
            ("an archive that is no zstd", lambda f, t: b"PK\3\4" + t)):
        meet(place, case, one(data=b"hello"), EITHER, lie=table(change))

    def age(head):
        return lambda parts: parts.update(sealed=head + b"\0" * 32)

    stanza = b"-> X25519 " + b"A" * 43 + b"\n" + b"A" * 43 + b"\n"
    for case, head in (
            ("an age header of 100,000 stanzas", b"age-encryption.org/v1\n" + stanza * 100_000),
            ("scrypt with a work factor of 2^30", b"age-encryption.org/v1\n-> scrypt " + b"A" * 22 +
             b" 30\n" + b"A" * 43 + b"\n--- " + b"A" * 43 + b"\n"),
            ("an age header without end", b"age-encryption.org/v1\n" + b"-> " + b"A" * 20_000_000)):
        meet(place, case, one(data=b"hello"), REFUSED, lie=age(head))


def recipes(place):
    """What recipes do with a restored folder: links in the places that they know by name."""
    canary = place.canary.encode()
    for name, recipe, member in (("n8n", "n8n", b"n8n/config"), ("traefik", "traefik",
                                 b"traefik/acme.json"), ("grafana", "grafana", b"grafana/secret_key"),
                                 ("caddy", "caddy", b"caddy/data/caddy/certificates/a/b.key")):
        meet(place, f"{recipe}'s own file is a link", one(member, kind=b"2", link=canary + b"/plain"),
             CONTAINED | REFUSED, facts=volume_facts(name, recipe), sabotage=True,
             services=[service(name, recipe)])
        meet(place, f"{recipe}'s folder is a link", one(name.encode(), kind=b"2", link=canary),
             EITHER, facts=volume_facts(name, recipe), services=[service(name, recipe)],
             sabotage=True)
    linked = one(b"db/app.db", kind=b"2", link=canary + b"/app.db")
    facts = volume_facts("db", "sqlite", file="app.db")
    facts = json.loads(facts)
    facts["services"]["db"]["facts"]["details"] = {"file": "app.db", "tables": {"t": 3}}
    meet(place, "a SQLite database that is a link to a live one", linked, EITHER,
         facts=json.dumps(facts).encode(), services=[service("db", "sqlite")], sabotage=True)
    big = one(b"files/big", kind=b"2", link=canary + b"/plain")
    details = {"largest": {"path": "big", "bytes": 6}, "must": ["big"], "files": 0}
    meet(place, "the largest file is a link", big, EITHER, sabotage=True,
         facts=volume_facts("files", "volume", **details))
    for name in ("../../canary", place.canary, "..", "files/../../canary", "a" * 10_000,
                 "\x1b]0;x\x07"):
        meet(place, f"a service called {name[:16]!r}", one(data=b"x"), REFUSED,
             services=[service(name, "n8n")])
    for facts in (b"[" * 200_000, b'{"services":' * 50_000, b"1e999", b"\xff", b""):
        meet(place, f"facts.json is {facts[:10]!r}", one(data=b"x"), EITHER, facts=facts)


def bombs(place):
    """A little that means a lot. The long form takes the sizes that the issue names."""
    zeros = (1 << 30) if LONG else (100 << 20)
    meet(place, f"a bomb of {zeros >> 20} MiB", one(data=b"\0" * zeros), CONTAINED, timeout=300,
         commands=[
             (["verify", "latest"], CONTAINED), (["ls", "latest"], CONTAINED),
             (["drill", "latest", "--no-evidence", "--scratch", place.root + "/scratch",
               "--scratch-max", "64M"], {10})])
    tiny = 1_000_000 if LONG else 3_000
    many = Archive()
    for at in range(tiny):
        many.add(b"files/%d/%d" % (at % 1000, at))
    meet(place, f"{tiny} tiny members", many, CONTAINED, timeout=900, commands=[
        (["verify", "latest"], CONTAINED), (["ls", "latest"], CONTAINED),
        (["drill", "latest", "--no-evidence", "--scratch", place.root + "/scratch",
          "--scratch-max", "512K"], {10}),
        (["restore", "latest", "--to", "out"], CONTAINED)])
    folders = Archive()
    for at in range(700 if LONG else 0):
        folders.add(b"files/%d" % at, kind=b"5", xattrs=[(b"user.x", b"v" * 1_000_000)])
    if LONG:
        meet(place, "700 folders with an attribute of 1 MB each", folders, REFUSED, rss_mib_max=800,
             timeout=300, commands=[(["restore", "latest", "--to", "out"], REFUSED)])
    frames = 2_500_000 if LONG else 200_000

    def claim(parts):
        parts["frames"] = [[len(parts["tar"]), 1]] + [[0, 1]] * frames
    meet(place, f"an index of {frames} frames", one(data=b"x"), EITHER, lie=claim,
         rss_mib_max=600)


def main():
    if os.geteuid() != 0:
        print("skipped: what root would be made to do needs root")
        sys.exit(77)
    with Place(sys.argv[1]) as place:
        with open(place.canary + "/plain", "w") as file:
            file.write("secret")
        os.chmod(place.canary + "/plain", 0o644)
        os.symlink("plain", place.canary + "/config")
        with open(place.canary + "/acme.json", "w") as file:
            file.write("{}")
        with sqlite3.connect(place.canary + "/app.db") as live:
            live.executescript("CREATE TABLE t (a); INSERT INTO t VALUES (1), (2), (3);")
        for part in (ways_out, odd_members, lies, recipes, bombs):
            if len(sys.argv) < 3 or part.__name__ in sys.argv[2:]:
                part(place)
        counted("hostile archives refused or contained", len(SEEN))
        print(f"{len(SEEN)} hostile archives")
        place.close()


main()
