#!/usr/bin/env python3
"""Reads deploy/nomad/lifeboat.nomad.hcl as far as a test can without Nomad, and takes it apart.

  nomad.py FILE FOLDER   writes FOLDER/lifeboat.yaml, FOLDER/variables and FOLDER/lifeboat.args

There is no HCL parser among Debian 12's packages. The subset that a job uses is small: blocks,
attributes, strings, numbers, lists and heredocs; anything else is refused. Each block and attribute
must be one that https://developer.hashicorp.com/nomad/docs/job-specification knows at its place.
"""
import re
import sys

BLOCKS = {
    "": {"job"},
    "job": {"periodic", "group", "type", "datacenters"},
    "periodic": {"crons", "time_zone", "prohibit_overlap", "enabled"},
    "group": {"count", "restart", "reschedule", "volume", "task"},
    "restart": {"attempts", "mode", "delay", "interval"},
    "reschedule": {"attempts", "unlimited"},
    "volume": {"type", "source", "read_only"},
    "task": {"driver", "user", "config", "volume_mount", "template", "kill_timeout", "resources"},
    "config": {"image", "args", "readonly_rootfs", "cap_drop", "security_opt"},
    "volume_mount": {"volume", "destination", "read_only"},
    "template": {"destination", "perms", "env", "data"},
    "resources": {"cpu", "memory", "memory_max"},
}
TOKEN = re.compile(r"""
    (?P<space>\s+|\#[^\n]*)
  | (?P<heredoc><<(?P<tag>[A-Z]+)\n(?P<text>.*?)^\s*(?P=tag)$)
  | (?P<string>"(?:[^"\\\n]|\\.)*")
  | (?P<number>\d+)
  | (?P<word>[A-Za-z_]\w*)
  | (?P<mark>[{}\[\]=,])
""", re.VERBOSE | re.DOTALL | re.MULTILINE)


def fail(what):
    sys.exit(f"nomad: {what}")


def tokens(text):
    at = 0
    while at < len(text):
        found = TOKEN.match(text, at)
        if not found:
            fail(f"line {text.count(chr(10), 0, at) + 1}: this is no HCL that a test can read")
        at = found.end()
        if found["heredoc"]:
            # $${ is how HCL writes a ${ that is not its own.
            if re.search(r"(?<!\$)\$\{", found["text"]):
                fail("a ${ that HCL would take for its own")
            yield "value", found["text"].replace("$${", "${")
        elif found["string"]:
            yield "value", found["string"][1:-1]
        elif found["number"]:
            yield "value", int(found["number"])
        elif found["word"] or found["mark"]:
            yield ("word" if found["word"] else "mark"), found["word"] or found["mark"]


class Reader:
    def __init__(self, text):
        self.tokens = list(tokens(text)) + [("end", None)]
        self.at = 0

    def take(self):
        self.at += 1
        return self.tokens[self.at - 1]

    def value(self):
        kind, value = self.take()
        if kind == "word" and value in ("true", "false"):
            return value == "true"
        if kind == "value":
            return value
        if (kind, value) != ("mark", "["):
            fail(f"'{value}' is no value")
        items = []
        while self.tokens[self.at] != ("mark", "]"):
            items.append(self.value())
            if self.tokens[self.at] == ("mark", ","):
                self.at += 1
        self.at += 1
        return items

    # [(name, label, value or inner block)]
    def block(self, name, end):
        entries = []
        while self.tokens[self.at] != end:
            kind, word = self.take()
            if kind != "word" or word not in BLOCKS[name]:
                fail(f"'{word}' does not belong into {name or 'a job file'}")
            label = self.take()[1] if self.tokens[self.at][0] == "value" else ""
            mark = self.take()[1]
            if mark == "=":
                entries.append((word, label, self.value()))
            elif mark == "{":
                entries.append((word, label, self.block(word, ("mark", "}"))))
                self.at += 1
            else:
                fail(f"'{mark}' behind '{word}'")
        return entries


def one(block, name):
    found = [value for word, _, value in block if word == name]
    if len(found) != 1:
        fail(f"{len(found)} times '{name}'")
    return found[0]


def main(path, folder):
    with open(path, encoding="utf-8") as file:
        job = one(Reader(file.read()).block("", ("end", None)), "job")
    if one(job, "type") != "batch" or not one(one(job, "periodic"), "prohibit_overlap"):
        fail("a periodic batch without overlap is wanted")
    group = one(job, "group")
    task = one(group, "task")
    volumes = {label for word, label, _ in group if word == "volume"}
    for mount in [value for word, _, value in task if word == "volume_mount"]:
        if one(mount, "volume") not in volumes:
            fail(f"there is no volume '{one(mount, 'volume')}'")
    config, environment = [value for word, _, value in task if word == "template"]
    if one(config, "destination") != "local/lifeboat.yaml" or not one(environment, "env"):
        fail("the configuration, then the environment")
    with open(f"{folder}/lifeboat.yaml", "w", encoding="utf-8") as out:
        out.write(one(config, "data"))
    with open(f"{folder}/variables", "w", encoding="utf-8") as out:
        for name in re.findall(r"^([A-Z_]+)=\{\{ \.\w+ \}\}$", one(environment, "data"), re.M):
            out.write(f"{name}\n")
    with open(f"{folder}/lifeboat.args", "w", encoding="utf-8") as out:
        out.write("".join(f"{argument}\n" for argument in one(one(task, "config"), "args")))


main(*sys.argv[1:])
