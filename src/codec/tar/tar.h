// tar in the pax interchange format (POSIX.1-2001), as GNU tar and bsdtar read and write it:
// https://pubs.opengroup.org/onlinepubs/9799919799/utilities/pax.html#tag_20_94_13_01
//
// Our own and not libarchive's, because the index needs each member's exact offset, because names
// are bytes and not text of some locale, and because what reads a hostile archive must be small.
// Sparse files use GNU's format 1.0, extended attributes SCHILY.xattr, as GNU tar does.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "io/file_meta.h"
#include "io/sink.h"
#include "io/source.h"

namespace lifeboat::tar {

inline constexpr size_t block_bytes = 512;
inline constexpr size_t path_bytes_max = 64 * 1024;
inline constexpr size_t extended_header_bytes_max = 1024 * 1024;

// Writes members one after another to `next`, which it does not finish.
class Writer {
 public:
  explicit Writer(Sink& next);
  ~Writer();
  // Starts a member of `size` apparent bytes; returns the offset of its first header block in the
  // tar stream. Folders, links: size 0. Pax headers are only written where ustar cannot say it.
  uint64_t begin_member(const FileMeta& meta, uint64_t size);
  // Exactly stored_size(meta, size) bytes in all; more is a Bug.
  void write(ByteView data);
  // Pads to a block; fewer bytes than promised is a Bug.
  void end_member();
  // The two final zero blocks.
  void finish();
  uint64_t position() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

struct Entry {
  FileMeta meta;
  uint64_t size = 0;    // apparent
  uint64_t offset = 0;  // of its first header block, from where reading began
};

// Reads pax, ustar and GNU (long names, sparse 1.0) archives. Faults are Error(verification): bad
// checksum, truncation, absurd sizes, unknown types of content (devices and FIFOs are named).
// Path rules are the extractor's.
class Reader {
 public:
  explicit Reader(Source& input);
  // Reads one member cut out of an archive, from its first header block to behind its last block:
  // then `input` ends without a marker, and `next` returns nothing.
  static Reader for_member(Source& input);
  ~Reader();
  // The next member; skips what was not read of the last one. Nothing at the end-of-archive marker,
  // after checking that only zeros follow to the end of `input`.
  std::optional<Entry> next();
  // Stored bytes of the current member (of its extents, if sparse); 0 at its end.
  size_t read(ByteSpan target);

 private:
  enum class Scope { archive, member };
  Reader(Source& input, Scope scope);
  struct State;
  std::unique_ptr<State> state_;
};

// The current member's stored bytes as a Source.
class EntrySource final : public Source {
 public:
  explicit EntrySource(Reader& reader) : reader_(reader) {}
  size_t read(ByteSpan target) override { return reader_.read(target); }

 private:
  Reader& reader_;
};

// The apparent bytes of a sparse member: zeros between its extents.
class SparseSource final : public Source {
 public:
  SparseSource(Source& stored, const FileMeta& meta, uint64_t apparent_size);
  size_t read(ByteSpan target) override;

 private:
  Source& stored_;
  std::vector<Extent> extents_;
  uint64_t apparent_size_;
  uint64_t position_ = 0;
  size_t extent_ = 0;
};

struct ExtractOptions {
  bool restore_owner = true;  // chown, when running as root; else setuid and setgid are dropped
  uint64_t bytes_max = UINT64_MAX;
  uint64_t members_max = UINT64_MAX;
  // The caller syncs in the end: the disk begins with large files at once, and the sync waits less.
  bool writes_back_early = false;
};

// Puts members under `root`, an existing folder, and never anywhere else: no "..", no absolute
// path, no path through a symbolic link (openat2 RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS), no device,
// no hard link to what is not under `root`: give it an empty folder, and all that is there was
// extracted here. A later member of the same path replaces the earlier, but never a folder. Holes
// are made again. Faults are Error(verification), full disks and exceeded limits Error(limit).
class Extractor {
 public:
  Extractor(const std::filesystem::path& root, ExtractOptions options);
  ~Extractor();
  // `content` gives the stored bytes and may be null for what has none.
  void extract(const Entry& entry, Source* content);
  // Modes and times of folders, which writing into them would have changed.
  void finish();
  // What could not be restored and does not matter enough to fail: extended attributes that the
  // system owns, or that this filesystem does not know. One line each, fit to be printed.
  const std::vector<std::string>& warnings() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace lifeboat::tar
