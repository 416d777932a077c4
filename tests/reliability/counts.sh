# shellcheck shell=bash
# What the tests of reliability did, in figures; the C++ half, and what a line means, is counts.h.
# Sourced by bash.

# counted PART WHAT FIGURE
counted() {
  [[ -n ${LIFEBOAT_COUNTS:-} ]] || return 0
  printf '%s\t%s\t%s\n' "$1" "$2" "$3" >> "$LIFEBOAT_COUNTS/lines"
}

# True in `./dev test --long`: hours are at hand, and gigabytes of disk.
long_form() { [[ -n ${LIFEBOAT_LONG:-} ]]; }
