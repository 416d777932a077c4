#!/usr/bin/env python3
"""Runs a page: its commands in the page's order, its configurations and statements where they stand.
To be started on a machine of its own, by page_test.sh. README.md beside this file tells the rules.

  usage: run_page.py PAGE NAME WORLD NOT_RUN FOLDER

WORLD is the page's set-up (tests/docs/NAME.sh), which need not be there for a page without commands;
NOT_RUN the list of commands that cannot be run, with reasons; FOLDER an empty one for our own files.
"""
import json
import os
import subprocess
import sys

import configurations
from match import Learned, difference
from page import (Fault, blocks_of, commands_of_console, commands_of_cron, commands_of_sh,
                  runnable)
from session import Session

ENVIRONMENT = {
    "PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "HOME": "/root",
    "LANG": "C.UTF-8", "TZ": "UTC", "NO_COLOR": "1", "USER": "root", "LOGNAME": "root",
}


class World:
    """What the page's set-up told by its vocabulary (world_lib.sh), and its hooks."""

    def __init__(self, script, folder):
        self.folder = folder
        library = os.path.join(os.path.dirname(os.path.abspath(__file__)), "world_lib.sh")
        log = f"{folder}/set-up.log"
        with open(log, "wb") as output:   # no pipe: servers that it starts hold it open
            status = subprocess.run(["bash", library, script, folder], env=ENVIRONMENT, cwd="/root",
                                    stdin=subprocess.DEVNULL, stdout=output, stderr=output,
                                    check=False, timeout=240).returncode
        if status != 0:
            with open(log, encoding="utf-8", errors="replace") as output:
                said = output.read()
            if status == 77:
                print(said, end="")
                sys.exit(77)
            raise Fault(f"its set-up {script} failed, status {status}:\n{said}")

    def told(self, name):
        """Pairs that were said with the word `name`."""
        path = f"{self.folder}/told-{name}"
        if not os.path.exists(path):
            return []
        with open(path, encoding="utf-8") as file:
            words = file.read().split("\0")[:-1]
        return list(zip(words[::2], words[1::2]))

    def sections(self):
        """Of each heading that was named: the steps before its first block and behind its last."""
        words = [word for pair in self.told("section") for word in pair]
        return {words[at]: tuple(words[at + 1:at + 3]) for at in range(0, len(words), 4)}


class PageRun:
    def __init__(self, page, world, not_run, folder):
        self.page, self.world, self.not_run = page, world, not_run
        self.environment = {**ENVIRONMENT, **dict(world.told("page_env") if world else [])}
        self.session = Session(folder, self.environment)
        self.folder = folder
        self.learned = Learned(world.told("means") if world else [])
        self.before = world.told("before") if world else []
        self.after = world.told("after") if world else []
        self.stays = world.told("stays") if world else []
        self.sections, self.heading = world.sections() if world else {}, None
        self.ran, self.loaded, self.skipped = 0, 0, []

    def enter(self, heading):
        """Before a block below this heading; None behind the last block."""
        if heading == self.heading:
            return
        if self.heading in self.sections:
            self.step(self.sections.pop(self.heading)[1])
        self.heading = heading
        if heading in self.sections:
            self.step(self.sections[heading][0])

    def block(self, block):
        try:
            self.judge(block)
        except Fault as fault:
            where = "" if str(fault).startswith("line ") else f"line {block.line}: "
            raise Fault(f"{where}{fault}") from fault

    def judge(self, block):
        if block.tag == "sh":
            for command in commands_of_sh(block):
                self.command(command)
        elif block.tag == "console":
            for command in commands_of_console(block):
                self.command(command)
        elif block.tag == "cron":
            for command in commands_of_cron(block):
                self.command(command)
        elif block.tag == "yaml":
            text = self.learned.in_command("\n".join(block.lines))
            if not configurations.judge(text, self.environment, self.folder):
                self.hook("yaml", text)
            self.loaded += 1
        elif block.tag == "json":
            try:
                json.loads("\n".join(block.lines))
            except ValueError as error:
                raise Fault(f"it is no JSON: {error}") from error
            self.loaded += 1
        elif block.tag == "sql":
            self.hook("sql", "\n".join(block.lines))
            self.ran += 1

    def hook(self, name, text):
        path = f"{self.folder}/hook-{name}"
        if not os.path.exists(path):
            raise Fault(f"its set-up has no 'hook {name}' that judges this block")
        reply = subprocess.run(["bash", path], input=text + "\n", check=False, text=True,
                               env=self.environment, capture_output=True, timeout=120)
        if reply.returncode != 0:
            raise Fault(f"{reply.stdout}{reply.stderr}")

    def command(self, command):
        for entry in self.not_run:
            if entry[0] in command.text:
                self.skipped.append((command.first_line, entry[1]))
                entry[2] = True
                return
        try:
            self.run(command)
        except Fault as fault:
            raise Fault(f"line {command.line}: {command.first_line}\n  {fault}") from fault
        self.ran += 1

    def run(self, command):
        self.steps(self.before, command)
        text = self.learned.in_command(command.text)
        probe = next((probe for pattern, probe in self.stays if pattern in command.text), None)
        if probe:
            status, printed = 0, self.session.run_server(text, probe)
        else:
            status, printed = self.session.run(text)
        if command.status is not None and status != command.status:
            raise Fault(f"exit status {status}, expected {command.status}; it printed:\n{printed}")
        if command.output is not None:
            found = difference(command.output, printed.split("\n"), self.learned)
            if found:
                raise Fault(f"{found}\n--- all of it:\n{printed}")
        self.steps(self.after, command)

    def steps(self, steps, command):
        for pattern, step in list(steps):
            if pattern in command.text:
                steps.remove((pattern, step))
                self.step(step)

    def step(self, step):
        reply = subprocess.run(["bash", "-euo", "pipefail", "-c", step], env=self.environment,
                               cwd="/root", check=False, capture_output=True, text=True,
                               timeout=120)
        if reply.returncode != 0:
            raise Fault(f"its set-up's step failed: {step}\n{reply.stdout}{reply.stderr}")


def read_not_run(path, name):
    """Lines PAGE | PART OF THE COMMAND | REASON of this page, each with whether it was needed."""
    with open(path, encoding="utf-8") as file:
        lines = [line.strip() for line in file if line.strip() and not line.startswith("#")]
    entries = [[part.strip() for part in line.split(" | ")] for line in lines]
    return [[part, reason, False] for page, part, reason in entries if page == name]


def run_page(page, name, world, not_run, folder):
    with open(page, encoding="utf-8") as file:
        blocks = runnable(blocks_of(file.read()))
    has_world = os.path.exists(world)
    if not has_world and any(block.tag not in ("yaml", "json") for block in blocks):
        raise Fault(f"it has commands, and no set-up {world}")
    run = PageRun(page, World(world, folder) if has_world else None,
                  read_not_run(not_run, name), folder)
    try:
        for block in blocks:
            run.enter(block.heading)
            run.block(block)
        run.enter(None)
    finally:
        run.session.close()
    for pattern, _ in run.before + run.after:
        raise Fault(f"its set-up waits for a command that is not there: {pattern}")
    for part, _, needed in run.not_run:
        if not needed:
            raise Fault(f"{not_run} names a command that is not there: {part}")
    return run


def main():
    page, name, world, not_run, folder = sys.argv[1:]
    try:
        run = run_page(page, name, world, not_run, folder)
    except Fault as fault:
        print(f"{page}: {fault}", file=sys.stderr)
        sys.exit(1)
    for command, reason in run.skipped:
        print(f"not run: {command} ({reason})")
    print(f"{name}: {run.ran} run, {run.loaded} loaded, {len(run.skipped)} not run")


if __name__ == "__main__":
    main()
