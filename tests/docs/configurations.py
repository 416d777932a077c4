"""Whether the YAML of a page is what its reader takes: lifeboat's own configuration, whole or a part of
one, Prometheus's or Alertmanager's."""
import json
import os
import re
import subprocess

import yaml

from page import Fault

PUBLIC_KEY = "age1zmkxxnqlgv3sqxsrkx655tpqg2clsj4js95c8wcx5r9xpztqp95qkm3pcv"
BASE = {
    "host": "host: vps-h1\n",
    "store": "store: {dir: /srv/backups}\n",
    "encryption": f"encryption: {{recipients: [{PUBLIC_KEY}]}}\n",
    "services": "services:\n  hostname: {recipe: files, paths: [/etc/hostname]}\n",
}
SECTIONS = {"host", "env_file", "store", "encryption", "signing", "compression", "retention",
            "services", "jobs", "drill", "docker", "discover", "metrics", "notify", "spool_dir",
            "state_dir"}


def stand_in(name):
    """A value of the kind that a variable of this name holds."""
    if "PUBKEY" in name:
        return PUBLIC_KEY
    if re.search(r"URL|WEBHOOK|KUMA", name):
        return f"https://example.org/{name.lower()}"
    return f"value-of-{name.lower()}"


def variables_of(text):
    return sorted(set(re.findall(r"(?<!\$)\$\{(\w+)\}", text)))


def write_secret(path, text):
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(os.open(path, os.O_CREAT | os.O_WRONLY | os.O_TRUNC, 0o600), "w",
              encoding="utf-8") as file:
        file.write(text)
    os.chmod(path, 0o600)


def load(text, path, environment):
    """Writes it to `path` and lets `lifeboat check` read it: a fault of the file is one of the page."""
    write_secret(path, text)
    content = yaml.safe_load(text)
    if "env_file" in content and not os.path.exists(content["env_file"]):
        write_secret(content["env_file"],
                     "".join(f"{name}={stand_in(name)}\n" for name in variables_of(text)))
    defaults = {name: stand_in(name) for name in variables_of(text)} \
        if "env_file" not in content else {}
    reply = subprocess.run(["lifeboat", "check", "--config", path, "--json"], check=False,
                           env={**defaults, **environment}, stdin=subprocess.DEVNULL,
                           capture_output=True, text=True, timeout=60)
    findings = json.loads(reply.stdout)
    if not isinstance(findings, list):
        raise Fault(f"lifeboat check: {reply.stdout}")
    faults = [f"{one['subject']}: {one['message']}" for one in findings
              if one["level"] == "error" and one["subject"].startswith(path)]
    if faults or not findings:
        raise Fault("the configuration has faults: " + "; ".join(faults))


def completed(text, content):
    """A part of a configuration, with what is missing for a whole one."""
    jobs = ""
    if "jobs" not in content:
        names = ", ".join(content.get("services") or ["hostname"])
        jobs = f"jobs:\n  nightly: {{schedule: \"02:00\", services: [{names}]}}\n"
    return "".join(part for key, part in BASE.items() if key not in content) + jobs + text + "\n"


def judge(text, environment, folder):
    """True if it is judged: a whole configuration is then the one of the machine."""
    content = yaml.safe_load(text)
    if not isinstance(content, dict):
        raise Fault("it is no YAML mapping")
    if "host" in content:
        load(text + "\n", "/etc/lifeboat/lifeboat.yaml", environment)
    elif set(content) <= SECTIONS and not is_compose(content):
        load(completed(text, content), f"{folder}/part.yaml", environment)
    elif "scrape_configs" in content:
        ask(["promtool", "check", "config"], text, folder)
    elif "receivers" in content:
        route = "" if "route" in content else \
            f"route: {{receiver: {content['receivers'][0]['name']}}}\n"
        ask(["amtool", "check-config"], route + text, folder)
    else:
        return False
    return True


def is_compose(content):
    services = (content.get("services") or {}).values()
    return any("image" in service or "build" in service for service in services)


def ask(argv, text, folder):
    path = f"{folder}/part.yaml"
    write_secret(path, text + "\n")
    reply = subprocess.run(argv + [path], check=False, capture_output=True, text=True, timeout=60)
    if reply.returncode != 0:
        raise Fault(f"{' '.join(argv)}: {reply.stdout}{reply.stderr}")
