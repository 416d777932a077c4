#!/usr/bin/env bash
# The manual page: both readers of man pages take it without a word, and it holds every option that
# any command's --help shows, every exit code, and every variable of the environment that is read.
source "$(dirname "$0")/lib.sh"

lifeboat man
expect 0
stdout_to lifeboat.1
if command -v mandoc > /dev/null; then
  run mandoc -T lint -W warning lifeboat.1
  # A date would say when it was built, not when it changed.
  found=$(grep -v 'missing date' "$folder/out" || true)
  [[ -z $found ]] || fail "mandoc: $found"
fi
if command -v man > /dev/null; then
  run man --warnings -E UTF-8 -l -Tutf8 -Z lifeboat.1
  expect 0
  [[ ! -s $folder/err ]] || fail "man warns"
  run env MANWIDTH=100 MANPAGER=cat man -E UTF-8 -l lifeboat.1
  expect 0
elif command -v mandoc > /dev/null; then
  run mandoc -T utf8 lifeboat.1
else
  skip "neither man nor mandoc is installed"
fi
sed 's/.\x08//g' "$folder/out" > page.txt

# check COMMAND...: the options of its help, and below it its own commands.
checked=0
check() {
  local line option
  lifeboat "$@" --help
  expect 0
  stdout_to help.txt
  while read -r option; do
    grep -qE -- "(^|[^-a-z])$option($|[^-a-z])" page.txt || fail "the page lacks $option of $*"
    checked=$((checked + 1))
  done < <(grep -E '^ +-' help.txt | grep -oE -- '(^|[ ,])--?[a-z][-a-z]*' | tr -d ' ,' | sort -u)
  if (($# > 0)); then grep -q "^ *lifeboat $*" page.txt || fail "the page lacks $*"; fi
  for line in $(sed -nE 's/^  ([a-z]+)(, [a-z]+)*  .*/\1/p' help.txt); do
    if (($# < 2)); then check "$@" "$line"; fi
  done
}
check
((checked > 200)) || fail "only $checked options were found"

while IFS='|' read -r _ code name _; do
  grep -q "^ *$(echo $code) *$(echo $name):" page.txt || fail "the page lacks exit code $code"
done < <(grep -E '^\| [0-9]+ \|' "$project/docs/EXIT_CODES.md")

prefixes='AWS|CREDENTIALS|DOCKER|GITHUB|INVOCATION|LIFEBOAT|MONITOR|NO|STATE|TMPDIR|XDG'
while read -r variable; do
  grep -q "$variable" lifeboat.1 || fail "the page lacks the variable $variable"
done < <(find "$project/src" -name '*.cc' ! -name '*_test.cc' ! -name '*_kit.cc' -exec \
  grep -hoE "\"($prefixes)_[A-Z0-9_]+\"" {} + | tr -d '"' | sort -u)
