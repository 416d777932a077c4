// Extended header records: "<length> <keyword>=<value>\n", where ustar's fields do not suffice.
// Private to this folder.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/bytes.h"
#include "base/clock.h"

namespace lifeboat::tar {

// Appends a record; its length counts itself.
void append_record(std::string& records, std::string_view keyword, std::string_view value);

// What an extended header says about the member behind it; unset means that ustar's field counts.
struct PaxFields {
  std::optional<std::string> path;
  std::optional<std::string> link_target;
  std::optional<std::string> user;
  std::optional<std::string> group;
  std::optional<uint64_t> uid;
  std::optional<uint64_t> gid;
  std::optional<uint64_t> size;
  std::optional<Timestamp> mtime;
  std::vector<std::pair<std::string, std::string>> xattrs;
  // GNU sparse format 1.0
  bool is_sparse = false;
  std::optional<std::string> sparse_path;
  std::optional<uint64_t> sparse_size;

  // Applies the records of one extended header over what is known. Unknown keywords are ignored,
  // as POSIX asks; malformed records and sparse formats other than 1.0 are Error(verification).
  void apply(std::string_view records);

 private:
  void apply_one(std::string_view keyword, std::string_view value);
  void apply_sparse(std::string_view keyword, std::string_view value);
};

// A whole decimal number up to size_max; refuses anything else.
uint64_t parse_decimal(std::string_view text, std::string_view what);

// "-1.25" and so on: seconds with as many digits of the fraction as are needed.
std::string print_seconds(Timestamp time);
Timestamp parse_seconds(std::string_view text);
// Throws Error(verification) when a Timestamp cannot hold it (years 1678 to 2261).
Timestamp time_of_seconds(int64_t seconds);

bool is_ascii(std::string_view text);
bool is_utf8(std::string_view text);

// Keywords cannot hold '=': GNU tar writes "%3D" for it, and "%25" for '%'.
std::string encode_xattr_name(std::string_view name);
std::string decode_xattr_name(std::string_view encoded);

}  // namespace lifeboat::tar
