#!/usr/bin/env bash
# Nothing stays untold: each way in which a run can fail reaches Discord and GitHub, a recovery
# closes the issue, and what fails of the telling itself never fails the backup.
fake_discord=$(readlink -f "${2:?usage: $0 LIFEBOAT FAKE_DISCORD FAKE_GITHUB}")
fake_github=$(readlink -f "${3:?usage: $0 LIFEBOAT FAKE_DISCORD FAKE_GITHUB}")
source "$(dirname "$0")/lib.sh"

# start NAME PROGRAM [ARG...]: its URL is in $started, its log in NAME.log.
start() {
  local name=$1 i
  shift
  : > "$folder/$name.log"
  rm -f "$folder/$name.url"
  "$@" --port-file "$folder/$name.url" --log "$folder/$name.log" 2>> "$folder/$name.err" &
  pids+=($!)
  for ((i = 0; i < 200; i++)); do [[ -e $folder/$name.url ]] && break || sleep 0.05; done
  started=$(< "$folder/$name.url")
}
token=ghp_very-secret-token
start discord "$fake_discord"
hook=$started/api/webhooks/1/token
start github "$fake_github" --token "$token" --repo me/infra
github=$started

make_key
mkdir textfile spool data
echo hello > data/file
export STATE_DIRECTORY=$place/state HOOK=$hook TOKEN=$token
cat > good.yaml <<TEXT
host: h1
store: {dir: $place/store}
encryption: {recipients: [$recipient]}
state_dir: $place/state
spool_dir: $place/spool
services:
  files: {recipe: volume, path: $place/data}
jobs:
  nightly: {schedule: daily, services: [files]}
drill: {identity: $place/key.txt, scratch: $place/spool}
metrics: {textfile: $place/textfile}
notify:
  discord: {webhook: "\${HOOK}"}
  github: {repo: me/infra, token: "\${TOKEN}", api_url: "$github"}
TEXT
cp good.yaml lifeboat.yaml

# told TEXT: since the last call of `quiet`, Discord was told so.
quiet() { : > "$folder/discord.log"; : > "$folder/github.log"; }
told() { grep -qF -- "$1" "$folder/discord.log" || fail "Discord was not told: $1"; }
not_told() { ! grep -qF -- "$1" "$folder/discord.log" || fail "Discord was told: $1"; }
filed() { grep -qF -- "$1" "$folder/github.log" || fail "no act on GitHub with: $1"; }
metric() { sed -n "s/^$1{.*} //p" textfile/lifeboat-h1.prom; }

# fails CODE TEXT ID: the backup ends with CODE and this is told; then a good one ends the problem.
fails() {
  local code=$1 text=$2 id=$3
  quiet
  backup nightly
  expect "$code"
  told "$text"
  filed "$id"
  [[ $(metric lifeboat_run_status) == "$code" ]] || fail "lifeboat_run_status is not $code"
  cp good.yaml lifeboat.yaml
  quiet
  backup nightly
  expect 0
  filed '"act":"close"'
  [[ $(metric lifeboat_run_status) == 0 ]] || fail "lifeboat_run_status is not 0"
}

lifeboat notify test --config lifeboat.yaml
expect 0
stdout_has 'discord   ok'
stdout_has 'github    ok'
told 'a test from h1'

quiet
backup
expect 0
told 'is done'
first=$(metric lifeboat_last_success_timestamp_seconds)
[[ -n $first ]] || fail "no metrics"
mode_is state/last-good.yaml 600

# What is wrong with the configuration is told by what can still be read of it, else by the last
# good one.
echo 'retenshun: {daily: 3}' >> lifeboat.yaml
fails 3 'retenshun' backup/nightly
sed -i 's/^host: h1/host: [h1/' lifeboat.yaml
fails 3 'configuration' backup/nightly
rm lifeboat.yaml
fails 3 'lifeboat.yaml' backup/nightly
sed -i 's/\${TOKEN}/${TOKENN}/' lifeboat.yaml
quiet
backup nightly
expect 3
told 'TOKENN'
cp good.yaml lifeboat.yaml
backup nightly
expect 0

# The store, a tool, a hook, another run.
keys='access_key: AKID, secret_key: very-secret-key'
sed -i "s#^store:.*#store: {s3: {endpoint: 'http://127.0.0.1:9', region: x, bucket: bbb, $keys}}#" \
  lifeboat.yaml
fails 5 '127.0.0.1:9' backup/nightly
sed -i "s#^  files:.*#  files: {recipe: command, command: [no-such-tool-here]}#" lifeboat.yaml
fails 4 'no-such-tool-here' backup/nightly
sed -i "s#services: \[files\]}#services: [files], hooks: {before: [['false']]}}#" lifeboat.yaml
fails 4 'before' backup/nightly
exec {lock}< state/h1.lock
flock "$lock"
quiet
backup nightly
expect 9
told 'did not run'
exec {lock}<&-
quiet
backup nightly
expect 0
told 'is done'

# A service that fails is named, the others are safe, and it is over when it is back.
sed -i "s#^  files:#  broken: {recipe: command, command: ['false']}\n  files:#;
        s#services: \[files\]#services: [broken, files]#" lifeboat.yaml
fails 8 'broken' service/nightly/broken

# A hook that fails after the snapshot is safe is a warning in the message.
sed -i "s#services: \[files\]}#services: [files], hooks: {after: [['false']]}}#" lifeboat.yaml
quiet
backup
expect 0
told "run hook 'after'"
cp good.yaml lifeboat.yaml

# A host that has no thread left: the run cannot be, and is told. Root is beyond that limit.
# LeakSanitizer, in a build with it, would need one too.
if ((EUID == 0)); then
  quiet
  run setpriv --reuid 61234 --clear-groups --inh-caps +dac_override --ambient-caps +dac_override \
    env ASAN_OPTIONS=detect_leaks=0 prlimit --nproc=1 "$program" backup nightly --config lifeboat.yaml
  expect 10
  told 'start a compression thread'
fi

# A typo in the job's name is a failure as well; a try by hand tells nobody.
quiet
backup wekly
expect 3
told 'wekly'
quiet
backup wekly --no-notify
expect 3
[[ ! -s $folder/discord.log ]] || fail "Discord was told of a try by hand"

# Drill, prune and verify: the drill tells each time, the others only when something is wrong, and
# when it is over.
quiet
lifeboat drill --config lifeboat.yaml
expect 0
told 'RESTORE OK'
quiet
lifeboat verify --config lifeboat.yaml
expect 0
[[ ! -s $folder/discord.log ]] || fail "Discord was told of a good verify"
archive=$(ls -t store/h1/2*/*.tar.zst.age | head -n 1)
cp "$archive" archive
printf x | dd of="$archive" bs=1 seek=200 conv=notrunc status=none
quiet
lifeboat verify --all --config lifeboat.yaml
expect 7
told 'verify of h1 failed'
filed verify
quiet
lifeboat drill --config lifeboat.yaml
expect 7
told 'drill'
filed drill/nightly
cp archive "$archive"
quiet
lifeboat verify --all --config lifeboat.yaml
expect 0
told 'verify of h1 is done'
filed '"act":"close"'
quiet
lifeboat drill --config lifeboat.yaml
expect 0
filed '"act":"close"'
quiet
lifeboat drill --store "dir:$place/store" --identity key.txt
expect 0
[[ ! -s $folder/discord.log ]] || fail "a drill on a bare machine told somebody"

# Metrics that cannot be written never fail the backup, and are told by the notifiers.
mv textfile gone
quiet
backup
expect 0
stderr_has 'the metrics were not written'
told 'metrics'
filed metrics/textfile
mv gone textfile
quiet
backup
expect 0
told 'written again'
filed '"act":"close"'

# A dead notifier: the others tell of it, the backup is good, and `check` names it.
export HOOK=${hook%/1/token}/2/other
quiet
backup
expect 0
stderr_has 'discord was not told'
filed notifier/discord
lifeboat check --config lifeboat.yaml --json
stdout_has 'notify.discord'
lifeboat notify test --config lifeboat.yaml
expect 4
stdout_has 'FAILED'
export HOOK=$hook
quiet
backup
expect 0
filed '"act":"close"'

# What no run could tell by itself, systemd's OnFailure= tells; what was told is not told again.
quiet
export MONITOR_UNIT=lifeboat.service MONITOR_SERVICE_RESULT=exit-code MONITOR_EXIT_CODE=exited
export MONITOR_EXIT_STATUS=203 MONITOR_INVOCATION_ID=0123456789abcdef
lifeboat notify failure --config lifeboat.yaml
expect 0
told 'lifeboat.service'
filed unit/lifeboat.service
INVOCATION_ID=0123456789abcdef lifeboat backup wekly --config lifeboat.yaml
expect 3
quiet
lifeboat notify failure --config lifeboat.yaml
expect 0
stdout_has 'the run told by itself'
[[ ! -s $folder/discord.log ]] || fail "it was told twice"

# No secret anywhere.
if grep -rqF -e "$token" -e very-secret-key -e "$hook" state textfile "$folder/err" "$folder/out"; then
  fail "a secret was left: $(grep -rlF -e "$token" -e very-secret-key -e "$hook" state textfile)"
fi
