#!/usr/bin/env bash
# Metrics as their readers see them: node_exporter, Pushgateway, Prometheus and promtool.
#   usage: metrics.sh LIFEBOAT LIFEBOAT-WRITE-METRICS
here=$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")
write_metrics=$(readlink -f "$2")
source "$here/../script/lib.sh"
source "$here/monitoring_lib.sh"
need_programs prometheus promtool prometheus-node-exporter prometheus-pushgateway curl jq

# metrics HOST COMMAND [ARG...]
metrics() { run "$write_metrics" "$place/state" "$@"; }
seconds_of() { date -u -d "$1" +%s; }
scrape() { get -o scraped.txt "http://127.0.0.1:$node_port/metrics"; }
scraped() { grep -qF -- "$1" scraped.txt || fail "node_exporter lacks: $1"; }
not_scraped() { ! grep -qF -- "$1" scraped.txt || fail "node_exporter has: $1"; }

mkdir rules textfile
good=2026-05-07T02:04:00Z
later=2026-05-08T02:04:00Z

# The folder is the administrator's to make.
metrics h1 run nightly 0 "$good"; expect 0
metrics h1 textfile "$place/missing"; expect 1; stderr_has "there is no such folder"
missing "$place/missing"

# --- node_exporter -------------------------------------------------------------------------------
# Two hosts in one folder, every metric, a job that never succeeded and a leftover of a killed run:
# one line that it does not like and the whole file is gone.
metrics h1 textfile textfile; expect 0
mode_is textfile/lifeboat-h1.prom 644
metrics h2 fill; expect 0
metrics h2 run broken 5 "$good"; expect 0
metrics h2 textfile textfile; expect 0
echo 'half a lin' > textfile/.lifeboat-h3.prom.tmp-0123456789abcdef
for host in h1 h2; do
  run_with "textfile/lifeboat-$host.prom" promtool check metrics; expect 0; stdout_is ""
  [[ ! -s $folder/err ]] || fail "promtool complains of $host"
done

start_node_exporter textfile
scrape
scraped 'node_textfile_scrape_error 0'
scraped "lifeboat_run_status{host=\"h1\",job=\"nightly\"} 0"
scraped "lifeboat_run_status{host=\"h2\",job=\"nightly\"} 8"
scraped "lifeboat_run_status{host=\"h2\",job=\"broken\"} 5"
scraped 'lifeboat_job_stale_after_seconds{host="h2",job="by_hand"} +Inf'
scraped 'node_textfile_mtime_seconds{file="'"$place"'/textfile/lifeboat-h2.prom"}'
not_scraped 'last_success_timestamp_seconds{host="h2",job="broken"}'
# Every family arrived, none under another type.
grep '^# TYPE' textfile/lifeboat-h2.prom | sort > ours
grep -E '^# TYPE (backup|lifeboat)_' scraped.txt | sort > theirs
same ours theirs

# --- Pushgateway ---------------------------------------------------------------------------------
start_pushgateway
gateway=http://127.0.0.1:$push_port
pushed() { get "$gateway/metrics" | grep -E '^(backup|lifeboat)_' > pushed.txt || true; }
pushed_has() { pushed; grep -qF -- "$1" pushed.txt || fail "the gateway lacks: $1"; }
pushed_lacks() { pushed; ! grep -qF -- "$1" pushed.txt || fail "the gateway has: $1"; }

metrics h2 push "$gateway/"; expect 0
pushed_has 'lifeboat_run_status{host="h2",instance="",job="nightly"} 8'
pushed_has 'lifeboat_service_items{host="h2",instance="",item="workflows",job="nightly",service="n8n"} 12'
pushed_has 'lifeboat_drill_status{activity="drill",host="h2",instance="",job="nightly"} 0'
pushed_has 'lifeboat_notifier_up{host="h2",instance="",job="lifeboat",notifier="github"} 0'
# As many samples as in the file, no more.
[[ $(grep -c -v '^#' textfile/lifeboat-h2.prom) == "$(wc -l < pushed.txt)" ]] ||
  fail "the gateway has other samples"

# Again without the services: PUT replaces the group, so they are gone.
metrics h2 forget nightly; metrics h2 run nightly 4 "$good"; metrics h2 push "$gateway"; expect 0
pushed_has 'lifeboat_run_status{host="h2",instance="",job="nightly"} 4'
pushed_lacks 'lifeboat_service_items'
pushed_has 'lifeboat_drill_status'

# A machine that only drills, under the same name, takes nothing of the backup's away.
run "$write_metrics" "$place/drill-state" h2 fill; expect 0
for job in nightly by_hand; do run "$write_metrics" "$place/drill-state" h2 forget "$job"; done
run "$write_metrics" "$place/drill-state" h2 push "$gateway"; expect 0
pushed_has 'lifeboat_run_status{host="h2",instance="",job="nightly"} 4'

# What is no more is removed, and only that.
metrics h1 push "$gateway"; expect 0
metrics h2 delete "$gateway" nightly broken by_hand lifeboat; expect 0
pushed_lacks 'host="h2"'
pushed_has 'lifeboat_run_status{host="h1",instance="",job="nightly"} 0'
metrics h2 delete "$gateway" nightly; expect 0
metrics h1 push "http://user:hunter2@127.0.0.1:$push_port/no/gateway"; expect 1
stderr_has "/no/gateway/metrics/job/lifeboat/host/h1: the gateway answers 404"
stderr_lacks hunter2

# --- Prometheus ----------------------------------------------------------------------------------
prometheus_config > prometheus.yml
start_prometheus prometheus.yml
success=lifeboat_last_success_timestamp_seconds
of_file='instance="127.0.0.1:'$node_port'",host="h1"'
wait_for_value 30 "$success{$of_file}" "$(seconds_of "$good")"
wait_for_value 30 "$success{job=\"nightly\",host=\"h1\"}" "$(seconds_of "$good")"
# Without honor_labels, as docs/METRICS.md says.
has_value "count($success{$of_file,job=\"node\",exported_job=\"nightly\"})" 1 ||
  fail "the label is not renamed"
has_value "backup_last_success_timestamp{$of_file}" "$(seconds_of "$good")" || fail "no old name"
has_value "count($success{exported_job=\"broken\"}) or vector(0)" 0 || fail "a success of none"

# A failed run: its status is told and the last success stays.
metrics h1 run nightly 5 "$later"; metrics h1 textfile textfile; metrics h1 push "$gateway"
expect 0
wait_for_value 30 "lifeboat_run_status{$of_file}" 5
has_value "$success{$of_file}" "$(seconds_of "$good")" || fail "the last success is gone"
wait_for_value 30 'lifeboat_run_status{job="nightly",host="h1"}' 5
has_value "$success{job=\"nightly\",host=\"h1\"}" "$(seconds_of "$good")" || fail "success lost"
metrics h1 run nightly 0 "$later"; metrics h1 textfile textfile; expect 0
wait_for_value 30 "$success{$of_file}" "$(seconds_of "$later")"

# With honor_labels the names are our own.
prometheus_config 'honor_labels: true' > prometheus.yml
get -X POST "http://127.0.0.1:$prometheus_port/-/reload"
wait_for_value 30 "count($success{$of_file,job=\"nightly\"})" 1

# --- a full disk ---------------------------------------------------------------------------------
mkdir small
if mount -t tmpfs -o size=64k tmpfs small 2> /dev/null; then
  undo+=("umount $place/small")
  metrics h2 fill
  metrics h2 textfile small; expect 0
  cp small/lifeboat-h2.prom before.prom
  head -c 100000 /dev/zero > small/full 2> /dev/null || true
  metrics h2 run nightly 0 "$later"
  metrics h2 textfile small; expect 1; stderr_has "no space left"
  same before.prom small/lifeboat-h2.prom
  [[ $(find small -type f | wc -l) == 2 ]] || fail "a half-written file is left"
fi
