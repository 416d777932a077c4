#!/usr/bin/env bash
# How weekly/, host/install.json and host/h1.backup.nightly.run were made, once, by the program of
# that time. Never run it again for this format: README.md.
#   make_more.sh LIFEBOAT FOLDER      (as root; PostgreSQL)
out=$(readlink -f "$2")
source "$(dirname "$0")/../../script/lib.sh"
[[ ! -e $out/weekly ]] || fail "$out/weekly is there already"
source "$project/tests/script/postgres_lib.sh"
postgres_server postgres
sql=(psql -q -h "$place/pg" -U postgres)
# As much of Supabase as the recipe asks for.
"${sql[@]}" << 'SQL'
CREATE ROLE anon NOLOGIN; CREATE ROLE authenticated NOLOGIN; CREATE ROLE service_role NOLOGIN;
CREATE SCHEMA auth; CREATE SCHEMA storage; CREATE SCHEMA extensions;
CREATE TABLE auth.users (id uuid PRIMARY KEY, email text);
INSERT INTO auth.users SELECT gen_random_uuid(), 'user' || n || '@example.org' FROM generate_series(1, 7) n;
CREATE TABLE storage.buckets (id text PRIMARY KEY); CREATE TABLE storage.objects (id uuid PRIMARY KEY);
CREATE SCHEMA app;
CREATE TABLE app.orders AS SELECT n AS id, n * 2 AS total FROM generate_series(1, 60) n;
SQL

cp "$out/TEST-KEY.txt" key.txt
chmod 600 key.txt
recipient=$("$program" keygen -y key.txt)
write_config "supabase: {recipe: supabase, socket: $place/pg, user: postgres}"
sed -i 's/^jobs:.*/jobs: {supabase-weekly: {schedule: weekly, services: [supabase], stream: true}}/' lifeboat.yaml
lifeboat backup --config lifeboat.yaml
expect 0
cp -r store "$out/weekly"
age -d -i key.txt store/h1/supabase-weekly/*/supabase.sql.gz.age | gunzip > "$out/weekly.sql"

# What an install wrote down, and what a killed run leaves.
mkfifo gate
exec {gate}<> gate
write_config "slow: {recipe: command, command: [sh, -c, 'touch $place/reached; cat $place/gate']}"
sed -i 's/schedule: manual/schedule: "02:00"/' lifeboat.yaml
cp "$program" lifeboat
program=$place/lifeboat  # its path is in the record
mkdir -p root/etc/cron.d
echo '# somebody else made this' > root/etc/cron.d/lifeboat
lifeboat install --cron --root root --config lifeboat.yaml
expect 0
cp root/var/lib/lifeboat/install.json "$out/host/install.json"
"$program" backup --config lifeboat.yaml < /dev/null > started.out 2>&1 &
pid=$!
wait_for test -e reached
kill -9 "$pid"
cp state/h1.backup.nightly.*.run "$out/host/h1.backup.nightly.run"
(cd "$out" && find weekly weekly.sql host/install.json host/*.run -type f | LC_ALL=C sort | xargs sha256sum) \
  >> "$out/SHA256SUMS"
