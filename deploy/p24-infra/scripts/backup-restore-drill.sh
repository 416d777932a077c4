#!/usr/bin/env bash
# Restores a snapshot into scratch and asks what was restored; its last line is RESTORE OK, or it
# ends with 7. Nothing that runs is touched.
#
#   backup-restore-drill.sh                        the newest of this host
#   backup-restore-drill.sh vps-i1                 the newest of that host
#   backup-restore-drill.sh vps-h1/2026-05-07      that night (or 2026-05-07, monthly/2026-05 ...)
#
# Options behind it go to `lifeboat drill`: --engine docker, --store ... --identity KEY.
set -euo pipefail
PATH=$PATH:/usr/local/bin
snapshot=latest
if [[ ${1:--} != -* ]]; then
  snapshot=$1
  shift
  if [[ $snapshot == vps-* && $snapshot != */* ]]; then snapshot+=/latest; fi
fi
exec lifeboat drill "$snapshot" "$@"
