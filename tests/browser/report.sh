#!/usr/bin/env bash
# The report of two months of a small fleet in a real headless Chromium: as a desktop, phones, in the
# dark and printed. Screenshots go to the folder that is named third.
source "$(dirname "$0")/../script/lib.sh"

sample_nights=$(readlink -f "${2:?usage: $0 LIFEBOAT SAMPLE_NIGHTS FOLDER}")
screenshots=${3:?usage: $0 LIFEBOAT SAMPLE_NIGHTS FOLDER}
look=$project/tests/browser/look_at_page.py
command -v chromium > /dev/null || skip "chromium is not installed"

run "$sample_nights" "$place/store" 60 "$(date -u +%Y-%m-%dT%H:%M:%SZ)"
expect 0
lifeboat report --store "dir:$place/store" -o report.html
expect 0
run python3 "$look" report.html "$screenshots"
expect 0

# Whoever looks must be able to see: a picture from elsewhere, faint text, a wide line, a script.
fault() {
  sed "s|</footer>|$1</footer>|" report.html > worse.html
  run python3 "$look" worse.html "$place/screenshots"
  expect 1
  stdout_has "$2"
}
fault '<img src="http://127.0.0.1:9/x.png">' 'desktop: '
fault '<script>1</script>' 'issue: ContentSecurityPolicyIssue'
fault '<svg height="9" aria-hidden="true"><text x="99%" y="8">far out</text></svg>' \
  "'far out' leaves its drawing"
fault '<svg height="9"></svg>' 'a drawing says nothing'
sed 's|--soft: #59626d|--soft: #99a2ad|' report.html > worse.html
run python3 "$look" worse.html "$place/screenshots"
expect 1
