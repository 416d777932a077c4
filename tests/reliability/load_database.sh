#!/usr/bin/env bash
# A SQLite database that is written to all the time, in both journal modes: the backup is one consistent
# moment of it, the writer goes on, and its log does not grow without end.
source "$(dirname "$0")/load_lib.sh"
command -v sqlite3 > /dev/null || skip "no sqlite3 here"

wal_mb=60 delete_mb=20
if long_form; then wal_mb=${LIFEBOAT_LOAD_WAL_MB:-4000} delete_mb=500; fi
room $((wal_mb * 4))

# FILE MODE MB: fills it, says so, then moves money between two accounts and keeps a log of it until
# it is stopped: both sides are the same in every committed state. Then it tells what it saw.
cat > writer.py <<'PY'
import os, signal, sqlite3, sys, time

path, mode, megabytes = sys.argv[1], sys.argv[2], int(sys.argv[3])
base = sqlite3.connect(path, isolation_level=None, timeout=60)
base.execute(f"PRAGMA journal_mode = {mode}")
base.execute("CREATE TABLE ballast (id INTEGER PRIMARY KEY, content BLOB)")
base.execute("CREATE TABLE account (name TEXT, amount INTEGER)")
base.execute("CREATE TABLE journal (amount INTEGER)")
base.execute("INSERT INTO account VALUES ('a', 0), ('b', 0)")
for number in range(megabytes):
    base.execute("INSERT INTO ballast (content) VALUES (?)", (os.urandom(500_000) + bytes(500_000),))
going = True


def stop(*_):
    global going
    going = False


signal.signal(signal.SIGTERM, stop)
commits = busy = 0
slowest = log = 0.0
begin = time.monotonic()
open(path + ".ready", "w").close()
while going:
    started = time.monotonic()
    try:
        base.execute("BEGIN IMMEDIATE")
        base.execute("UPDATE account SET amount = amount - 7 WHERE name = 'a'")
        base.execute("UPDATE account SET amount = amount + 7 WHERE name = 'b'")
        base.execute("INSERT INTO journal VALUES (7)")
        base.execute("UPDATE ballast SET content = ? WHERE id = ?",
                     (os.urandom(1_000_000), commits % megabytes + 1))
        base.execute("COMMIT")
        commits += 1
    except sqlite3.OperationalError:
        busy += 1
        if base.in_transaction:
            base.execute("ROLLBACK")
    slowest = max(slowest, time.monotonic() - started)
    if os.path.exists(path + "-wal"):
        log = max(log, os.path.getsize(path + "-wal") / 1e6)
    with open(path + ".commits", "w") as file:
        file.write(str(commits))
    time.sleep(0.01)
print(f"{mode}: {commits} commits, {commits / (time.monotonic() - begin):.0f} a second, {busy} refused, "
      f"the slowest {slowest:.1f} s, log at most {log:.0f} MB")
PY

# under_writes MODE MB
under_writes() {
  local base=$1.db before after
  rm -rf back store state
  write_config "db: {recipe: sqlite, path: $place/$base}"
  echo "drill: {identity: $place/key.txt, scratch: $place}" >> lifeboat.yaml
  python3 writer.py "$base" "$1" "$2" > "$1.told" 2>&1 &
  local writer=$!
  pids+=("$writer")
  until [[ -e $base.ready && -s $base.commits ]]; do
    kill -0 "$writer" 2> /dev/null || fail "the writer ended: $(cat "$1.told")"
    sleep 0.1
  done
  before=$(cat "$base.commits")
  capped backup --config lifeboat.yaml
  expect 0
  kill -TERM "$writer"
  wait "$writer" || fail "the writer failed: $(cat "$1.told")"
  after=$(cat "$base.commits")
  ((after > before)) || fail "nothing was written during the backup"
  cat "$1.told"
  capped verify --config lifeboat.yaml
  expect 0
  capped drill --config lifeboat.yaml
  expect 0
  capped restore latest --to back --config lifeboat.yaml --identity key.txt
  expect 0
  run sqlite3 "back/db/$base" 'PRAGMA integrity_check;
    SELECT (SELECT sum(amount) FROM account) = 0 AND
      (SELECT amount FROM account WHERE name = "b") = (SELECT total(amount) FROM journal);'
  stdout_is $'ok\n1'
  rm -f "$base"*
}

under_writes wal "$wal_mb"
under_writes delete "$delete_mb"
counted load "SQLite under writes, GB" "$(python3 -c "print($wal_mb / 1000)")"
count_peak "SQLite under writes"
