#!/usr/bin/env bash
# The Grafana dashboard: its layout, and that each of its queries is answered by a real Prometheus
# that scrapes our metrics and records by our rules.
#   usage: dashboard.sh LIFEBOAT LIFEBOAT-WRITE-METRICS
here=$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")
write_metrics=$(readlink -f "$2")
source "$here/../script/lib.sh"
source "$here/monitoring_lib.sh"
need_programs prometheus promtool prometheus-node-exporter curl jq

lifeboat monitoring --to pack --expect h1/nightly; expect 0
dashboard=pack/grafana/backups.json
mkdir rules textfile
cp pack/prometheus/rules/*.yml rules

# no_panel 'FILTER' REASON: titles that the filter finds in the list of panels.
no_panel() {
  run jq -r "[.panels[]] | $1" "$dashboard"; expect 0
  [[ ! -s $folder/out ]] || fail "$2: $(cat "$folder/out")"
}
run jq -r '"\(.uid) \(.title) \(.templating.list | map(.name) | join(" "))"' "$dashboard"
stdout_is "lifeboat-backups Backups datasource host"
no_panel 'group_by(.id)[] | select(length > 1)[].title' "an id twice"
no_panel '.[] | select((.title // "") == "" or (.targets | length) == 0) | .id' "no title or query"
no_panel '.[] | select(.fieldConfig.defaults.unit == null) | .title' "no unit"
no_panel '.[] | select(.datasource.uid != "${datasource}") | .title' "another data source"
no_panel '.[] | select(.targets | group_by(.refId) | any(length > 1)) | .title' "a refId twice"
no_panel '.[] | select(.gridPos | .x < 0 or .x + .w > 24 or .w < 1 or .h < 1) | .title' "off the grid"
run jq -r '[.panels[] | {title} + .gridPos] | . as $all | range(length) as $i |
  range($i + 1; length) as $j | $all[$i] as $a | $all[$j] as $b |
  select($a.x < $b.x + $b.w and $b.x < $a.x + $a.w and $a.y < $b.y + $b.h and $b.y < $a.y + $a.h) |
  "\($a.title) covers \($b.title)"' "$dashboard"
expect 0
stdout_is ""
# Green below 24 hours, red above 26.
run jq -c '.panels[] | select(.title == "Age of the last good backup") |
  [.fieldConfig.defaults.thresholds.steps[] | [.color, .value]]' "$dashboard"
stdout_is '[["green",null],["orange",86400],["red",93600]]'

# A week of history for the means, hour by hour.
now=$(date +%s)
{
  echo '# TYPE backup:archive:bytes gauge'
  for ((hour = 8 * 24; hour > 26; hour--)); do
    echo "backup:archive:bytes{host=\"h1\",backup_job=\"nightly\"} 1000 $((now - hour * 3600))"
  done
  echo '# EOF'
} > history.txt
run promtool tsdb create-blocks-from openmetrics history.txt "$folder/prometheus"; expect 0

run "$write_metrics" state h1 fill; expect 0
run "$write_metrics" state h1 run by-hand 0 "$(date -u +%FT%TZ)"; expect 0
run "$write_metrics" state h1 textfile textfile; expect 0
start_node_exporter textfile
prometheus_config > prometheus.yml
start_prometheus prometheus.yml

jq -r '.panels[].targets[].expr' "$dashboard" > queries
[[ $(wc -l < queries) -ge 17 ]] || fail "few queries"
answers() { [[ -n $(query "$1") ]]; }
for host in '.*' h1; do
  while read -r expression; do
    wait_until 60 answers "${expression//\$host/$host}"
  done < queries
done
# What the list of hosts is made of.
[[ $(query 'count by (host) (backup:known)') == *'host="h1"'* ]] || fail "no host to choose"
has_value 'backup:archive:bytes_mean7d' 1000 || fail "the mean is not of the week before"
