// Drill evidence and the host's state: what is taken and printed is taken again, as the same.
#include "snapshot/drill_evidence.h"

#include "fuzz/fuzz.h"
#include "observe/host_state_json.h"

using namespace lifeboat;

namespace {

const std::string key = "h1/drills/2026-05-07.json";

std::string evidence_again(std::string_view text) {
  return print_drill_evidence(parse_drill_evidence(text, key), Json::object(), Json::array());
}
std::string state_again(std::string_view text) { return print_host_state(parse_host_state(text)); }

template <typename Again>
void check(std::string_view text, Again&& again) {
  const std::string first = fuzz::outcome([&] { return again(text); });
  if (!fuzz::is_taken(first)) return;
  const std::string printed = first.substr(first.find(' ') + 1);
  const std::string second = fuzz::outcome([&] { return again(printed); });
  fuzz::require(first == second, "what is printed is read as the same", first + "\n" + second);
}

}  // namespace

int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  check(fuzz::text_of(data, size), evidence_again);
  check(fuzz::text_of(data, size), state_again);
  return 0;
}
