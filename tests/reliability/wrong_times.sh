#!/usr/bin/env bash
# The program as it is, on the days that come seldom: a leap day, midnight, the nights when
# Warsaw changes its clocks, and a clock that jumps back or ahead between two runs, or during one.
source "$(dirname "$0")/../script/lib.sh"
source "$project/tests/reliability/counts.sh"
source "$project/tests/reliability/clock_lib.sh"
new_host() {
  rm -rf store state metrics
  write_config "dump: {recipe: command, command: [sh, $place/dump.sh], output: dump.txt}"
  mkdir metrics
  echo "metrics: {textfile: $place/metrics}" >> lifeboat.yaml
  sed -i 's/schedule: manual/schedule: "02:00"/' lifeboat.yaml
  echo 'echo one' > dump.sh
}
keep_hashes() { find store -type f -exec sha256sum {} + > hashes; }
nothing_overwritten() {
  sha256sum --quiet -c hashes > hashes.log 2>&1 || fail "overwritten: $(cat hashes.log)"
}
metric() { sed -n "s/^$1{.*} //p" metrics/*.prom; }

make_key
new_host

# The leap day is a day: it has its own name, 30 days to live, and an end; its month 365.
at '2028-02-29 02:00:00' backup
expect 0
at '2028-03-01 02:00:00' backup
expect 0
has_snapshots h1/2028-02-29 h1/2028-03-01 h1/monthly/2028-02 h1/monthly/2028-03
at '2028-03-30 23:59:59' prune
expect 0
exists store/h1/2028-02-29/manifest.json
at '2028-03-31 00:00:00' prune
expect 0
has_snapshots h1/2028-03-01 h1/monthly/2028-02 h1/monthly/2028-03
at '2029-02-28 23:59:59' prune
has_snapshots h1/2028-03-01 h1/monthly/2028-02 h1/monthly/2028-03
at '2029-03-01 00:00:00' prune
has_snapshots h1/2028-03-01 h1/monthly/2028-03

# A run belongs to the day on which it began, however long it takes, and whatever becomes of the clock.
new_host
echo "echo one; date -u -d '2027-01-01 00:00:01' +%s > '$place/clock'" > dump.sh
at '2026-12-31 23:59:59' backup
expect 0
jq -e '.started == "2026-12-31T23:59:59Z" and .finished == "2027-01-01T00:00:01Z"' \
  store/h1/2026-12-31/manifest.json > jq.log || fail "when it began and ended"
at '2027-01-01 00:00:01' backup
expect 0
echo "echo one; date -u -d '2025-06-01 12:00:00' +%s > '$place/clock'" > dump.sh
at '2027-01-02 02:00:00' backup
expect 0
has_snapshots h1/2026-12-31 h1/2027-01-01 h1/2027-01-02 h1/monthly/2026-12 h1/monthly/2027-01
on_bare_machine verify --all
expect 0

# Warsaw's clocks change on 2026-03-29 and 2026-10-25; names, times and lists are in UTC as ever.
new_host
export TZ=Europe/Warsaw
at '2026-03-29 00:59:59' backup   # 01:59:59, and then 03:00
expect 0
at '2026-03-29 22:30:00' backup   # half past midnight of the 30th
expect 0
at '2026-10-25 00:30:00' backup   # 02:30
expect 0
at '2026-10-25 01:30:00' backup   # 02:30 again
expect 0
has_snapshots h1/2026-03-29 h1/2026-03-29-223000 h1/2026-10-25 h1/2026-10-25-013000 \
  h1/monthly/2026-03 h1/monthly/2026-10
for command in 'list --json' 'status --json' list status 'prune --dry-run'; do
  read -ra words <<< "$command"
  export TZ=Europe/Warsaw
  at '2026-11-28 22:59:59' "${words[@]}"
  stdout_to warsaw.out
  export TZ=UTC
  at '2026-11-28 22:59:59' "${words[@]}"
  same "$folder/out" warsaw.out
done

# The clock jumps back between two runs: an hour, a day, a year. Nothing is overwritten, prune takes
# nothing for old that is not, and `latest` is the newest unless that lies a day ahead.
new_host
at '2027-05-07 02:00:00' backup
for back in '2027-05-07 01:00:00' '2027-05-07 02:00:00' '2027-05-06 02:00:00' '2026-05-07 02:00:00'; do
  keep_hashes
  echo "echo $back" > dump.sh
  at "$back" backup
  expect 0
  nothing_overwritten
done
kept=(h1/2026-05-07 h1/2027-05-06 h1/2027-05-07 h1/2027-05-07-010000 h1/2027-05-07-020000
  h1/monthly/2026-05 h1/monthly/2027-05)
has_snapshots "${kept[@]}"
at '2026-05-07 03:00:00' prune
expect 0
has_snapshots "${kept[@]}"
at '2026-05-07 03:00:00' cat latest dump/dump.txt --identity key.txt
stdout_is '2026-05-07 02:00:00'
stderr_has 'h1/2027-05-07'
at '2027-05-07 03:00:00' cat latest dump/dump.txt --identity key.txt
stdout_is '2027-05-07 02:00:00'

# The clock was ahead, by years, when the last backup went well; since it is right, none does. That
# must not look like a success until then.
new_host
at '2026-05-07 02:00:00' backup
expect 0
[[ $(metric lifeboat_last_success_timestamp_seconds) == "$(date -u -d '2026-05-07 02:00:00' +%s)" ]] ||
  fail "the metric of a good run"
at '2040-01-01 02:00:00' backup
expect 0
echo 'exit 1' > dump.sh
at '2026-05-09 06:00:00' backup
expect 4
[[ -z $(metric lifeboat_last_success_timestamp_seconds)$(metric backup_last_success_timestamp) ]] ||
  fail "the metric tells of a success to come"
[[ $(metric lifeboat_last_run_timestamp_seconds) == "$(date -u -d '2026-05-09 06:00:00' +%s)" ]] ||
  fail "the metric of a run that failed"
echo 'echo one' > dump.sh
at '2026-05-10 06:00:00' backup
expect 0
[[ $(metric lifeboat_newest_daily_expires_timestamp_seconds) == "$(date -u -d 2026-06-10 +%s)" ]] ||
  fail "when the last night is removed: $(metric lifeboat_newest_daily_expires_timestamp_seconds)"
echo 'exit 1' > dump.sh
at '2026-05-12 06:00:00' backup
expect 4
at '2026-05-12 06:00:00' status
expect 1
stdout_has 'the last whole backup was 2 d ago'
stdout_has 'h1/2040-01-01 is dated in the future'
at '2026-05-12 06:00:00' watch
stdout_has 'no backup for 30 h'
stdout_has 'a clock is wrong'

counted time "runs of the program under a wrong or rare time" "$runs"
