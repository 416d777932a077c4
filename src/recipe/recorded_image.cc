#include "recipe/recorded_image.h"

#include "base/format.h"
#include "base/text.h"
#include "recipe/details.h"

namespace lifeboat {

std::string recorded_image(const Facts& facts, ScratchContainers& containers,
                           std::string& why_not) {
  const Json container = detail_object(facts.details, "container");
  const std::string name = printable(detail_text(container, "image"));
  std::vector<std::string> names{detail_text(container, "image_id")};
  const auto digests = container.find("repo_digests");
  if (digests != container.end() && digests->is_array()) {
    for (const Json& digest : *digests) {
      if (digest.is_string()) names.push_back(digest.get<std::string>());
    }
  }
  if (names.front().empty() && names.size() == 1) {
    why_not = "the backup does not tell which image the service ran from";
    return "";
  }
  for (const std::string& one : names) {
    std::string id = containers.find_image(one);
    if (!id.empty()) return id;
  }
  why_not =
      format("its image '{}' is not on this engine in the version of backup time{}", name,
             names.size() > 1 ? format("; get it with: docker pull {}", printable(names[1])) : "");
  return "";
}

}  // namespace lifeboat
