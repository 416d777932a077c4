#include "recipe/recorded_image.h"

#include <vector>

#include "base/format.h"
#include "base/text.h"
#include "recipe/details.h"

namespace lifeboat {

std::string recorded_image(const Json& container, ImageMatch match, ScratchContainers& containers,
                           std::string& why_not) {
  const std::string name = detail_text(container, "image");
  const std::vector<std::string> digests = detail_list(container, "repo_digests");
  std::vector<std::string> known{detail_text(container, "image_id")};
  known.insert(known.end(), digests.begin(), digests.end());
  if (match == ImageMatch::by_name_too) known.push_back(name);
  std::erase(known, "");
  if (known.empty()) {
    why_not = "the backup does not tell which image the service ran from";
    return "";
  }
  for (const std::string& one : known) {
    std::string id = containers.find_image(one);
    if (!id.empty()) return id;
  }
  const std::string told = printable(name.empty() ? known.front() : name);
  if (match == ImageMatch::by_name_too) {
    why_not = format("image '{}' is not on this host", told);
    return "";
  }
  why_not = format(
      "its image '{}' is not on this engine in the version of backup time{}", told,
      digests.empty() ? "" : format("; get it with: docker pull {}", printable(digests.front())));
  return "";
}

}  // namespace lifeboat
