#!/usr/bin/env bash
# keygen, encrypt and decrypt stand in for age and age-keygen, in both directions.
source "$(dirname "$0")/lib.sh"

lifeboat keygen -o ours.txt
expect 0
stderr_has 'Public key: age1'
mode_is ours.txt 600
lifeboat keygen -o ours.txt
expect 2
stderr_has 'exists'
age-keygen -o theirs.txt 2> /dev/null

# Each reads the other's key file.
lifeboat keygen -y theirs.txt
expect 0
stdout_is "$(age-keygen -y theirs.txt)"
theirs=$(age-keygen -y theirs.txt)
lifeboat keygen -y ours.txt
stdout_is "$(age-keygen -y ours.txt)"
ours=$(age-keygen -y ours.txt)
diff <(sed 's/: .*/:/; s/AGE-SECRET-KEY-1.*/KEY/' ours.txt) \
  <(sed 's/: .*/:/; s/AGE-SECRET-KEY-1.*/KEY/' theirs.txt)

for size in 0 1 65535 65536 65537 1000000; do
  head -c "$size" /dev/urandom > plain
  lifeboat encrypt -r "$theirs" -r "$ours" -o made.age plain
  expect 0
  age -d -i theirs.txt made.age | cmp - plain
  age -d -i ours.txt made.age | cmp - plain
  age -r "$ours" -o made2.age plain
  lifeboat decrypt -i ours.txt -o back made2.age
  expect 0
  same back plain
  rm back
done

# Armor, recipients files, stdin and stdout.
printf '# the team\n%s\n\n%s\n' "$ours" "$theirs" > recipients.txt
run_with plain "$program" encrypt -a -R recipients.txt
expect 0
stdout_has '-----BEGIN AGE ENCRYPTED FILE-----'
stdout_to armored
age -d -i theirs.txt armored | cmp - plain
age -a -R recipients.txt -o armored2 plain
run_with armored2 "$program" decrypt -i ours.txt
expect 0
stdout_to back
same back plain

# Passphrases.
printf 'correct horse battery staple\n' > phrase
lifeboat encrypt -p --passphrase-file phrase -o secret.age plain
expect 0
terminal=$(type -P expect) || skip "expect is not installed"
"$terminal" -c 'set timeout 60; log_user 0
  spawn age -d -o from-expect secret.age
  expect "passphrase"; send "correct horse battery staple\r"; expect eof' > /dev/null
same from-expect plain
"$terminal" -c 'set timeout 60; log_user 0
  spawn age -p -o theirs-secret.age plain
  expect "passphrase"; send "correct horse battery staple\r"
  expect "onfirm"; send "correct horse battery staple\r"; expect eof' > /dev/null
lifeboat decrypt --passphrase-file phrase -o back2 theirs-secret.age
expect 0
same back2 plain
LIFEBOAT_PASSPHRASE='not it' lifeboat decrypt -o back3 theirs-secret.age
expect 6
missing back3

# Wrong key, damaged file: status 6, and no output file.
age-keygen -o other.txt 2> /dev/null
lifeboat decrypt -i other.txt -o none made.age
expect 6
stderr_has 'hint:'
missing none
head -c -1 made.age > cut.age
lifeboat decrypt -i ours.txt -o none cut.age
expect 6
missing none
