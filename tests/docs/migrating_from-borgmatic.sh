# A host with borgmatic as the page shows it, and a first archive of each. The service that its hook asks
# is a stand-in, since a machine of the tests has no systemd.
command -v borgmatic > /dev/null || skip "borgmatic is missing: install borgmatic and borgbackup"
mkdir -p /etc/borgmatic /etc/app /srv/app/cache /mnt/nas /etc/lifeboat
web_site hc-ping.com
stand_in systemctl <<< $'#!/bin/sh\n[ "$1 $2" = "is-active app" ]'
echo 'answer = 42' > /etc/app/app.conf
echo picture > /srv/app/one.jpg
lifeboat keygen -o age.key
lifeboat keygen -y age.key > /etc/lifeboat/recipients.txt
sed -n '/^```text$/,/^```$/{/^```/d;p}' \
  "$project/docs/migrating/from-borgmatic.md" > /etc/borgmatic/config.yaml
borgmatic init --encryption repokey
after 'lifeboat backup' 'grep -x "POST https://hc-ping.com/0a1b2c3d" /run/requests'
