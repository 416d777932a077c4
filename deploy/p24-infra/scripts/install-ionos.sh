#!/usr/bin/env bash
# Puts the backups of vps-i1 in place, or takes their schedule back: see install-host.sh.
set -euo pipefail
exec "$(dirname "$(readlink -f "$0")")/install-host.sh" ionos "$@"
