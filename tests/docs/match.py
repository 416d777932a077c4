"""Whether what a command printed is what the page shows. One set of rules, for all pages:

- `...` alone on a line stands for any lines, none included; inside a line for any text.
- What differs from run to run matches its like: dates, times of day, durations, sizes, percentages,
  hashes. `99 ms` is like `2 s` and `now`, and `just now` like `2 s ago`.
- Keys (age1..., ed25519:...) match any at first; from then on a key of the page means that key. So
  does a date in the commands that follow.
- Spaces: as many as there are, at least one. Spaces at the end of lines and empty lines at the end
  do not count. All else is exact.
"""
import re

NUMBER = r"\d+(?:\.\d+)?"
DURATION = rf"{NUMBER} (?:µs|ms|s|min|h|d)(?: \d+ (?:s|min|h))?"
DATE = r"\d{4}-(?:W\d\d|\d\d(?:-\d\d)?)"
CLOCK = r"\d\d:\d\d(?::\d\d(?:\.\d+)?)?"

KINDS = [   # name, what it looks like on the page, what it may be in the output
    ("key", r"age1[02-9ac-hj-np-z]{58}|ed25519:[A-Za-z0-9+/]{43}=", None),
    ("stamp", rf"{DATE}[T ]{CLOCK}Z?", None),
    ("compact", r"\d{8}[-_]\d{6}", None),
    ("date", rf"{DATE}", None),
    ("clock", rf"\b{CLOCK}\b", None),
    ("hash", r"\b(?:[0-9a-f]{64}|[0-9a-f]{40}|[0-9a-f]{32})\b", None),
    ("age", rf"{DURATION} ago|\bjust now\b", None),
    ("duration", rf"\b{DURATION}\b", rf"(?:{DURATION}|now)"),
    ("size", rf"\b{NUMBER} ?(?:bytes|B|[KMGT]i?B)\b", None),
    ("percent", rf"[+-]?{NUMBER} %", None),
    ("anything", r"\.\.\.|…", r".*"),
    ("spaces", r" +", r" +"),
]
TOKEN = re.compile("|".join(f"(?P<{name}>{page})" for name, page, _ in KINDS))


class Learned:
    """What words of the page mean in this run."""

    def __init__(self, meanings=()):
        self.told = dict(meanings)    # by the page's own set-up: these win
        self.seen = {}

    def in_command(self, text):
        return self._replaced(text, {**self.seen, **self.told})

    def in_output(self, text):
        return self._replaced(text, self.told)

    @staticmethod
    def _replaced(text, words):
        if not words:
            return text
        pattern = "|".join(re.escape(word) for word in sorted(words, key=len, reverse=True))
        return re.sub(pattern, lambda found: words[found[0]], text)


def line_matches(page, actual, learned):
    pattern, taken, at = "", [], 0
    for token in TOKEN.finditer(page):
        pattern += re.escape(page[at:token.start()])
        at = token.end()
        kind = token.lastgroup
        like = next(output or page_like for name, page_like, output in KINDS if name == kind)
        known = learned.seen.get(token[0]) if kind == "key" else None
        if kind in ("key", "date"):
            taken.append(token[0])
            pattern += f"({re.escape(known) if known else like})"
        else:
            pattern += f"(?:{like})"
    found = re.fullmatch(pattern + re.escape(page[at:]), actual)
    if not found:
        return False
    learned.seen.update(zip(taken, found.groups()))
    return True


def trimmed(lines):
    lines = [line.rstrip() for line in lines]
    while lines and not lines[-1]:
        lines.pop()
    return lines


def difference(page, actual, learned):
    """None if they match, else what differs first, to be shown to a person."""
    page = [learned.in_output(line) for line in trimmed(page)]
    actual = trimmed(actual)
    furthest = (0, 0)
    open_ends, tried = [(0, 0)], set()
    while open_ends:   # depth first, the shortest `...` first
        at, to = open_ends.pop()
        if (at, to) in tried:
            continue
        tried.add((at, to))
        furthest = max(furthest, (at, to))
        if at == len(page):
            if to == len(actual):
                return None
        elif page[at].strip() == "...":
            if to < len(actual):
                open_ends.append((at, to + 1))
            open_ends.append((at + 1, to))
        elif to < len(actual) and line_matches(page[at], actual[to], learned):
            open_ends.append((at + 1, to + 1))
    at, to = furthest
    shown = page[at] if at < len(page) else "(nothing more)"
    got = actual[to] if to < len(actual) else "(nothing more)"
    return f"the page shows: {shown}\n  it printed:     {got}"
