# shellcheck shell=bash
# A PostgreSQL of the script's own, its socket in $place/pg. Sourced behind lib.sh; skips where there is none.
postgres=$(find /usr/lib/postgresql -path '*/bin/postgres' 2> /dev/null | sort -V | tail -n 1)
[[ -x ${postgres%/*}/initdb ]] || skip "initdb is missing: install postgresql"
command -v setpriv > /dev/null || skip "setpriv is not installed"
((EUID == 0)) || skip "only root starts PostgreSQL as somebody else"

# postgres_server USER: whoever asks may be USER, who may do all. It ends with the script, however that ends.
postgres_server() {
  local as_nobody=(setpriv --reuid nobody --regid nogroup --clear-groups --pdeathsig QUIT)
  # PostgreSQL refuses to be root, and has to reach its folder.
  chmod 711 "$folder" "$place"
  install -d -o nobody pg
  (cd pg && "${as_nobody[@]}" "${postgres%/*}/initdb" -D data -U "$1" -A trust --no-sync) \
    > initdb.log 2>&1 || fail "initdb: $(tail initdb.log)"
  "${as_nobody[@]}" "$postgres" -D "$place/pg/data" -k "$place/pg" -c listen_addresses= -c fsync=off \
    < /dev/null > postgres.log 2>&1 &
  postgres_pid=$!
  undo+=(end_postgres)
  wait_for "${postgres%/*}/psql" -h "$place/pg" -U "$1" -d postgres -c 'SELECT 1'
}
# Not by SIGKILL, which leaves its shared memory to the machine.
end_postgres() {
  kill -QUIT "$postgres_pid"
  wait "$postgres_pid"
}
