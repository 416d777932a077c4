#!/usr/bin/env bash
# The monitoring pack as its readers judge it: promtool and amtool. And the judge is judged: a rule
# that never fires, or always, must be seen by the pack's own tests, alert by alert.
here=$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")
source "$here/../script/lib.sh"
source "$here/monitoring_lib.sh"
need_programs promtool amtool

lifeboat monitoring --to pack --expect vps-h1/nightly=daily --expect vps-i1/supabase-weekly=weekly
expect 0
stdout_has "created  prometheus/rules/backups.yml"
run promtool check rules pack/prometheus/rules/*.yml; expect 0
run promtool check config pack/prometheus/scrape.yml; expect 0
run promtool test rules pack/prometheus/tests/*.yml; expect 0
run amtool check-config pack/alertmanager/backups.yml; expect 0

# Links to a runbook elsewhere: the tests come along.
lifeboat monitoring --to other --runbook-url https://git.example.org/runbook.md; expect 0
stderr_has "no job is expected"
run promtool check rules other/prometheus/rules/*.yml; expect 0
run promtool test rules other/prometheus/tests/*.yml; expect 0

# What a person changed is kept, and the run says so.
echo '# mine' >> pack/alertmanager/backups.yml
lifeboat monitoring --to pack --expect vps-h1/nightly; expect 0
stdout_has "kept       alertmanager/backups.yml"
stdout_has "updated    prometheus/rules/backups_settings.yml"
stdout_has "unchanged  prometheus/rules/backups.yml"
stderr_has "--force"
[[ $(tail -n 1 pack/alertmanager/backups.yml) == '# mine' ]] || fail "a person's change is lost"

# The host's own jobs are expected, those that are run by hand are not.
make_key
write_config 'site: {recipe: command, command: [echo, x]}'
sed -i 's/^jobs:.*/jobs: {nightly: {schedule: "02:00", services: [site]},/' lifeboat.yaml
echo '  by-hand: {schedule: manual, services: [site]}}' >> lifeboat.yaml
lifeboat monitoring --to own --config lifeboat.yaml --json; expect 0
stdout_has '"change": "created"'
grep -qF 'labels: { host: "h1", backup_job: "nightly" }' own/prometheus/rules/backups_settings.yml ||
  fail "the configuration's job is not expected"
! grep -q by-hand own/prometheus/rules/backups_settings.yml || fail "a manual job is expected"

for wrong in vps-h1 /nightly vps-h1/ vps-h1/nightly=sometimes vps-h1/nightly=manual 'VPS/a"b'; do
  lifeboat monitoring --to wrong --expect "$wrong"; expect 2; missing wrong
done

alerts=$(sed -n 's/^      - alert: //p' pack/prometheus/rules/backups.yml | sort)
[[ $(wc -w <<< "$alerts") -ge 12 ]] || fail "few alerts: $alerts"

# failing_with EXPRESSION LINE: alerts of which a case fails, with LINE in its report, if each alert
# has that expression.
failing_with() {
  rm -rf broken
  cp -r pack/prometheus broken
  awk -v expression="$1" '
    /^      - / { is_alert = $2 == "alert:"; skipping = 0 }
    is_alert && /^        expr:/ { print "        expr: " expression; skipping = 1; next }
    skipping && /^        [a-z]/ { skipping = 0 }
    !skipping { print }' pack/prometheus/rules/backups.yml > broken/rules/backups.yml
  run promtool check rules broken/rules/backups.yml; expect 0
  run promtool test rules broken/tests/*.yml; expect 1
  awk -v line="$2" '
    /^ *alertname: / { alert = $2; sub(/,$/, "", alert) }
    index($0, line) { print alert }' "$folder/out" "$folder/err" | sort -u
}
# A rule that never fires: a case that wants it to fire must get nothing. One that always does: a
# case that wants nothing must fail.
failing_with 'vector(0) > 1' 'got:[]' > fires
[[ $(cat fires) == "$alerts" ]] || fail "no case fires for some of: $alerts"
failing_with 'vector(1)' 'exp:[]' > quiet
[[ $(cat quiet) == "$alerts" ]] || fail "no case is quiet for some of: $alerts"

# The runbook's commands exist.
commands=$(grep -oE '`lifeboat [a-z]+' pack/runbook.md | sed 's/.* //' | sort -u)
[[ $(wc -w <<< "$commands") -ge 5 ]] || fail "few commands: $commands"
for command in $commands; do lifeboat help "$command"; expect 0; done
