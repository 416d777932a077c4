#!/usr/bin/env bash
# A full disk under the spool while real databases are dumped: the service fails and says where room
# is missing, the other one is safe, and nothing is left of the dump: no file, no program, no
# session in the server, no member of the archive. With room, the next run is whole. Needs a small
# tmpfs, and skips without root or the servers.
source "$(dirname "$0")/lib.sh"
source "$project/tests/script/postgres_lib.sh"

((EUID == 0)) || skip "a tmpfs needs root"
for tool in mariadbd mariadb-install-db mariadb mariadb-dump setpriv; do
  command -v "$tool" > /dev/null ||
    skip "$tool is missing: install mariadb-server-core mariadb-client"
done
mkdir small
mount -t tmpfs -o size=2m tmpfs small 2> /dev/null || skip "a tmpfs cannot be mounted here"
undo+=("umount $place/small")

# The servers die with this script, however that ends. Their dumps, random bytes, stay larger than
# the spool when they are compressed.
mariadb-install-db --no-defaults --user=root --auth-root-authentication-method=normal \
  --skip-test-db --datadir="$place/data" > install.log 2>&1 || fail "install: $(tail install.log)"
setpriv --pdeathsig KILL mariadbd --no-defaults --user=root --datadir="$place/data" \
  --socket="$place/s" --pid-file="$place/pid" --skip-networking < /dev/null > mariadbd.log 2>&1 &
pids+=($!)
as_maria() { mariadb --no-defaults -N -u root --socket="$place/s" -e "$1"; }

postgres_server admin
as_admin() { "${postgres%/*}/psql" -X -At -h "$place/pg" -U admin -d postgres -c "$1"; }

wait_for as_maria 'SELECT 1'
as_maria 'CREATE DATABASE shop; USE shop; CREATE TABLE photo (id INT PRIMARY KEY, data BLOB);
  INSERT INTO photo SELECT seq, random_bytes(1000) FROM seq_1_to_5000'
as_admin "CREATE TABLE photo AS SELECT i AS id, string_agg(gen_random_uuid()::text, '') AS data
  FROM generate_series(1, 5000) i, generate_series(1, 70) j GROUP BY i" > /dev/null

# A server notices a moment later that a client is gone.
no_dump_runs() {
  local pid
  for pid in $(pgrep -x mariadb-dump; pgrep -x pg_dump; pgrep -x psql); do
    ! grep -qsaF "$place" "/proc/$pid/cmdline" "/proc/$pid/environ" || fail "$pid still runs"
  done
  wait_for maria_is_alone
  wait_for postgres_is_alone
}
maria_is_alone() {
  [[ $(as_maria "SELECT count(*) FROM information_schema.processlist
    WHERE id <> connection_id() AND command <> 'Daemon'") == 0 ]]
}
postgres_is_alone() {
  [[ $(as_admin "SELECT count(*) FROM pg_stat_activity
    WHERE backend_type = 'client backend' AND pid <> pg_backend_pid()") == 0 ]]
}

make_key
export spool_dir=$place/small
small='small: {recipe: command, command: [echo, a small dump]}'
fails_for_want_of_room() {
  local name=$1
  stderr_has "$name"
  stderr_has "$place/small (spool_dir)"
  stderr_has 'no space left on device'
  stderr_has 'hint: '
  no_files_in small
  # A file without a name, as the spool's is, would still take its room.
  [[ $(df --output=used "$place/small" | tail -n 1) -eq 0 ]] || fail "the spool is not empty"
  no_dump_runs
}

# try_service NAME 'OPTIONS' FILE_RESTORED
try_service() {
  local name=$1 service="$1: {$2}" member=$3
  rm -rf store restored whole
  mount -o remount,size=2m "$place/small"

  # Alone: no snapshot at all.
  write_config "$service"
  backup
  expect 10
  fails_for_want_of_room "$name"
  no_files_in store

  # What comes after it goes through the same spool, and is safe.
  write_config "$service" "$small"
  backup
  expect 8
  fails_for_want_of_room "$name"
  on_bare_machine restore latest --to restored
  expect 0
  missing "restored/$name"
  exists restored/small

  mount -o remount,size=64m "$place/small"
  backup
  expect 0
  no_files_in small
  no_dump_runs
  on_bare_machine drill
  expect 0
  on_bare_machine restore latest --to whole
  expect 0
  exists "whole/$name/$member"
}

try_service shop "recipe: mysql, socket: $place/s, user: root" databases/shop.sql
try_service photos "recipe: postgres, socket: $place/pg, user: admin" databases/postgres.sql
