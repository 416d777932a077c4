#!/usr/bin/env python3
"""Names that try to steer the terminal: escape sequences, C1 controls, bytes that are no UTF-8, and
characters that turn the reading order, as members, hosts, paths, errors of commands and answers of
servers. Every command runs on a terminal of its own; nothing but printable text, colours and the
progress line's own sequence may come out, and `--json` escapes them. `cat` and `extract -` give data
as it is, which is their contract.

  hostile_names.py LIFEBOAT
"""
import json
import os
import pty
import re
import subprocess
import sys
import threading

from hostile_lib import Archive, Place, counted, plant, service, volume_facts

EVIL = [b"\x1b]0;owned\x07", b"\x1b[2J\x1b[H", b"\xc2\x9b2J", b"\x9b2J", b"\xff\xfe", b"a\nlifeboat: ok",
        b"a\rb", b"\x08\x08\x08", b"\x7f", "\u202egpj.exe".encode(), "\u2066x\u2069".encode(),
        "\u2028line".encode(), "\u200f\u061c\ufeff".encode(), b"\x1bP+q\x1b\\", b"\x0e\x0f", b"%1B%9B"]
OURS = rb"\r\x1b\[K|\x1b\[[0-9;]*m"
BAD = re.compile(rb"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]|\r(?!\n)|\xc2[\x80-\x9f]|\xe2\x80[\x8e\x8f\xa8-\xae]"
                 rb"|\xe2\x81[\xa6-\xa9]|\xd8\x9c|\xef\xbb\xbf")


def on_terminal(place, args, env=None):
    """What a terminal gets to see of a command."""
    master, slave = pty.openpty()
    child = subprocess.Popen([place.program, *args], stdin=slave, stdout=slave, stderr=slave,
                             cwd=place.root, close_fds=True,
                             env={**os.environ, "TERM": "xterm", "TZ": "UTC", "LC_ALL": "C.UTF-8",
                                  "DOCKER_HOST": f"unix://{place.root}/none.sock", **(env or {})})
    os.close(slave)
    too_late = threading.Timer(60, child.kill)
    too_late.start()
    seen = b""
    while True:
        try:
            data = os.read(master, 65536)
        except OSError:  # the last writer is gone
            break
        if not data:
            break
        seen += data
    child.wait()
    too_late.cancel()
    os.close(master)
    return seen


def harmless(seen):
    try:
        seen.decode()
    except UnicodeDecodeError:
        return False
    return not BAD.search(re.sub(OURS, b"", seen))


def main():
    with Place(sys.argv[1]) as place:
        tried = 0

        def meet(case, *args, env=None):
            nonlocal tried
            tried += 1
            seen = on_terminal(place, args, env)
            if not seen:
                place.fault(case, f"{args} says nothing")
            if not harmless(seen):
                place.fault(case, f"{args} lets through {re.sub(OURS, b'', seen)[:600]!r}")

        archive = Archive()
        for at, evil in enumerate(EVIL):
            archive.add(b"files/%d" % at + evil, data=b"x")
            archive.add(b"files/l%d" % at, kind=b"2", link=evil)
        # What a manifest may hold: its texts are cleaned of controls, not of what turns them.
        turned = "\u202emrof\u2028"
        failed = service("broken", "n8n", ok=False, error=turned, hints=[turned], warnings=[turned],
                         missing=[turned], items=[{"key": turned, "count": 1}])
        plant(place, archive, services=[service(warnings=[turned]), failed], facts=volume_facts())
        for evil in EVIL:
            if b"/" not in evil:
                os.makedirs(os.fsencode(place.store) + b"/" + evil + b"/2026-01-02", exist_ok=True)
        bare = place.bare
        name = os.fsdecode(b"files/0" + EVIL[0])
        for json_too in ([], ["--json"]):
            for command in (["ls", "latest"], ["list"], ["verify", "latest"], ["list", "--all"],
                            ["restore", "latest", "--to", "out" + str(len(json_too))],
                            ["drill", "latest", "--no-evidence", "--scratch", place.root],
                            ["restore", "latest", "files/\x1b[2J", "--to", "no"],
                            ["restore", "latest", "\u202ex", "--to", "no"],
                            ["cat", "latest", "nothing\x1b[2J\u202e"], ["ls", "\x1b]0;x\x07"],
                            ["verify", os.fsdecode(b"h1/\x9b2J")], ["prune", "--host", "\x1b[2J"],
                            ["\x1b[2J\u202e"], ["ls", "--\x1b[2J"]):
                meet("a snapshot's names", *bare(*command), *json_too)
        listed = place.run(bare("ls", "latest", "--json"), ok={0}, case="ls --json")
        # Escaped, and not lost.
        paths = [one["path"] for one in json.loads(listed.out)]
        if not any("\u202egpj.exe" in path for path in paths):
            place.fault("ls --json", f"lost a name: {paths[:40]}")
        raw = place.run(bare("cat", "latest", name), case="cat")
        if raw.out != b"x" and raw.code == 0:
            place.fault("cat", f"changed data: {raw}")

        config = place.root + "/lifeboat.yaml"
        os.makedirs(place.root + "/spool")
        live = place.root.encode() + b"/live"
        os.mkdir(live)
        for at, evil in enumerate(EVIL):
            with open(live + b"/%d" % at + evil.replace(b"/", b"_"), "w") as file:
                file.write("y")
        with open(place.root + "/child.sh", "wb") as file:
            file.write(b"#!/bin/sh\nprintf '%s' '" + b" ".join(EVIL) + b"' >&2\nexit 3\n")
        os.chmod(place.root + "/child.sh", 0o755)
        with open(config, "w") as file:
            file.write(f"""host: h1
store: {{dir: {place.store}}}
encryption: {{recipients: [{place.recipient}]}}
state_dir: {place.root}/state
spool_dir: {place.root}/spool
services:
  files: {{recipe: volume, path: "{place.root}/live"}}
  child: {{recipe: command, command: ["{place.root}/child.sh"]}}
  gone: {{recipe: volume, path: "{place.root}/\\e[2J\\u202e"}}
jobs: {{nightly: {{schedule: manual, services: [files, child, gone]}}}}
""")
        for json_too in ([], ["--json"]):
            for command in (["backup"], ["plan"], ["check"], ["status"], ["list"], ["discover"],
                            ["diff", "latest", "files", "--identity", place.key],
                            ["diff", "h1/2026-01-02", "--identity", place.key],
                            ["drill", "--identity", place.key, "--no-notify"],
                            ["backup", "\x1b[2J\u202e"], ["report", "-o", "\x1b[2J/no/x"],
                            ["report", "-o", "-"]):
                meet("a host's names", *command, "--config", config, *json_too)
        counted("commands fed names with control characters", tried)
        print(f"{tried} commands")
        place.close()


main()
