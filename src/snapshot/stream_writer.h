// Makes the archive of a single-stream job: members -> gzip -> age -> file without a name -> store.
//
// The whole is parked on disk, encrypted for its recipients, and uploaded once every member was
// judged: a script that broke off never reaches the store. What is no SQL stands in it as comments,
// so that `age -d | gunzip | psql` restores it as it is, and is a member like the others: the index
// says where each begins and ends.
#pragma once

#include <filesystem>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "base/random.h"
#include "codec/age/age.h"
#include "snapshot/archive_writer.h"
#include "snapshot/layout.h"
#include "store/store.h"

namespace lifeboat {

struct StreamOptions {
  std::span<const age::Recipient> recipients;
  std::filesystem::path spool_dir;
};

// What passed of one member.
struct StreamedMember {
  StreamSummary stream;
  std::string tail;  // the last 4 KiB or less
};

// One thread. Nothing is in the store before `finish`; destruction abandons.
class StreamWriter {
 public:
  StreamWriter(Store& store, const SnapshotId& id, const StreamOptions& options, Random& random);
  ~StreamWriter();

  // A text as a comment; what would begin or end a comment in it is spelled otherwise: in JSON by
  // an escape, which changes nothing, else by a space.
  void add_note(const FileMeta& meta, std::string text);
  // A script. Throws what `source` throws, and Error(limit) for a full disk; all is lost then.
  StreamedMember add(const std::string& service, const FileMeta& meta, Source& source,
                     const ProgressFn& progress);
  // Uploads stream and index; their sizes in the store were compared.
  ArchiveSummary finish();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace lifeboat
