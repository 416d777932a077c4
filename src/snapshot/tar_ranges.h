// Members of a remote archive for few requests: one for the header, one for each frame, and one for
// the seek table unless the index is at hand, which holds the same. Private to this room.
#pragma once

#include <optional>

#include "codec/age/age.h"
#include "codec/zstd/zstd.h"
#include "snapshot/archive_reader.h"

namespace lifeboat {

// The archive as it is stored. Its size is the manifest's: the store is asked only when a read
// fails, to tell a damaged snapshot, Error(verification), from a store that does not work.
class StoredArchive final : public RandomAccess {
 public:
  StoredArchive(Store& store, const Manifest& manifest)
      : store_(store),
        manifest_(manifest),
        object_(store, manifest.archive_key, manifest.archive.bytes) {}
  uint64_t size() const override { return object_.size(); }
  void read_at(uint64_t offset, ByteSpan target) override;

 private:
  Store& store_;
  const Manifest& manifest_;
  ObjectAccess object_;
};

// `tail`: the index's, or null. All that is referred to, but `tail`, must outlive it.
class TarRanges {
 public:
  TarRanges(Store& store, const Manifest& manifest, std::span<const age::Identity> identities,
            const IndexTail* tail);
  const std::vector<zstd::Frame>& frames() const { return raw_->frames(); }
  void read_member(const IndexMember& member, const MemberVisitor& visit);

 private:
  StoredArchive stored_;
  std::unique_ptr<RandomAccess> plaintext_;
  std::optional<zstd::SeekableAccess> raw_;
};

}  // namespace lifeboat
