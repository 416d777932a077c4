# The old script, as the page shows it, with what it backs up: a folder with a SQLite file, a
# PostgreSQL on its usual socket, and a bucket of its own. Its pings reach nobody.
bin=$(find /usr/lib/postgresql -path '*/bin/initdb' 2> /dev/null | sort -V | tail -n 1)
[[ -n $bin ]] || skip "initdb is missing: install postgresql"
s3_server s3.eu-central-1.wasabisys.com old-backups new-backups
sed -n '/^```text$/,/^```$/{/^```/d;p}' "$project/docs/migrating/from-shell-scripts.md" > backup.sh
chmod 700 backup.sh
stand_in curl <<< '#!/bin/sh'
mkdir -p /srv/app/uploads /etc/app
echo picture > /srv/app/uploads/one.jpg
echo 'answer = 42' > /etc/app/app.conf
sqlite3 /srv/app/app.db 'CREATE TABLE t (a); INSERT INTO t VALUES (1)'
mkdir -p /srv/pg /run/postgresql
chown nobody /srv/pg /run/postgresql
as_nobody=(setpriv --reuid nobody --regid nogroup --clear-groups)
(cd /srv/pg && "${as_nobody[@]}" "$bin" -D data -U postgres -A trust --no-sync > /dev/null)
"${as_nobody[@]}" "${bin%/*}/postgres" -D /srv/pg/data -k /run/postgresql -c fsync=off \
  -c listen_addresses= < /dev/null &> /dev/null &
wait_for 60 psql -h /run/postgresql -U postgres -c 'SELECT 1'
psql -q -h /run/postgresql -U postgres -c 'CREATE DATABASE shop'
psql -q -h /run/postgresql -U postgres shop -c 'CREATE TABLE orders AS SELECT generate_series(1, 99)'
lifeboat keygen -o age.key
cat > .backup-env << ENV
AGE_PUBKEY=$(lifeboat keygen -y age.key)
BACKUP_ACCESS_KEY=$S3_ADMIN_KEY
BACKUP_SECRET_KEY=$S3_ADMIN_SECRET
AWS_ACCESS_KEY_ID=$S3_ADMIN_KEY
AWS_SECRET_ACCESS_KEY=$S3_ADMIN_SECRET
AWS_DEFAULT_REGION=default
AWS_CA_BUNDLE=/etc/ssl/certs/ca-certificates.crt
PASSPHRASE=of-the-old-archives
ENV
chmod 600 .backup-env
