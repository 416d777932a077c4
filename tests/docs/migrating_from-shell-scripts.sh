# The old script, as the page shows it, with what it backs up: a folder with a SQLite file, a
# PostgreSQL on its usual socket, and a bucket of its own. Both sides' pings are heard.
s3_server s3.eu-central-1.wasabisys.com old-backups new-backups
sed -n '/^```text$/,/^```$/{/^```/d;p}' "$project/docs/migrating/from-shell-scripts.md" > backup.sh
chmod 700 backup.sh
web_site hc-ping.com
mkdir -p /srv/app/uploads /etc/app
echo picture > /srv/app/uploads/one.jpg
echo 'answer = 42' > /etc/app/app.conf
sqlite3 /srv/app/app.db 'CREATE TABLE t (a); INSERT INTO t VALUES (1)'
postgres_server /run/postgresql
psql -q -c 'CREATE DATABASE shop'
psql -q shop -c 'CREATE TABLE orders AS SELECT generate_series(1, 99)'
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
after 'lifeboat backup' 'grep -x "POST https://hc-ping.com/0a1b2c3d-new" /run/requests'
after /root/backup.sh 'grep -x "GET https://hc-ping.com/0a1b2c3d" /run/requests'
