#include "engine/verify.h"

#include "base/format.h"
#include "snapshot/archive_reader.h"
#include "snapshot/catalog.h"

namespace lifeboat {

VerifyResult verify_snapshot(const SnapshotId& id, std::span<const age::Identity> identities,
                             Environment& environment) {
  return with_context(format("verify {}", id.text()), [&] {
    const auto begin = environment.clock.steady_now();
    VerifyResult result;
    result.manifest = load_manifest(environment.store, id, environment.trust);
    const Manifest& manifest = result.manifest;
    const ArchiveReadOptions options{identities, environment.stop,
                                     [&](uint64_t bytes) { environment.progress.advance(bytes); }};
    environment.progress.begin(format("verify {}", id.text()), manifest.archive.bytes);
    if (identities.empty()) {
      check_stored_object(environment.store, manifest.index_key, manifest.index,
                          {identities, environment.stop, {}});
      check_stored_object(environment.store, manifest.archive_key, manifest.archive, options);
    } else {
      const auto ignore = [](const tar::Entry&, const IndexMember&, Source*) {};
      const IndexTail tail = walk_archive(environment.store, manifest, options, ignore);
      ArchiveRanges(environment.store, manifest, identities).check_frames(tail);
      result.decrypted = true;
      result.members = tail.members;
    }
    result.duration = environment.clock.steady_now() - begin;
    return result;
  });
}

}  // namespace lifeboat
