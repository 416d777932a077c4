#!/usr/bin/env bash
# No backup comes, and people hear of it; one comes, and they hear that too. Everything is real but
# Discord and GitHub, which are strict stand-ins: backup, node_exporter, Prometheus, Alertmanager,
# relay, with the monitoring pack as it is written. Only its times are short.
#   usage: end_to_end.sh LIFEBOAT FAKE-DISCORD FAKE-GITHUB
here=$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")
fake_discord=$(readlink -f "$2") fake_github=$(readlink -f "$3")
source "$here/../script/lib.sh"
source "$here/monitoring_lib.sh"
need_programs prometheus promtool prometheus-alertmanager amtool prometheus-node-exporter curl jq

make_key
mkdir textfile
write_config 'site: {recipe: command, command: [echo, hello]}'
sed -i 's/schedule: manual/schedule: "02:00"/' lifeboat.yaml
echo "metrics: {textfile: $place/textfile}" >> lifeboat.yaml
lifeboat monitoring --to pack --config lifeboat.yaml --stale-after 10; expect 0

# in_background NAME COMMAND...: its output is $folder/NAME.log; it dies with the script.
in_background() {
  setpriv --pdeathsig KILL "${@:2}" < /dev/null > "$folder/$1.log" 2>&1 &
  pids+=("$!")
  disown
}
in_background discord "$fake_discord" --port-file discord.url --log discord.jsonl
in_background github "$fake_github" --port-file github.url --log github.jsonl --token secret-1 \
  --repo owner/infra
wait_until 30 test -s discord.url
wait_until 30 test -s github.url
GITHUB_TOKEN=secret-1 GITHUB_API_URL=$(cat github.url) in_background relay "$program" relay \
  --github-repo owner/infra --listen 127.0.0.1:0 --port-file relay.port
wait_until 30 test -s relay.port

# The pack's own files, with the ports of here and seconds for minutes.
sed -e "s|https://discord.com/api/webhooks/ID/TOKEN|$(cat discord.url)/api/webhooks/1/token|" \
  -e "s|127.0.0.1:9096|127.0.0.1:$(cat relay.port)|" \
  -e 's/group_wait: .*/group_wait: 0s/; s/group_interval: .*/group_interval: 1s/' \
  pack/alertmanager/backups.yml > alertmanager.yml
run amtool check-config alertmanager.yml; expect 0
start_alertmanager alertmanager.yml
start_node_exporter textfile
{
  echo 'global: {scrape_interval: 1s, scrape_timeout: 1s, evaluation_interval: 1s}'
  sed -e "s/127.0.0.1:9093/127.0.0.1:$alert_port/; s/127.0.0.1:9100/127.0.0.1:$node_port/" \
    -e '/Only for metrics.pushgateway/,$d' pack/prometheus/scrape.yml
} > pack/prometheus/prometheus.yml
run promtool check config pack/prometheus/prometheus.yml; expect 0

# A night: a backup, which leaves its metrics.
backup; expect 0
exists textfile/lifeboat-h1.prom
start_prometheus pack/prometheus/prometheus.yml
wait_until 60 has_value 'count(backup:last_success:timestamp_seconds{host="h1",backup_job="nightly"})' 1

discord_has() { jq -r 'select(.body.embeds != null) | .body.embeds[].title' discord.jsonl | grep -xF "$1" > /dev/null; }
github_has() { jq -r .act github.jsonl | grep -x "$1" > /dev/null; }

# Time goes on.
wait_until 120 discord_has "🔴 h1: backup 'nightly' is stale"
wait_until 120 github_has open
jq -r 'select(.act == "open") | .title, .body' github.jsonl > issue
grep -qF "h1: backup 'nightly' is stale" issue || fail "the issue says: $(cat issue)"
! discord_has "🟢 over: h1: backup 'nightly' is stale" || fail "over before a backup came"
! github_has close || fail "the issue is closed before a backup came"

# Backups come again, each one in time, until all have heard.
all_heard() { discord_has "🟢 over: h1: backup 'nightly' is stale" && github_has close; }
deadline=$((SECONDS + 120))
until all_heard; do
  ((SECONDS < deadline)) || fail "nobody heard of the recovery: $(cat discord.jsonl github.jsonl)"
  backup; expect 0
  sleep 1
done

# Whatever they were told: no secret of ours.
! grep -q 'secret-1\|AGE-SECRET' discord.jsonl github.jsonl "$folder"/*.log || fail "a secret is told"
