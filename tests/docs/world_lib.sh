#!/usr/bin/env bash
# Sets up what a page presumes: runs the page's own script (tests/docs/PAGE.sh) with the vocabulary
# below, as root on the page's machine, before its first command. What it starts in the background
# lives until the page is through; its variables and functions do not reach the page's commands.
#
#   usage: world_lib.sh SCRIPT FOLDER          (by run_page.py)
#
#   page_env NAME VALUE       the page's commands have it in their environment
#   means TEXT REAL           what TEXT of the page means today: a date, an address
#   before PART COMMAND       COMMAND (bash) runs before the page's first command that holds PART
#   after PART COMMAND        COMMAND runs behind it, and must succeed: what the page does not look at
#   section HEADING BEFORE BEHIND   two commands around the blocks below a heading of the page
#   stays PART PROBE          a command that holds PART is a server: ended once PROBE succeeds
#   hook sql < SCRIPT         gets each `sql` block on stdin; `hook yaml` such that nobody else judges
#   stand_in NAME < SCRIPT    a program in the PATH, instead of one that cannot be had here
#   sample_services FOLDER    n8n and waha of the demonstration, written to no longer; and traefik
#   configure SERVICE...      /etc/lifeboat/lifeboat.yaml with these services (YAML, a line each)
#   docker_engine             on the usual socket; volume NAME [FOLDER] makes one, with content
#   s3_server HOST BUCKET...  answers to https://HOST (one of CMakeLists.txt) with these buckets. The
#                             owner's keys are $S3_ADMIN_KEY and $S3_ADMIN_SECRET, and the default in
#                             ~/.aws/credentials; aws_profile NAME writes them there as NAME
#   store_in_bucket BUCKET FILE   lets the configuration FILE store there
#   discord_stand_in          takes what is sent to $webhook, a URL
#   github_stand_in REPO TOKEN   at https://api.github.com
#   names HOST...             these names are the machine's own
#   web_site HOST             says yes to what is asked of https://HOST; the requests are in /run/requests
#   postgres_server [FOLDER]  with its socket in FOLDER (/srv/pg); psql in the set-up is its superuser
#   stay COMMAND...           runs in the background until the page is through, with a parent, with which
#                             the tests' stand-in servers end; its output is in $told/stay.log
#   wait_for SECONDS COMMAND  until COMMAND succeeds
set -euo pipefail
world=$(readlink -f "${1:?usage: world_lib.sh SCRIPT FOLDER}")
told=${2:?usage: world_lib.sh SCRIPT FOLDER}
project=$(readlink -f "$(dirname "${BASH_SOURCE[0]}")/../..")
source "$told/places.sh"   # of page_test.sh: build, outside

fail() {
  echo "FAILED: $*" >&2
  exit 1
}
skip() {
  echo "skipped: $*"
  exit 77
}

page_env() { printf '%s\0' "$@" >> "$told/told-page_env"; }
means() { printf '%s\0' "$@" >> "$told/told-means"; }
before() { printf '%s\0' "$@" >> "$told/told-before"; }
after() { printf '%s\0' "$@" >> "$told/told-after"; }
section() { printf '%s\0' "$@" '' >> "$told/told-section"; }
stays() { printf '%s\0' "$@" >> "$told/told-stays"; }
hook() { cat > "$told/hook-$1"; }
stand_in() {
  cat > "/usr/local/bin/$1"
  chmod 755 "/usr/local/bin/$1"
}

stay() {
  (
    "$@" &
    wait
  ) < /dev/null &>> "$told/stay.log" &
}

wait_for() { comes_in "$@" || fail "this did not come in $1 s: ${*:2}"; }
comes_in() {
  local seconds=$1 try
  shift
  for ((try = 0; try < seconds * 10; try++)); do
    if "$@" &> /dev/null; then return; fi
    sleep 0.1
  done
  return 1
}

# Without the writer, so that a page can say what is counted.
sample_services() {
  local folder=$1 pid
  mkdir -p "$folder"
  "$build/demo/lifeboat-sample-services" "$folder" > "$told/services.log" 2>&1 &
  pid=$!
  wait_for 20 grep -qs ready "$told/services.log"
  kill "$pid"
  wait "$pid" || true
  sqlite3 "$folder/n8n/database.sqlite" "DELETE FROM execution_data WHERE executionId > 12;
    DELETE FROM execution_entity WHERE id > 12"
  "$project/demo/sample_traefik.sh" "$folder/traefik" demo.example.com
}

docker_engine() {
  dockerd --bridge=none --iptables=false --ip-forward=false --storage-driver=overlay2 \
    < /dev/null > "$told/dockerd.log" 2>&1 &
  comes_in 30 curl -fs --unix-socket /var/run/docker.sock http://docker/_ping ||
    skip "dockerd does not start: $(grep -v level=info "$told/dockerd.log" | tail -n 1)"
}
volume() {
  docker volume create "$1" > /dev/null
  [[ ! -v 2 ]] || cp -a "$2/." "/var/lib/docker/volumes/$1/_data/"
}

# Its one user owns all; the bucket has no object lock. The page makes what else it needs.
s3_server() {
  local host=$1 bucket
  shift
  source "$outside/s3-user.sh"
  names "$host" "${@/%/.$host}"
  cat "$S3_CA_FILE" >> /etc/ssl/certs/ca-certificates.crt
  python3 "$project/tests/support/forward.py" 443 "$outside/s3.sock" &
  S3_ENDPOINT=https://$host
  wait_for 20 curl -s -o /dev/null "$S3_ENDPOINT"
  aws_profile default
  for bucket; do
    lifeboat bucket setup --no-object-lock --host vps-h1 --store "s3://$bucket?endpoint=$S3_ENDPOINT"
  done
}
# store_in_bucket BUCKET FILE: the configuration FILE has that store instead of its own.
store_in_bucket() {
  sed -i "s|^store:.*|store:\n  s3: {endpoint: \"$S3_ENDPOINT\", region: eu-central-1, bucket: $1}|" "$2"
}
# aws_profile NAME: the owner's keys in ~/.aws/credentials.
aws_profile() {
  (
    umask 077
    mkdir -p /root/.aws
    printf '[%s]\naws_access_key_id = %s\naws_secret_access_key = %s\n' "$1" "$S3_ADMIN_KEY" \
      "$S3_ADMIN_SECRET" >> /root/.aws/credentials
  )
}
discord_stand_in() {
  stay "$build/tests/support/lifeboat-fake-discord" --port-file "$told/discord.url" \
    --log "$told/discord.jsonl"
  wait_for 20 test -s "$told/discord.url"
  webhook=$(cat "$told/discord.url")/api/webhooks/1/token
}
# It answers at 127.0.0.3:443.
github_stand_in() {
  stay "$build/tests/support/lifeboat-fake-github" --port-file "$told/github" --log "$told/acts" \
    --repo "$1" --token "$2"
  wait_for 20 test -s "$told/github"
  trusted_certificate github api.github.com
  names_at 127.0.0.3 api.github.com
  python3 "$project/tests/support/forward.py" 127.0.0.3:443 "$(grep -oE '[0-9]+$' "$told/github")" \
    "$told/github.pem" "$told/github.key" &
  wait_for 20 curl -s https://api.github.com/
}
# names HOST...: they are this machine's.
names() { names_at 127.0.0.1 "$@"; }
names_at() {
  [[ -e $told/named ]] || printf '127.0.0.1 localhost %s\n' "$(hostname)" > /etc/hosts
  touch "$told/named"
  printf "$1 %s\n" "${@:2}" >> /etc/hosts
}
# trusted_certificate NAME HOST: $told/NAME.pem and .key, which this machine believes.
trusted_certificate() {
  openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 \
    -subj "/CN=$2" -addext "subjectAltName=DNS:$2" -keyout "$told/$1.key" -out "$told/$1.pem" \
    2> "$told/openssl.log"
  cat "$told/$1.pem" >> /etc/ssl/certs/ca-certificates.crt
}
web_site() {
  trusted_certificate site "$1"
  names_at 127.0.0.2 "$1"
  python3 "$project/tests/docs/web_server.py" "$told/site.pem" "$told/site.key" /run/requests &
  wait_for 20 curl -fs "https://$1/"
}
# PostgreSQL with its socket in FOLDER, where whoever is on this machine may be anybody.
postgres_server() {
  local folder=${1:-/srv/pg} bin as_nobody=(setpriv --reuid nobody --regid nogroup --clear-groups)
  bin=$(find /usr/lib/postgresql -path '*/bin/initdb' 2> /dev/null | sort -V | tail -n 1)
  [[ -n $bin ]] || skip "initdb is missing: install postgresql"
  install -d -o nobody "$folder"
  (cd "$folder" && "${as_nobody[@]}" "$bin" -D data -U postgres -A trust --no-sync > /dev/null)
  "${as_nobody[@]}" "${bin%/*}/postgres" -D "$folder/data" -k "$folder" -c listen_addresses= \
    -c fsync=off < /dev/null &> "$told/postgres.log" &
  export PGHOST=$folder PGUSER=postgres
  wait_for 60 psql -c 'SELECT 1'
}
# configure 'NAME: {recipe: ...}'...: /etc/lifeboat/lifeboat.yaml of vps-h1 with one job, nightly, over
# these services; its key is /root/age.key. More sections may be written behind it.
configure() {
  local service names=()
  [[ -e /root/age.key ]] || lifeboat keygen -o /root/age.key
  for service; do names+=("${service%%:*}"); done
  write_configuration << YAML
host: vps-h1
store: {dir: /srv/backups}
encryption: {recipients: [$(lifeboat keygen -y /root/age.key)]}
drill: {identity: /root/age.key}
jobs: {nightly: {schedule: daily, services: [$(IFS=,; echo "${names[*]}")]}}
services:
$(printf '  %s\n' "$@")
YAML
}
write_configuration() {
  mkdir -p /etc/lifeboat
  (umask 077; cat > /etc/lifeboat/lifeboat.yaml)
}

cd /root
source "$world"
