#!/usr/bin/env bash
# `status` and `report` over two months of a small fleet: what is wrong is said, in text, in JSON and
# in one HTML file; a store that is gone ends with 5; hostile names stay text.
source "$(dirname "$0")/lib.sh"

sample_nights=$(readlink -f "${2:?usage: $0 LIFEBOAT SAMPLE_NIGHTS}")
run "$sample_nights" "$place/store" 45 "$(date -u +%Y-%m-%dT%H:%M:%SZ)"
expect 0

lifeboat status --store "dir:$place/store" --host vps-i1
expect 0
stdout_has 'vps-i1  nightly  ok'
stdout_has 'all in order'

# The newest night of the other host becomes one that nobody can read.
newest=$(find store/vps-h1/2* -name manifest.json | sort | tail -n 1)
sed -i 's/"members"/"Members"/' "$newest"
lifeboat status --store "dir:$place/store"
expect 1
stdout_has "$(dirname "${newest#store/}") is damaged"
lifeboat status --store "dir:$place/store" --json
expect 1
stdout_to status.json
python3 - <<'PYTHON' || fail "status --json"
import json
value = json.load(open("status.json"))
assert value["good"] is False
assert [(job["host"], job["job"]) for job in value["jobs"]] == [
    ("vps-h1", "nightly"), ("vps-i1", "nightly"), ("vps-i1", "weekly")]
assert all(job["drill"]["last"] == "ok" for job in value["jobs"])
assert value["findings"][0]["level"] == "error"
PYTHON

lifeboat report --store "dir:$place/store" -o report.html
expect 0
mode_is report.html 600
chmod 644 report.html
lifeboat report --store "dir:$place/store" -o report.html --days 60
expect 0
mode_is report.html 644
grep -q 'default-src' report.html || fail "no policy"
! grep -qE 'https?:|<script|<link|<img|url\(' report.html || fail "the report reaches for something"
python3 - <<'PYTHON' || fail "the report is not well formed"
import html.parser
class Check(html.parser.HTMLParser):
    open = []
    def handle_starttag(self, tag, attributes):
        if tag != "meta": self.open.append(tag)
    def handle_startendtag(self, tag, attributes): pass
    def handle_endtag(self, tag): assert self.open.pop() == tag, (tag, self.getpos())
check = Check()
check.feed(open("report.html").read())
check.close()
assert not check.open, check.open
PYTHON

# Without a place to stand on.
lifeboat status --store "dir:$place/absent"
expect 5
lifeboat report --store "dir:$place/absent" -o other.html
expect 5
missing other.html
