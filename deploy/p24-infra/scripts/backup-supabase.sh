#!/usr/bin/env bash
# vps-i1, weekly: the Supabase project as one stream. Arguments go to `lifeboat backup`.
set -euo pipefail
PATH=$PATH:/usr/local/bin
exec lifeboat backup supabase-weekly "$@"
