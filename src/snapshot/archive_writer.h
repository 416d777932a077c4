// Makes a snapshot's archive: members -> tar -> zstd frames -> age -> store, with the index beside.
//
// The numbers in the manifest come from the pass that wrote the bytes: one tap on the tar stream,
// one on what the store gets. Frames are cut where a service begins, and where the content of a
// large member begins and ends: a part can be read alone, and equal contents give equal frames
// night after night, whatever the header in front says of times.
#pragma once

#include <exception>
#include <filesystem>
#include <memory>
#include <span>
#include <string>

#include "base/random.h"
#include "codec/age/age.h"
#include "codec/frame_cache.h"
#include "snapshot/index.h"
#include "snapshot/layout.h"
#include "store/store.h"

namespace lifeboat {

struct ArchiveOptions {
  std::span<const age::Recipient> recipients;
  int level = 3;
  unsigned workers = 0;             // 0: one a core
  std::filesystem::path spool_dir;  // for the index, already encrypted for the recipients
  uint64_t size_estimate = 0;       // of the archive, for Store::create; 0: none
  FrameCache* cache = nullptr;      // borrowed; null: every frame is compressed
};

// Where a member's bytes come from and what becomes of a source that fails.
struct MemberContent {
  Source* source = nullptr;  // null for what has no bytes
  uint64_t size = 0;         // apparent
  bool may_change = false;   // a source that ends early is padded, one that goes on is cut
  ProgressFn progress;
};

struct AddedMember {
  IndexMember member;
  // Set when the source failed: the member was padded with zeros, because its header had promised
  // so many bytes, and is marked incomplete. Failures of the store are thrown instead.
  std::exception_ptr source_failure;
};

struct ArchiveSummary {
  StreamSummary archive;
  StreamSummary raw;
  StreamSummary index;
  uint64_t members = 0;
  uint64_t frames = 0;
  uint64_t frames_from_cache = 0;
};

// One thread. Nothing is visible in the store before `finish`; destruction abandons.
class ArchiveWriter {
 public:
  ArchiveWriter(Store& store, const SnapshotId& id, const ArchiveOptions& options, Random& random);
  ~ArchiveWriter();

  // Starts a new frame: call it where a service begins.
  void begin_section();
  // `meta.path` is the full one. `service` is empty for the archive's own members.
  AddedMember add(const std::string& service, const FileMeta& meta, const MemberContent& content);
  // The archive, then the index, are in the store; their sizes there were compared.
  ArchiveSummary finish();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

// S3 can answer 200 with an error, and disks can lie: what the store says it holds must be what was
// sent. Throws Error(store).
void check_stored_size(Store& store, const std::string& key, uint64_t bytes);

}  // namespace lifeboat
