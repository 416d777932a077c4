#!/usr/bin/env bash
# What install-hstgr.sh and install-ionos.sh do, on the host and as root:
#
#   install-host.sh FOLDER                configuration, keys, `lifeboat check`, then the schedule
#   install-host.sh FOLDER --uninstall    takes the schedule back; configuration, keys and backups stay
#
# Repeating it is safe: what is as it should be stays, a configuration that differs is kept as
# lifeboat.yaml.before, keys and secrets are never replaced.
set -euo pipefail
PATH=$PATH:/usr/local/bin
umask 077
fleet=$(dirname "$(readlink -f "$0")")/..
folder=${1:?usage: install-host.sh hostinger|ionos [--uninstall]}
config=/etc/lifeboat/lifeboat.yaml env_file=/root/.backup-env key=/root/.age/backup.key

case ${2:-} in
  --uninstall)
    lifeboat uninstall
    echo "these stay: $config, its keys, $env_file, and every backup" >&2
    exit
    ;;
  '') ;;
  *)
    echo "error: '$2' is no option of this script" >&2
    exit 2
    ;;
esac

install -d -m 755 /etc/lifeboat /var/lib/node_exporter/textfile
install -d -m 700 "${key%/*}"
install -C --backup=simple --suffix=.before -m 600 "$fleet/$folder/lifeboat.yaml" "$config"
[[ -e /etc/lifeboat/signing.key ]] || lifeboat keygen --signing -o /etc/lifeboat/signing.key
[[ -e $key ]] || lifeboat keygen -o "$key"
if [[ ! -e $env_file ]]; then
  sed "s/^AGE_PUBKEY=\$/&$(lifeboat keygen -y "$key")/" "$fleet/.env.example" > "$env_file"
  echo "fill in $env_file, then run this again" >&2
  exit 3
fi
lifeboat check
lifeboat install --cron
