#include "base/json.h"

#include <set>
#include <vector>

#include "base/error.h"
#include "base/format.h"
#include "base/text.h"

namespace lifeboat {
namespace {

constexpr int nesting_max = 100;

// Where and why, without the text that was read last: it may be a secret.
std::string fault_of(const nlohmann::json::exception& error) {
  std::string_view text = error.what();
  text = text.substr(0, text.find("; last read"));
  const size_t name_end = text.find("] ");  // "[json.exception.parse_error.101] "
  return printable(name_end == std::string_view::npos ? text : text.substr(name_end + 2));
}

}  // namespace

Json parse_json(std::string_view text, std::string_view what) {
  std::vector<std::set<std::string>> names;
  std::string fault;
  const Json::parser_callback_t watch = [&](int depth, Json::parse_event_t event, Json& parsed) {
    if (depth > nesting_max) fault = format("nested deeper than {}", nesting_max);
    if (event == Json::parse_event_t::object_start) names.emplace_back();
    if (event == Json::parse_event_t::object_end) names.pop_back();
    if (event == Json::parse_event_t::key) {
      const auto& name = parsed.get_ref<const std::string&>();
      if (!names.back().insert(name).second)
        fault = format("member '{}' appears twice", printable(name));
    }
    if (!fault.empty()) throw Error(ErrorKind::verification, format("parse {}: {}", what, fault));
    return true;
  };
  try {
    return Json::parse(text, watch);
  } catch (const nlohmann::json::exception& error) {
    throw Error(ErrorKind::verification,
                format("parse {}: not valid JSON: {}", what, fault_of(error)));
  }
}

std::string print_json(const Json& value) {
  return value.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

std::string print_json_line(const Json& value) {
  return value.dump(-1, ' ', false, Json::error_handler_t::replace);
}

}  // namespace lifeboat
