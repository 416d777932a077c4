# The images of the tests' engine, to be sourced by start.sh: made from this machine's own programs
# and the libraries that they load, since a registry cannot be reached everywhere. A few seconds.
#
#   busy:1   busybox, always
#   db:1     MariaDB and PostgreSQL with their users mysql and postgres, whose folders /var/lib/mysql
#            and /var/lib/postgresql/data give an empty volume its owner
#   node:1   Node.js
#
# db:1 and node:1 are made only where their programs are installed. Of those that could not be made
# STATE_DIR/missing-images has a line each, "db:1: REASON", for tests to skip with.

# empty_root FOLDER: busybox, users, and Debian's merged folders, so that libraries lie where their
# programs look for them.
empty_root() {
  local applet link
  mkdir -p "$1"/{etc,proc,root,run,tmp,usr/{bin,lib,lib64,sbin},var/{lib,tmp}}
  chmod 1777 "$1"/{tmp,var/tmp}
  for link in bin lib lib64 sbin; do ln -s "usr/$link" "$1/$link"; done
  ln -s ../run "$1/var/run"
  cp "$(command -v busybox)" "$1/bin/busybox"
  for applet in $(busybox --list); do
    [[ -e $1/bin/$applet ]] || ln -s busybox "$1/bin/$applet"
  done
  printf '%s\n' root:x:0:0::/root:/bin/sh guest:x:1000:1000::/:/bin/sh \
    mysql:x:997:997::/var/lib/mysql:/bin/sh postgres:x:998:998::/var/lib/postgresql:/bin/sh \
    > "$1/etc/passwd"
  printf '%s\n' root:x:0: guest:x:1000: mysql:x:997: postgres:x:998: > "$1/etc/group"
}

# libraries_of FILE...: what the dynamic ones among them load, the loader itself included.
libraries_of() { { ldd "$@" 2> /dev/null || true; } | grep -oE '/[^ ():]+\.so[^ ():]*' | sort -u; }

# copy_programs ROOT FILE_OR_FOLDER...: with the libraries of all programs and modules in them.
copy_programs() {
  local root=$1 path
  shift
  for path in "$@"; do
    mkdir -p "$root/$(dirname "$path")"
    cp -rL "$path" "$root/$path"
  done
  find "$@" -type f,l \( -perm /111 -o -name '*.so' \) -print0 | xargs -0 bash -c \
    "$(declare -f libraries_of); libraries_of \"\$@\"" libraries | sort -u |
    while read -r path; do
      # "/lib/x" is "/usr/lib/x": a folder must not take the place of the link.
      path=$(readlink -f "$(dirname "$path")")/$(basename "$path")
      mkdir -p "$root/$(dirname "$path")"
      [[ -e $root/$path ]] || cp -L "$path" "$root/$path"
    done
}

# import_image ROOT NAME CHANGE...
import_image() {
  local root=$1 name=$2 changes=() change
  shift 2
  for change in "$@"; do changes+=(-c "$change"); done
  tar -C "$root" --numeric-owner -c . | "$docker" import "${changes[@]}" - "$name" \
    >> "$state/log/import.log"
  rm -rf "$root"
}

missing_image() { echo "$1: $2" >> "$state/missing-images"; }

make_busy_image() {
  empty_root "$state/image/busy"
  import_image "$state/image/busy" busy:1 'CMD ["sh"]'
}

make_db_image() {
  local root=$state/image/db program postgres
  postgres=$(find /usr/lib/postgresql -mindepth 1 -maxdepth 1 2> /dev/null | sort -V | tail -n 1)
  if [[ ! -x $postgres/bin/initdb ]]; then
    missing_image db:1 "PostgreSQL is missing: install postgresql"
    return 0
  fi
  for program in mariadbd mariadb-install-db mariadb mariadb-dump mariadb-admin; do
    if ! command -v "$program" > /dev/null; then
      missing_image db:1 "$program is missing: install mariadb-server-core mariadb-client"
      return 0
    fi
  done
  empty_root "$root"
  # The folder of plugins is in the package of some versions only.
  local plugins=()
  if [[ -d /usr/lib/mysql ]]; then plugins=(/usr/lib/mysql); fi
  copy_programs "$root" /usr/sbin/mariadbd /usr/share/mysql "${plugins[@]}" \
    /usr/bin/{mariadb-install-db,my_print_defaults,resolveip} \
    /usr/bin/mariadb{,-dump,-admin,-check,-upgrade} \
    "$postgres/bin" "$postgres/lib" "/usr/share/postgresql/${postgres##*/}" /usr/share/zoneinfo
  # The compiler of queries brings a hundred MB, and works without.
  rm -rf "$root/$postgres"/lib/{bitcode,llvmjit*} "$root"/usr/lib/*/libLLVM*
  mkdir -p "$root"/{run/{mysqld,postgresql},var/lib/{mysql,postgresql/data}}
  chown -R 997:997 "$root"/{run/mysqld,var/lib/mysql}
  chown -R 998:998 "$root"/{run/postgresql,var/lib/postgresql}
  chmod 700 "$root/var/lib/postgresql/data"
  import_image "$root" db:1 "ENV PATH=$postgres/bin:/usr/sbin:/usr/bin" 'CMD ["sh"]'
}

make_node_image() {
  local root=$state/image/node node
  node=$(readlink -f "$(command -v node)" || true)
  if [[ -z $node ]]; then
    missing_image node:1 "node is missing: install nodejs"
    return 0
  fi
  empty_root "$root"
  copy_programs "$root" "$node"
  [[ $node == /usr/bin/node ]] || ln -s "$node" "$root/usr/bin/node"
  import_image "$root" node:1 'ENV PATH=/usr/sbin:/usr/bin' 'CMD ["node"]'
}

make_images() {
  : > "$state/missing-images"
  make_busy_image
  "$docker" run --rm --network none busy:1 true > "$state/log/run.log" 2>&1 ||
    skip "a container does not start: $(tail -n 1 "$state/log/run.log")"
  if [[ $engine == podman ]]; then  # whose storage is slow, and whose tests are of the room alone
    missing_image db:1 "made for Docker only"
    missing_image node:1 "made for Docker only"
    return 0
  fi
  make_db_image
  make_node_image
}
