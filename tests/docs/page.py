"""A page of the documentation: its fenced blocks, and the commands in them.

A block is ```TAG ... ```, also inside a list. `sh` and `console` hold commands, `yaml` configurations,
`sql` statements; README.md beside this file says what becomes of each.
"""
import re
import shlex
import subprocess
from dataclasses import dataclass, field

FENCE = re.compile(r"^( *)```(.*)$")
STATUS = re.compile(r"#.*\bstatus (\d+)\b")
RUN = ("sh", "console", "cron", "yaml", "json", "sql")


class Fault(Exception):
    """The page is wrong, or does not do what it says."""


@dataclass
class Block:
    tag: str
    line: int       # of its first line of content, from 1
    lines: list
    heading: str = ""   # that it stands below, without the #s


@dataclass
class Command:
    text: str
    line: int
    output: list = field(default_factory=list)   # None: not shown, not compared
    status: int = 0                              # None: the page prints it next

    @property
    def first_line(self):
        return self.text.split("\n", 1)[0]


def blocks_of(text):
    found, open_block, indent, heading = [], None, "", ""
    for number, line in enumerate(text.split("\n"), 1):
        fence = FENCE.match(line)
        if fence and open_block is None:
            indent = fence[1]
            open_block = Block(fence[2].strip(), number + 1, [], heading)
        elif fence and not fence[2].strip():
            found.append(open_block)
            open_block = None
        elif open_block is not None:
            open_block.lines.append(line.removeprefix(indent))
        elif line.startswith("#"):
            heading = line.lstrip("#").strip()
    if open_block is not None:
        raise Fault(f"line {open_block.line - 1}: the block has no end")
    return found


def runnable(blocks):
    return [block for block in blocks if block.tag in RUN]


def whole(text):
    """True if bash needs no further line to know where the command ends."""
    if re.search(r"(^|[^\\])(\\\\)*\\$", text):
        return False
    reply = subprocess.run(["bash", "-n"], input=text, capture_output=True, text=True)
    return reply.returncode == 0 and not reply.stderr


def take_command(lines, at):
    """The command that begins at lines[at], and where the next line is."""
    text, end = lines[at], at + 1
    while not whole(text):
        if end == len(lines):
            raise Fault(f"a command has no end: {lines[at]}")
        text, end = text + "\n" + lines[end], end + 1
    return text, end


def judged_status(text):
    said = STATUS.search(text)
    return int(said[1]) if said else 0


def commands_of_sh(block):
    commands, at = [], 0
    while at < len(block.lines):
        if not block.lines[at].strip() or block.lines[at].lstrip().startswith("#"):
            at += 1
            continue
        line = block.line + at
        text, at = take_command(block.lines, at)
        commands.append(Command(text, line, None, judged_status(text)))
    return commands


def commands_of_console(block):
    commands, at = [], 0
    while at < len(block.lines):
        if not block.lines[at].startswith("$ "):
            raise Fault(f"line {block.line + at}: a transcript begins with '$ COMMAND'")
        line = block.line + at
        lines = [block.lines[at][2:]] + [one.removeprefix("> ") for one in block.lines[at + 1:]]
        text, used = take_command(lines, 0)
        at += used
        output = []
        while at < len(block.lines) and not block.lines[at].startswith("$ "):
            output.append(block.lines[at])
            at += 1
        commands.append(Command(text, line, output, judged_status(text)))
    for command, following in zip(commands, commands[1:]):
        if following.text.split("#")[0].strip() == "echo $?":
            command.status = None
    return commands


def commands_of_cron(block):
    """As cron runs them (crontab(5)): by sh, with next to no environment, % being a line's end."""
    commands, variables = [], {"HOME": "/root", "LOGNAME": "root", "PATH": "/usr/bin:/bin"}
    for number, line in enumerate(block.lines, block.line):
        setting = re.match(r"(\w+)=(.*)$", line)
        entry = re.match(r"(?:[\d*/,-]+ +){4}[\w*/,-]+ +(.*)$", line)
        if setting:
            variables[setting[1]] = setting[2]
        elif entry and not re.search(r"(^|[^\\])%", entry[1]):
            given = " ".join(f"{name}={shlex.quote(value)}" for name, value in variables.items())
            command = shlex.quote(entry[1].replace("\\%", "%"))
            commands.append(Command(f"env -i {given} sh -c {command}", number, None))
        elif line.strip() and not line.startswith("#"):
            raise Fault(f"line {number}: no line of a crontab: {line}")
    return commands
