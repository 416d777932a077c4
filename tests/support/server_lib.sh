# What the servers of the tests share, to be sourced: their end is certain, and by process id only.

# Empty for a process that is gone or a zombie, for which kill -0 would still succeed.
command_line() { { tr '\0' ' ' < "/proc/$1/cmdline" || true; } 2> /dev/null; }

# start_watchdog STOP_SCRIPT STATE_DIR CALLER SECONDS: runs STOP_SCRIPT on the state when the process
# CALLER is gone, at the latest after SECONDS. In a session of its own, so that nothing which ends the
# tests ends it before its work is done.
start_watchdog() {
  setsid bash -c '
    for ((second = 0; second < $3; second++)); do
      [[ -n $(tr -d "\0" < "/proc/$2/cmdline") ]] || break
      sleep 1
    done
    rm -f "$1/run/watchdog.pid"
    exec "$0" "$1"' "$@" \
    < /dev/null > /dev/null 2>&1 &
  echo $! > "$2/run/watchdog.pid"
  disown
}
