// The index on its way to the store and back: JSON lines, zstd, age.
#pragma once

#include <filesystem>
#include <memory>
#include <span>
#include <string>

#include "base/random.h"
#include "codec/age/age.h"
#include "codec/zstd/zstd.h"
#include "io/fd.h"
#include "io/pipeline.h"
#include "snapshot/index.h"
#include "snapshot/manifest.h"
#include "store/store.h"

namespace lifeboat {

// The plain lines of a snapshot's index, for an IndexReader. Its end is reached only if the object
// was the one that the manifest names, by size and SHA-256: Error(verification) otherwise, so what
// was read before counts only once the end was seen. A wrong key is Error(crypto).
std::unique_ptr<Source> open_index(Store& store, const Manifest& manifest,
                                   std::span<const age::Identity> identities);

// Keeps the index while the archive is being written, because it is uploaded after it. Already
// compressed and encrypted for the recipients, in a file without a name: no plaintext on disk, and
// nothing to clean up after a killed run. Disk full is Error(limit).
class IndexSpool {
 public:
  IndexSpool(const std::filesystem::path& directory, const std::string& archive_key,
             std::span<const age::Recipient> recipients, Random& random);

  void add(const IndexMember& member) { writer_.add(member); }
  void finish(const IndexTail& tail);
  // Once finished. What the store gets is compared with what was spooled: Error(verification).
  StreamSummary upload(Store& store, const std::string& key);

 private:
  std::string name_;
  UniqueFd fd_;
  Pipeline pipeline_;
  TapSink& spooled_;
  IndexWriter writer_;
};

}  // namespace lifeboat
