# n8n's folder, WAHA's and Traefik's volumes; later a disk and a bucket with copies of the snapshot.
sample_services /srv
# In place of the checkout's own, which the test script_demo and the CI run: it only knows the commands.
printf '#!/bin/sh\n"%s/dev" help | grep -q "^  $1 "\n' "$project" > dev
chmod 755 dev
docker_engine
volume root_waha_sessions /srv/waha
volume traefik_data /srv/traefik
rm -rf /srv/waha /srv/traefik
before dir:/mnt/usb/backups 'mkdir -p /mnt/usb && cp -a /srv/backups /mnt/usb/
  cp /etc/lifeboat/age.key /root/
  cp /srv/backups/demo/*/backup.tar.zst.age /root/'
s3_server s3.eu-central-1.wasabisys.com ecotrans-backups
before s3://ecotrans-backups "$(declare -p S3_ENDPOINT; declare -f store_in_bucket)
  cp /etc/lifeboat/lifeboat.yaml to-bucket.yaml
  store_in_bucket ecotrans-backups to-bucket.yaml
  lifeboat backup --config to-bucket.yaml"
