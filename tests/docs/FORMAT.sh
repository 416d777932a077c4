# Two snapshots, a signed archive and a single stream, and where they lie: store/ and key.txt. The
# archive is longer than one zstd frame. The stream comes from a PostgreSQL of the page's own, whose
# empty database `restored` the page fills again.
mkdir /srv/app
head -c 6000000 /dev/urandom > /srv/app/noise
echo '{"a": 1}' > /srv/app/config
postgres_server
page_env PGHOST /srv/pg
psql -q -c 'CREATE TABLE orders AS SELECT * FROM generate_series(1, 1234)' \
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
