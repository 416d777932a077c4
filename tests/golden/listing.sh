# shellcheck shell=bash
# tree_listing FOLDER: one line for each file below it: type, mode, names it has, mtime to the
# nanosecond, SHA-256 or target, name. Sourced by bash. Left out is what no archive says: owners
# (who restores is not root), and times of folders that only the restore made.
tree_listing() {
  local type mode links time name content file
  while IFS=' ' read -r -d '' type mode links time name; do
    file=$1/$name content=-
    case $type in
      f) content=$(sha256sum < "$file" | cut -d ' ' -f 1) ;;
      l) content=$(readlink "$file") mode=- ;;
      d)
        links=-
        [[ $name == files/* ]] || mode=- time=-
        ;;
    esac
    printf '%s %s %s %s %s %q\n' "$type" "$mode" "$links" "$time" "$content" "$name"
  done < <(find "$1" -mindepth 1 -printf '%y %m %n %T@ %P\0' | LC_ALL=C sort -z -t ' ' -k 5)
}
# attribute_listing FOLDER: the extended attributes and access lists below it.
attribute_listing() {
  (cd "$1" && find . -print0 | LC_ALL=C sort -z |
    xargs -0 getfattr -h -d -e hex -m '^(user|system)\.' -- 2> /dev/null || true)
}
