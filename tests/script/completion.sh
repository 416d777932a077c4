#!/usr/bin/env bash
# Completion in the shells themselves: each is asked what it would offer for what was typed.
source "$(dirname "$0")/lib.sh"

touch notes.txt
mkdir -p "folder one"
for shell in bash zsh fish; do
  lifeboat completion "$shell"
  expect 0
  stdout_to "completion.$shell"
done
lifeboat completion tcsh
expect 2
stderr_has 'tcsh'

# offers_bash WORD...: what is offered for the last word, one a line.
offers_bash() {
  run bash --norc -c 'source ./completion.bash
    COMP_WORDS=("$@") COMP_CWORD=$(($# - 1))
    _lifeboat
    printf "%s\n" "${COMPREPLY[@]}"' bash "$@"
}
offers_fish() { run fish --no-config -c 'source completion.fish; complete -C "$argv[1]"' "$*"; }
# A real interactive zsh on a terminal of its own, in which Tab is pressed.
offers_zsh() {
  run zsh -f -c '
    zmodload zsh/zpty
    zpty shell zsh -f -i
    zpty -w shell "autoload -Uz compinit; compinit -u -D; source ./completion.zsh"
    # What completion functions add is noted, matches only.
    zpty -w shell "compadd() { local -a hits; builtin compadd -A hits \"\$@\";
      [[ \" \$* \" != *\" -[AOD] \"* ]] && print -rl -- \$hits >> offered; builtin compadd \"\$@\" }"
    zpty -w shell "touch ready"
    for ((i = 0; i < 300; i++)); do [[ -e ready ]] && break; sleep 0.1; done
    : > offered
    zpty -w -n shell "$1"$'"'\t'"'
    for ((i = 0; i < 100; i++)); do [[ -s offered ]] && break; sleep 0.1; done
    sleep 0.2
    zpty -d shell
    rm ready
    cat offered' zsh "$*"
}

offered() { grep -qE -- "^$1"$'(\t|$)' "$folder/out" || fail "not offered: $1"; }
not_offered() { ! grep -qE -- "^$1"$'(\t|$)' "$folder/out" || fail "offered: $1"; }

for shell in bash zsh fish; do
  if ! command -v $shell > /dev/null; then
    echo "without $shell: it is not installed"
    continue
  fi
  offer=offers_$shell
  $offer lifeboat ba
  offered backup
  $offer lifeboat bucket ''
  for command in setup lifecycle policy audit; do offered $command; done
  not_offered backup
  $offer lifeboat bucket audit --
  offered --host
  not_offered --which
  $offer lifeboat --config notes.txt notify ''
  offered test
  $offer lifeboat drill --which ''
  for word in latest random oldest-monthly; do offered $word; done
  not_offered notes.txt
  $offer lifeboat decrypt --identity ''
  offered notes.txt
  $offer lifeboat restore --to ''
  offered 'folder( |\\ )one/?'
  not_offered notes.txt
  $offer lifeboat help ve
  offered verify
  $offer lifeboat completion ''
  offered zsh
done
