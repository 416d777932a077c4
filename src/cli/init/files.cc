#include "cli/init/files.h"

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <memory>

#include "base/format.h"
#include "io/files.h"

namespace lifeboat::cli {
namespace {

namespace fs = std::filesystem;

// Files that are taken back unless `keep` is called.
class Provisional {
 public:
  ~Provisional() {
    for (auto one = made_.rbegin(); one != made_.rend(); ++one) {
      std::error_code ignored;
      fs::remove(*one, ignored);  // of a folder: only if it is empty
    }
  }
  void write(const fs::path& path, const Secret& content, Random& random) {
    AtomicFile file(path, random, {.mode = 0600, .kind = ErrorKind::config});
    file.write(content.view());
    file.finish();
    made_.push_back(path);
  }
  // With the folders above it.
  void make_folder(const fs::path& path) {
    std::error_code ignored;
    if (fs::exists(path, ignored)) return;
    make_folder(path.parent_path());
    std::error_code error;
    if (!fs::create_directory(path, error) && error) {
      throw system_error(ErrorKind::config, format("make folder '{}'", path.native()),
                         error.value());
    }
    made_.push_back(path);
    fs::permissions(path, static_cast<fs::perms>(0755), ignored);
    sync_directory(path.parent_path(), ErrorKind::config);  // the key in it must stay to be found
  }
  void keep() { made_.clear(); }

 private:
  std::vector<fs::path> made_;
};

}  // namespace

void write_together(const fs::path& folder, const std::vector<NewFile>& files, Random& random) {
  Provisional provisional;
  for (const NewFile& file : files) {
    if (file.path.parent_path() == folder) continue;
    provisional.write(file.path, file.content, random);
  }
  std::error_code ignored;
  std::unique_ptr<ScratchDirectory> scratch;
  if (!fs::exists(folder, ignored)) {
    provisional.make_folder(folder.parent_path());
    scratch = std::make_unique<ScratchDirectory>(folder.parent_path(), ".lifeboat-init-", random);
  }
  Provisional within;
  for (const NewFile& file : files) {
    if (file.path.parent_path() != folder) continue;
    within.write(scratch ? scratch->path() / file.path.filename() : file.path, file.content,
                 random);
  }
  if (scratch) {
    if (std::rename(scratch->path().c_str(), folder.c_str()) != 0) {
      throw system_error(ErrorKind::config, format("make folder '{}'", folder.native()), errno);
    }
    sync_directory(folder.parent_path(), ErrorKind::config);
  }
  within.keep();
  provisional.keep();
}

}  // namespace lifeboat::cli
