#!/usr/bin/env bash
# vps-h1, nightly: n8n, WAHA, Traefik. Arguments go to `lifeboat backup`.
set -euo pipefail
PATH=$PATH:/usr/local/bin
exec lifeboat backup nightly "$@"
