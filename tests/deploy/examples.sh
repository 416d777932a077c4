#!/usr/bin/env bash
# The examples for Kubernetes and Nomad: their shape, their configuration, their command lines and
# the memory they allow.
source "$(dirname "$0")/../script/lib.sh"

for tool in python3 jq; do command -v "$tool" > /dev/null || skip "no $tool here"; done
python3 -c 'import yaml' 2> /dev/null || skip "no python3-yaml here"

make_key
lifeboat keygen -o second.txt
second=$("$program" keygen -y second.txt)

# with_example FOLDER COMMAND...: with the variables that its secret holds.
with_example() {
  local variables=() name value
  while read -r name; do
    case $name in
      LIFEBOAT_RECIPIENT) value=$recipient ;;
      LIFEBOAT_OFFLINE_RECIPIENT) value=$second ;;
      *) value=example ;;
    esac
    variables+=("$name=$value")
  done < "$1/variables"
  shift
  run env "${variables[@]}" "$program" "$@"
}

# loads FOLDER: every variable is in the secret, every key is known, and nothing is warned of.
loads() {
  with_example "$1" bucket policy --role writer --config "$1/lifeboat.yaml"
  expect 0
  stdout_has 'shop-prod/*'
}

# parses FILE: its command line is understood, up to the configuration or keys that it lacks.
parses() {
  mapfile -t arguments < "$1"
  local at
  for at in "${!arguments[@]}"; do
    case ${arguments[at]} in
      */lifeboat.yaml) arguments[at]=$place/none.yaml ;;
      */key.txt) arguments[at]=$place/key.txt ;;
    esac
  done
  run env -u AWS_ACCESS_KEY_ID -u AWS_SECRET_ACCESS_KEY HOME="$place" "$program" "${arguments[@]}"
  expect 3
}

mkdir kubernetes nomad
run python3 "$project/tests/deploy/kubernetes.py" "$project/deploy/kubernetes/cronjob.yaml" kubernetes
expect 0
loads kubernetes
parses kubernetes/lifeboat-nightly.args
parses kubernetes/lifeboat-drill.args
stderr_has 'find S3 credentials'

run python3 "$project/tests/deploy/nomad.py" "$project/deploy/nomad/lifeboat.nomad.hcl" nomad
expect 0
loads nomad
parses nomad/lifeboat.args

# Both run the job that their configuration has.
for one in kubernetes/lifeboat-nightly nomad/lifeboat; do
  grep -qx nightly "$one.args" || fail "$one runs another job"
  grep -q '^  nightly:' "${one%/*}/lifeboat.yaml" || fail "${one%/*} has no such job"
done

# Requests and limits of memory are above what `plan` states, with as many compressors as there can be.
mkdir data
write_config "files: {recipe: volume, path: $place/data}"
lifeboat plan --config lifeboat.yaml --json
expect 0
most=$(jq '.jobs[0].memory | .program_bytes + .frames_bytes / (.workers + 2) * 8
           + .contexts_bytes / .workers * 6 + 4 * 8388608 | . / 1048576 | ceil' "$folder/out")
echo "$most MiB with 6 compressors, into a bucket"
for file in "$project/deploy/kubernetes/cronjob.yaml" "$project/deploy/nomad/lifeboat.nomad.hcl"; do
  grep -q "the memory: $most MiB" "$file" || fail "$file states another number than $most MiB"
done
((most < 160)) || fail "$most MiB are more than the 160 that the examples ask for"
