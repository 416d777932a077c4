#!/usr/bin/env python3
"""A page as one script for bash: its commands in the page's order, and each whole configuration
written to where Lifeboat looks for it, with this machine's key instead of the page's.

  usage: commands_of.py PAGE LEFT_OUT...     LEFT_OUT: parts of commands that are not taken
"""
import pathlib
import re
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "docs"))
from page import blocks_of, commands_of_console, commands_of_sh  # noqa: E402


def script(page, left_out):
    for block in blocks_of(pathlib.Path(page).read_text(encoding="utf-8")):
        if block.tag == "yaml" and block.lines[0].startswith("host:"):
            text = re.sub(r"age1[02-9ac-hj-np-z]{58}", "$(lifeboat keygen -y /etc/lifeboat/age.key)",
                          "\n".join(block.lines))
            yield f"mkdir -p /etc/lifeboat; cat > /etc/lifeboat/lifeboat.yaml << YAML\n{text}\nYAML"
        commands = {"sh": commands_of_sh, "console": commands_of_console}.get(block.tag)
        for command in commands(block) if commands else []:
            if any(part in command.text for part in left_out):
                print(f"left out: {command.first_line}", file=sys.stderr)
            else:
                yield command.text


print("\n".join(script(sys.argv[1], sys.argv[2:])))
