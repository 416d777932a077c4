# shellcheck shell=bash
# What the tests under load share: the black-box vocabulary of tests/script/lib.sh, each command under
# a cap of 128 MiB, and the figures of the closing table. Sourced with the program's path as $1.
reliability=$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")
source "$reliability/../script/lib.sh"
source "$reliability/counts.sh"

cap_mib=128
most_kib=0  # of all commands so far

command -v python3 > /dev/null || skip "no python3 here"

# room MB: what the test needs on the disk.
room() {
  (($(df --output=avail -k . | tail -n 1) > $1 * 1024)) || skip "less than $1 MB are free here"
}

# capped COMMAND...: the program under the cap, which it must keep; prints its time and memory.
capped() {
  local begin peak how
  begin=$(date +%s%N)
  run python3 "$reliability/capped.py" "$cap_mib" "$folder/peak" "$program" "$@"
  read -r peak how < "$folder/peak"
  printf '%-40s %6d ms  %4d MiB (cap: %s)\n' "${*:1:3}" $((($(date +%s%N) - begin) / 1000000)) \
    $((peak / 1024)) "$how"
  ((peak < cap_mib * 1024)) || fail "$peak KiB are over $cap_mib MiB"
  if ((peak > most_kib)); then most_kib=$peak; fi
}

# round_trip: what is in data/, there and back and compared, each step under the cap.
round_trip() {
  local same=${1:-same_tree}
  capped backup --config lifeboat.yaml
  expect 0
  capped verify --config lifeboat.yaml
  expect 0
  capped drill --config lifeboat.yaml
  expect 0
  capped restore latest --to back --config lifeboat.yaml --identity key.txt
  expect 0
  "$same" data back/files
}

# The peak of this script, as a line of the closing table.
count_peak() { counted load "$1, peak memory, MiB" "$((most_kib / 1024))"; }

make_key
mkdir data
write_config "files: {recipe: volume, path: $place/data}"
echo "drill: {identity: $place/key.txt, scratch: $place}" >> lifeboat.yaml
