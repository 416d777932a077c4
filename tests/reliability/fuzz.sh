#!/usr/bin/env bash
# Every fuzz target for a moment, or for two minutes in the long form; tests/fuzz/run.sh.
set -euo pipefail
seconds=2
if [[ -n ${LIFEBOAT_LONG:-} ]]; then seconds=120; fi
exec "$(dirname "$(readlink -f "$0")")/../fuzz/run.sh" "$seconds"
