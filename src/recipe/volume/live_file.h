// A file that may be written to while it is read: noticed by two looks at size, mtime and ctime.
#pragma once

#include <sys/stat.h>

#include <deque>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "io/fd.h"
#include "io/file_meta.h"
#include "io/source.h"
#include "recipe/volume/walk.h"

namespace lifeboat {

struct LiveFile {
  UniqueFd fd;
  struct stat before {};  // the look before the first byte was read
  std::filesystem::path path;
  std::string relative;
  int reads = 0;  // how often it was read, this time included
};

// A file to hand out again.
struct Changed {
  std::string path;
  int reads = 0;
};

// What sources tell the tree that made them.
struct Feedback {
  std::deque<Changed> changed;
  Notes notes;

  // Queues the file for another read, or names it once it had its share of them.
  void file_changed(const LiveFile& file);
};

// Reads a file of at most `size_max` bytes whole, up to 4 times until two looks agree, and leaves
// the last look in `file.before`; when that tells more than `size_max` bytes, the content is not
// the file's.
Bytes read_settled(LiveFile& file, uint64_t size_max, bool& is_settled);

// True if the file starts with the magic of
// https://www.sqlite.org/fileformat.html#the_database_header. Throws Error(service) if it
// cannot be read.
bool begins_as_sqlite(int fd);

// Streams the data runs of a file and looks again behind the last byte. A file that was cut short
// meanwhile ends early.
class LargeFileSource final : public Source {
 public:
  LargeFileSource(LiveFile file, std::vector<Extent> extents, std::shared_ptr<Feedback> feedback)
      : file_(std::move(file)), extents_(std::move(extents)), feedback_(std::move(feedback)) {}
  size_t read(ByteSpan target) override;

 private:
  void look_again();

  LiveFile file_;
  std::vector<Extent> extents_;
  std::shared_ptr<Feedback> feedback_;
  size_t current_ = 0;
  uint64_t done_ = 0;
  bool has_looked_ = false;
};

}  // namespace lifeboat
