// Compressed frames of earlier nights, on this machine: most of a service's bytes are the same each
// night, and compressing them again is most of what a backup costs.
//
// No key lies beside the frames: each is encrypted under a key made from the very bytes that it
// holds (convergent encryption). Who steals the folder can at most confirm a whole frame, of some
// MiB, that he has already; docs/SECURITY.md. Not under the recipients' keys: this host has only
// the public ones, and could never read a frame back.
//
// Its loss, damage or a full disk cost time only, so nothing here is synced, and no such failure is
// thrown.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/random.h"
#include "base/secret.h"

namespace lifeboat {

// One folder with a file for each frame, never more than `bytes_max` of disk and never the last
// tenth of it (or 4 GiB). What the last run had no use for goes first, then what it used last; what
// this run used or kept, never: an archive larger than the cache would otherwise push out each
// frame just before it is asked for. The folder is locked as long as this lives; a second one
// meanwhile is off. Any thread.
class FrameCache {
 public:
  struct Key {
    std::string name;  // of the file
    Secret secret;
  };
  // What `find` and `keep` need beyond the frame.
  static constexpr size_t overhead_bytes = 12 + 16;

  // Makes `folder` (mode 0700) if need be; a link in its place is not followed. What fails is told
  // by `trouble`.
  FrameCache(const std::filesystem::path& folder, uint64_t bytes_max, Random& random);
  ~FrameCache();

  // Of a frame's content and of all that decides how it is compressed.
  Key key_of(ByteView raw, std::string_view made_how) const;
  // Puts the compressed frame into `stored` and tells its size. Nothing if it is not there, or
  // damaged. `scratch`: at least as large as `stored` and `overhead_bytes`.
  std::optional<size_t> find(const Key& key, ByteSpan stored, ByteSpan scratch);
  // `scratch` as above.
  void keep(const Key& key, ByteView stored, ByteSpan scratch);
  // Removes what `find` gave and the caller does not believe.
  void discard(const Key& key);

  uint64_t stored_bytes() const;  // on disk, now
  // The same of a folder that nobody opens for it; 0 if there is none, or it cannot be read.
  static uint64_t bytes_in(const std::filesystem::path& folder);
  // Why a run could not use `folder`, without touching it; empty if it could.
  static std::string trouble_with(const std::filesystem::path& folder);
  // Why it went off, once it did; else empty.
  std::string trouble() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace lifeboat
