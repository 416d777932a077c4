#!/usr/bin/env python3
"""Every command line of lifeboat that is named anywhere, also in passing, is one that it takes: in the
pages' sentences and blocks, in what deploy/ holds, in hints and in the examples of --help. The command
must be there, and each option one of its own. README's table of commands has all of them. Whether a
command does what the page says is for page_test.sh.

  usage: command_lines.py LIFEBOAT PROJECT
"""
import pathlib
import re
import shlex
import subprocess
import sys

CODE = re.compile(r"`([^`\n]*(?:\n[^`\n]+)?)`")
STRING = re.compile(r"'(lifeboat [^'\"\n]*)'")
LINE = re.compile(r"(?:^|[\s(/\"'=])(lifeboat (?:[a-z-]).*)$")
END = re.compile(r"\s(?:\||&&|;|>|2>|<|#).*$|[;)]$|\\n.*$")

ABOUT = {"help", "version", "extract"}   # not in README's table; extract is another name of restore


class Program:
    def __init__(self, path):
        self.path, self.helps = path, {}

    def help(self, *command):
        if command not in self.helps:
            reply = subprocess.run([self.path, "help", *command], capture_output=True, text=True,
                                   check=False)
            self.helps[command] = reply.stdout if reply.returncode == 0 else ""
        return self.helps[command]

    def commands(self, *command):
        """Names below a command, or of the program."""
        found = re.findall(r"^  ([a-z][a-z, -]*[a-z])  +\S", self.help(*command), re.M)
        return {name for names in found for name in names.split(", ")}

    def options(self, *command):
        lines = re.findall(r"^  (-\S+)", self.help(*command), re.M)
        return {option for line in lines for option in line.split(",")} | {"-h", "--help"}

    def fault(self, line):
        try:
            words = shlex.split(END.sub("", line))[1:]
        except ValueError:
            words = END.sub("", line).split()[1:]
        command = ()
        while words and not words[0].startswith("-") and words[0] in self.commands(*command):
            command += (words.pop(0),)
            if command == ("help",):
                command = ()
        if words and self.commands(*command) and re.fullmatch(r"[a-z][a-z-]*", words[0]):
            return f"there is no command '{' '.join([*command, words[0]])}'"
        known = self.options(*command)
        for word in words:
            name = word.rstrip("]").lstrip("[").split("=")[0].rstrip(".,:")
            if re.fullmatch(r"--?[A-Za-z][\w-]*", name) and name not in known:
                return f"'{' '.join(command)}' has no option {name}"
        return None


def joined(text):
    return re.sub(r"\\\n\s*", "", text)


def lines_of_page(text):
    """In sentences only what is code; in blocks every line."""
    found = []
    parts = re.split(r"^ *```.*$", text, flags=re.M)
    for at, part in enumerate(parts):
        if at % 2 == 0:
            found += [" ".join(code.split()) for code in CODE.findall(part)
                      if re.match(r"lifeboat\s", code)]
        else:
            found += [line[1].strip() for row in joined(part).split("\n")
                      if (line := LINE.search(row))]
    return found


def lines_of_project(project):
    for path in sorted(project.rglob("*")):
        parts = path.relative_to(project).parts
        if parts[0] not in ("README.md", "docs", "deploy", "src") or not path.is_file():
            continue
        text = path.read_text(encoding="utf-8", errors="replace")
        if path.suffix == ".md":
            found = lines_of_page(text)
        elif parts[0] == "src":
            found = STRING.findall(joined(text)) if path.suffix in (".cc", ".h") else []
        else:
            found = [line[1].strip() for row in joined(text).split("\n")
                     if (line := LINE.search(row)) and not row.lstrip().startswith("#")]
        for line in found:
            yield "/".join(parts), line


def lines_of_table(project):
    """README's table of commands, which are written there without `lifeboat`."""
    table = (project / "README.md").read_text(encoding="utf-8").partition("| command | does |")[2]
    for row in table.partition("\n\n")[0].split("\n")[2:]:
        for code in CODE.findall(row.split(" | ")[0]):
            yield "README.md, table", "lifeboat " + code


def lines_of_help(program):
    for name in sorted(program.commands()):
        for command in [(name,)] + [(name, below) for below in sorted(program.commands(name))]:
            examples = program.help(*command).partition("Examples:")[2]
            for line in re.findall(r"^  (?:.*?[ |])?(lifeboat .*)$", joined(examples), re.M):
                yield "help " + " ".join(command), line


def main():
    program, project = Program(sys.argv[1]), pathlib.Path(sys.argv[2])
    if not program.commands() or "--json" not in program.options("check"):
        sys.exit("the help of the program cannot be read")
    count = faults = 0
    table = list(lines_of_table(project))
    for name in sorted(program.commands() - ABOUT - {line.split()[1] for _, line in table}):
        faults += 1
        print(f"README.md, table: it lacks the command '{name}'")
    for place, line in [*table, *lines_of_project(project), *lines_of_help(program)]:
        count += 1
        fault = program.fault(line)
        if fault:
            faults += 1
            print(f"{place}: {fault}: {line}")
    print(f"{count} command lines, {faults} wrong")
    sys.exit(faults > 0 or count < 200)


main()
