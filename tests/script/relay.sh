#!/usr/bin/env bash
# Alerts become GitHub issues: what curl posts, and what a real Alertmanager posts.
#   usage: relay.sh LIFEBOAT FAKE_GITHUB
fake=$(readlink -f "${2:?usage: relay.sh LIFEBOAT FAKE_GITHUB}")
source "$(dirname "$0")/lib.sh"
source "$project/tests/monitoring/monitoring_lib.sh"

for tool in curl jq; do
  command -v "$tool" > /dev/null || skip "$tool is not installed"
done

# start_fake ARG...: sets fake_pid; its URL is in the file `github`, its acts are in acts.jsonl.
start_fake() {
  rm -f github
  "$fake" --port-file "$place/github" --log "$place/acts.jsonl" --token github_pat_1 \
    --repo owner/infra "$@" < /dev/null > fake.out 2>&1 &
  fake_pid=$!
  pids+=("$fake_pid")
  disown
  wait_until 30 test -s github
}
# start_relay ARG...: sets relay_pid and relay.
start_relay() {
  rm -f port
  GITHUB_TOKEN=github_pat_1 GITHUB_API_URL=$(cat github) setpriv --pdeathsig KILL "$program" relay \
    --listen 127.0.0.1:0 --port-file port "$@" < /dev/null > relay.out 2> relay.err &
  relay_pid=$!
  pids+=("$relay_pid")
  wait_until 30 test -s port
  relay=http://127.0.0.1:$(cat port)
}
# Ends in order, with status 0.
stop_relay() {
  local ended=0
  kill -TERM "$relay_pid"
  wait "$relay_pid" || ended=$?
  ((ended == 0)) || fail "the relay ended with status $ended: $(cat relay.err)"
}
acts() { jq -r '"\(.act) \(.number)"' acts.jsonl; }
alerts() {
  jq -nc --arg status "$1" '{version: "4", groupKey: "{}", status: $status, receiver: "github",
    truncatedAlerts: 0, groupLabels: {}, commonLabels: {}, commonAnnotations: {},
    externalURL: "http://a", alerts: [{status: $status, startsAt: "2026-05-07T02:00:00Z",
      endsAt: "0001-01-01T00:00:00Z", generatorURL: "http://p/graph", fingerprint: "1",
      labels: {alertname: "BackupStale", host: "vps-h1", backup_job: "nightly"},
      annotations: {summary: "vps-h1: no backup", description: "none for 2 days, ask @root"}}]}'
}
# [type=...] post PATH DATA [CURL ARG...]: the status is in $code, the answer in stdout.
post() {
  local path=$1 data=$2
  shift 2
  printf '%s' "$data" > body
  run curl --noproxy '*' -sS -o answer -w '%{http_code}' \
    -H "Content-Type: ${type:-application/json}" --data-binary @body "$@" "$relay$path"
  code=$(cat "$folder/out")
}
answers() { [[ $code == "$1" ]] || fail "answer $code, expected $1: $(cat answer)"; }

lifeboat relay --listen localhost:1
expect 2
stderr_has '127.0.0.1:9096'
lifeboat relay --github-repo owner/infra
expect 2
stderr_has 'GITHUB_TOKEN'
make_key
write_config 'a: {recipe: files, paths: [/etc/hostname]}'
lifeboat relay --config lifeboat.yaml
expect 3
stderr_has 'notify.github'

start_fake
GITHUB_API_URL=$(cat github) GITHUB_TOKEN=github_pat_wrong lifeboat relay --github-repo owner/infra
expect 4
stderr_has 'Bad credentials'
stderr_has 'Issues: read and write'
stderr_lacks 'github_pat_wrong'

start_relay --github-repo owner/infra
post /alertmanager "$(alerts firing)"
answers 200
post /alertmanager "$(alerts resolved)"
answers 200
[[ $(acts) == 'open 1
comment 1
close 1' ]] || fail "acts: $(acts)"
run jq -r 'select(.act == "open") | .title, .labels[], .body' acts.jsonl
stdout_has 'vps-h1: no backup'
stdout_has 'lifeboat'
stdout_has '<!-- lifeboat:vps-h1:alert/BackupStale/nightly -->'
stdout_has 'Alert: BackupStale'

# What is no such webhook.
post /alertmanager '{"version": "4"'
answers 400
post /alertmanager '{"version": "3", "alerts": []}'
answers 400
type=text/plain post /alertmanager "$(alerts firing)"
answers 415
head -c 5000000 /dev/zero | tr '\0' ' ' > large
run curl --noproxy '*' -sS -o answer -w '%{http_code}' -H 'Content-Type: application/json' \
  --data-binary @large "$relay/alertmanager"
stdout_is 413
run curl --noproxy '*' -sS -o answer -w '%{http_code}' "$relay/alertmanager"
stdout_is 405
run curl --noproxy '*' -sS -w '%{http_code}' "$relay/healthz"
stdout_is 'ok
200'

# GitHub fails: Alertmanager must try again, and whoever looks after the relay can see it.
stop_server "$fake_pid"
post /alertmanager "$(alerts firing)"
answers 503
run curl --noproxy '*' -sS -w '%{http_code}' "$relay/healthz"
stdout_has '503'
stop_relay
grep -q 'github_pat' relay.out relay.err answer && fail "the token is told"

# From the configuration, and with a token of its own; an answer that is lost files nothing twice.
start_fake --fail 1:lost:POST
sed -i '$d' lifeboat.yaml
echo "jobs: {nightly: {schedule: manual, services: [a]}}
notify: {github: {repo: owner/infra, api_url: \"$(cat github)\", token_file: $place/github.token}}" \
  >> lifeboat.yaml
echo github_pat_1 > github.token
echo s3cret > relay.token
chmod 644 relay.token
lifeboat relay --config lifeboat.yaml --token-file relay.token
expect 3
stderr_has 'its mode is 0644'
stderr_lacks 's3cret'
chmod 600 relay.token
start_relay --config lifeboat.yaml --token-file relay.token
post /alertmanager "$(alerts firing)"
answers 401
post /alertmanager "$(alerts firing)" -H 'Authorization: Bearer wrong'
answers 401
post /alertmanager "$(alerts firing)" -H 'Authorization: Bearer s3cret'
answers 200
[[ $(acts) == 'open 1' ]] || fail "acts: $(acts)"
stop_relay

# The unit is one that systemd takes, once the program is where it says.
if command -v systemd-analyze > /dev/null; then
  sed "s#/usr/local/bin/lifeboat#$program#" "$project/deploy/systemd/lifeboat-relay.service" \
    > lifeboat-relay.service
  run systemd-analyze verify ./lifeboat-relay.service
  expect 0
  stderr_lacks 'lifeboat-relay'
fi

# A real Alertmanager: fires, and is over.
command -v prometheus-alertmanager > /dev/null || skip "prometheus-alertmanager is not installed"
start_fake
start_relay --github-repo owner/infra --token-file relay.token
cat > alertmanager.yml << YAML
route: {receiver: github, group_by: [alertname, host], group_wait: 0s, group_interval: 1s}
receivers:
- name: github
  webhook_configs:
  - url: $relay/alertmanager
    send_resolved: true
    http_config: {authorization: {credentials_file: $place/relay.token}}
YAML
start_alertmanager alertmanager.yml
alert() {
  jq -nc --arg ends "$1" '[{labels: {alertname: "BackupStale", exported_host: "vps-h2",
    exported_job: "nightly", job: "node", severity: "critical"},
    annotations: {summary: "vps-h2: no backup"}, startsAt: "2026-05-07T02:00:00Z"} +
    if $ends == "" then {} else {endsAt: $ends} end]' |
    get -o /dev/null -H 'Content-Type: application/json' --data-binary @- \
      "http://127.0.0.1:$alert_port/api/v2/alerts"
}
did() { acts | grep -x "$1" > /dev/null; }
alert ''
wait_until 60 did 'open 1'
alert "$(date -u +%Y-%m-%dT%H:%M:%SZ)"
wait_until 60 did 'close 1'
run jq -r 'select(.act == "open") | .body' acts.jsonl
stdout_has '<!-- lifeboat:vps-h2:alert/BackupStale/nightly -->'
stop_server "$alert_pid"
stop_relay
