#!/usr/bin/env python3
"""What must be on the disk before something else may happen there, read from what file_log.cc noted.

The power cuts of kill.py lose what was not synced, here and there; this asks for each sync by name,
so that none can be taken away unseen.
"""
import os
import shutil
import subprocess
import sys
import tempfile

PROGRAM, LIBRARY = (os.path.realpath(path) for path in sys.argv[1:3])
DAY = 86400


class Log:
    """The events of one run, in order: lists of a kind and its fields."""

    def __init__(self, path):
        with open(path, encoding="utf-8", errors="replace") as file:
            self.events = [line.rstrip("\n").split("\t") for line in file]

    def after(self, start, *wanted):
        """Where the first event from `start` on is that begins with `wanted`; None: nowhere."""
        for at in range(start, len(self.events)):
            if self.events[at][:len(wanted)] == list(wanted):
                return at
        return None

    def named(self, kind, says):
        """[(place, fields)] of the events of a kind whose last name fits."""
        return [(at, event[1:]) for at, event in enumerate(self.events)
                if event[0] == kind and says(event[-1])]


def need(holds, what):
    if not holds:
        sys.exit(f"syncs.py: {what}")


class World:
    def __init__(self, folder):
        self.folder = folder
        os.chdir(folder)
        os.umask(0o077)
        for name in ("source", "store", "spool"):
            os.mkdir(name)
        with open("source/file", "w", encoding="utf-8") as file:
            file.write("content\n" * 1000)
        self.call("keygen", "-o", "key")
        recipient = self.call("keygen", "-y", "key").strip()
        with open("lifeboat.yaml", "w", encoding="utf-8") as file:
            file.write(f"""host: h1
store: {{dir: {folder}/store}}
encryption: {{recipients: [{recipient}]}}
retention: {{daily: 7, monthly: 1}}
state_dir: {folder}/state
spool_dir: {folder}/spool
services:
  files: {{recipe: volume, path: {folder}/source}}
  dump: {{recipe: command, command: [seq, "5000"]}}
jobs: {{nightly: {{schedule: manual, services: [files, dump]}}}}
""")

    @staticmethod
    def call(*words, **settings):
        environment = {"PATH": os.environ["PATH"], "TZ": "UTC", "LD_PRELOAD": LIBRARY,
                       "ASAN_OPTIONS": "verify_asan_link_order=0",
                       **{"LIFEBOAT_" + name: str(value) for name, value in settings.items()}}
        done = subprocess.run([PROGRAM, *words], text=True, capture_output=True, env=environment,
                              timeout=120, check=False, stdin=subprocess.DEVNULL)
        need(done.returncode == 0, f"{words} ended with {done.returncode}: {done.stderr}")
        return done.stdout

    def logged(self, *words, **settings):
        self.call(*words, "--config", "lifeboat.yaml", FILE_LOG=self.folder + "/log", **settings)
        return Log(self.folder + "/log")


def renames_are_durable(log, what):
    """Of each file that gets its name by a rename: content before the name, the name at the end."""
    seen = 0
    for at, (from_folder, from_leaf, folder, leaf) in log.named("rename", lambda _: True):
        made = [event for event in log.events[:at]
                if event[0] == "create" and event[2:] == [from_folder, from_leaf]]
        if not made:
            continue
        inode = made[-1][1]
        writes = [n for n in range(at) if log.events[n][0] in ("write", "size")
                  and log.events[n][1] == inode]
        synced = log.after(writes[-1] if writes else 0, "sync", inode)
        need(synced is not None and synced < at, f"{what}: '{leaf}' is named before it is synced")
        need(log.after(at, "sync", folder) is not None, f"{what}: the name '{leaf}' is not synced")
        seen += 1
    return seen


def backups(world):
    world.logged("backup", CLOCK_OFFSET=-90 * DAY)
    log = world.logged("backup")
    need(renames_are_durable(log, "backup") >= 5, "backup: few files were seen")
    for name in ("manifest.json", "h1.state.json"):
        need(log.named("rename", lambda leaf, name=name: leaf == name), f"backup: no {name}")
    need(log.named("rename", lambda leaf: "last-good" in leaf or "last_good" in leaf),
         "backup: no last good configuration was kept")
    marks = log.named("remove", lambda leaf: leaf.endswith(".run"))
    need(marks, "backup: no mark was seen")
    for at, (folder, leaf) in marks:
        need(log.after(at, "sync", folder) is not None, f"backup: '{leaf}' can come back")


def restores(world):
    log = world.logged("restore", "latest", "--to", "out", "--identity", "key")
    placed = log.named("rename", lambda leaf: leaf == "out")
    need(len(placed) == 1, "restore: one rename places all")
    at, (_, _, folder, _) = placed[0]
    written = max(n for n in range(at) if log.events[n][0] == "write")
    synced = log.after(written, "sync_all")
    need(synced is not None and synced < at, "restore: content is placed before it is synced")
    need(log.after(at, "sync", folder) is not None, "restore: the target's name is not synced")


def prunes(world):
    log = world.logged("prune")
    manifests = log.named("remove", lambda leaf: leaf == "manifest.json")
    need(manifests, "prune: nothing was removed")
    for at, (folder, _) in manifests:
        others = [n for n, (where, leaf) in log.named("remove", lambda leaf: leaf.startswith("backup"))
                  if where == folder]
        need(len(others) >= 2 and min(others) > at, "prune: the manifest is not the first to go")
        synced = log.after(at, "sync", folder)
        need(synced is not None and synced < min(others),
             "prune: an archive goes before its manifest is gone for good")


def replacements(world):
    """Old files have their new place for good before anything takes their old one."""
    log = world.logged("restore", "latest", "files", "--yes-replace", "files", "--identity", "key",
                       "--scratch", ".")
    at, (kept, parent, _) = next((at, event) for at, event in log.named(
        "mkdir", lambda leaf: leaf.startswith("source.before-")))
    moves = log.named("rename", lambda leaf: leaf == "file")
    away, (live, _, _, _) = next((at, event) for at, event in moves if event[2] == kept)
    comes = next(at for at, event in moves if at > away and event[2] == live)
    for start, end, folder, what in ((at, away, parent, "the folder of old files has no name"),
                                     (away, comes, kept, "an old file is not at its place"),
                                     (away, comes, live, "an old file is still at its place")):
        synced = log.after(start, "sync", folder)
        need(synced is not None and synced < end, f"replace: {what} for good")
    need(log.after(comes, "sync", live) is not None, "replace: a new file's name is not synced")


def main():
    folder = tempfile.mkdtemp(prefix="lifeboat-syncs-")
    try:
        world = World(folder)
        backups(world)
        restores(world)
        prunes(world)
        replacements(world)
    finally:
        os.chdir("/")
        shutil.rmtree(folder)


main()
