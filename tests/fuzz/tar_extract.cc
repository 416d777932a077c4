// Extracting tar: whatever the archive says, nothing outside of the folder changes, and nothing in
// it is a device or sets the user that runs it.
#include <fcntl.h>
#include <sys/stat.h>

#include "codec/tar/tar.h"
#include "fuzz/fuzz.h"

using namespace lifeboat;

namespace fs = std::filesystem;

namespace {

// scratch/around/{canary, folder/, inside/}: what lies outside of `inside` stands still.
struct World {
  World() {
    fs::create_directories(around / "folder");
    write_canary();
  }
  void write_canary() const {
    std::FILE* file = std::fopen((around / "canary").c_str(), "w");
    fuzz::require(file != nullptr, "a file can be made");
    std::fputs("canary", file);
    std::fclose(file);
    const timespec times[2] = {{1000, 0}, {1000, 0}};
    ::chmod((around / "canary").c_str(), 0640);
    ::utimensat(AT_FDCWD, (around / "canary").c_str(), times, 0);
  }
  void check() const {
    struct stat status {};
    fuzz::require(::lstat((around / "canary").c_str(), &status) == 0 && S_ISREG(status.st_mode) &&
                      (status.st_mode & 07777) == 0640 && status.st_size == 6 &&
                      status.st_mtime == 1000 && status.st_nlink == 1,
                  "a file outside is as it was");
    const auto count = [](const fs::path& folder) {
      return std::distance(fs::directory_iterator(folder), fs::directory_iterator());
    };
    fuzz::require(count(around) == 3 && count(around / "folder") == 0 && count(scratch.path()) == 1,
                  "nothing is made outside");
  }

  fuzz::Scratch scratch;
  fs::path around = scratch.path() / "around";
};

void check_inside(const fs::path& inside) {
  for (const auto& entry : fs::recursive_directory_iterator(inside)) {
    struct stat status {};
    fuzz::require(::lstat(entry.path().c_str(), &status) == 0, "what is there can be looked at");
    const bool is_plain =
        S_ISREG(status.st_mode) || S_ISDIR(status.st_mode) || S_ISLNK(status.st_mode);
    fuzz::require(is_plain, "no devices and FIFOs are made");
    fuzz::require(!S_ISREG(status.st_mode) || (status.st_mode & (S_ISUID | S_ISGID)) == 0,
                  "without owners there is no setuid", entry.path().native());
  }
}

}  // namespace

int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  static const World world;
  const fs::path inside = world.around / "inside";
  fs::create_directory(inside);
  (void)fuzz::outcome([&] {
    fuzz::Pieces pieces(fuzz::text_of(data, size), 64 * 1024);
    tar::Reader reader(pieces);
    tar::Extractor extractor(inside,
                             {.restore_owner = false, .bytes_max = 1 << 20, .members_max = 50});
    while (auto entry = reader.next()) {
      tar::EntrySource content(reader);
      extractor.extract(*entry, &content);
    }
    extractor.finish();
    return std::string();
  });
  world.check();
  check_inside(inside);
  fs::remove_all(inside);
  return 0;
}
