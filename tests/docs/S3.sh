# The provider, the owner's keys in a profile, and a host whose backup goes to the bucket once it is made.
s3_server s3.eu-central-1.wasabisys.com
names ecotrans-backups.s3.eu-central-1.wasabisys.com
aws_profile owner
mkdir /srv/app
echo content > /srv/app/file
configure 'app: {recipe: volume, path: /srv/app}'
store_in_bucket ecotrans-backups /etc/lifeboat/lifeboat.yaml
after 'bucket setup' 'lifeboat backup'
after 'bucket policy' 'lifeboat bucket policy --role writer --host vps-h1 --store s3://ecotrans-backups |
  jq -e .Statement'
means YOUR_KEY "$S3_ADMIN_KEY"
means YOUR_SECRET "$S3_ADMIN_SECRET"
# Ceph's gateway has no default encryption.
means '✓ default encryption: on' '! default encryption: the server does not know it'
