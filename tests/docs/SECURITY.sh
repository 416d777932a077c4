# A host with a signed snapshot; the age key lies in the folder where the page's commands begin.
mkdir -p /etc/lifeboat /srv/app
echo content > /srv/app/file
lifeboat keygen -o age.key
lifeboat keygen --signing -o /etc/lifeboat/signing.key
cat > /etc/lifeboat/lifeboat.yaml << YAML
host: h1
store: {dir: /srv/backups}
encryption: {recipients: [$(lifeboat keygen -y age.key)]}
signing: {key_file: /etc/lifeboat/signing.key}
services:
  app: {recipe: volume, path: /srv/app}
jobs: {nightly: {schedule: daily, services: [app]}}
YAML
lifeboat backup
