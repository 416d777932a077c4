# What both hosts of the fleet need: their bucket, keys and the images of their containers. Sourced by
# fleet_test.sh.
source "$here/../docker/images.sh"

# What images.sh wants to know: where it works, and the engine that gets the image.
use_engine() {
  state=$work/images-$1 engine=$1 docker=docker_of_engine
  mkdir -p "$state/log"
}
docker_of_engine() { docker_on "$engine" "$@"; }

# on_host MACHINE EXPECTED_STATUS COMMAND...: what it said is in $out and $err.
on_host() {
  local machine=$1 expected=$2 status=0
  shift 2
  echo "\$ $*"
  on "$machine" "$@" > "$work/out" 2> "$work/err" < /dev/null || status=$?
  out=$(cat "$work/out") err=$(cat "$work/err")
  sed 's/^/  /' "$work/out" "$work/err"
  [[ $status == "$expected" ]] || fail "exit status $status, expected $expected"
}
on_lifeboat() { on_host "$1" "$2" lifeboat "${@:3}"; }
# One of the fleet's own scripts.
on_script() { on_host "$1" "$2" "$fleet/scripts/$3" "${@:4}"; }
has() { grep -qF -- "$2" <<< "$1" || fail "not there: $2"; }
last_line_is() { [[ $(tail -n 1 <<< "$out") == "$1" ]] || fail "the last line is not: $1"; }

# Of a drill: no container, no scratch, no spool; and what runs is what ran.
nothing_is_left() {
  local left
  left=$(docker_on "$1" ps -aq --filter label=lifeboat.drill)
  [[ -z $left ]] || fail "containers of a drill are left: $left"
  left=$(docker_on "$1" ps -aq --filter status=exited --filter status=paused)
  [[ -z $left ]] || fail "containers that ran do not: $left"
  left=$(on "$1" find /var/tmp /tmp -mindepth 1 -maxdepth 1 -name '*lifeboat-drill*')
  [[ -z $left ]] || fail "left behind: $left"
}

# An S3 server under Wasabi's own name, with its certificate; keys that may add and not delete.
start_bucket() {
  printf '127.0.0.1 %s\n' localhost "$s3_name" > "$work/hosts"
  mount --bind "$work/hosts" /etc/hosts
  S3_NAME=$s3_name S3_TLS_PORT=443 "$here/../s3/start.sh" "$work/s3"
  source "$work/s3/env.sh"
  with_key "$S3_ADMIN_KEY" "$S3_ADMIN_SECRET" s3api create-bucket --bucket "$bucket" > /dev/null
}
as_writer() { with_key "$S3_WRITER_KEY" "$S3_WRITER_SECRET" "$@"; }
with_key() {
  AWS_ACCESS_KEY_ID=$1 AWS_SECRET_ACCESS_KEY=$2 AWS_DEFAULT_REGION=default \
    aws --endpoint-url "$S3_ENDPOINT" "${@:3}"
}

# Stand-ins for Discord and GitHub, which answer under their own names and certificates. What they
# were told is in discord.jsonl and github.jsonl.
start_who_is_told() {
  local name
  github_token=github_pat_$(openssl rand -hex 12)
  "$tools/lifeboat-fake-discord" --port-file discord.port --log discord.jsonl &
  "$tools/lifeboat-fake-github" --port-file github.port --log github.jsonl \
    --token "$github_token" --repo radieu/p24-infra &
  for name in discord.com api.github.com; do make_certificate_for "$name"; done
  forward_tls 127.0.0.2 discord.com discord.port
  forward_tls 127.0.0.3 api.github.com github.port
}
discord_was_told() {
  jq -r 'select(.body.embeds != null) | .body.embeds[].title' discord.jsonl | grep -F -- "$1" > /dev/null ||
    fail "Discord was not told: $1"
}

# make_host MACHINE NAME...: a machine with the program and a Docker engine, which takes NAMEs for
# loopback's and believes the certificates of who answers there.
make_host() {
  local host=$1 root
  shift
  machine "$host" "$project" "$tools" "$cache" "$work"
  names "$host" "$s3_name" "$bucket.$s3_name" "$@"
  root=$(root_of "$host")
  printf '%s\n' '127.0.0.2 discord.com' '127.0.0.3 api.github.com' >> "$root/etc/hosts"
  cat "$S3_CA_FILE" discord.com.pem api.github.com.pem >> \
    "$root/etc/ssl/certs/ca-certificates.crt"
  cp "$lifeboat" "$root/usr/bin/lifeboat"
  start_docker "$host"
  use_engine "$host"
}

# install_lifeboat MACHINE SCRIPT NAME=SECRET...: as the fleet's README says.
install_lifeboat() {
  local host=$1 script=$2 root assignment
  root=$(root_of "$host")
  shift 2
  [[ -e $work/offline.key ]] || lifeboat keygen -o "$work/offline.key" 2> /dev/null
  on_script "$host" 3 "$script"
  has "$err" 'fill in /root/.backup-env'
  for assignment in "WASABI_BACKUP_ACCESS_KEY=$S3_WRITER_KEY" \
    "WASABI_BACKUP_SECRET_KEY=$S3_WRITER_SECRET" \
    "AGE_OFFLINE_PUBKEY=$(lifeboat keygen -y "$work/offline.key")" \
    "P24_DISCORD_INFRA_SCRIPTS_ERRORS_WEBHOOK_URL=https://discord.com/api/webhooks/1/token" \
    "GITHUB_TOKEN=$github_token" "$@"; do
    sed -i "s|^${assignment%%=*}=\$|$assignment|" "$root/root/.backup-env"
  done
  on_script "$host" 0 "$script"
}

# is_installed MACHINE SCRIPT CRON_LINE...: the schedule is there, once; the script takes it back, as
# if it had never been, and puts it there again.
is_installed() {
  local host=$1 script=$2 root line before
  root=$(root_of "$host")
  shift 2
  for line in "$@"; do
    awk -v line="$line" 'index($0, line) == 1 { found = 1 } END { exit !found }' \
      "$root/etc/cron.d/lifeboat" || fail "cron is not told: $line"
  done
  before=$(cat "$root/etc/cron.d/lifeboat")
  on_script "$host" 0 "$script" --uninstall
  [[ ! -e $root/etc/cron.d/lifeboat && -e $root/root/.age/backup.key ]] || fail "uninstall"
  on_script "$host" 0 "$script"
  on_script "$host" 0 "$script"
  [[ $(cat "$root/etc/cron.d/lifeboat") == "$before" ]] || fail "another schedule came back"
}

# damage KEY: one byte of the object becomes another, as a thief of the host's key could have it; mend
# puts it back.
damage() {
  damaged=$1
  as_writer s3 cp --quiet "s3://$bucket/$damaged" whole
  local middle=$(($(stat -c %s whole) / 2)) byte=00
  [[ $(od -An -tx1 -j "$middle" -N 1 whole) != ' 00' ]] || byte=ff
  cp whole broken
  printf '%b' "\\x$byte" | dd of=broken bs=1 seek="$middle" conv=notrunc status=none
  as_writer s3 cp --quiet broken "s3://$bucket/$damaged"
}
mend() { as_writer s3 cp --quiet whole "s3://$bucket/$damaged"; }

# A self-signed certificate: files NAME.pem and NAME.key.
make_certificate_for() {
  openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days "${2:-60}" \
    -subj "/CN=$1" -addext "subjectAltName=DNS:$1" -keyout "$1.key" -out "$1.pem" 2> openssl.log
}

# forward PORT FILE: what is sent to PORT goes to the port that FILE will hold, as a URL or alone.
forward() { start_forward "$2" 127.0.0.1 "$1"; }
# forward_tls ADDRESS NAME FILE: the same from port 443 of ADDRESS, with the certificate of NAME.
forward_tls() { start_forward "$3" "$1" 443 "$2.pem" "$2.key"; }
start_forward() {
  local port try
  for ((try = 0; try < 100; try++)); do [[ -s $1 ]] && break || sleep 0.1; done
  port=$(grep -oE '[0-9]+$' "$1")
  python3 "$project/tests/support/forward.py" "$2:$3" "$port" "${@:4}" &
}
