# The black-box tests' vocabulary. Each script reads like a terminal session: a command, then what
# is expected of it. Sourced with the program's path as $1; it changes to an empty folder of the
# script's own, which is removed at the end.
#
#   lifeboat backup          runs the program; its exit status, stdout and stderr are kept
#   expect 0                 the status of the last command
#   stdout_has 'RESTORE OK'  fixed text somewhere in stdout (or stderr_has, stdout_lacks ...)
#
# Exit status 77 means skipped, with the reason printed.
set -euo pipefail

program=$(readlink -f "${1:?usage: $0 LIFEBOAT}")
script=$(basename "$0")
project=$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")/../..
folder=$(mktemp -d "${TMPDIR:-/tmp}/lifeboat-script-XXXXXX")
place=$folder/place
mkdir "$place"
cd "$place"
umask 077
export LC_ALL=C.UTF-8 TZ=UTC NO_COLOR=1
export DOCKER_HOST=unix://$folder/no-engine.sock  # the machine's own is no business of a test
unset LIFEBOAT_PASSPHRASE
undo=()   # commands that must run before the folder can go
pids=()   # processes of ours

clean_up() {
  local pid step
  for pid in "${pids[@]}"; do kill -9 "$pid" 2> /dev/null || true; done
  for step in "${undo[@]}"; do $step || true; done
  cd /
  rm -rf "$folder"
}
trap clean_up EXIT
trap 'exit 130' INT TERM

fail() {
  echo "$script:${BASH_LINENO[1]}: $*" >&2
  echo "--- last command (exit $status): $last" >&2
  sed 's/^/stdout: /' "$folder/out" >&2
  sed 's/^/stderr: /' "$folder/err" >&2
  exit 1
}

skip() {
  echo "skipped: $*"
  exit 77
}

status=0 last=
: > "$folder/out"
: > "$folder/err"

# Any command; nothing on stdin unless it is redirected by `run_with FILE`.
run() { run_with /dev/null "$@"; }
run_with() {
  local input=$1
  shift
  last="$*" status=0
  "$@" < "$input" > "$folder/out" 2> "$folder/err" || status=$?
}
lifeboat() { run "$program" "$@"; }

expect() { [[ $status == "$1" ]] || fail "exit status $status, expected $1"; }
stdout_has() { grep -qF -- "$1" "$folder/out" || fail "stdout lacks: $1"; }
stderr_has() { grep -qF -- "$1" "$folder/err" || fail "stderr lacks: $1"; }
stdout_lacks() { ! grep -qF -- "$1" "$folder/out" || fail "stdout has: $1"; }
stderr_lacks() { ! grep -qF -- "$1" "$folder/err" || fail "stderr has: $1"; }
stdout_is() { [[ $(cat "$folder/out") == "$1" ]] || fail "stdout is not: $1"; }
stdout_last_line_is() { [[ $(tail -n 1 "$folder/out") == "$1" ]] || fail "last line is not: $1"; }
stdout_to() { cp "$folder/out" "$1"; }
same() { cmp -s "$1" "$2" || fail "$1 and $2 differ"; }
exists() { [[ -e $1 ]] || fail "$1 does not exist"; }
missing() { [[ ! -e $1 ]] || fail "$1 exists"; }
mode_is() { [[ $(stat -c %a "$1") == "$2" ]] || fail "mode of $1 is $(stat -c %a "$1")"; }
# Something broke off and must have left nothing: no file at all below $1.
no_files_in() {
  local found
  found=$(find "$1" -type f 2> /dev/null || true)
  [[ -z $found ]] || fail "left behind: $found"
}

# wait_for COMMAND...: at most a minute.
wait_for() {
  local try
  for ((try = 0; try < 600; try++)); do
    if "$@" > /dev/null 2>&1; then return; fi
    sleep 0.1
  done
  fail "not so after a minute: $*"
}

# A key pair: key.txt, and its public half in $recipient.
make_key() {
  "$program" keygen -o key.txt 2> /dev/null
  recipient=$("$program" keygen -y key.txt)
}

# write_config 'NAME: {recipe: ...}'...: lifeboat.yaml with one job over these services, in order.
write_config() {
  local service names=()
  {
    echo "host: h1"
    echo "store: {dir: $place/store}"
    echo "encryption: {recipients: [$recipient]}"
    echo "state_dir: $place/state"
    echo "spool_dir: ${spool_dir:-$place/spool}"
    echo "services:"
    for service in "$@"; do
      echo "  $service"
      names+=("${service%%:*}")
    done
    echo "jobs: {nightly: {schedule: manual, services: [$(IFS=,; echo "${names[*]}")]}}"
  } > lifeboat.yaml
  mkdir -p store spool
}

# With the configuration, as on the host; with store and key alone, as on a new machine.
backup() { lifeboat backup --config lifeboat.yaml "$@"; }
on_bare_machine() {
  local command=$1
  shift
  lifeboat "$command" "$@" --store "dir:$place/store" --identity key.txt
}

# What is in a folder, as text: types, modes, owners, times, sizes, links, content, attributes.
describe() {
  (
    cd "$1"
    find . -mindepth 1 -type d -printf '%p d %m %U:%G %T@\n' -o \
      -printf '%p %y %m %U:%G %T@ %s %l links=%n\n' | sort
    find . -type f -exec sha256sum {} + | sort -k 2
    find . -print0 | sort -z | xargs -0 getfattr -d -m - -h 2> /dev/null || true
  )
}

same_tree() {
  diff <(describe "$1") <(describe "$2") > "$folder/diff" ||
    fail "$1 and $2 differ: $(head -n 20 "$folder/diff")"
}

# A folder with everything that a backup tends to lose.
make_tree() {
  local tree=$1 long
  long=$(printf 'long-%.0s' {1..45})
  mkdir -p "$tree/empty" "$tree/$long/$long"
  printf 'one\n' > "$tree/plain"
  : > "$tree/nothing"
  printf 'x' > "$tree/one byte"
  head -c 300000 /dev/urandom > "$tree/noise"
  truncate -s 5M "$tree/sparse"
  printf 'end' | dd of="$tree/sparse" bs=1 seek=3000000 conv=notrunc status=none
  printf 'deep\n' > "$tree/$long/$long/$long"
  printf 'latin1\n' > "$tree/"$'caf\xe9'
  printf 'newline\n' > "$tree/"$'two\nlines'
  ln -s ../outside/the/tree "$tree/dangling"
  ln "$tree/plain" "$tree/second name"
  printf 'run\n' > "$tree/setuid"
  setfattr -n user.origin -v 'here' "$tree/plain" 2> /dev/null || true
  if ((EUID == 0)); then chown 1234:5678 "$tree/noise"; fi
  setfacl -m u:4321:r "$tree/one byte" 2> /dev/null || true
  chmod 4755 "$tree/setuid"
  chmod 0751 "$tree/empty"
  touch -d '2001-02-03T04:05:06.123456789Z' "$tree/plain" "$tree/empty"
  touch -d '1960-01-01T00:00:00Z' "$tree/nothing"
  touch -d '2020-01-01T00:00:00Z' "$tree"
}
