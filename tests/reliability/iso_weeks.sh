#!/usr/bin/env bash
# A year with 53 weeks ends in another one: a stream's name has the ISO year, at every hour of it.
# By the program as it is, with a real PostgreSQL, under a clock that is set.
source "$(dirname "$0")/../script/lib.sh"
source "$project/tests/reliability/counts.sh"
source "$project/tests/reliability/clock_lib.sh"
source "$project/tests/script/postgres_lib.sh"
postgres_server postgres
psql -q -h "$place/pg" -U postgres -c 'CREATE TABLE orders AS SELECT generate_series(1, 99) id'

make_key
write_config "supabase: {recipe: supabase, socket: $place/pg, user: postgres}"
sed -i 's/^jobs:.*/jobs: {supabase-weekly: {schedule: weekly, services: [supabase], stream: true}}/' lifeboat.yaml
weeks=()
while read -r when week; do
  at "${when/T/ }" backup
  expect 0
  weeks+=("h1/supabase-weekly/$week")
  has_snapshots "${weeks[@]}"
done << 'WEEKS'
2020-12-27T23:59:59 2020-W52
2020-12-28T00:00:00 2020-W53
2021-01-04T00:00:00 2021-W01
2026-12-27T02:00:00 2026-W52
2027-01-03T23:59:59 2026-W53
2027-01-04T00:00:00 2027-W01
2028-12-31T02:00:00 2028-W52
2029-01-01T02:00:00 2029-W01
WEEKS
# Once more in a week: a name of its own, with the day of the week and the time.
at '2028-12-30 02:00:00' backup
at '2028-12-31 04:00:00' backup
has_snapshots "${weeks[@]:0:6}" h1/supabase-weekly/2028-W52{,-6020000,-7040000} "${weeks[7]}"
at '2029-01-02 02:00:00' ls h1/supabase-weekly/2020-W53 --identity key.txt
expect 0
# By its date a week's stream lives 365 days, whatever its number says.
at '2029-01-10 02:00:00' backup
at '2029-12-30 02:00:00' backup
at '2030-01-10 02:00:00' prune
expect 0
has_snapshots h1/supabase-weekly/{2029-W02,2029-W52}

counted time "runs of the program in the ISO weeks 52, 53 and 1" "$runs"
