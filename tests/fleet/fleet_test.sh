#!/usr/bin/env bash
# The two hosts of deploy/p24-infra, each on a machine of its own, with their configurations word by
# word: real n8n, MariaDB, PostgreSQL, Docker volumes and an S3 server that answers to Wasabi's name;
# fakes for Grafana, WAHA, Discord and GitHub, which cannot be had here. The fleet's own scripts
# install, back up, drill, and take the schedule back.
#
#   usage: fleet_test.sh LIFEBOAT TOOLS_DIR     (TOOLS_DIR: the build's tests/support)
#
# Exit 77: skipped, with the reason: no root, no Docker, no npm ...
set -euo pipefail
here=$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")
project=$(readlink -f "$here/../..")
lifeboat=$(readlink -f "${1:?usage: fleet_test.sh LIFEBOAT TOOLS_DIR}")
tools=$(readlink -f "${2:?usage: fleet_test.sh LIFEBOAT TOOLS_DIR}")
source "$here/machine_lib.sh"
source "$here/../live/kuma_lib.sh"

if [[ ! -v LIFEBOAT_FLEET_WORK ]]; then
  install_n8n   # while there is a network
  install_kuma
  work=$(mktemp -d "${TMPDIR:-/var/tmp}/lifeboat-fleet-XXXXXX")
  trap 'rm -rf "$work"' EXIT
  trap 'exit 130' INT TERM
  LIFEBOAT_FLEET_WORK=$work own_space "${BASH_SOURCE[0]}" "$@"
fi

work=$LIFEBOAT_FLEET_WORK
make_space "$work/machines"
use_suitable_node
umask 022
cd "$work"
fleet=$project/deploy/p24-infra
bucket=ecotrans-backups
s3_name=s3.eu-central-1.wasabisys.com
supabase_name=aws-0-eu-central-1.pooler.supabase.com
export LC_ALL=C.UTF-8
unset http_proxy https_proxy HTTP_PROXY HTTPS_PROXY
source "$here/services_lib.sh"
source "$here/vps_h1.sh"
source "$here/vps_i1.sh"

lifeboat() { "$lifeboat" "$@"; }
note() { echo "== $SECONDS s: $*"; }

note "a bucket"
start_bucket
start_who_is_told

for host in vps_h1 vps_i1; do
  note "$host: services"
  "${host}_services"
  note "$host: lifeboat"
  "${host}_install"
  "${host}_nights"
done
note "ok"
