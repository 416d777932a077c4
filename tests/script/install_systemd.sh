#!/usr/bin/env bash
# A real systemd, first process of a machine of its own, runs what `install` wrote: a backup, a drill
# and prune inside their sandbox; then Debian's cron does. At last nothing of it is left.
#
# The machine is the host's own system seen through an overlay, as in tests/fleet/machine_lib.sh.
source "$(dirname "$0")/lib.sh"

if ((EUID != 0)); then skip "a machine of its own needs root"; fi
for tool in /lib/systemd/systemd /usr/bin/systemctl /usr/sbin/cron /usr/sbin/logrotate; do
  [[ -x $tool ]] || skip "$tool is missing"
done

cat > "$folder/machine.sh" << 'MACHINE'
set -eu
root=$1/root
mount --make-rprivate /
mount -t tmpfs -o mode=755 memory "$1"
mkdir "$1"/{upper,work,root}
mount -t overlay overlay "$root" -o "lowerdir=/,upperdir=$1/upper,workdir=$1/work"
mount -t proc proc "$root/proc"
mount -t tmpfs -o mode=755 run "$root/run"
for name in tmp srv root; do mount -t tmpfs -o mode=1777 "$name" "$root/$name"; done
mount --rbind /dev "$root/dev"
mount -t sysfs -o ro sys "$root/sys"
mount -t cgroup2 cgroup "$root/sys/fs/cgroup"
# The host's own services are no business of a test; only cron is.
rm -rf "$root"/etc/systemd/system/*.wants "$root"/etc/cron.d/* "$root/etc/crontab" \
  "$root/var/spool/cron/crontabs" "$root/var/lib/lifeboat"
printf '[Unit]\nWants=systemd-journald.service timers.target\nAllowIsolate=yes\n' \
  > "$root/etc/systemd/system/only.target"
mkdir "$root/run/outside"
cd "$root"
pivot_root . run/outside
umount --lazy /run/outside
mount --make-rshared /  # as systemd finds it on a real machine: credentials come in by a mount
exec env -i container=other PATH=/usr/sbin:/usr/bin:/sbin:/bin /lib/systemd/systemd \
  --unit=only.target --show-status=no
MACHINE

mkdir "$folder/memory"
unshare --mount --pid --fork --cgroup --net --uts --ipc --kill-child \
  bash "$folder/machine.sh" "$folder/memory" < /dev/null > "$folder/machine.log" 2>&1 &
space=$!
pids+=("$space")
first=
in_machine() {
  run nsenter --target "$first" --mount --pid --cgroup --uts --ipc --net \
    env -i PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin HOME=/root LANG=C.UTF-8 \
    TZ=UTC NO_COLOR=1 timeout 120 "$@"
}
# wait_in_machine SECONDS COMMAND...: until it succeeds in the machine.
wait_in_machine() {
  local seconds=$1 try
  shift
  for ((try = 0; try < seconds * 2; try++)); do
    kill -0 "$space" 2> /dev/null || return 1
    first=$(cat "/proc/$space/task/$space/children" 2> /dev/null || true)
    first=${first%% *}
    if [[ -n $first ]]; then
      in_machine "$@"
      if ((status == 0)); then return 0; fi
    fi
    sleep 0.5
  done
  return 1
}
# Before it is there, the namespaces entered are those of the script that makes it.
is_up='[ "$(cat /proc/1/comm)" = systemd ] && systemctl is-active only.target'
wait_in_machine 60 sh -c "$is_up" || skip "no systemd runs here: $(tail -n 1 "$folder/machine.log")"
machine=/proc/$first/root

# A WAL that nobody holds open, of another user: reading it makes a -shm file beside it.
mkdir -p "$machine"/srv/{app,backups} "$machine/root/.age" "$machine/etc/lifeboat"
in_machine sh -c 'cd /srv && sqlite3 live.db "PRAGMA journal_mode=wal; CREATE TABLE t (x);
  INSERT INTO t VALUES (1), (2);" ".shell cp live.db live.db-wal app/" && mv app/live.db app/app.db &&
  mv app/live.db-wal app/app.db-wal && chown -R 1234:1234 app && chmod 700 app'
expect 0
install -m 755 "$program" "$machine/usr/local/bin/lifeboat"
in_machine lifeboat keygen -o /root/.age/backup.key
expect 0
in_machine lifeboat keygen -y /root/.age/backup.key
configure() {
  cat > "$machine/etc/lifeboat/lifeboat.yaml" << YAML
host: h1
store: {dir: /srv/backups}
encryption: {recipients: [$recipient]}
services:
  app: {recipe: sqlite, path: /srv/app/app.db}
  etc: {recipe: files, paths: [/etc/passwd, /etc/shadow]}
jobs: {nightly: {schedule: "$1", services: [app, etc]}}
drill: {identity: /root/.age/backup.key, schedule: "0 5 * * 0"}
metrics: {textfile: /srv/metrics}
notify: {webhook: {url: "$2"}}
YAML
}
recipient=$(cat "$folder/out")
mkdir "$machine"/{srv/metrics,etc/lifeboat/credentials}
# Nobody takes the messages, which is no failure of a run.
echo http://127.0.0.1:9/nobody > "$machine/etc/lifeboat/credentials/WEBHOOK_URL"
chmod 600 "$machine/etc/lifeboat/credentials/WEBHOOK_URL"
by_hand() { in_machine env CREDENTIALS_DIRECTORY=/etc/lifeboat/credentials lifeboat "$@"; }
configure 02:00 '${WEBHOOK_URL}'
files() {
  (cd "$machine" && find etc var/log -printf '%p %y %m %U:%G %l\n' | sort &&
    find etc -type f -exec sha256sum {} + | sort -k 2)
}
files > "$folder/before"

in_machine lifeboat install
expect 3
stderr_has 'WEBHOOK_URL'
by_hand install
expect 0
stdout_has 'run systemctl restart lifeboat-backup-nightly.timer'
in_machine systemctl list-timers --all --no-pager
stdout_has ' 02:0'
stdout_has lifeboat-backup-nightly.service
stdout_has lifeboat-prune.timer
by_hand install
stdout_is 'nothing to change'

for name in backup-nightly drill prune; do
  in_machine systemctl start "lifeboat-$name.service"
  if ((status != 0)); then in_machine journalctl --no-pager -n 40 -u "lifeboat-$name"; status=1; fi
  expect 0
done
by_hand list
stdout_has 'h1/'
by_hand status --json
stdout_has '"last": "ok"'    # the drill
stdout_has '"result": "ok"'  # the backup
ls "$machine"/srv/metrics/*.prom > "$folder/out" || fail "no metrics"
in_machine systemctl show -p ProtectSystem,NoNewPrivileges lifeboat-backup-nightly.service
stdout_has 'ProtectSystem=strict'

# It fails loudly, and the unit that tells of it is called.
mv "$machine/srv/app" "$machine/srv/away"
in_machine systemctl start lifeboat-backup-nightly.service
expect 1
wait_in_machine 30 sh -c 'journalctl --no-pager | grep -F "Tell that lifeboat-backup-nightly.service failed"' ||
  fail "nobody was called"
mv "$machine/srv/away" "$machine/srv/app"

# Cron takes over, and starts a backup by itself.
rm -r "$machine"/srv/backups/h1
configure '* * * * *' http://127.0.0.1:9/nobody
in_machine lifeboat install --cron
expect 0
stdout_has 'run systemctl stop lifeboat-prune.timer lifeboat-drill.timer lifeboat-backup-nightly'
in_machine systemctl list-timers --all --no-pager
stdout_lacks lifeboat
in_machine systemctl start cron.service
expect 0
wait_in_machine 75 sh -c 'ls /srv/backups/h1/2*/manifest.json' || fail "cron started nothing"
in_machine systemctl stop cron.service
in_machine cat /var/log/lifeboat/backup-nightly.log
stdout_has 'snapshot'
in_machine logrotate --debug /etc/logrotate.d/lifeboat
expect 0
stderr_lacks error

# What runs made stays; all that install made is gone.
in_machine lifeboat uninstall
expect 0
stderr_has '/var/log/lifeboat stays'
rm -r "$machine"/var/log/lifeboat
configure 02:00 '${WEBHOOK_URL}'
files > "$folder/after"
diff "$folder/before" "$folder/after" || fail "not all is as before"
missing "$machine/var/lib/lifeboat/install.json"
