#include "recipe/traccar/configuration.h"

#include <array>
#include <optional>

#include "base/error.h"
#include "base/format.h"
#include "base/text.h"
#include "io/no_links.h"
#include "recipe/volume/locate.h"

namespace lifeboat {
namespace {

namespace fs = std::filesystem;

constexpr uint64_t configuration_bytes_max = 1024 * 1024;
constexpr const char* configuration_name = "traccar.xml";
constexpr std::array<const char*, 4> kept_folders{"conf", "media", "templates", "override"};

Error not_ours(const std::string& what, const std::string& hint) {
  return Error(ErrorKind::service, format("read Traccar's configuration: {}", what)).hint(hint);
}

Error on_h2() {
  return not_ours("it is on H2, the database in a file that is for trying it out",
                  "Move it to MariaDB or MySQL, as Traccar's documentation advises; until then use "
                  "recipe 'volume' with 'stop: stop' on its data folder.");
}

// The text of <entry key='KEY'>TEXT</entry>, outside comments.
std::string entry_of(std::string text, std::string_view key) {
  for (size_t begin = text.find("<!--"); begin != std::string::npos; begin = text.find("<!--")) {
    const size_t end = text.find("-->", begin);
    text.erase(begin, end == std::string::npos ? std::string::npos : end + 3 - begin);
  }
  for (const char quote : {'\'', '"'}) {
    const std::string open = format("key={0}{1}{0}", quote, key);
    const size_t found = text.find(open);
    if (found == std::string::npos) continue;
    const size_t begin = text.find('>', found);
    const size_t end = text.find('<', found);
    if (begin == std::string::npos || end == std::string::npos || end < begin) continue;
    return std::string(trim(std::string_view(text).substr(begin + 1, end - begin - 1)));
  }
  return "";
}

bool is_file(const fs::path& path) {
  std::error_code ignored;
  return fs::is_regular_file(path, ignored);
}

std::string database_in(const fs::path& configuration) {
  const std::string text = read_file_without_links(configuration, configuration_bytes_max);
  const std::string url = entry_of(text, "database.url");
  if (url.empty()) {
    if (entry_of(text, "database.driver").find("h2") != std::string::npos) throw on_h2();
    return "";
  }
  return database_of_url(url);
}

}  // namespace

std::string database_of_url(const std::string& url) {
  if (url.starts_with("jdbc:h2:")) throw on_h2();
  if (url.starts_with("jdbc:postgresql:")) {
    throw not_ours("it is on PostgreSQL", "Use recipe 'postgres' for its database.");
  }
  if (!url.starts_with("jdbc:mysql:") && !url.starts_with("jdbc:mariadb:")) {
    throw not_ours("its database.url is neither MariaDB's nor MySQL's",
                   "Use the recipe of its database, or 'command' with the dump program.");
  }
  const size_t host = url.find("//");
  const size_t slash = host == std::string::npos ? host : url.find('/', host + 2);
  if (slash == std::string::npos) return "";
  return url.substr(slash + 1, url.find('?', slash) - slash - 1);
}

TraccarFiles find_traccar_files(const Service& service, RecipeContext& context) {
  TraccarFiles files;
  if (!service.settings.has("path") && !service.settings.has("volume")) return files;
  const fs::path folder = locate_folder(service, context);
  fs::path configuration = folder / configuration_name;
  if (is_file(configuration)) {
    files.folders.emplace_back(folder, "conf");  // the folder of the configuration alone
  } else {
    std::error_code ignored;
    for (const char* name : kept_folders) {
      if (fs::is_directory(folder / name, ignored)) files.folders.emplace_back(folder / name, name);
    }
    configuration = folder / "conf" / configuration_name;
  }
  if (files.folders.empty()) {
    throw not_ours(
        format("'{}' holds neither traccar.xml nor conf/ nor media/", printable(folder.native())),
        "Set 'path' to Traccar's folder, or to the one with its traccar.xml.");
  }
  if (is_file(configuration)) {
    files.database = database_in(configuration);
  } else if (is_file(folder / "data/database.mv.db")) {
    throw on_h2();
  }
  return files;
}

}  // namespace lifeboat
