#!/usr/bin/env bash
# A Traefik's certificates: FOLDER/acme.json, mode 0600, with an account and one certificate for NAME, good
# for 90 days.
#   usage: demo/sample_traefik.sh FOLDER NAME
set -euo pipefail
folder=${1:?usage: demo/sample_traefik.sh FOLDER NAME} name=${2:?}
umask 077
mkdir -p "$folder"
made=$(mktemp -d)
trap 'rm -r "$made"' EXIT

openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 90 \
  -subj "/CN=$name" -addext "subjectAltName=DNS:$name" \
  -keyout "$made/key.pem" -out "$made/certificate.pem" 2> "$made/log" || { cat "$made/log" >&2; exit 1; }
cat > "$folder/acme.json" <<JSON
{"le": {"Account": {"Email": "owner@example.com", "Registration": null,
  "PrivateKey": "$(openssl ec -in "$made/key.pem" -outform DER 2> /dev/null | base64 -w 0)",
  "KeyType": "EC256"},
 "Certificates": [{"domain": {"main": "$name"}, "Store": "default",
  "certificate": "$(base64 -w 0 "$made/certificate.pem")", "key": "$(base64 -w 0 "$made/key.pem")"}]}}
JSON
