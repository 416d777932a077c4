#!/usr/bin/env bash
# The dead man's switch: what it says of a store by its listing alone, who hears it, and its exit
# status. Times of objects are those of files, moved by touch.
source "$(dirname "$0")/lib.sh"
fakes=${2:?usage: $0 LIFEBOAT FAKES_FOLDER}
unset GITHUB_TOKEN GITHUB_API_URL XDG_STATE_HOME

# snapshot NAME TIME BYTES: a finished one, NAME below the store as in vps-h1/2026-05-07.
snapshot() {
  mkdir -p "store/$1"
  local stem=backup.tar.zst.age
  [[ $1 != */supabase-weekly/* ]] || stem=supabase.sql.gz.age
  head -c "$3" /dev/zero > "store/$1/$stem"
  : > "store/$1/manifest.json"
  touch -d "$2" "store/$1"/*
}
today=$(date -u +%F)
day() { date -u -d "$today - $1 days" +%F; }
# nights HOST: seventeen, the newest of this moment, the months' copies, and a drill.
nights() {
  local back
  for back in {16..1}; do snapshot "$1/$(day "$back")" "$(day "$back") 02:10" 1000; done
  snapshot "$1/$(day 0)" now 1000
  snapshot "$1/monthly/$(date -u +%Y-%m)" now 1000
  snapshot "$1/monthly/$(date -u -d "$(date -u +%Y-%m-01) - 1 day" +%Y-%m)" now 1000
  mkdir -p "store/$1/drills"
  : > "store/$1/drills/$(day 0).json"
}
watch() { lifeboat watch --store "dir:$place/store" "$@"; }

mkdir store
# Nothing there is never good.
watch --expect vps-h1
expect 1
stdout_has 'NO BACKUP'
stdout_has 'vps-h1: no backup at all'

nights vps-h1
nights vps-i1
watch --expect vps-h1 --expect vps-i1
expect 0
stdout_has 'all that is expected is there'
stdout_has '14 of 14'
watch --expect vps-h1
expect 0
stdout_has 'vps-i1 is in the store, and nobody expects it'
watch --expect vps-h1 --json
expect 0
jq -e '.good and .unexpected_hosts == ["vps-i1"] and .hosts[0].jobs[0].nights_looked_at == 14 and
  .hosts[0].nightlies == 17' "$folder/out" > /dev/null || fail "the JSON is another"

# The weekly one is missing, then there.
watch --expect vps-i1 --expect vps-i1/supabase-weekly
expect 1
stdout_has 'vps-i1/supabase-weekly: no backup at all'
snapshot "vps-i1/supabase-weekly/$(date -u +%G-W%V)" now 500
watch --expect vps-i1 --expect vps-i1/supabase-weekly=weekly
expect 0

# What is not finished is no backup; what shrank is told.
mv "store/vps-h1/$(day 0)/manifest.json" .
watch --expect vps-h1 --stale-after 1h
expect 1
stdout_has STALE
mv manifest.json "store/vps-h1/$(day 0)/"
head -c 100 /dev/zero > "store/vps-h1/$(day 0)/backup.tar.zst.age"
watch --expect vps-h1
expect 1
stdout_has 'vps-h1: the newest backup shrank by 90 %'
head -c 1000 /dev/zero > "store/vps-h1/$(day 0)/backup.tar.zst.age"

# The host died three weeks and a half ago: everything ages, nothing new comes.
mkdir aside
mv store/vps-h1 aside/
for back in {27..24}; do snapshot "vps-h1/$(day "$back")" "$(day "$back") 00:00:01" 1000; done
watch --expect vps-h1
expect 1
stdout_has 'vps-h1: no backup for 24 d'
stdout_has 'vps-h1: the last nightly copy goes on'
rm -r store/vps-h1
mv aside/vps-h1 store/

# A store that cannot be listed is no good news either; neither is a command line without a host.
lifeboat watch --store "dir:$place/nowhere" --expect vps-h1
expect 5
watch
expect 2
stderr_has '--expect vps-h1'
watch --expect vps-h1=sometimes
expect 2
stderr_has 'no schedule'
watch --expect vps-h1 --stale-after soon
expect 2
watch --expect vps-h1 --discord
expect 2
stderr_has LIFEBOAT_DISCORD_WEBHOOK
watch --expect vps-h1 --github-repo radieu/p24-infra
expect 2
stderr_has GITHUB_TOKEN
LIFEBOAT_DISCORD_WEBHOOK=http://example.org/sEcReT watch --expect vps-h1 --discord
expect 2
stderr_lacks sEcReT

# On a machine with a configuration its jobs are expected by themselves.
make_key
write_config 'data: {recipe: volume, path: /nonexistent}'
sed -i "s/host: h1/host: vps-h1/; s/schedule: manual/schedule: '02:00'/" lifeboat.yaml
lifeboat watch --config lifeboat.yaml
expect 0
stdout_has vps-h1/nightly
lifeboat watch --config lifeboat.yaml --expect vps-i1/supabase-weekly --expect gone
expect 1
stdout_has 'gone: no backup at all'

# Who hears of it.
wait_for_file() {
  local try
  for try in {1..300}; do [[ ! -s $1 ]] || return 0; sleep 0.1; done
  fail "$1 did not appear"
}
"$fakes/lifeboat-fake-discord" --port-file discord.url --log discord.log 2> discord.err &
pids+=($!)
"$fakes/lifeboat-fake-github" --port-file github.url --log github.log --token t0ken-of-tests \
  --repo radieu/p24-infra 2> github.err &
pids+=($!)
wait_for_file discord.url
wait_for_file github.url
: > discord.log
export LIFEBOAT_DISCORD_WEBHOOK LIFEBOAT_HEARTBEAT_URL GITHUB_API_URL GITHUB_TOKEN=t0ken-of-tests
LIFEBOAT_DISCORD_WEBHOOK=$(cat discord.url)/api/webhooks/1/token
LIFEBOAT_HEARTBEAT_URL=$(cat discord.url)/ping
GITHUB_API_URL=$(cat github.url)
everyone=(--github-repo radieu/p24-infra --discord --heartbeat)
discord_messages() { grep -c '"/api/webhooks/' discord.log || true; }
issues() {
  curl -sS -H "Authorization: Bearer $GITHUB_TOKEN" -H 'User-Agent: test' \
    -H 'Accept: application/vnd.github+json' -H 'X-GitHub-Api-Version: 2022-11-28' \
    "$GITHUB_API_URL/repos/radieu/p24-infra/issues?state=$1" | jq -r '.[].title'
}

watch --expect vps-h1 "${everyone[@]}"
expect 0
[[ $(discord_messages) == 0 ]] || fail "Discord was told that all is well"
grep -q '"/ping"' discord.log || fail "there was no heartbeat"

mv store/vps-h1 aside/
for at in 1 2; do
  watch --expect vps-h1 "${everyone[@]}"
  expect 1
  [[ $(discord_messages) == "$at" ]] || fail "Discord was not told each time"
done
grep -q '"/ping/fail"' discord.log || fail "the heartbeat does not fail"
[[ $(issues open) == *'vps-h1: no backup at all'* ]] || fail "no issue: $(issues open)"
[[ $(issues open | wc -l) == 1 ]] || fail "more than one issue"
grep -q 'vps-h1: no backup at all' discord.log || fail "Discord was told something else"

# With a memory the same news comes once.
: > discord.log
for at in 1 2 3; do
  watch --expect vps-h1 "${everyone[@]}" --state-dir memory
  expect 1
done
[[ $(discord_messages) == 1 ]] || fail "Discord heard the same thing more than once"
mv aside/vps-h1 store/
for at in 1 2; do
  watch --expect vps-h1 "${everyone[@]}" --state-dir memory
  expect 0
done
[[ $(discord_messages) == 2 ]] || fail "Discord heard of the recovery not once"
[[ -z $(issues open) ]] || fail "an issue is still open: $(issues open)"

# A store that cannot be listed is told too, and told to be over.
lifeboat watch --store "dir:$place/nowhere" --expect vps-h1 "${everyone[@]}"
expect 5
[[ $(issues open) == *'the store cannot be looked at'* ]] || fail "no issue: $(issues open)"
watch --expect vps-h1 "${everyone[@]}"
expect 0
[[ -z $(issues open) ]] || fail "an issue is still open: $(issues open)"

# Notifiers that fail are named, and change nothing else.
GITHUB_TOKEN=wrong-token-of-tests LIFEBOAT_DISCORD_WEBHOOK=${LIFEBOAT_DISCORD_WEBHOOK}x \
  watch --expect gone "${everyone[@]}" --json
expect 1
stderr_has 'github was not told'
stderr_has 'discord was not told'
for secret in wrong-token-of-tests /api/webhooks; do
  stderr_lacks "$secret"
  stdout_lacks "$secret"
done
