# The provider's bucket and its interface for users under their own names. The owner is the server's own
# admin, who may give rights to its users without any. Laptop and host are one machine here; Discord is a
# stand-in.
s3_server s3.eu-central-1.wasabisys.com
source "$outside/s3-server.sh"
bucket=bootstrap-$(date +%s)   # the server may have seen this page before
means ecotrans-backups "$bucket"
names "$bucket.s3.eu-central-1.wasabisys.com" iam.wasabisys.com
rm -r /root/.aws   # the page writes its own
page_env AWS_CA_BUNDLE /etc/ssl/certs/ca-certificates.crt
means YOUR_KEY "$S3_ADMIN_KEY"
means YOUR_SECRET "$S3_ADMIN_SECRET"
# A user of the page is one of the server's: name, then its keys.
for user in 'p24-backup-vps-h1 HOST host' 'p24-drill DRILL reader' 'p24-watch WATCH watcher'; do
  read -r name keys real <<< "$user"
  key=S3_${real^^}_KEY secret=S3_${real^^}_SECRET
  means "$name" "$real"
  means "${keys}_KEY" "${!key}"
  means "${keys}_SECRET" "${!secret}"
done

sample_services /srv
docker_engine
volume n8n_data /srv/n8n
volume root_waha_sessions /srv/waha
volume traefik_data /srv/traefik
rm -rf /srv/*

discord_stand_in
means https://discord.com/api/webhooks/ID/TOKEN "$webhook"
