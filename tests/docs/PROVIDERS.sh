# A bucket under Wasabi's name, with a host's key; what else the pages of providers show are parts of
# configurations, which are only loaded.
s3_server s3.eu-central-1.wasabisys.com my-backups
mkdir -p /etc/lifeboat /srv/app
echo content > /srv/app/file
lifeboat keygen -o age.key
cat > /etc/lifeboat/lifeboat.yaml << YAML
host: h1
store:
  s3: {endpoint: $S3_ENDPOINT, region: eu-central-1, bucket: my-backups,
    access_key: $S3_ADMIN_KEY, secret_key: $S3_ADMIN_SECRET}
encryption: {recipients: [$(lifeboat keygen -y age.key)]}
services:
  app: {recipe: volume, path: /srv/app}
jobs: {nightly: {schedule: daily, services: [app]}}
drill: {identity: $PWD/age.key}
YAML
chmod 600 /etc/lifeboat/lifeboat.yaml
lifeboat bucket setup
