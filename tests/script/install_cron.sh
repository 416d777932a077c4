#!/usr/bin/env bash
# The line that `install --cron` writes, run as cron runs it: its environment, its shell, its '%'.
source "$(dirname "$0")/lib.sh"
make_key
mkdir -p "50% off/app" root
echo content > "50% off/app/file"
write_config "app: {recipe: volume, path: \"$place/50% off/app\"}"
sed -i 's/schedule: manual/schedule: "02:30"/' lifeboat.yaml
mv lifeboat.yaml "50% off/my lifeboat.yaml"

umask 022
lifeboat install --cron --root root --config "50% off/my lifeboat.yaml"
expect 0
stdout_has '+ 30 2 * * * root '
mode_is root/etc/cron.d/lifeboat 644
mode_is root/var/log/lifeboat 700
[[ $(tail -c 1 root/etc/cron.d/lifeboat) == "" ]] || fail "cron passes over a last line without end"

line=$(grep -F '30 2 * * * root ' root/etc/cron.d/lifeboat)
command=${line#'30 2 * * * root '}
command=${command//'\%'/%}
command=${command//'/var/log/'/"$place/root/var/log/"}
mapfile -t variables < <(grep -E '^[A-Z]+=' root/etc/cron.d/lifeboat)
run env -i LOGNAME=root "${variables[@]}" HOME="$place" /bin/sh -c "$command"
expect 0
on_bare_machine list
stdout_has 'h1/'
run cat root/var/log/lifeboat/backup-nightly.log
stdout_has 'snapshot'

if command -v logrotate > /dev/null; then
  run logrotate --debug root/etc/logrotate.d/lifeboat
  expect 0
  stderr_lacks error
fi

lifeboat uninstall --root root
expect 0
stderr_has 'root/var/log/lifeboat stays'
no_files_in root/etc
