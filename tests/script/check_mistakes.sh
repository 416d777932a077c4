#!/usr/bin/env bash
# What people get wrong on a host, one mistake at a time: `check` names each by its place or by the
# thing, with a hint; and says nothing of a host on which all is well. Mistakes in a bucket are in
# s3_check.sh.
source "$(dirname "$0")/lib.sh"
command -v python3 > /dev/null || skip "python3 is not installed"

# A server that is n8n, Grafana and WAHA at once: /ok answers, /401 and /403 refuse every key.
cat > server.py <<'PYTHON'
import http.server, sys
class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.rfile.read(int(self.headers.get("Content-Length", 0)))
        status = {"401": 401, "403": 403, "404": 404}.get(self.path.split("/")[1], 200)
        body = b'{"data": []}' if "workflows" in self.path else b"[]"
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
    do_POST = do_PUT = do_GET
    def log_message(self, *_): pass
server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
print(server.server_port, file=open(sys.argv[1] + ".new", "w"), flush=True)
import os; os.rename(sys.argv[1] + ".new", sys.argv[1])
server.serve_forever()
PYTHON
python3 server.py port < /dev/null > server.out 2>&1 &
pids+=($!)
for ((i = 0; i < 200; i++)); do
  [[ -s port ]] && break
  sleep 0.05
done
url=http://127.0.0.1:$(cat port)

make_key
"$program" keygen -o second.txt 2> /dev/null
second=$("$program" keygen -y second.txt)
"$program" keygen --signing -o signing.key 2> /dev/null
mkdir -p source sessions/noweb/main textfile store spool home machine/etc/cron.d machine/usr/bin \
  machine/usr/local/bin keys
mv key.txt keys/key.txt
echo '{"name": "main"}' > sessions/noweb/main/.waha.session.config.json
echo '{"noiseKey": "x"}' > sessions/noweb/main/creds.json
echo content > source/file
printf '%s\n' WAHA_KEY=some-key "HOOK=$url/ok/hook" > secrets.env
install -m 755 /dev/null machine/usr/bin/lifeboat
cat > machine/etc/cron.d/lifeboat <<TEXT
0 2 * * * root /usr/bin/lifeboat backup nightly --config $place/lifeboat.yaml
0 5 * * 0 root /usr/bin/lifeboat drill --config $place/lifeboat.yaml
0 6 * * * root /usr/bin/lifeboat prune --config $place/lifeboat.yaml
TEXT
cat > good.yaml <<TEXT
host: h1
env_file: secrets.env
store: {dir: $place/store}
encryption:
  recipients:
    - $recipient
    - $second
signing: {key_file: signing.key}
services:
  files: {recipe: volume, path: source}
  waha: {recipe: waha, path: sessions, url: "$url/ok", api_key: "\${WAHA_KEY}", quiesce: no}
jobs:
  nightly: {schedule: "02:00", services: [files, waha]}
drill: {identity: keys/key.txt, schedule: weekly, scratch: $place/spool}
notify: {webhook: {url: "\${HOOK}"}}
metrics: {textfile: textfile, pushgateway: "$url/ok"}
spool_dir: spool
state_dir: state
TEXT
check() { lifeboat check --config lifeboat.yaml --root machine "$@"; }

# Whether there is room is this machine's affair; all else has to be good.
all_good() {
  local bad
  bad=$(grep -E '^[!✗]' "$folder/out" | grep -vE 'folder: .*(free|tmpfs)' || true)
  [[ -z $bad ]] || fail "all is well, and yet: $bad"
}

mistakes=0
# good: everything as it should be again. After it a mistake is made.
good() {
  cp good.yaml lifeboat.yaml
  chmod 600 lifeboat.yaml
}
# edit SED_EXPRESSION: in a configuration that is good otherwise; it must change something.
edit() {
  good
  sed -i "$1" lifeboat.yaml
  ! cmp -s good.yaml lifeboat.yaml || fail "nothing was changed by: $1"
}
# names TEXT HINT: one warning or error has the text, and the next line is its hint.
names() {
  check
  grep -F -A 1 -- "$1" "$folder/out" > "$folder/named" || fail "not named: $1"
  grep -qE '^[!✗] ' "$folder/named" || fail "named, but as if it were good: $1"
  grep -qF -- "$2" "$folder/named" || fail "named without the hint: $2"
  ((++mistakes))
}

# Before anything ran.
good
names 'last backup: there is none yet' "lifeboat backup"

backup
expect 0
lifeboat drill --config lifeboat.yaml
expect 0
names "private key of ${second:0:12}...: no drill of the last 90 days" 'drill --identity KEYFILE'
names 'the private keys of all recipients lie on this host' 'on another machine'
lifeboat drill --config lifeboat.yaml --identity second.txt
expect 0
rm second.txt
check
expect 0
all_good
stdout_has "opened h1/"

# The text of the configuration.
edit 's/^signing:/signin:/'
names "lifeboat.yaml:8:1: unknown key 'signin'" "Did you mean 'signing'?"
edit 's/recipe: volume/recipe: volum/'
names "lifeboat.yaml:10:19: services.files: unknown recipe 'volum'" "Did you mean 'volume'?"
edit 's/"02:00"/"25:00"/'
names "lifeboat.yaml:13:23: jobs.nightly.schedule" 'docs/CONFIG.md'
edit 's/^  nightly/\tnightly/'
names 'lifeboat.yaml:13:' ''
edit '/^host/a host: h2'
names "lifeboat.yaml:2:1: the key 'host' is given twice" 'Keep one'
edit 's/\[files, waha\]/[files, wahaa]/'
names "lifeboat.yaml:13:50: jobs.nightly.services: there is no service 'wahaa'" "'waha'"
edit 's/\[files, waha\]/[files]/'
names 'lifeboat.yaml:11:3: services.waha: no job backs this service up' 'services of a job'
edit 's/WAHA_KEY/WAHA_KEI/'
names 'lifeboat.yaml:11:' 'Did you mean'
edit 's#{dir: .*}#{s3: {endpoint: s3.example.org, region: r, bucket: Backups}}#'
names 'store.s3.endpoint: expected a URL' ''
names 'store.s3.bucket: expected 3 to 63 of a-z' ''
edit 's/^notify:.*/notify: {github: {repo: infra, token: x}}/'
names 'notify.github.repo: expected' ''
edit 's#^notify:.*#notify: {discord: {webhook: https://discord.com/api/webhooks/12}}#'
names "notify.discord: the webhook's URL is not whole (" 'Copy it again'
edit '/^notify:/d'
names 'notify: nobody is told' 'Add a notify section'

# Keys and modes.
edit "s/$recipient/${recipient%?}q/"
names 'lifeboat.yaml:6:7: encryption.recipients: ' 'Copy the public key again'
edit "/$second/d"
names 'lifeboat.yaml:6:5: encryption: there is only one recipient' 'Add a second one'
edit "s/$recipient/$second/; 0,/$second/{/$second/d}"
names "no key in '$place/keys/key.txt' belongs to a recipient" 'keygen -y FILE'
edit 's#^encryption:#encryption:\n  recipients_file: keys/recipients#'
cp keys/key.txt keys/recipients
names 'keys/recipients:' ''
echo "$recipient" > keys/recipients
chmod 666 keys/recipients
names "others may change '$place/keys/recipients' (mode 0666)" 'chmod go-w'
rm keys/recipients
names "keys/recipients'" ''
good
chmod 644 secrets.env
names "lifeboat.yaml:2:11: env_file: '$place/secrets.env' is refused: its mode is 0644" 'chmod 600'
chmod 600 secrets.env
chmod 640 keys/key.txt
names "identity: '$place/keys/key.txt' can be read by others (mode 0640) (" 'chmod 600'
chmod 600 keys/key.txt
chmod 777 keys
names "others may write to the folder '$place/keys' (mode 0777)" "chmod go-w $place/keys"
chmod 700 keys
chmod 606 lifeboat.yaml
names 'others may change this file (mode 0606)' 'chmod go-w'
edit 's/api_key: "[^"]*"/api_key: a-literal-secret/'
chmod 644 lifeboat.yaml
names 'services.waha.api_key: a secret is written here' 'chmod 600'
stdout_lacks a-literal-secret
good
chmod 644 signing.key
names "signing.key_file: '$place/signing.key' is refused" 'chmod 600'
chmod 600 signing.key
edit 's#keys/key.txt#keys/none.txt#'
names "read identity file '$place/keys/none.txt'" 'drill.identity'
edit '/^signing:/d'
names 'signing: snapshots are not signed' 'keygen --signing'

# Services, programs and the tokens of their APIs.
edit 's/path: source/path: sourc/'
names "service files: " 'service'
edit 's/recipe: volume, path: source/recipe: volume, volume: no_such_volume/'
names 'no_such_volume' ''
names 'docker: services name volumes or containers' 'docker.socket'
edit "s#^signing:#docker: {socket: $place/none.sock}\n&#"
names "none.sock" ''
edit 's/recipe: volume, path: source/recipe: command, command: [no-such-dump]/'
names "service files: run 'no-such-dump': no such program (" 'Install it'
edit 's#\[files, waha\]#&, hooks: {before: [[no-such-hook]]}#'
names "jobs.nightly.hooks: there is no program 'no-such-hook' that can be run (" 'chmod +x'
edit 's#\[files, waha\]#&, hooks: {after: [[scripts/after.sh]]}#'
names "'scripts/after.sh' begins in whatever folder" 'whole path'
edit "s#$url/ok\", api#$url/401\", api#"
names 'service waha: list the sessions of' "key of the server as 'api_key'"
edit 's#http://127.0.0.1:[0-9]*/ok", api#http://127.0.0.1:1", api#'
names 'service waha: list the sessions of http://127.0.0.1:1' ''
for code in 401 403; do
  edit "s#^jobs:#  n8n: {recipe: n8n, path: source, url: \"$url/$code\", api_key: x}\n&#"
  names "/$code/api/v1/workflows: n8n answers $code" 'scope workflow:list'
  edit "s#^jobs:#  g: {recipe: grafana, path: source, url: \"$url/$code\", token: x}\n&#"
  names "service g: GET $url/$code/" ''
done
edit "s#^jobs:#  n8n: {recipe: n8n, path: source, url: \"$url/404\", api_key: x}\n&#"
names 'n8n answers 404' "n8n's own address"

# The store, the folders, the metrics.
edit "s#dir: $place/store#dir: $place/good.yaml#"
names 'store: ' ''
edit "s#dir: $place/store#dir: /proc#"
names 'store: ' 'Let the user that runs backups write there'
edit "s#dir: $place/store#dir: $place/unmounted#"
names "folder '$place/unmounted' does not exist yet" 'mount it first'
edit 's#^state_dir:.*#state_dir: /proc#'
names 'state folder: ' 'set state_dir'
edit 's#^spool_dir:.*#spool_dir: good.yaml#'
names "spool folder: '$place/good.yaml' is not a folder (" 'spool_dir'
edit 's/^spool_dir:/compression: {level: 9, cache: 10 MiB}\n&/'
check
stdout_has "frame cache: '$place/state/cache': 0 B of 10.0 MiB used"
ln -s "$place/store" state/cache
names "frame cache: use the frame cache '$place/state/cache': open it: " 'Remove it'
rm state/cache
cp state/h1.state.json state.good
sed -i -E 's/"archive_bytes": [0-9]+/"archive_bytes": 20971520/' state/h1.state.json
names "and the last runs stored 20.0 MiB (" 'compression.cache'
mv state.good state/h1.state.json
edit 's/textfile: textfile/textfile: nowhere/'
names "metrics: textfile: there is no folder '$place/nowhere' (" 'node_exporter'
edit 's#pushgateway: "[^"]*"#pushgateway: http://127.0.0.1:1#'
names 'metrics: ' ''
edit "s#pushgateway: \"$url/ok#pushgateway: \"$url/404#"
names 'the Pushgateway at' 'without /metrics'
if mkdir small && mount -t tmpfs -o size=1m none small 2> /dev/null; then
  undo+=("umount $place/small")
  edit 's#^spool_dir:.*#spool_dir: small#'
  names "spool folder: '$place/small': 1.0 MiB free" 'spool_dir'
  edit "s#scratch: .*}#scratch: small}#"
  names "drill scratch folder: '$place/small': 1.0 MiB free" 'drill.scratch'
else
  echo "the full disk was not tried: no right to mount"
fi

# Who starts it.
good
crontab=machine/etc/cron.d/lifeboat
cp $crontab crontab.good
sed -i 1d $crontab
names "schedule backup-nightly: neither cron nor a timer starts 'lifeboat backup nightly'" install
sed '1s#/usr/bin/lifeboat#lifeboat#' crontab.good > $crontab
mv machine/usr/bin/lifeboat machine/usr/local/bin
names "$crontab:1 would start nothing: 'lifeboat' is not found there: its PATH is '/usr/bin:/bin'" \
  'PATH= line'
cp crontab.good $crontab
names "$crontab:1 would start nothing: there is no program '/usr/bin/lifeboat'" 'whole path'
mv machine/usr/local/bin/lifeboat machine/usr/bin
sed -i '1s#lifeboat.yaml#lifeboat.yml#' $crontab
names "with '$place/lifeboat.yml', which does not exist" "--config $place/lifeboat.yaml"
sed '1s/^0 2/0 3/' crontab.good > $crontab
names "$crontab:1 starts it at '0 3 * * *', the configuration says '02:00'" 'alerts go by'
cp crontab.good $crontab
cp crontab.good machine/etc/cron.d/again
names "is started by machine/etc/cron.d/again:1 and by $crontab:1" 'Keep one of them'
rm machine/etc/cron.d/again
sed -i 1d $crontab
mkdir -p machine/etc/systemd/system
printf '[Timer]\nOnCalendar=*-*-* 02:00:00\n' > machine/etc/systemd/system/nightly.timer
printf '[Service]\nExecStart=/usr/bin/lifeboat backup nightly --config %s\n' \
  "$place/lifeboat.yaml" > machine/etc/systemd/system/nightly.service
names 'nightly.timer:2 is not enabled' 'systemctl enable --now nightly.timer'
# Where clocks change, a timer leaves out the hour that is skipped. It is not far to the next change.
mkdir machine/etc/systemd/system/timers.target.wants
ln -s ../nightly.timer machine/etc/systemd/system/timers.target.wants/nightly.timer
export TZ=Europe/Warsaw
names 'the timer leaves out a run on ' 'timedatectl set-timezone UTC'
grep -q 'the clock skips 02:00 to 03:00 then' "$folder/named" || fail "the hour is not named"
export TZ=UTC
check
if grep -q 'the timer leaves out' "$folder/out"; then fail "UTC skips nothing"; fi
unset TZ
rm -r machine/etc/systemd
cp crontab.good $crontab
edit 's/^drill:/  noon: {schedule: "02:00", services: [files]}\n&/'
names 'schedule backup-noon: it begins when nightly does' 'lock taken'

# As cron would run it: a variable of this terminal is not there, nor is what /bin/sh has.
edit 's/WAHA_KEY/WAHA_KEY_OF_TERMINAL/'
export WAHA_KEY_OF_TERMINAL=some-key
check
expect 0
all_good
check --as-cron
expect 3
grep -F -A 1 "as $crontab:1: " "$folder/out" > "$folder/named" || fail "not named as cron"
grep -qF 'variable WAHA_KEY_OF_TERMINAL is not defined' "$folder/named" || fail "another fault"
good
check --as-cron
expect 0
all_good
stdout_has 'the same is found as from here'

# The past.
mv state state.away
names "host: h1/$(date -u +%F) was not made here" "its own 'host'"
mv state.away state
edit 's/which: latest//; s/nightly:/renamed:/'
names 'job renamed: there is no whole backup' 'lifeboat backup'
good
rm store/h1/drills/*
mv state state.away  # which knows of the drills too
names 'no drill has ever proved a restore' 'lifeboat drill'

check --json
jq -e 'all(.[]; .level == "ok" or (.hint | length > 0))' "$folder/out" > /dev/null ||
  fail "a finding without a hint"
((mistakes >= 60)) || fail "only $mistakes mistakes were tried"
echo "$mistakes mistakes, each named with a hint"
