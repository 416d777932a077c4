# A host whose runs nobody starts yet.
mkdir -p /etc/lifeboat /srv/app /srv/backups /root/.age
echo content > /srv/app/file
lifeboat keygen -o /root/.age/backup.key
lifeboat keygen -o /root/.age/offline.key
cat > /etc/lifeboat/lifeboat.yaml << YAML
host: h1
store: {dir: /srv/backups}
encryption:
  recipients:
    - $(lifeboat keygen -y /root/.age/backup.key)
    - $(lifeboat keygen -y /root/.age/offline.key)
services:
  app: {recipe: volume, path: /srv/app}
jobs: {nightly: {schedule: "02:00", services: [app]}}
drill: {identity: /root/.age/backup.key}
YAML
lifeboat backup
lifeboat drill
after 'install --cron --dry-run' '[[ ! -e /etc/cron.d/lifeboat ]]'
after 'nothing to change' 'grep -q "^0 2 \* \* \* root .*lifeboat backup nightly" /etc/cron.d/lifeboat'
