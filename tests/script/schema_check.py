# Usage: schema_check.py LIFEBOAT SCHEMA PROJECT RECIPIENT, in a folder of its own.
import copy
import json
import os
import pathlib
import re
import subprocess
import sys

import jsonschema
import yaml

program, schema_path, project, recipient = sys.argv[1:]
project = pathlib.Path(project).resolve()
schema = json.loads(pathlib.Path(schema_path).read_text())
jsonschema.Draft7Validator.check_schema(schema)
validator = jsonschema.Draft7Validator(schema)
faults = []


class Core(yaml.SafeLoader):
    """YAML 1.2's core schema, as editors read it: 02:00 and 2026-01-01 are texts."""


Core.yaml_implicit_resolvers = {}
for tag, pattern, first in [
    ("bool", r"true|True|TRUE|false|False|FALSE", "tTfF"),
    ("null", r"~|null|Null|NULL|", ["~", "n", "N", ""]),
    ("int", r"[-+]?[0-9]+", "-+0123456789"),
    ("float", r"[-+]?(\.[0-9]+|[0-9]+\.[0-9]*)([eE][-+]?[0-9]+)?", "-+.0123456789"),
    ("merge", r"<<", "<"),
]:
    Core.add_implicit_resolver(f"tag:yaml.org,2002:{tag}", re.compile(f"^(?:{pattern})$"), first)


def read_yaml(text):
    # The program takes {a: ${B}} where YAML wants quotes.
    return yaml.load(re.sub(r'(?<!["\w])\$\{(\w+)\}(?=[,\]} \n])', r'"${\1}"', text), Loader=Core)


def schema_faults(config):
    return [
        f"{'.'.join(map(str, e.absolute_path))}: {e.message[:200]}"
        for e in validator.iter_errors(config)
    ]


# 1. Every whole configuration of this tree.
shown = 0
pages = [project / "README.md", *project.glob("docs/**/*.md"), *project.glob("deploy/**/*.md")]
texts = [(p, p.read_text()) for p in project.glob("deploy/**/*.yaml")]
for page in pages:
    texts += [(page, block) for block in re.findall(r"```yaml\n(.*?)```", page.read_text(), re.S)]
    # Configurations that a page writes with a here-document.
    texts += [(page, block) for block in
              re.findall(r"<<\s*'?\w+'?\n(host:.*?)\n\w+\n", page.read_text(), re.S)]
for page, text in texts:
    if not re.search(r"^host:", text, re.M) or re.search(r"^(apiVersion|kind):", text, re.M):
        continue
    shown += 1
    for fault in schema_faults(read_yaml(text)):
        faults.append(f"{page.relative_to(project)}: {fault}")
if shown < 4:
    faults.append(f"only {shown} whole configurations were found in the tree")

# 2. Broken configurations: what the schema refuses, the loader refuses, and the other way round but
# for what only the loader can know.
base = {
    "host": "h1", "env_file": None,
    "store": {"s3": {
        "endpoint": "http://127.0.0.1:1", "region": "r", "bucket": "bucket", "access_key": "${SECRET}",
        "secret_key_file": "secret.txt", "path_style": False, "part_size": "8 MiB",
        "upload_limit": 70000, "ca_file": "ca.pem"}},
    "encryption": {"recipients": ["${RECIPIENT}", recipient], "recipients_file": "r.txt"},
    "signing": {},
    "compression": {"level": 12}, "retention": {"daily": 30, "monthly": "${NUMBER}"},
    "services": {
        "app": {"recipe": "volume", "path": "/srv/app", "exclude": ["*.tmp"],
                "hooks": {"before": [["true", "x"]], "after": [], "on_error": [["true"]]}},
        "dump": {"recipe": "command", "command": ["true"], "output": "x.txt"},
        "n8n": {"recipe": "n8n", "path": "/srv/n8n", "api_key_command": ["echo", "x"],
                "url": "http://127.0.0.1:5678"}},
    "jobs": {"nightly": {"schedule": "02:00", "services": ["app", "dump", "n8n"], "labelled": False},
             "other": {"schedule": "0 2 * * mon-fri", "services": "app", "stream": "true"}},
    "drill": {"identity": "key.txt", "schedule": "weekly", "which": "${WORD}", "engine": "none",
              "scratch": "/var/tmp"},
    "docker": {"socket": "/run/x.sock", "labels": False},
    "discover": {"skip": {"/opt/x": "a checkout", "loki": 5}},
    "metrics": {"textfile": "/var/lib/x", "pushgateway": "http://x:9091"},
    "notify": {
        "discord": {"webhook": "${URL}", "success": True},
        "github": {"repo": "o/r", "token_file": "secret.txt", "api_url": "https://x"},
        "heartbeat": {"url": "https://x/y", "start_url": "${URL}", "jobs": ["nightly"]},
        "webhook": {"url": "https://x", "authorization": "${SECRET}"},
        "smtp": {"url": "smtps://x", "username": "u", "password": "${SECRET}", "from": "a@b",
                 "to": ["a@b", "c@d"], "success": "false"}},
    "priority": "normal", "cpu_limit": 50, "spool_dir": "/var/tmp", "state_dir": "state"}
only_the_loader = [
    "there is no service", "there is no job", "is given twice", "'stream' takes one service",
    "labels are not read", "no such file", "no such program",
    "is empty"]
wrong = ["", [], {"x": "y"}, True, -3, "~/x y", [[]], None]


def loader_faults(config):
    path = pathlib.Path("lifeboat.yaml")
    path.write_text(json.dumps(config, ensure_ascii=False))
    os.chmod(path, 0o600)
    # Reads the whole configuration and nothing else.
    ran = subprocess.run([program, "bucket", "policy", "--role", "writer", "--config", path],
                         capture_output=True, text=True, stdin=subprocess.DEVNULL)
    return ran.stderr if ran.returncode == 3 else ""


def places(value, path=()):
    if path:
        yield path
    items = value.items() if isinstance(value, dict) else \
        enumerate(value[:1]) if isinstance(value, list) else ()
    for key, child in items:
        yield from places(child, path + (key,))


def mutated(path, change):
    config = copy.deepcopy(base)
    at = config
    for key in path[:-1]:
        at = at[key]
    change(at, path[-1])
    return config


cases = [("the base", base)]
for path in places(base):
    name = ".".join(map(str, path))
    for value in wrong:
        cases.append((f"{name} = {value!r}",
                      mutated(path, lambda at, key, value=value: at.__setitem__(key, value))))
    cases.append((f"no {name}", mutated(path, lambda at, key: at.pop(key))))
    if isinstance(path[-1], str):
        cases.append((f"{name}_file beside {name}",
                      mutated(path, lambda at, key: at.__setitem__(key + "_file", "secret.txt"))))
refused = 0
for name, config in cases:
    by_schema, by_loader = schema_faults(config), loader_faults(config)
    refused += bool(by_loader)
    if by_schema and not by_loader:
        faults.append(f"{name}: only the schema refuses it: {by_schema[0]}")
    if by_loader and not by_schema and not any(word in by_loader for word in only_the_loader):
        faults.append(f"{name}: only the loader refuses it: {by_loader.strip()[:300]}")
if loader_faults(base):
    faults.append("the loader refuses the base: " + loader_faults(base))
if not 300 < refused < len(cases):
    faults.append(f"{refused} of {len(cases)} mutations were refused")

print("\n".join(faults[:40]))
print(f"{shown} configurations of the tree, {len(cases)} mutations, {len(faults)} faults")
sys.exit(bool(faults))
