#!/usr/bin/env bash
# The fault sweep; fault_sweep.cc says what it does.
set -euo pipefail
program=$(readlink -f "${1:?usage: $0 LIFEBOAT FAULT_SWEEP PRELOAD}")
if ! command -v sqlite3 > /dev/null; then
  echo "skipped: there is no sqlite3 to make the databases with"
  exit 77
fi
exec "$2" "$program" "$3"
