# Two snapshots, a signed archive and a single stream, and where they lie: store/ and key.txt. The
# archive is longer than one zstd frame. The stream comes from a PostgreSQL of the page's own, whose
# empty database `restored` the page fills again.
bin=$(find /usr/lib/postgresql -path '*/bin/initdb' 2> /dev/null | sort -V | tail -n 1)
[[ -n $bin ]] || skip "initdb is missing: install postgresql"
mkdir -p /srv/app /srv/pg
head -c 6000000 /dev/urandom > /srv/app/noise
echo '{"a": 1}' > /srv/app/config
chown nobody /srv/pg
as_nobody=(setpriv --reuid nobody --regid nogroup --clear-groups)
(cd /srv/pg && "${as_nobody[@]}" "$bin" -D data -U postgres -A trust --no-sync > /dev/null)
"${as_nobody[@]}" "${bin%/*}/postgres" -D /srv/pg/data -k /srv/pg -c listen_addresses= -c fsync=off \
  < /dev/null &> /dev/null &
export PGHOST=/srv/pg
page_env PGHOST /srv/pg
wait_for 60 psql -U postgres -c 'SELECT 1'
psql -q -U postgres -c 'CREATE TABLE orders AS SELECT * FROM generate_series(1, 1234)' \
  -c 'CREATE DATABASE restored'
lifeboat keygen -o key.txt
lifeboat keygen --signing -o signing.key
cat > lifeboat.yaml << YAML
host: h1
store: {dir: store}
encryption: {recipients: [$(lifeboat keygen -y key.txt)]}
signing: {key_file: signing.key}
services:
  app: {recipe: volume, path: /srv/app}
  supabase: {recipe: supabase, socket: /srv/pg, user: postgres, sslmode: disable}
jobs:
  nightly: {schedule: daily, services: [app]}
  supabase-weekly: {schedule: weekly, services: [supabase], stream: true}
YAML
lifeboat backup nightly --config lifeboat.yaml
lifeboat backup supabase-weekly --config lifeboat.yaml
