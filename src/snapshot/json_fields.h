// Strict reading of JSON objects: each member present, of its type, and none besides.
//
// Faults are Error(verification), "read <what>: member '<name>' ...". What was read is remembered,
// so that `done` can refuse members nobody asked for: an unknown member means a writer whose
// meaning we would miss.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/json.h"

namespace lifeboat {

class JsonFields {
 public:
  // Refers to `object`, which must be an object and outlive this.
  JsonFields(const Json& object, std::string what);

  bool has(const char* name) const { return object_.contains(name); }
  const Json& value(const char* name);
  const Json& array(const char* name);
  std::string text(const char* name);
  uint64_t number(const char* name, uint64_t max = UINT64_MAX);
  int64_t signed_number(const char* name);
  bool flag(const char* name);
  // "2026-05-07T02:00:00Z"
  Timestamp time(const char* name);
  // 64 lower-case hex digits.
  std::string sha256(const char* name);
  std::vector<std::string> texts(const char* name);
  // Refuses members that were not read.
  void done() const;

  [[noreturn]] void fail(std::string_view name, std::string_view fault) const;

 private:
  const Json& object_;
  std::string what_;
  std::vector<std::string_view> seen_;
};

// Reads `format`, which is 1 everywhere as yet. Throws NewerFormat for a later one, and
// Error(verification) for what is no format.
void check_format(JsonFields& fields, std::string_view what);

bool is_sha256(std::string_view text);

}  // namespace lifeboat
