# What both hosts of the fleet need: their bucket, keys and the images of their containers. Sourced by
# fleet_test.sh.
source "$here/../docker/images.sh"

# What images.sh wants to know: where it works, and the engine that gets the image.
use_engine() {
  state=$work/images-$1 engine=$1 docker=docker_of_engine
  mkdir -p "$state/log"
}
docker_of_engine() { docker_on "$engine" "$@"; }

# on_lifeboat MACHINE EXPECTED_STATUS ARG...: what it said is in $out and $err.
on_lifeboat() {
  local machine=$1 expected=$2 status=0
  shift 2
  echo "\$ lifeboat $*"
  on "$machine" "$lifeboat" "$@" > "$work/out" 2> "$work/err" < /dev/null || status=$?
  out=$(cat "$work/out") err=$(cat "$work/err")
  sed 's/^/  /' "$work/out" "$work/err"
  [[ $status == "$expected" ]] || fail "exit status $status, expected $expected"
}
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
  AWS_ACCESS_KEY_ID=$S3_ADMIN_KEY AWS_SECRET_ACCESS_KEY=$S3_ADMIN_SECRET AWS_DEFAULT_REGION=default \
    aws --endpoint-url "$S3_ENDPOINT" s3api create-bucket --bucket "$bucket" > /dev/null
}

# make_host MACHINE NAME...: a machine with a Docker engine, which takes NAMEs for loopback's and
# believes the S3 server's certificate.
make_host() {
  local host=$1 root
  shift
  machine "$host" "$project" "$(dirname "$lifeboat")" "$tools" "$cache" "$work"
  names "$host" "$s3_name" "$bucket.$s3_name" "$@"
  root=$(root_of "$host")
  cat "$S3_CA_FILE" >> "$root/etc/ssl/certs/ca-certificates.crt"
  start_docker "$host"
  use_engine "$host"
}

# install_lifeboat MACHINE CONFIGURATION NAME=SECRET...: as docs and .env.example say.
install_lifeboat() {
  local host=$1 config=$2 root
  root=$(root_of "$host")
  shift 2
  mkdir -p "$root/etc/lifeboat" "$root/root/.age"
  cp "$config" "$root/etc/lifeboat/lifeboat.yaml"
  [[ -e $work/backup.key ]] || "$lifeboat" keygen -o "$work/backup.key" 2> /dev/null
  [[ -e $work/offline.key ]] || "$lifeboat" keygen -o "$work/offline.key" 2> /dev/null
  cp "$work/backup.key" "$root/root/.age/backup.key"
  on "$host" "$lifeboat" keygen --signing -o /etc/lifeboat/signing.key 2> /dev/null
  {
    echo "WASABI_BACKUP_ACCESS_KEY=$S3_WRITER_KEY"
    echo "WASABI_BACKUP_SECRET_KEY=$S3_WRITER_SECRET"
    echo "AGE_PUBKEY=$("$lifeboat" keygen -y "$work/backup.key")"
    echo "AGE_OFFLINE_PUBKEY=$("$lifeboat" keygen -y "$work/offline.key")"
    printf '%s\n' "$@"
  } > "$root/root/.backup-env"
  chmod 600 "$root/root/.backup-env"
}

# A self-signed certificate: files NAME.pem and NAME.key.
make_certificate_for() {
  openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days "${2:-60}" \
    -subj "/CN=$1" -addext "subjectAltName=DNS:$1" -keyout "$1.key" -out "$1.pem" 2> openssl.log
}

# forward PORT FILE: what is sent to PORT goes to the port that FILE will hold, as a URL or alone.
forward() {
  local port try
  for ((try = 0; try < 100; try++)); do [[ -s $2 ]] && break || sleep 0.1; done
  port=$(grep -oE '[0-9]+$' "$2")
  node -e '
    const net = require("net"), [at, to] = process.argv.slice(1).map(Number);
    net.createServer((client) => {
      const server = net.connect(to, "127.0.0.1");
      for (const [from, into] of [[client, server], [server, client]]) {
        from.pipe(into);
        from.on("error", () => into.destroy());
      }
    }).listen(at, "127.0.0.1");' "$1" "$port" &
}
