# For each alert of the runbook, a world in which it fires. Sourced by the steps of runbook.sh.
#
#   start_monitoring   node_exporter and Alertmanager, and the pack's rules
#   begin ALERT        plants the cause; a Prometheus that knows nothing else must fire it
#   is_over ALERT      it must be gone, and no other may fire
source /run/runbook-places.sh
textfile=/var/lib/node_exporter/textfile/lifeboat-vps-h1.prom
state=/var/lib/lifeboat/vps-h1.state.json

fail() {
  echo "$*" >&2
  exit 1
}
wait_for() {
  local deadline=$((SECONDS + $1))
  shift
  until "$@" &> /dev/null; do
    ((SECONDS < deadline)) || return 1
    sleep 0.1
  done
}
in_background() {
  local name=$1
  shift
  "$@" < /dev/null > "$told/$name.log" 2>&1 &
  echo $! > "$told/$name.pid"
}
answers() { curl -sf -o /dev/null "http://127.0.0.1:$1"; }
quietly() { "$@" > "$told/step.log" 2>&1 || true; }

start_monitoring() {
  quietly lifeboat monitoring --to /etc/prometheus/backups
  # Without the quarter of an hour that some wait, and a hundredth of what is bloated.
  sed -i 's/for: 15m/for: 0s/; s/1[.]5e9/1.5e7/' /etc/prometheus/backups/prometheus/rules/backups.yml
  cat > /etc/prometheus/runbook.yml << 'YAML'
global: {scrape_interval: 200ms, scrape_timeout: 200ms, evaluation_interval: 200ms}
rule_files: [/etc/prometheus/backups/prometheus/rules/*.yml]
scrape_configs: [{job_name: node, static_configs: [{targets: ["vps-h1:9100"]}]}]
YAML
  write_past
  in_background node_exporter prometheus-node-exporter --collector.disable-defaults \
    --collector.textfile --collector.textfile.directory="${textfile%/*}" \
    --web.listen-address=127.0.0.1:9100
  in_background alertmanager prometheus-alertmanager --storage.path="$told/alertmanager" \
    --config.file=/etc/prometheus/backups/alertmanager/backups.yml --cluster.listen-address= \
    --web.listen-address=127.0.0.1:9093
  wait_for 30 answers 9100/metrics || fail "node_exporter does not start"
  start_prometheus
  wait_for 30 answers 9093/-/ready || fail "Alertmanager does not start"
}

# A week in which all was as it is now.
write_past() {
  local now day what labels='host="vps-h1",backup_job="nightly"'
  now=$(date +%s)
  {
    for what in "backup:archive:bytes {$labels} $(value_of lifeboat_archive_bytes)" \
      "backup:service:items {$labels,service=\"n8n\",item=\"workflows\"} $(value_of \
        'lifeboat_service_items.*item="workflows"')"; do
      echo "# TYPE ${what%% *} gauge"
      for day in 6 4 2; do echo "${what/ /} $((now - day * 86400))"; done
    done
    echo '# EOF'
  } > "$told/past.txt"
  promtool tsdb create-blocks-from openmetrics "$told/past.txt" "$told/past" > /dev/null
}
value_of() { sed -n "s/^$1.* //p" "$textfile"; }

stop_prometheus() {
  local pid
  pid=$(cat "$told/prometheus.pid")
  kill "$pid"
  wait_for 30 test ! -e "/proc/$pid/fd/0" || fail "Prometheus does not end"
  rm -rf "$told/prometheus" "$told/prometheus.pid"
}
start_prometheus() {
  cp -r "$told/past" "$told/prometheus"
  in_background prometheus prometheus --config.file=/etc/prometheus/runbook.yml \
    --storage.tsdb.path="$told/prometheus" --web.listen-address=127.0.0.1:9090
  wait_for 30 all_is_scraped || fail "Prometheus does not start: $(cat "$told/prometheus.log")"
}
query() {
  curl -sfG http://127.0.0.1:9090/api/v1/query --data-urlencode "query=$1" |
    jq -r ".data.result[]$2"
}
all_is_scraped() { [[ $(query up '.value[1]') == 1 ]]; }
firing() { query 'ALERTS{alertstate="firing"}' .metric.alertname | sort -u | xargs; }
fires() { [[ " $(firing) " == *" $1 "* ]]; }
all_quiet() { [[ -n $(query backup:last_success:timestamp_seconds .metric) && -z $(firing) ]]; }

begin() {
  "plant_$1"
  wait_for 30 fires "$1" || fail "$1 does not fire, but: $(firing)"
}
is_over() { wait_for 30 all_quiet || fail "after the fix of $1 there fires: $(firing)"; }

# age DAYS METRIC [PATH]: the time looks as if it were so many days longer ago, in the metrics and at
# PATH of the host's state, from which the next run writes them.
age() {
  local seconds=$(($1 * 86400))
  awk -v name="$2" -v seconds="$seconds" \
    'index($0, name "{") == 1 { $NF = sprintf("%d", $NF - seconds) } { print }' \
    "$textfile" > "$told/aged.prom"
  install -m 644 "$told/aged.prom" "$textfile"
  [[ -v 3 ]] || return 0
  jq "$3 |= (fromdate - $seconds | todate)" "$state" > "$told/aged.json"
  cat "$told/aged.json" > "$state"
}
age_last_success() {
  age 2 backup_last_success_timestamp
  age 2 lifeboat_last_success_timestamp_seconds '.jobs[].last_success'
}

plant_BackupStale() {
  chmod 644 /root/.backup-env
  age_last_success
}
plant_BackupMissing() { rm "$textfile"; }
plant_BackupFailed() {
  head -c 30000000 /dev/zero 2> /dev/null > /mnt/backups/forgotten.img || true
  quietly lifeboat backup nightly
}
plant_BackupPartial() {
  mv /srv/n8n /srv/n8n.old
  quietly lifeboat backup nightly
}
plant_BackupSizeRegression() {
  rm -r /srv/site/photos
  quietly lifeboat backup nightly
}
plant_BackupServiceShrunk() {
  sqlite3 /srv/n8n/database.sqlite 'PRAGMA foreign_keys = ON; DELETE FROM workflow_entity
    WHERE id IN (SELECT id FROM workflow_entity LIMIT 8)'
  quietly lifeboat backup nightly
}
plant_BackupSourceBloated() {
  mkdir -p /srv/n8n/storage
  head -c 16M /dev/zero > /srv/n8n/storage/execution-1.bin
  quietly lifeboat backup nightly
}
plant_BackupDrillStale() {
  age 100 lifeboat_drill_last_success_timestamp_seconds '.drills[].last_success'
}
plant_BackupDrillFailed() {
  local archive
  archive=$(find /mnt/backups/vps-h1/2* -name '*.tar.zst.age' -printf '%T@ %p\n' | sort -n |
    tail -n 1 | cut -d ' ' -f 2)
  printf 'damaged' | dd of="$archive" bs=1 seek=3000 conv=notrunc status=none
  quietly lifeboat drill latest
}
# Of a host whose nights came to an end a day ago: Prometheus must not have seen one of today.
plant_BackupExpiryCliff() {
  stop_prometheus
  age_last_success
  age 28 lifeboat_oldest_daily_expires_timestamp_seconds
  age 28 lifeboat_newest_daily_expires_timestamp_seconds
  start_prometheus
}
plant_BackupNotifierFailing() {
  sed -i 's|^\(DISCORD_WEBHOOK=.*\)/token$|\1/deleted|' /root/.backup-env
  quietly lifeboat backup nightly
}
plant_BackupMetricsBroken() { echo 'half a lin' > "${textfile%/*}/other.prom"; }
