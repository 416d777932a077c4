# Machines of the tests' own: a configuration that names /etc/lifeboat, /var/run/docker.sock, Docker
# volumes and a provider's address can be run as it is, word by word.
#
# A machine is the host's own system seen through an overlay: it reads the host's programs and writes
# to memory. Each has its own tree of mounts, with this as its root: in a mere chroot, `docker exec`
# would find itself outside. All machines of a test share one network that has loopback and nothing
# else, and one space of processes, with whose end the kernel ends everything in it. Needs root;
# sourced.
#
#   own_space SCRIPT ARG...   runs SCRIPT again, in spaces of its own; only then the rest is allowed
#   machine NAME              makes one
#   root_of NAME              its files, as seen from outside
#   on NAME COMMAND...        runs a command there, with an environment of its own
#   start_docker NAME         its engine, on the socket and folder that are Docker's defaults
#   names NAME HOST...        there, these names are loopback's
#
# skip, with which a test ends that cannot run here, is that of tests/live/n8n_lib.sh.

machines=   # set by whoever is in a space of its own
machine_empty="/opt /srv /tmp"   # folders that are empty on a machine made hereafter

# Where namespaces or overlays are refused, the test is skipped with the reason.
own_space() {
  local why
  if ((EUID != 0)); then skip "machines of their own need root"; fi
  for tool in unshare ip dockerd containerd runc busybox; do
    command -v "$tool" > /dev/null || skip "$tool is missing"
  done
  if ! why=$(unshare --net --mount --pid --fork --kill-child true 2>&1); then skip "$why"; fi
  local status=0
  unshare --net --mount --pid --fork --kill-child bash "$@" || status=$?
  exit "$status"   # through the caller's trap, which clears what is left on disk
}

# make_space FOLDER: once, at the beginning of what own_space runs.
make_space() {
  mount --make-rprivate /
  mount -t proc proc /proc
  ip link set lo up
  machines=$1
  mkdir -p "$machines"
}

# machine NAME FOLDER...: the folders are there too, though they lie on other filesystems.
machine() {
  local name=$1 base=$machines/$1 try
  mkdir -p "$base"/{memory,root}
  shift
  unshare --mount bash -euc "$(declare -f make_root); make_root \"\$@\"" \
    machine "$base" "$machine_empty" "$@" > "$base/log" 2>&1 &
  echo $! > "$base/pid"
  for ((try = 0; try < 100; try++)); do
    if [[ -e $(root_of "$name")/run/machine ]]; then return; fi
    kill -0 "$(cat "$base/pid")" 2> /dev/null || break
    sleep 0.1
  done
  skip "no machine of its own can be made here: $(cat "$base/log")"
}

# Runs in the machine's own tree of mounts, and stays to hold it.
make_root() {
  local base=$1 root=$1/root empty=$2 folder
  shift 2
  mount -t tmpfs -o mode=755 memory "$base/memory"
  mkdir "$base"/memory/{upper,work,docker}
  mount -t overlay overlay "$root" \
    -o "lowerdir=/,upperdir=$base/memory/upper,workdir=$base/memory/work"
  # First, since one of the folders may lie below these.
  mount -t tmpfs -o mode=755 run "$root/run"
  for folder in $empty; do mount -t tmpfs "${folder:1}" "$root$folder"; done
  for folder in /dev /proc /sys "$@"; do
    mkdir -p "$root$folder"
    mount --rbind "$folder" "$root$folder"
  done
  mkdir -p "$root"/{run/lock,run/outside,var/lib/docker}
  mount --bind "$base/memory/docker" "$root/var/lib/docker"
  cd "$root"
  pivot_root . run/outside
  umount --lazy /run/outside
  touch /run/machine
  exec sleep infinity
}

root_of() { echo "/proc/$(cat "$machines/$1/pid")/root"; }

on() {
  local pid
  pid=$(cat "$machines/$1/pid")
  shift
  env -i PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin HOME=/root LANG=C.UTF-8 \
    TZ=UTC NO_COLOR=1 nsenter --mount="/proc/$pid/ns/mnt" env -C / "$@"
}

names() {
  local root
  root=$(root_of "$1")
  shift
  printf '127.0.0.1 %s\n' localhost "$@" > "$root/etc/hosts"
}

# Without the default bridge and packet filters: containers share the machine's network or have none.
start_docker() {
  local name=$1 try
  on "$name" dockerd --bridge=none --iptables=false --ip-forward=false --storage-driver=overlay2 \
    < /dev/null > "$machines/$name/dockerd.log" 2>&1 &
  for ((try = 0; try < 300; try++)); do
    if on "$name" curl -fs --unix-socket /var/run/docker.sock http://docker/_ping > /dev/null; then
      return
    fi
    sleep 0.1
  done
  skip "dockerd does not start: $(grep -v 'level=info' "$machines/$name/dockerd.log" | tail -n 1)"
}
docker_on() {
  local name=$1
  shift
  on "$name" /usr/bin/docker "$@"
}

# make_volume MACHINE NAME: a Docker volume; sets $volume to where it lies there, and $outside to the
# same folder as seen from outside.
make_volume() {
  docker_on "$1" volume create "$2" > /dev/null
  volume=/var/lib/docker/volumes/$2/_data
  outside=$(root_of "$1")$volume
}
