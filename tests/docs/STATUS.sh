# Twelve nights of the tests' own fleet, of which vps-h1 loses the newest two; and a bucket with a backup
# of vps-i1 that was proved.
s3_server s3.eu-central-1.wasabisys.com ecotrans-backups
"$build/tests/support/lifeboat-sample-nights" /srv/backups 12 "$(date -u +%Y-%m-%dT%H:%M:%SZ)"
find /srv/backups/vps-h1 -maxdepth 1 -name '20*' | sort | tail -n 2 | xargs rm -r
find /srv/backups/vps-i1 -name '*-030000*' -delete
grep -rl '"job": "weekly"' /srv/backups/vps-i1 | xargs -r rm
configure 'app: {recipe: files, paths: [/etc/hostname]}'
sed 's/^host: .*/host: vps-i1/' /etc/lifeboat/lifeboat.yaml > vps-i1.yaml
store_in_bucket ecotrans-backups vps-i1.yaml
lifeboat backup --config vps-i1.yaml
lifeboat drill --config vps-i1.yaml
