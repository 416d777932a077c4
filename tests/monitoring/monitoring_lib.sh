# Real Prometheus, Alertmanager, node_exporter and Pushgateway for black-box tests. Sourced after
# tests/script/lib.sh, whose folder and pids it uses. Each server binds 127.0.0.1 and a port that the
# kernel gives it, so that tests can run side by side, and dies with the script, however that ends.
#
#   need_programs prometheus promtool    skips the test without them
#   start_node_exporter textfile         sets node_pid and node_port
#   start_pushgateway                    sets push_pid and push_port
#   start_alertmanager alertmanager.yml  sets alert_pid and alert_port
#   prometheus_config > prometheus.yml   scrapes what was started, rules of ./rules/*.yml
#   start_prometheus prometheus.yml      sets prometheus_pid and prometheus_port
#   stop_server "$node_pid"
#   query 'EXPRESSION'                   a line a sample: VALUE {label="..."}, sorted
#   value_of 'EXPRESSION'                of the one sample; empty if there is none
#   wait_until 30 COMMAND...             tries it until it succeeds, for at most so many seconds
#
# Ports of containers or of a configuration file would be fixed, and meet those of another test.

need_programs() {
  local program
  for program in "$@"; do
    command -v "$program" > /dev/null || skip "$program is not installed"
  done
}

get() { curl --noproxy '*' -sf --max-time 10 "$@"; }

wait_until() {
  local deadline=$((SECONDS + $1))
  shift
  until "$@" > /dev/null 2>&1; do
    ((SECONDS < deadline)) || fail "this never came true: $*"
    sleep 0.1
  done
}

# The port of 127.0.0.1 that the process $1 listens on.
listening_port() {
  local inode hex
  while read -r inode; do
    hex=$(awk -v inode="$inode" '$4 == "0A" && $10 == inode { sub(/.*:/, "", $2); print $2 }' \
      "/proc/$1/net/tcp")
    if [[ -n $hex ]]; then
      echo $((16#$hex))
      return
    fi
  done < <(find "/proc/$1/fd" -lname 'socket:*' -printf '%l\n' 2> /dev/null | tr -dc '0-9\n')
  return 1
}

# start_server NAME READY_PATH COMMAND...: its log is $folder/NAME.log; sets server_pid, server_port.
start_server() {
  local name=$1 ready=$2 try
  shift 2
  setpriv --pdeathsig KILL "$@" < /dev/null >> "$folder/$name.log" 2>&1 &
  server_pid=$!
  pids+=("$server_pid")
  disown  # so that bash is silent about its end
  for ((try = 0; try < 300; try++)); do
    if server_port=$(listening_port "$server_pid") &&
      get -o /dev/null "http://127.0.0.1:$server_port$ready"; then
      return
    fi
    kill -0 "$server_pid" 2> /dev/null || break
    sleep 0.1
  done
  tail -n 20 "$folder/$name.log" >&2
  fail "$name does not start"
}

is_gone() { ! kill -0 "$1"; }
stop_server() {
  kill "$1"
  wait_until 30 is_gone "$1"
}

# start_node_exporter FOLDER [PORT]: with the textfile collector alone.
start_node_exporter() {
  start_server node_exporter /metrics prometheus-node-exporter --collector.disable-defaults \
    --collector.textfile --collector.textfile.directory="$(readlink -f "$1")" \
    --web.listen-address="127.0.0.1:${2:-0}"
  node_pid=$server_pid node_port=$server_port
}

start_pushgateway() {
  start_server pushgateway /-/ready prometheus-pushgateway \
    --web.listen-address="127.0.0.1:${1:-0}"
  push_pid=$server_pid push_port=$server_port
}

# Without a cluster: that would need a second port.
start_alertmanager() {
  start_server alertmanager /-/ready prometheus-alertmanager --config.file="$1" \
    --storage.path="$folder/alertmanager" --cluster.listen-address= \
    --web.listen-address=127.0.0.1:0
  alert_pid=$server_pid alert_port=$server_port
}

# prometheus_config [LINE...]: what was started so far; each LINE goes into node_exporter's scrape.
prometheus_config() {
  local line
  echo 'global: {scrape_interval: 1s, scrape_timeout: 1s, evaluation_interval: 1s}'
  echo "rule_files: ['$place/rules/*.yml']"
  if [[ -n ${alert_port:-} ]]; then
    echo "alerting: {alertmanagers: [{static_configs: [{targets: ['127.0.0.1:$alert_port']}]}]}"
  fi
  echo 'scrape_configs:'
  if [[ -n ${node_port:-} ]]; then
    echo "- job_name: node"
    echo "  static_configs: [{targets: ['127.0.0.1:$node_port']}]"
    for line in "$@"; do echo "  $line"; done
  fi
  if [[ -n ${push_port:-} ]]; then
    echo "- job_name: pushgateway"
    echo "  honor_labels: true"
    echo "  static_configs: [{targets: ['127.0.0.1:$push_port']}]"
  fi
}

start_prometheus() {
  start_server prometheus /-/ready prometheus --config.file="$1" \
    --storage.tsdb.path="$folder/prometheus" --web.enable-lifecycle \
    --web.listen-address=127.0.0.1:0
  prometheus_pid=$server_pid prometheus_port=$server_port
}

query() {
  get -G --data-urlencode "query=$1" "http://127.0.0.1:$prometheus_port/api/v1/query" |
    jq -r '.data.result[] | "\(.value[1]) {" + ([.metric | to_entries | sort_by(.key)[] |
      "\(.key)=\(.value | tojson)"] | join(",")) + "}"' | sort
}

value_of() { query "$1" | sed 's/ .*//'; }
has_value() { [[ $(value_of "$1") == "$2" ]]; }
# wait_for_value SECONDS EXPRESSION VALUE
wait_for_value() {
  local deadline=$((SECONDS + $1))
  until has_value "$2" "$3"; do
    ((SECONDS < deadline)) || fail "$2 is not $3 but: $(query "$2")"
    sleep 0.2
  done
}
