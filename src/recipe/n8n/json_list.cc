#include "recipe/n8n/json_list.h"

#include <fstream>

#include "base/error.h"
#include "base/format.h"

namespace lifeboat {

void visit_json_list(const std::filesystem::path& file,
                     const std::function<void(const Json&)>& visit) {
  std::ifstream stream(file, std::ios::binary);
  if (!stream) {
    throw Error(ErrorKind::service, format("open '{}': it cannot be read", file.native()));
  }
  try {
    const Json rest = Json::parse(stream, [&](int depth, Json::parse_event_t event, Json& parsed) {
      if (event != Json::parse_event_t::object_end || depth != 1) return true;
      visit(parsed);
      return false;
    });
    if (rest.is_array() && rest.empty()) return;
  } catch (const nlohmann::json::exception&) {  // its words quote the content
  }
  throw Error(ErrorKind::service,
              format("parse '{}': not an array of objects with ids", file.filename().native()));
}

}  // namespace lifeboat
