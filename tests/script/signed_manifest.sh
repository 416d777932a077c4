#!/usr/bin/env bash
# A signed manifest is checked by hand as docs/FORMAT.md says, and a snapshot that a thief planted, who
# knows the public keys and may write to the store, is refused wherever it is read.
source "$(dirname "$0")/lib.sh"

make_key
mkdir source
echo mine > source/file
service="files: {recipe: volume, path: $place/source}"

lifeboat keygen --signing -o signing.key
expect 0
mode_is signing.key 600
ours=$("$program" keygen --signing -y signing.key)
stderr_has "$ours"
lifeboat keygen --signing -o signing.key
expect 2

# signed_config KEYFILE [TRUSTED]
signed_config() {
  write_config "$service"
  echo "signing: {key_file: $place/$1${2:+, trusted: [\"$2\"]}}" >> lifeboat.yaml
}

signed_config signing.key
backup
expect 0
lifeboat drill --identity key.txt --no-evidence --config lifeboat.yaml
expect 0
lifeboat drill --sabotage --identity key.txt --config lifeboat.yaml
expect 0
stdout_has 'unsigned manifest'
stdout_has 'foreign signature'

# The commands of the manual, one after the other.
by_hand() {
  (
    cd "$1"
    sed -n '/^### Who made it/,/^### What is/{/^```sh/,/^```/{/^```/d;p}}' \
      "$project/docs/FORMAT.md" > "$folder/by_hand"
    [[ $(wc -l < "$folder/by_hand") -ge 5 ]] || fail "docs/FORMAT.md has no commands"
    bash -eu "$folder/by_hand"
  ) > "$folder/out" 2>&1
}
mkdir check
cp store/h1/20*/manifest.json check
by_hand check || fail "openssl refuses the signature"
stdout_has 'Signature Verified Successfully'
grep -qF "\"signed_by\": \"$ours\"" check/manifest.json || fail "another key signed"
sed -i 's/"job": "nightly"/"job": "nightlx"/' check/manifest.json
! by_hand check || fail "openssl accepts an edited manifest"

# The thief: the same recipient, the same host name, no signature or one of their own.
cp -a store store.ours
day=$(basename store/h1/20*)
"$program" keygen --signing -o thief.key 2> /dev/null
echo planted > source/file
for kind in unsigned foreign; do
  rm -rf store
  if [[ $kind == unsigned ]]; then write_config "$service"; else signed_config thief.key; fi
  backup
  expect 0
  for trust in "--trust $ours" "--config own.yaml"; do
    signed_config signing.key "$ours"
    cp lifeboat.yaml own.yaml
    for command in "verify" "verify --all" "drill --scratch $place" "ls" "cat latest files/file" \
      "restore latest --to out" "restore latest files --to out"; do
      # shellcheck disable=SC2086
      on_bare_machine $command $trust
      [[ $status == 7 ]] || fail "$kind: $command $trust ended with $status"
      stdout_lacks planted
      missing out
    done
    # shellcheck disable=SC2086
    on_bare_machine list $trust
    expect 7
    stdout_has 'not trusted: it is'
  done
  # Without a key to compare with it looks like any other.
  on_bare_machine restore latest --to "taken-$kind"
  expect 0
  # A good manifest over planted bytes, and planted bytes under another name.
  cp store.ours/h1/"$day"/manifest.json store/h1/"$day"/manifest.json
  on_bare_machine verify --trust "$ours"
  expect 7
  on_bare_machine restore latest --to out --trust "$ours"
  expect 7
done

rm -rf store
cp -a store.ours store
mv store/h1/"$day" store/h1/2020-01-01
on_bare_machine verify --trust "$ours"
expect 7
stderr_has "it is that of 'h1/$day/"
mv store/h1 store/h2
mv store/h2/2020-01-01 store/h2/"$day"
on_bare_machine verify --trust "$ours"
expect 7
stderr_has "it is that of 'h1/$day/"
mv store/h2 store/h1
on_bare_machine verify --trust "$ours"
expect 0
