# shellcheck shell=bash
# What the tests under load share: the black-box vocabulary of tests/script/lib.sh, each command under
# a cap of 128 MiB, and the figures of the closing table. Sourced with the program's path as $1.
reliability=$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")
source "$reliability/../script/lib.sh"
source "$reliability/counts.sh"

cap_mib=$((128 + ${LIFEBOAT_SANITIZER_MIB:-0}))
most_kib=0  # of all commands so far

command -v python3 > /dev/null || skip "no python3 here"

# room MB: what the test needs on the disk.
room() {
  (($(df --output=avail -k . | tail -n 1) > $1 * 1024)) || skip "less than $1 MB are free here"
}

# capped COMMAND...: the program under the cap, which it must keep; prints its time and memory.
capped() {
  local begin peak how cpu_ms
  begin=$(date +%s%N)
  run python3 "$reliability/capped.py" "$cap_mib" "$folder/peak" "$program" "$@"
  read -r peak how cpu_ms < "$folder/peak"
  printf '%-40s %6d ms, %6d of CPU  %4d MiB (cap: %s)\n' "${*:1:3}" \
    $((($(date +%s%N) - begin) / 1000000)) "$cpu_ms" $((peak / 1024)) "$how"
  ((peak < cap_mib * 1024)) || fail "$peak KiB are over $cap_mib MiB"
  if ((peak > most_kib)); then most_kib=$peak; fi
}

# there: backs up what is in data/. and_back: all that reads it again; the last lays it into back/. Each step
# is under the cap.
there() {
  capped backup --config lifeboat.yaml
  expect 0
}
and_back() {
  capped verify --config lifeboat.yaml
  expect 0
  capped drill --config lifeboat.yaml
  expect 0
  capped restore latest --to back --config lifeboat.yaml --identity key.txt
  expect 0
}

# round_trip [SAME]: there and back, and compared.
round_trip() {
  there
  and_back
  "${1:-same_tree}" data back/files
}

# nights_before FOLDER COUNT: COUNT nights in a host's FOLDER of a store that holds one: the same under
# earlier dates. Their archives cannot be read: nobody may try.
nights_before() {
  python3 - "$1" "$2" <<'PY'
import datetime, hashlib, os, sys
top, nights = sys.argv[1], int(sys.argv[2])
last = max(name for name in os.listdir(top) if name.startswith("2"))
with open(f"{top}/{last}/manifest.json") as file:
    manifest = file.read()
sizes = {name: os.stat(f"{top}/{last}/{name}").st_size for name in os.listdir(f"{top}/{last}")}
for back in range(1, nights):
    day = (datetime.date.fromisoformat(last) - datetime.timedelta(days=back)).isoformat()
    os.mkdir(f"{top}/{day}")
    for name, size in sizes.items():
        with open(f"{top}/{day}/{name}", "w") as file:
            if name == "manifest.json":
                text = manifest.replace(last, day)
                text = text[: text.rindex('  "sha256": "')]  # of all that stands before it
                own = hashlib.sha256(text.encode()).hexdigest()
                file.write(f'{text}  "sha256": "{own}"\n}}\n')
            else:
                file.truncate(size)
PY
}

# s3_server STATE: tests/script/s3_lib.sh with the server that ctest started; in the long form with one
# of its own, since that one ends itself after 80 minutes.
s3_server() {
  local state=$1
  if long_form; then
    state=$folder/s3
    command -v ceph-osd > /dev/null || skip "no Ceph here"
    "$reliability/../s3/start.sh" "$state"
    undo+=("$reliability/../s3/stop.sh $state")
  fi
  source "$reliability/../script/s3_lib.sh" "$program" "$state"
}

# through_line [RATE EVERY STALL]: from here on the server is reached through tests/support/slow_line.py,
# which writes down what is asked in $line/requests.
through_line() {
  line=$folder/line
  mkdir "$line"
  python3 "$reliability/../support/slow_line.py" "${S3_ENDPOINT##*:}" "$line" "$@" &
  pids+=($!)
  disown  # the shell is not to tell of its end
  wait_for test -e "$line/port"
  S3_ENDPOINT=http://127.0.0.1:$(cat "$line/port")
}

# The peak of this script, as a line of the closing table.
count_peak() { counted load "$1, peak memory, MiB" "$((most_kib / 1024))"; }

make_key
mkdir data
write_config "files: {recipe: volume, path: $place/data}"
echo "drill: {identity: $place/key.txt, scratch: $place}" >> lifeboat.yaml
