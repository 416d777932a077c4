#!/usr/bin/env bash
# deploy/github/watch.yml is YAML, names every action by its commit, asks for no right that it does
# not need, and its last step runs as it stands: against a store in a folder and a GitHub of our own.
source "$(dirname "$0")/lib.sh"
fakes=${2:?usage: $0 LIFEBOAT FAKES_FOLDER}
python3 -c 'import yaml' 2> /dev/null || skip "python3-yaml is not installed"
workflow=$project/deploy/github/watch.yml

python3 - "$workflow" > step.sh << 'PYTHON'
import re, sys, yaml
flow = yaml.safe_load(open(sys.argv[1]))
assert flow[True]["schedule"][0]["cron"], "no schedule"  # YAML 1.1 reads the key `on` as true
assert flow["permissions"] == {"contents": "read", "issues": "write"}, flow["permissions"]
assert flow["concurrency"]["group"]
steps = flow["jobs"]["watch"]["steps"]
for step in steps:
    if "uses" in step:
        assert re.fullmatch(r"[\w/-]+@[0-9a-f]{40}", step["uses"]), step["uses"]
secrets = set(re.findall(r"secrets\.(\w+)", open(sys.argv[1]).read()))
assert secrets == {"WATCH_ACCESS_KEY", "WATCH_SECRET_KEY", "DISCORD_WEBHOOK", "HEARTBEAT_URL"}
last = steps[-1]
assert "secrets." not in last["run"] and "${{" not in last["run"], "a value in a shell's text"
print(last["run"])
PYTHON

"$fakes/lifeboat-fake-github" --port-file github.url --log github.log --token t0ken-of-tests \
  --repo radieu/p24-infra 2> github.err &
pids+=($!)
for try in {1..300}; do [[ ! -s github.url ]] || break; sleep 0.1; done
mkdir store lifeboat-program
ln -s "$program" lifeboat-program/lifeboat
step() {
  run env -u XDG_STATE_HOME STORE="dir:$place/store" GITHUB_REPOSITORY=radieu/p24-infra \
    GITHUB_TOKEN=t0ken-of-tests GITHUB_API_URL="$(cat github.url)" LIFEBOAT_DISCORD_WEBHOOK= \
    LIFEBOAT_HEARTBEAT_URL= sh -e step.sh
}
step
expect 1
stdout_has 'vps-i1/supabase-weekly'
[[ $(grep -c '"act":"open"' github.log) == 3 ]] || fail "not an issue each: $(cat github.log)"

today=$(date -u +%F)
for night in "vps-h1/$today/backup.tar.zst" "vps-i1/$today/backup.tar.zst" \
  "vps-i1/supabase-weekly/$(date -u +%G-W%V)/supabase.sql.gz"; do
  mkdir -p "store/${night%/*}"
  echo archive > "store/$night.age"
  echo manifest > "store/${night%/*}/manifest.json"
done
step
expect 0
[[ $(grep -c '"act":"close"' github.log) == 3 ]] || fail "not closed: $(cat github.log)"
