// The encrypted detail of an archive: a JSON object a line, zstd, age. `age -d | zstd -d` shows it.
//
//   {"format":1,"archive":"<key>"}
//   {"path":"n8n/config","service":"n8n","type":"file","mode":384,...,"size":78,"offset":1536,...}
//   ...
//   {"members":3,"raw":{...},"stored":{...},"frames":[[raw_size,stored_size],...]}
//
// Written and read as a stream: a million members cost no more memory than one. Members come in the
// order of the tar stream.
//
// A member always has path, type, mode, uid, gid, mtime_ns (since 1970, may be negative), size,
// offset and end. It has service, user, group, link_target, xattrs ([[name,value],...]), sha256 and
// "incomplete":true only if they are not empty, and extents ([[offset,size],...]) only if sparse.
//
// Names come from the kernel and need not be UTF-8. In path, link_target, user, group and xattrs a
// text that is printable UTF-8 without '%' stands as it is; in any other, each '%' and each byte
// that is not printable ASCII is written as %XX. One rule for all, and reading is always the same:
// put the byte in place of each %XX.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/json.h"
#include "io/file_meta.h"
#include "io/sink.h"
#include "io/source.h"
#include "io/tap.h"

namespace lifeboat {

inline constexpr int index_format = 1;
inline constexpr size_t index_line_bytes_max = 16 * 1024 * 1024;

struct IndexMember {
  FileMeta meta;            // path with the service's folder: "n8n/config"
  std::string service;      // empty for the archive's own (RESTORE.md, facts.json ...)
  uint64_t size = 0;        // apparent
  uint64_t offset = 0;      // of the first header block in the tar stream
  uint64_t end = 0;         // behind the last block: offset + all blocks of this member
  std::string sha256;       // of the stored bytes; empty for what has none
  bool incomplete = false;  // its service failed while it was being written: not to be restored
  friend bool operator==(const IndexMember&, const IndexMember&) = default;
};

struct IndexFrame {
  uint32_t raw_size = 0;
  uint32_t stored_size = 0;
  friend bool operator==(const IndexFrame&, const IndexFrame&) = default;
};

// The last line.
struct IndexTail {
  uint64_t members = 0;
  StreamSummary raw;
  StreamSummary stored;
  std::vector<IndexFrame> frames;
  friend bool operator==(const IndexTail&, const IndexTail&) = default;
};

// Prints lines into `next` (which compresses and encrypts). A line beyond index_line_bytes_max is
// Error(limit); a tail that counts other members than were added is a Bug.
class IndexWriter {
 public:
  IndexWriter(Sink& next, const std::string& archive_key);
  void add(const IndexMember& member);
  void finish(const IndexTail& tail);

 private:
  Sink& next_;
  uint64_t members_ = 0;
};

// Reads lines from `input` (decrypted and decompressed). Strict; faults are Error(verification):
// also members that overlap, a tail that disagrees with them, and anything behind the tail.
class IndexReader {
 public:
  explicit IndexReader(Source& input);
  ~IndexReader();
  const std::string& archive_key() const;
  // The next member; nothing once the tail was read and the input ended.
  std::optional<IndexMember> next();
  // Once `next` has returned nothing.
  const IndexTail& tail() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace lifeboat
