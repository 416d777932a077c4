#!/usr/bin/env bash
# Debian's own cron in Warsaw's nights of 23 and 25 hours, its clock 600 times as fast by faketime:
# what 'install --cron' wrote for 02:30, which is skipped in one and comes twice in the other, starts
# once in each, and the backups that it starts are there.
source "$(dirname "$0")/../script/lib.sh"
source "$project/tests/reliability/counts.sh"
for tool in cron faketime unshare; do
  command -v "$tool" > /dev/null || skip "$tool is not installed"
done
((EUID == 0)) || skip "only root starts cron, with folders of its own"
unshare --mount true || skip "no mount namespace can be made"
[[ -f /usr/share/zoneinfo/Europe/Warsaw ]] || skip "there is no tzdata"

make_key
write_config "dump: {recipe: command, command: [printf, 'a\nb\n']}"
sed -i 's/schedule: manual/schedule: "02:30"/' lifeboat.yaml
mkdir root
lifeboat install --cron --root root --config lifeboat.yaml
expect 0
grep -q '^30 2 \* \* \* root ' root/etc/cron.d/lifeboat || fail "no line for half past two"
# The last minute that is of interest, as cron counts: every line before it had its turn.
printf '20 3 * * * root touch %q\n' "$place/passed" > root/etc/cron.d/marker
chmod 644 root/etc/cron.d/*
: > crontab
mkdir crontabs

starts() { find store -name 'manifest*.json' -not -path '*/monthly/*' | wc -l; }
are_started() { [[ $(starts) -ge $1 ]]; }
night() {  # 'YYYY-MM-DD HH:MM:SS', at which cron begins, in Warsaw; the sum of starts at its end
  rm -f passed
  # shellcheck disable=SC2016
  TZ=Europe/Warsaw unshare --mount --propagation private setpriv --pdeathsig KILL bash -c '
    mount --bind root/etc/cron.d /etc/cron.d && mount --bind crontab /etc/crontab &&
      mount --bind crontabs /var/spool/cron && mount -t tmpfs none /run &&
      mount -t tmpfs none /var/log && mkdir /var/log/lifeboat || exit 1
    export LD_PRELOAD=$(faketime now printenv LD_PRELOAD) FAKETIME="@$1 x600" NO_FAKE_STAT=1
    exec /usr/sbin/cron -f' bash "$1" > cron.log 2>&1 < /dev/null &
  local cron=$!
  pids+=("$cron")
  wait_for test -e passed
  wait_for are_started "$2"
  # What it started may still be at work, and a second start would be refused by its lock.
  wait_for bash -c '! pgrep -P '"$cron"' > /dev/null'
  kill "$cron"
  wait "$cron" 2> /dev/null || true
  [[ $(starts) == "$2" ]] || fail "started $(starts) times, expected $2"
}
night '2026-03-29 01:40:00' 1
night '2026-10-25 01:40:00' 2
counted time "backups by cron in a night of 23 and one of 25 hours" "$(starts)"
