# n8n's folder, WAHA's and Traefik's volumes; later a disk and a bucket with copies of the snapshot.
sample_services /srv
docker_engine
volume root_waha_sessions /srv/waha
volume traefik_data /srv/traefik
rm -rf /srv/waha /srv/traefik
before dir:/mnt/usb/backups 'mkdir -p /mnt/usb && cp -a /srv/backups /mnt/usb/
  cp /srv/backups/demo/*/backup.tar.zst.age /root/'
s3_server s3.eu-central-1.wasabisys.com ecotrans-backups
page_env AWS_ACCESS_KEY_ID "$S3_ADMIN_KEY"
page_env AWS_SECRET_ACCESS_KEY "$S3_ADMIN_SECRET"
before s3://ecotrans-backups "AWS_DEFAULT_REGION=default AWS_CA_BUNDLE=/etc/ssl/certs/ca-certificates.crt \
  aws --endpoint-url $S3_ENDPOINT s3 cp --only-show-errors --recursive /srv/backups s3://ecotrans-backups"
