// Reads a snapshot's archive back, believing nothing: the whole of it in step with the index, or
// single members by the ranges they need. A single-stream job's is one gzip stream, of which the
// index names the pieces that are members; it can be read from its beginning only.
#pragma once

#include <functional>
#include <memory>
#include <span>
#include <string>

#include "base/stop.h"
#include "codec/age/age.h"
#include "codec/tar/tar.h"
#include "io/tap.h"
#include "snapshot/index.h"
#include "snapshot/manifest.h"
#include "store/store.h"

namespace lifeboat {

struct ArchiveReadOptions {
  std::span<const age::Identity> identities;
  StopToken stop;
  ProgressFn progress;  // stored bytes; called by the thread that walks
  // Also compare the SHA-256 of the tar stream. Those of the stored bytes and of each member leave
  // nothing unseen but a fault of the program that wrote the archive.
  bool hash_tar_stream = true;
};

// Given each member in turn; `content` gives its stored bytes and is null where there are none.
// What it leaves unread is read for the hashes.
using MemberVisitor =
    std::function<void(const tar::Entry& entry, const IndexMember& member, Source* content)>;

// Reads index and archive to their ends, side by side. Every member must be where and what the
// index says, every hash must match, nothing may be left over. Returns the index's tail. A damaged
// snapshot is Error(verification), a key that opens neither is Error(crypto).
IndexTail walk_archive(Store& store, const Manifest& manifest, const ArchiveReadOptions& options,
                       const MemberVisitor& visit);

// Compares the size and SHA-256 of an object with the manifest's: needs no key.
void check_stored_object(Store& store, const std::string& key, const StreamSummary& expected,
                         const ArchiveReadOptions& options);

// Throws Error(verification) unless the store has as many bytes of the archive as were written. One
// request; reading by range alone does not see what was added behind the last range.
void check_archive_size(Store& store, const Manifest& manifest);

// Members by range. Opening reads the archive's header and seek table only; with the index's tail,
// which says the same, the header only. Of a single stream nothing is read at opening, and all that
// stands before a member with each.
class ArchiveRanges {
 public:
  ArchiveRanges(Store& store, const Manifest& manifest, std::span<const age::Identity> identities,
                const IndexTail* tail = nullptr);
  ~ArchiveRanges();

  // Throws Error(verification) unless the seek table says what the index says.
  void check_frames(const IndexTail& tail) const;
  // Gives one member to `visit`, then checks the rest of it and its hash.
  void read_member(const IndexMember& member, const MemberVisitor& visit);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace lifeboat
