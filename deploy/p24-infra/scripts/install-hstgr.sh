#!/usr/bin/env bash
# Puts the backups of vps-h1 in place, or takes their schedule back: see install-host.sh.
set -euo pipefail
exec "$(dirname "$(readlink -f "$0")")/install-host.sh" hostinger "$@"
