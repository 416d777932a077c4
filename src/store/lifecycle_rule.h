// One rule of a bucket's lifecycle, as far as it decides what vanishes when.
// https://docs.aws.amazon.com/AmazonS3/latest/API/API_LifecycleRule.html
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "base/clock.h"

namespace lifeboat {

struct LifecycleRule {
  std::string id;
  std::string prefix;  // literal: '*' is a character like any other; empty: every object
  bool enabled = true;
  std::optional<uint64_t> expire_days;
  std::optional<Date> expire_date;  // everything that matches vanishes from this day on
  std::optional<uint64_t> noncurrent_days;
  std::optional<uint64_t> abort_incomplete_days;
  std::optional<uint64_t> transition_days;  // to a colder class: reading needs a thaw first
  bool expired_delete_markers = false;
  // Conditions besides the prefix.
  bool has_tag_filter = false;
  std::optional<uint64_t> size_greater_than;
  std::optional<uint64_t> size_less_than;

  std::string source_xml;  // the <Rule> as the server gave it; empty for one made here
};

}  // namespace lifeboat
