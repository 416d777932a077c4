#!/usr/bin/env bash
# A line of 1 MB a second that stands still for some seconds now and then: all that goes over it takes as
# long as it must, is whole, and is not held in memory meanwhile.
source "$(dirname "$0")/load_lib.sh"
command -v aws > /dev/null || skip "no awscli here"

megabytes=3 every=4 stall=2
if long_form; then megabytes=60 every=30 stall=10; fi
room $((megabytes * 4))
s3_server "${2:?usage: $0 LIFEBOAT S3_STATE_DIR}"
new_bucket load-slow
through_line 1000000 "$every" "$stall"
use_bucket writer
head -c $((megabytes * 1000000)) /dev/urandom > data/noise

begin=$(date +%s%N)
round_trip
took_ms=$((($(date +%s%N) - begin) / 1000000))
# Up once, down three times. A test of the test: had the line been fast, it would prove nothing.
((took_ms >= megabytes * 4 * 1000)) || fail "$took_ms ms: that was no slow line"
counted load "MB over a line of 1 MB/s" "$megabytes"
count_peak "slow line"
