#!/usr/bin/env bash
# `init` as a person meets it: wrong answers are asked again with the reason, Enter takes what is in
# brackets, the second key is shown once, and the last word is RESTORE OK.
source "$(dirname "$0")/lib.sh"
terminal=$(type -P expect) || skip "expect is not installed"

mkdir root live
echo hello > live/a.txt
export TERM=xterm COLUMNS=100

# talk SCRIPT: an expect script in which `answer QUESTION TEXT` waits for one and types the other.
talk() {
  run "$terminal" -c "
    set timeout 120
    proc answer {question text} {
      expect {
        -ex \$question { send \"\$text\\r\" }
        timeout { puts \"\\nnever asked: \$question\"; exit 97 }
        eof { puts \"\\nended before: \$question\"; exit 98 }
      }
    }
    $1"
}

talk "
  spawn {$program} init --config {$place/etc/lifeboat.yaml} --root {$place/root}
  answer {for its snapshots [} {Bad Name}
  expect -ex {That does not do: 'Bad Name' is not a host}
  answer {for its snapshots [} {vps-h1}
  answer {A folder to back up} {$place/nothing}
  expect -ex {there is no}
  answer {A folder to back up} {$place/live}
  answer {Store [dir:} {dir:$place/live/store}
  expect -ex {which service live takes}
  answer {Store [dir:} {dir:$place/store}
  answer {Second key [show]} {age1nonsense}
  expect -ex {That does not do}
  answer {Second key [show]} {}
  expect -re {(AGE-SECRET-KEY-1[A-Z0-9]+)\s}
  set key \$expect_out(1,string)
  set out [open {$place/second.txt} w]; puts \$out \$key; close \$out
  answer {letters, to show that you have it} {nope}
  answer {letters, to show that you have it} [string range \$key end-3 end]
  answer {Time of the nightly backup [02:00]} {25:00}
  expect -ex {is not a schedule}
  answer {Time of the nightly backup [02:00]} {}
  answer {prove it with a drill? [Y/n]} {}
  expect -ex {RESTORE OK} {} timeout {exit 96} eof {exit 95}
  expect -ex {LEFT TO DO} {} timeout {exit 96} eof {exit 95}
  expect eof
  exit [lindex [wait] 3]"
expect 0
stdout_has 'the key was wiped off the screen'
mode_is etc/lifeboat.yaml 600
! grep -qrF "$(cat second.txt)" etc store || fail "the second private key was kept"
lifeboat cat latest live/a.txt --store "dir:$place/store" --identity second.txt
expect 0
stdout_is hello

# Ctrl-C at any question leaves nothing.
for question in 'for its snapshots' 'A folder to back up' 'Store [' 'Second key'; do
  talk "
    spawn {$program} init --config {$place/stopped/lifeboat.yaml} --root {$place/root}
    foreach {asked text} {
      {for its snapshots} {} {A folder to back up} {$place/live} {Store [} {} {Second key} {}
    } {
      if {\$asked eq {$question}} { answer \$asked \\x03; break }
      answer \$asked \$text
    }
    expect eof
    exit [lindex [wait] 3]"
  expect 130
  missing stopped
done
