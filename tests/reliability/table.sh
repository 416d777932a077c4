#!/usr/bin/env bash
# Prints the closing table of `./dev test`: every line that parts.txt expects, in its order, with the
# figure that its test left in FOLDER/lines, or "not run". A figure that parts.txt does not know
# comes last.
#
#   table.sh FOLDER
set -euo pipefail
folder=${1:?usage: table.sh FOLDER}
touch "$folder/lines"
awk -F '\t' '
  function show(key, figure) {
    split(key, field, FS)
    printf "%-15s %-54s %s\n", field[1], field[2], figure
  }
  FILENAME == ARGV[1] { figure[$1 FS $2] = $3; next }
  /^#/ || NF < 2 { next }
  { key = $1 FS $2; show(key, key in figure ? figure[key] : "not run"); delete figure[key] }
  END { for (key in figure) show(key, figure[key]) }
' "$folder/lines" "$(dirname "$(readlink -f "$0")")/parts.txt"
