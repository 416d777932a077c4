#!/usr/bin/env bash
# Starts the S3 server that the tests are judged by: Ceph's gateway (RGW), which is independent of
# us, checks signatures and has real lifecycles, object lock and policies. Without root, on
# loopback, on ports that are free now (two checkouts may test at once), with all it keeps in one
# folder. Cold start in about 10 seconds.
#
#   usage: start.sh STATE_DIR
#
# STATE_DIR is emptied first, if it is one of ours. STATE_DIR/env.sh then tells the tests where the
# server is and who they may be; STATE_DIR/log what went wrong. A lifecycle's day lasts a second, and
# the lifecycle runs only when a test calls `radosgw-admin lc process`: with days that short the
# gateway's own threads wait for each other for minutes. tests/s3/stop.sh ends it all; so does a
# watchdog of its own, when the process that called this is gone or after 80 minutes.
#
# S3_NAME and S3_TLS_PORT make it answer as another server: what is asked for a provider's own name
# comes here, where that name is loopback's and the authority is trusted (tests/fleet). S3_ALIASES are
# more such names (tests/docs).
#
# A container image would be less text, but needs a container engine and a registry.
set -euo pipefail

here=$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")
source "$here/../support/server_lib.sh"
state=${1:?usage: start.sh STATE_DIR}
seconds_at_most=4800
lifecycle_day_seconds=1
store_bytes=$((24 << 30))  # a sparse file: what is not written takes no room

for tool in ceph ceph-mon ceph-osd radosgw radosgw-admin monmaptool openssl curl; do
  if ! command -v "$tool" > /dev/null; then
    echo "$tool is missing: install ceph-mon ceph-osd radosgw ceph-common openssl curl" >&2
    exit 1
  fi
done

mkdir -p "$state"
state=$(readlink -f "$state")
if [[ -n $(ls -A "$state") && ! -e $state/ceph.conf ]]; then
  echo "$state is not empty, and no state of this script" >&2
  exit 1
fi
"$here/stop.sh" "$state"
rm -rf "${state:?}"/*
mkdir "$state"/{mon,osd,rgw,log,run}
chmod 700 "$state"
conf=$state/ceph.conf
unset CEPH_ARGS CEPH_CONF http_proxy https_proxy HTTP_PROXY HTTPS_PROXY all_proxy ALL_PROXY

say() { echo "$SECONDS s: $*"; }

fail() {
  tail -n 5 "$state"/log/*.err >&2 || true
  echo "the S3 server does not start: $*; more is in $state/log" >&2
  "$here/stop.sh" "$state"
  exit 1
}

random_hex() { od -An -N "$1" -tx1 /dev/urandom | tr -d ' \n'; }

# A port that nobody listens on, below the range that the kernel gives to clients.
free_port() {
  local port
  while :; do
    port=$((RANDOM % 12000 + 20000))
    if [[ " $taken " != *" $port "* ]] && ! (: < "/dev/tcp/127.0.0.1/$port") 2> /dev/null; then
      taken+=" $port"
      free=$port
      return
    fi
  done
}
taken='' free=''
free_port; mon_port=$free
free_port; http_port=$free
free_port; tls_port=${S3_TLS_PORT:-$free}
name=${S3_NAME:-s3.localhost}
read -ra aliases <<< "${S3_ALIASES:-}"

# Its own authority: the same file is the server's certificate and what clients trust.
make_certificate() {
  local alias names=IP:127.0.0.1,DNS:localhost
  for alias in "$name" "${aliases[@]}"; do names+=,DNS:$alias,DNS:*.$alias; done
  openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 \
    -subj "/CN=$name" -keyout "$state/tls.key" -out "$state/ca.pem" \
    -addext "subjectAltName=$names" 2> "$state/log/openssl.err"
}

# Without cephx; the gateway asks for an encrypted monitor connection unless told "crc".
write_conf() {
  cat > "$conf" <<TEXT
[global]
fsid = $fsid
mon_host = [v2:127.0.0.1:$mon_port/0]
auth_cluster_required = none
auth_service_required = none
auth_client_required = none
auth_allow_insecure_global_id_reclaim = true
public_addr = 127.0.0.1
cluster_addr = 127.0.0.1
ms_bind_port_min = 32000
ms_bind_port_max = 32700
run_dir = $state/run
admin_socket =
pid_file = $state/run/\$name.pid
log_file = $state/log/\$name.log
mon_cluster_log_file = $state/log/cluster.log
crash_dir = $state/log
osd_pool_default_size = 1
osd_pool_default_min_size = 1
osd_pool_default_pg_num = 2
osd_pool_default_pgp_num = 2
osd_pool_default_pg_autoscale_mode = off
osd_crush_chooseleaf_type = 0
mon_allow_pool_size_one = true
mon_data_avail_crit = 1
mon_data_avail_warn = 1
paxos_propose_interval = 0.02
paxos_min_wait = 0.01
[mon.a]
mon_data = $state/mon
[osd]
osd_data = $state/osd
osd_objectstore = bluestore
bluestore_block_size = $store_bytes
bluestore_block_create = true
bluestore_cache_autotune = false
bluestore_cache_size = 67108864
bluestore_fsck_on_mount = false
osd_op_num_shards = 2
osd_op_num_threads_per_shard = 1
osd_numa_auto_affinity = false
osd_class_update_on_start = false
[client.rgw.a]
rgw_data = $state/rgw
ms_mon_client_mode = crc
rgw_frontends = beast endpoint=127.0.0.1:$http_port ssl_endpoint=127.0.0.1:$tls_port \
ssl_certificate=$state/ca.pem ssl_private_key=$state/tls.key
rgw_dns_name = $name
rgw_thread_pool_size = 32
rgw_override_bucket_index_max_shards = 1
rgw_dynamic_resharding = false
rgw_enable_usage_log = false
rgw_enable_quota_threads = false
rgw_gc_obj_min_wait = 1
rgw_gc_processor_period = 30
rgw_lc_debug_interval = $lifecycle_day_seconds
rgw_enable_lc_threads = false
TEXT
}

start_cluster() {
  monmaptool --create --clobber --fsid "$fsid" --addv a "[v2:127.0.0.1:$mon_port]" \
    "$state/monmap" > "$state/log/monmap.err" 2>&1 || fail "no map of monitors"
  ceph-mon -c "$conf" -i a --mkfs --monmap "$state/monmap" 2> "$state/log/mon.err" ||
    fail "mon --mkfs"
  ceph-mon -c "$conf" -i a >> "$state/log/mon.err" 2>&1 || fail "the monitor"
  local id
  id=$(random_uuid)
  timeout 60 ceph -c "$conf" --connect-timeout 30 osd new "$id" 0 \
    > /dev/null 2> "$state/log/osd.err" ||
    fail "the monitor does not answer"
  say "the monitor answers"
  ceph-osd -c "$conf" -i 0 --mkfs --osd-uuid "$id" >> "$state/log/osd.err" 2>&1 || fail "osd --mkfs"
  ceph-osd -c "$conf" -i 0 >> "$state/log/osd.err" 2>&1 || fail "the object store"
  say "the object store runs"
}

random_uuid() { cat /proc/sys/kernel/random/uuid; }

# The gateway makes its pools when it first starts, so it goes into the background only then.
start_gateway() {
  if ((${#aliases[@]} > 0)); then add_aliases; fi
  timeout 120 radosgw -c "$conf" -n client.rgw.a > "$state/log/rgw.err" 2>&1 || fail "the gateway"
  local try
  for ((try = 0; try < 600; try++)); do
    if curl -sf -o /dev/null --cacert "$state/ca.pem" "https://$name:$tls_port/"; then
      say "the gateway answers"
      return
    fi
    sleep 0.1
  done
  fail "the gateway does not answer"
}

# So that in BUCKET.ALIAS the first part is the bucket.
add_aliases() {
  local admin=(radosgw-admin -c "$conf" -n client.rgw.a) names
  printf -v names '"%s",' "${aliases[@]}"
  "${admin[@]}" user list &> "$state/log/aliases.err"   # makes what is to be changed
  admin+=(zonegroup)
  "${admin[@]}" get --rgw-zonegroup=default 2>> "$state/log/aliases.err" |
    sed "s|\"hostnames\": \[\]|\"hostnames\": [${names%,}]|" > "$state/zonegroup.json" &&
    "${admin[@]}" set --rgw-zonegroup=default --infile "$state/zonegroup.json" \
      > /dev/null 2>> "$state/log/aliases.err" || fail "other names"
}

# user NAME [ARG...]: a user with a key pair, told in env.sh as S3_NAME_KEY and S3_NAME_SECRET.
user() {
  local name=$1 key secret
  shift
  key=LB$(random_hex 9 | tr a-f A-F)
  secret=$(random_hex 20)
  radosgw-admin -c "$conf" -n client.rgw.a user create --uid="$name" --display-name="$name" \
    --access-key="$key" --secret-key="$secret" "$@" \
    > /dev/null 2>> "$state/log/users.err" || fail "user $name"
  printf 'export S3_%s_KEY=%s\nexport S3_%s_SECRET=%s\n' "${name^^}" "$key" "${name^^}" "$secret" \
    >> "$state/env.tmp"
}

# What a host that backs up may do, with every bucket: all but remove. The users that follow have no
# rights but those that a test gives them (aws iam put-user-policy as admin) and what their own
# objects bring along: to this server each user is an account, which owns what it writes.
restrict_writer() {
  (
    source "$state/env.tmp"
    export AWS_ACCESS_KEY_ID=$S3_ADMIN_KEY AWS_SECRET_ACCESS_KEY=$S3_ADMIN_SECRET
    export AWS_DEFAULT_REGION=default
    aws --endpoint-url "$S3_ENDPOINT" iam put-user-policy --user-name writer \
      --policy-name writer --policy-document '{"Version": "2012-10-17", "Statement": [{
        "Effect": "Allow", "Resource": ["arn:aws:s3:::*"], "Action": ["s3:ListBucket",
        "s3:GetObject", "s3:PutObject", "s3:AbortMultipartUpload",
        "s3:ListMultipartUploadParts", "s3:ListBucketMultipartUploads"]}]}'
  ) > "$state/log/policy.err" 2>&1 || fail "the policy of writer"
}

# Each line but "export" is NAME=value. An address of numbers has buckets in the path; of the names
# below s3.localhost, which libcurl takes for loopback without asking, the first part is the bucket.
write_environment() {
  cat > "$state/env.tmp" <<TEXT
export S3_ENDPOINT=http://127.0.0.1:$http_port
export S3_HOST_ENDPOINT=http://$name:$http_port
export S3_TLS_ENDPOINT=https://$name:$tls_port
export S3_CA_FILE=$state/ca.pem
export S3_REGION=default
export S3_DAY_SECONDS=$lifecycle_day_seconds
TEXT
  user admin --caps='users=*;buckets=*;user-policy=*'
  user writer
  user host
  user reader
  user watcher
  restrict_writer
  mv "$state/env.tmp" "$state/env.sh"
}

fsid=$(random_uuid)
umask 077
make_certificate || fail "no certificate"
write_conf
start_watchdog "$here/stop.sh" "$state" "$PPID" "$seconds_at_most"
start_cluster
start_gateway
write_environment
say "ready: $state/env.sh"
