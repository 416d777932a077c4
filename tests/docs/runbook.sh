# vps-h1 with n8n and a folder, a second disk for its backups, and real monitoring, on the ports that
# the page names. Each section begins in a world where its alert fires, and ends with the alert gone:
# runbook_alerts.sh plants the causes and asks Prometheus.
for program in prometheus promtool prometheus-node-exporter prometheus-alertmanager amtool jq curl; do
  command -v "$program" > /dev/null || skip "$program is not installed"
done
alerts=$project/tests/docs/runbook_alerts.sh

sample_services /srv
mkdir -p /srv/site/photos /etc/lifeboat /root/.age /mnt/backups /var/lib/node_exporter/textfile
echo '<p>hello</p>' > /srv/site/index.html
head -c 400000 /dev/urandom > /srv/site/photos/one.jpg
mount -t tmpfs -o size=24M disk /mnt/backups
for key in backup offline other; do lifeboat keygen -o "/root/.age/$key.key" 2> /dev/null; done
lifeboat keygen --signing -o /etc/lifeboat/signing.key 2> /dev/null
cat > /etc/lifeboat/lifeboat.yaml << 'YAML'
host: vps-h1
env_file: /root/.backup-env
store: {dir: /mnt/backups}
encryption: {recipients: ["${AGE_PUBKEY}", "${AGE_OFFLINE_PUBKEY}"]}
signing: {key_file: /etc/lifeboat/signing.key}
services:
  n8n: {recipe: n8n, path: /srv/n8n}
  site: {recipe: volume, path: /srv/site}
jobs: {nightly: {schedule: "02:00", services: [n8n, site]}}
drill: {identity: /root/.age/backup.key}
metrics: {textfile: /var/lib/node_exporter/textfile}
notify: {discord: {webhook: "${DISCORD_WEBHOOK}"}}
YAML
discord_stand_in
cat > /root/.backup-env << TEXT
AGE_PUBKEY=$(lifeboat keygen -y /root/.age/backup.key)
AGE_OFFLINE_PUBKEY=$(lifeboat keygen -y /root/.age/offline.key)
DISCORD_WEBHOOK=$webhook
TEXT
chmod 600 /root/.backup-env
printf '127.0.0.1 localhost vps-h1\n' > /etc/hosts

# The first night, which is whole; the month's first snapshot is kept under its own name.
lifeboat backup nightly 2> /dev/null > /dev/null
lifeboat drill latest > /dev/null 2>&1
means 2026-05-05 "monthly/$(date -u +%Y-%m)"
means https://discord.com/api/webhooks/ID/TOKEN "$webhook"
stand_in docker < "$project/tests/docs/runbook_compose.sh"

printf 'told=%q project=%q\n' "$told" "$project" > /run/runbook-places.sh
bash -euo pipefail -c "source $alerts; start_monitoring"
while read -r alert; do
  section "Alert: $alert" "source $alerts; begin $alert" "source $alerts; is_over $alert"
done < <(sed -n 's/^## Alert: //p' "$project/docs/runbook.md")
