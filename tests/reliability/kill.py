#!/usr/bin/env python3
"""Kills lifeboat at random moments, and cuts its power.

    kill.py LIFEBOAT FILE_LOG_LIBRARY SCRIPTED_S3

Kill: a run gets SIGKILL or SIGTERM before a random one of its changes to files or of its sends to a
bucket. Power cut: what a
whole run changed is logged, and a disk is rebuilt as it may look after a cut behind change k: only
what was synced, or that and a random part of the rest, writes torn. What is judged is in `judge`.
LIFEBOAT_SEED repeats a series. Folders lie in /dev/shm, where a sync costs nothing.
"""
import json
import os
import random
import re
import shutil
import signal
import subprocess
import sys
import tempfile

from cut_disk import Disk

PROGRAM, LIBRARY, SERVER = (os.path.realpath(path) for path in sys.argv[1:4])
LONG = "LIFEBOAT_LONG" in os.environ
SEED = int(os.environ.get("LIFEBOAT_SEED", random.randrange(1 << 30) if LONG else 1))
DAY = 86400
PLACES = ("store", "state", "textfile", "out", "live")
chance = random.Random(SEED)
counts = {"kill": 0, "term": 0, "cut": 0, "verified": 0, "after": 0, "s3": 0, "replace": 0,
          "replace_cut": 0}


class Fault(Exception):
    pass


def need(condition, what):
    if not condition:
        raise Fault(what)


class Bucket:
    """tests/support/scripted_s3_main.cc; keys and bucket are its own."""

    def __init__(self):
        self.process = subprocess.Popen([SERVER], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                        text=True)
        url = self.process.stdout.readline().strip()
        self.store = (f"{{s3: {{endpoint: \"{url}\", region: test-1, bucket: bucket, "
                      "access_key: AKIDEXAMPLE, part_size: 5 MiB, "
                      "secret_key: wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY}}")

    def ask(self, words):
        self.process.stdin.write(words + "\n")
        self.process.stdin.flush()
        return self.process.stdout.readline().strip()

    def end(self):
        self.process.stdin.close()
        self.process.wait()


class World:
    """A folder with a source, a key, and the places that a run changes below `now`; with a bucket,
    the store is there."""

    def __init__(self, folder, bucket=None):
        self.bucket = bucket
        self.folder = folder
        self.now = folder + "/now"
        os.makedirs(folder + "/source/deep")
        os.makedirs(folder + "/spool")
        os.makedirs(folder + "/scratch")
        for place in PLACES:
            os.makedirs(f"{self.now}/{place}")
        with open(folder + "/source/noise", "wb") as file:
            # In a bucket: more than one part.
            file.write(chance.randbytes(11 << 20 if bucket else 700000))
        with open(folder + "/source/deep/text", "w", encoding="utf-8") as file:
            file.write("one\n" * 1000)
        subprocess.run([PROGRAM, "keygen", "-o", folder + "/key"], check=True, capture_output=True)
        self.recipient = subprocess.run([PROGRAM, "keygen", "-y", folder + "/key"], check=True,
                                        capture_output=True, text=True).stdout.strip()

    def run(self, *words, root=None, **settings):
        """A command on the places below `root`; settings go to the preloaded library."""
        root = root or self.now
        config = root + ".yaml"
        store = self.bucket.store if self.bucket else f"{{dir: {root}/store}}"
        with open(config, "w", encoding="utf-8") as file:
            os.chmod(config, 0o600)
            file.write(f"""host: h1
store: {store}
encryption: {{recipients: [{self.recipient}]}}
state_dir: {root}/state
spool_dir: {self.folder}/spool
metrics: {{textfile: {root}/textfile}}
services:
  files: {{recipe: volume, path: {self.folder}/source}}
  dump: {{recipe: command, command: [sh, -c, 'seq 1 5000']}}
  live: {{recipe: volume, path: {root}/live}}
jobs: {{nightly: {{schedule: manual, services: [files, dump, live]}}}}
drill: {{identity: {self.folder}/key, scratch: {self.folder}/scratch}}
""")
        environment = {"PATH": os.environ["PATH"], "TZ": "UTC", "LD_PRELOAD": LIBRARY,
                       "ASAN_OPTIONS": "verify_asan_link_order=0",
                       **{"LIFEBOAT_" + name: str(value) for name, value in settings.items()}}
        identity = ["--identity", self.folder + "/key"] if words[0] in ("verify", "restore") else []
        return subprocess.run([PROGRAM, *words, *identity, "--config", config], text=True,
                              capture_output=True, env=environment, timeout=120, check=False,
                              stdin=subprocess.DEVNULL)

    def good(self, *words, **settings):
        done = self.run(*words, **settings)
        need(done.returncode == 0, f"{words} ended with {done.returncode}: {done.stderr}")
        return done

    def listed(self, root=None):
        done = self.run("list", "--json", root=root)
        if done.returncode == 5:
            return {}
        need(done.returncode == 0, f"list: {done.stderr}")
        return {one["snapshot"]: one for one in json.loads(done.stdout)}

    def same_as_source(self, target):
        return subprocess.run(["diff", "-r", self.folder + "/source", target + "/files"],
                              capture_output=True, check=False).returncode == 0

    def judge(self, root, known):
        """Every listed snapshot verifies, none of `known` is lost, no success without its snapshot,
        and a restored folder is whole or not there."""
        listed = self.listed(root)
        need(known <= set(listed), f"lost: {known - set(listed)}")
        if listed:
            self.good("verify", "--all", "--no-notify", root=root)
            counts["verified"] += len(listed)
        if os.path.exists(root + "/state/h1.state.json"):
            with open(root + "/state/h1.state.json", encoding="utf-8") as file:
                for job in json.load(file)["jobs"]:
                    told = job.get("snapshot")
                    need(not told or told in listed, f"the state tells of {told}")
        if os.path.exists(root + "/textfile/lifeboat-h1.prom"):
            with open(root + "/textfile/lifeboat-h1.prom", encoding="utf-8") as file:
                need(file.read().endswith("\n"), "the metrics are cut off")
        for name in os.listdir(root + "/out"):
            if not name.startswith("."):
                need(self.same_as_source(f"{root}/out/{name}"), f"'{name}' is not whole")
        return listed

    def next_run(self, root, was_killed=None):
        """The next run succeeds, tells of a kill, and leaves nothing of what was left."""
        for folder, _, names in os.walk(root):
            for name in names:
                if ".tmp-" in name:
                    os.utime(f"{folder}/{name}", (0, 0))  # a night ago, and not a second
        marks = any(name.endswith(".run") for name in os.listdir(root + "/state"))
        done = self.good("backup", root=root)
        counts["after"] += 1
        told = "the run that began at" in done.stderr
        need(told == (marks if was_killed is None else was_killed), f"told a kill: {told}: {done.stderr}")
        self.good("restore", "latest", "--to", root + "/out/next", root=root)
        need(self.same_as_source(root + "/out/next"), "the next run does not restore")
        shutil.rmtree(root + "/out/next")
        if os.listdir(self.folder + "/scratch"):
            self.good("drill", root=root)
        need(not self.left(root), f"left behind: {self.left(root)}")

    def left(self, root):
        """What only a run in progress has."""
        found = [name for _, folders, names in os.walk(root) for name in folders + names
                 if ".tmp-" in name or ".lifeboat-" in name or name.endswith(".run")]
        for place in ("spool", "scratch"):
            found += os.listdir(f"{self.folder}/{place}")
        found += [name for name in os.listdir(root + "/state") if name.startswith("replacing-")]
        found += [name for name in os.listdir(root) if ".new-" in name]
        if self.bucket and (number := self.bucket.ask("uploads")) != "0":
            found.append(f"{number} unfinished uploads")
        return set(found)


def start_again(world, base):
    shutil.rmtree(world.now)
    shutil.copytree(base, world.now)
    if world.bucket:
        need(world.bucket.ask("back") == "ok", "the bucket")


def commands(base_names, bucket=False):
    """Each command with what must stay whatever happens to it."""
    kept = {name for name in base_names if "monthly" in name} | {max(
        name for name in base_names if "monthly" not in name)}
    if bucket:
        return [(("backup",), base_names), (("backup",), base_names), (("backup",), base_names),
                (("restore", "latest", "files", "--to", "OUT"), base_names),
                (("drill",), base_names)]
    return [(("backup",), base_names), (("backup",), base_names), (("prune",), kept),
            (("restore", "latest", "files", "--to", "OUT"), base_names), (("drill",), base_names)]


def power_cuts(world, base, names, number):
    share_of = commands(names)
    for words, known in share_of:
        words = [world.now + "/out/target" if word == "OUT" else word for word in words]
        start_again(world, base)
        disk = Disk(world.now, world.folder + "/log", chance)
        world.good(*words, FILE_LOG=disk.log)
        done = set(world.listed())
        disk.read()
        for turn in range(number // len(share_of)):
            share = chance.choice([0, 0, 0.5, 0.9, 1])
            cut = len(disk.ops) if turn < 4 else chance.randrange(len(disk.ops) + 1)
            target = world.folder + "/cut"
            share = 0 if turn == 0 else share
            disk.rebuild(cut, share, target)
            try:
                is_over = cut == len(disk.ops)
                world.judge(target, done if is_over else known)
                if is_over and words[0] == "restore":
                    need(os.path.exists(target + "/out/target"), "what was restored is lost")
                if LONG or turn % 5 == 0:
                    world.next_run(target, False if is_over else None)
            except Fault as fault:
                raise Fault(f"{words[0]}, power cut after {cut} of {len(disk.ops)} changes, "
                            f"{share} of what was not synced: {fault}") from fault
            shutil.rmtree(target)
            counts["cut"] += 1


def kills(world, base, names, number):
    choices = commands(names, world.bucket)
    start_again(world, base)
    lengths = {}
    for turn in range(number):
        words, known = choices[turn % len(choices)]
        number_of = signal.SIGTERM if turn % 3 == 2 else signal.SIGKILL
        words = [world.now + "/out/target" if word == "OUT" else word for word in words]
        length = lengths.setdefault(words[0], 120)
        at = chance.randrange(1, length + 1)
        before = world.left(world.now)
        done = world.run(*words, KILL_AT=at, KILL_SIGNAL=int(number_of))
        try:
            if done.returncode == 0 and number_of == signal.SIGKILL:
                lengths[words[0]] = max(10, at - 1)  # it has fewer changes
            elif number_of == signal.SIGTERM:
                need(done.returncode in (0, 130), f"SIGTERM: {done.returncode}: {done.stderr}")
                left = world.left(world.now) - before
                need(not left, f"SIGTERM left {left} behind")
            else:
                need(done.returncode == -9, f"SIGKILL: {done.returncode}: {done.stderr}")
            if turn % 5 == 4:
                world.judge(world.now, known & choices[2][1])
            shutil.rmtree(world.now + "/out/target", ignore_errors=True)
            if turn % 5 == 4:
                world.good("restore", "latest", "--to", world.now + "/out/swept")
                shutil.rmtree(world.now + "/out/swept")
                world.next_run(world.now)
                start_again(world, base)
        except Fault as fault:
            raise Fault(f"{words[0]}, signal {int(number_of)} before change {at}: "
                        f"{fault}") from fault
        counts["term" if number_of == signal.SIGTERM else "kill"] += 1
        if world.bucket:
            counts["s3"] += 1


def tree(folder):
    """Contents by path."""
    found = {}
    for path, _, names in os.walk(folder):
        for name in names:
            with open(f"{path}/{name}", "rb") as file:
                found[os.path.relpath(f"{path}/{name}", folder)] = file.read()
    return found


def live_to_replace(world, base):
    """What lies in the live folder, and what the newest snapshot has of it."""
    start_again(world, base)
    new = tree(world.now + "/live")
    for name in ("one", "deep/two", "only-old"):
        with open(f"{world.now}/live/{name}", "w", encoding="utf-8") as file:
            file.write(f"old {name}\n" * 100)
    os.remove(world.now + "/live/only-new")
    return tree(world.now + "/live"), new


def judge_replaced(world, old, new, is_done, was_killed=None):
    """Before the next run all that was live can be reached, after it the old files are there, or the
    new ones and the old ones beside them."""
    kept = [tree(f"{world.now}/{name}") for name in os.listdir(world.now)
            if name.startswith("live.before-")]
    now = tree(world.now + "/live") if os.path.exists(world.now + "/live") else {}
    for path, content in old.items():
        need(content in (now.get(path), *(one.get(path) for one in kept)),
             f"the old '{path}' is lost")
    world.next_run(world.now, was_killed)
    after = tree(world.now + "/live")
    need(after in (old, new), "neither the old files nor the new ones")
    if is_done:
        need(after == now == new, "it said that it replaced them")


def replace(world, **settings):
    return world.run("restore", "latest", "live", "--yes-replace", "live", "--scratch",
                     world.folder + "/scratch", **settings)


def replacements(world, base, number):
    """Kills of `restore --yes-replace`."""
    length = 300
    for turn in range(number):
        old, new = live_to_replace(world, base)
        number_of = signal.SIGTERM if turn % 4 == 3 else signal.SIGKILL
        # Most changes are those of the way there.
        at = chance.randrange(1, length + 1) if turn % 2 else chance.randrange(
            max(1, length - 60), length + 1)
        done = replace(world, KILL_AT=at, KILL_SIGNAL=int(number_of))
        try:
            need(done.returncode in (0, 130 if number_of == signal.SIGTERM else -9),
                 f"{done.returncode}: {done.stderr}")
            if done.returncode == 0:
                length = max(10, at - 1)
            judge_replaced(world, old, new, done.returncode == 0)
        except Fault as fault:
            raise Fault(f"replace, signal {int(number_of)} before change {at}: {fault}") from fault
        counts["term" if number_of == signal.SIGTERM else "kill"] += 1
        counts["replace"] += 1


def replacement_cuts(world, base, number):
    """Power cuts in `restore --yes-replace`, at the same place: its notes have whole paths."""
    old, new = live_to_replace(world, base)
    disk = Disk(world.now, world.folder + "/log", chance)
    done = replace(world, FILE_LOG=disk.log)
    need(done.returncode == 0, f"replace: {done.stderr}")
    disk.read()
    for turn in range(number):
        share = 0 if turn < 2 else chance.choice([0, 0, 0.5, 0.9, 1])
        cut = len(disk.ops) if turn < 2 else chance.randrange(len(disk.ops) + 1)
        shutil.rmtree(world.now)
        disk.rebuild(cut, share, world.now)
        try:
            judge_replaced(world, old, new, cut == len(disk.ops))
        except Fault as fault:
            raise Fault(f"replace, power cut after {cut} of {len(disk.ops)} changes, {share} of "
                        f"what was not synced: {fault}") from fault
        counts["cut"] += 1
        counts["replace_cut"] += 1


def told(what, figure):
    print(f"{what}: {figure}")
    if folder := os.environ.get("LIFEBOAT_COUNTS"):
        with open(folder + "/lines", "a", encoding="utf-8") as file:
            file.write(f"kill test\t{what}\t{figure}\n")


def in_world(folder, bucket, nights, test):
    """A world with snapshots `nights` days ago, and what was in it then."""
    os.mkdir(folder)
    world = World(folder, bucket)
    os.mkdir(world.now + "/live/deep")
    for name in ("one", "deep/two", "only-new"):
        with open(f"{world.now}/live/{name}", "w", encoding="utf-8") as file:
            file.write(f"new {name}\n" * 100)
    for days in nights:
        world.good("backup", CLOCK_OFFSET=-days * DAY)
    names = set(world.listed())
    shutil.copytree(world.now, folder + "/base")
    test(world, folder + "/base", names)


def in_folder(world, base, names):
    power_cuts(world, base, names, 3000 if LONG else 110)
    kills(world, base, names, 2000 if LONG else 70)
    replacements(world, base, 500 if LONG else 16)
    replacement_cuts(world, base, 500 if LONG else 16)


def in_bucket(world, base, names):
    need(world.bucket.ask("keep") == "ok", "the bucket")
    kills(world, base, names, 500 if LONG else 25)


def main():
    print(f"seed {SEED} (LIFEBOAT_SEED repeats it)", flush=True)
    place = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None
    folder = tempfile.mkdtemp(prefix="lifeboat-kill-", dir=place)
    bucket = Bucket()
    try:
        in_world(folder + "/dir", None, (100, 70, 3), in_folder)
        in_world(folder + "/s3", bucket, (40, 3), in_bucket)
    finally:
        bucket.end()
        shutil.rmtree(folder, ignore_errors=True)
    told("moments of SIGKILL", counts["kill"])
    told("moments of SIGTERM", counts["term"])
    told("of these with a bucket, while replacing live files",
         f"{counts['s3']}, {counts['replace']}")
    told("power cuts", counts["cut"])
    told("of these while replacing live files", counts["replace_cut"])
    told("snapshots verified", counts["verified"])
    told("next runs, which cleaned up", counts["after"])


if __name__ == "__main__":
    try:
        main()
    except Fault as fault:
        sys.exit(f"kill.py: {fault} (LIFEBOAT_SEED={SEED})")
