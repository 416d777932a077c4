// Lets the disk begin with a large file while the rest of it is still made: the sync in the end has
// little left to wait for.
#pragma once

#include <fcntl.h>

#include <cstdint>

namespace lifeboat {

// One thread. Best effort: what fails here is told by the sync.
class EarlyWriteBack {
 public:
  // `bytes` more were written to the file `fd`.
  void wrote(int fd, uint64_t bytes) {
    held_bytes_ += bytes;
    if (held_bytes_ < step_bytes) return;
    (void)::sync_file_range(fd, 0, 0, SYNC_FILE_RANGE_WRITE);
    held_bytes_ = 0;
  }

 private:
  static constexpr uint64_t step_bytes = 8 * 1024 * 1024;
  uint64_t held_bytes_ = 0;  // since the disk was last told to begin
};

}  // namespace lifeboat
