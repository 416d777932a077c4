#!/usr/bin/env bash
# Each exit status of the table is really given, and --json tells it in the same words.
source "$(dirname "$0")/lib.sh"

make_key
mkdir source
echo data > source/file
write_config "files: {recipe: volume, path: $place/source}"

# json_error CODE KIND
json_error() {
  expect "$1"
  stdout_has "\"code\": $1"
  stdout_has "\"kind\": \"$2\""
}

lifeboat version
expect 0
stdout_has 'lifeboat 0.1.0'
lifeboat backup --help
expect 0
stdout_has 'lifeboat backup'
lifeboat
expect 2
lifeboat list --no-such-option --json
json_error 2 usage
lifeboat backup --config absent.yaml --json
json_error 3 config
lifeboat list --store "dir:$place/absent" --json
json_error 5 store
backup --json
expect 0
stdout_has '"h1/'
lifeboat drill --store "dir:$place/store" --json
json_error 6 crypto
printf x >> store/h1/*/backup.tar.zst.age
on_bare_machine verify --json
json_error 7 verification
on_bare_machine drill --json
json_error 7 verification
write_config "files: {recipe: volume, path: $place/absent}"
backup --json
json_error 4 service
write_config "files: {recipe: volume, path: $place/source}" \
  'bad: {recipe: command, command: ["false"]}'
backup --json
expect 8
(
  flock 9
  write_config "files: {recipe: volume, path: $place/source}"
  backup --json
  json_error 9 locked
) 9> state/h1.lock
