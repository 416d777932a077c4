// The env file: names are names, and what is wrong is told without the value.
#include "base/text.h"
#include "config/variables.h"
#include "fuzz/fuzz.h"

using namespace lifeboat;

int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view text = fuzz::text_of(data, size);
  FaultList faults;
  for (const auto& [name, value] : parse_env_file("env", text, faults)) {
    fuzz::require(is_variable_name(name), "a name is one", name);
    fuzz::require(value.size() <= text.size(), "a value was in the file");
    fuzz::require(value.reveal().find('\0') == std::string_view::npos, "a value fits a variable");
  }
  for (const ConfigFinding& fault : faults.take()) {
    fuzz::require(fault.location.line > 0 && !fault.message.empty(), "a fault has place and words");
    fuzz::require(printable(fault.message) == fault.message, "a fault can be printed");
  }
  return 0;
}
