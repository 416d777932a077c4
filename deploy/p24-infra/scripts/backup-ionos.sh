#!/usr/bin/env bash
# vps-i1, nightly: Grafana, Traccar, Caddy, Uptime Kuma. Arguments go to `lifeboat backup`.
set -euo pipefail
PATH=$PATH:/usr/local/bin
exec lifeboat backup nightly "$@"
