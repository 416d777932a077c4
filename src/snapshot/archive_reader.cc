#include "snapshot/archive_reader.h"

#include <algorithm>
#include <atomic>
#include <optional>

#include "base/error.h"
#include "base/format.h"
#include "base/text.h"
#include "codec/gzip/gzip.h"
#include "codec/zstd/zstd.h"
#include "snapshot/archive_check.h"
#include "snapshot/index_io.h"
#include "snapshot/layout.h"
#include "snapshot/tar_ranges.h"

namespace lifeboat {
namespace {

// Tells `progress` and asks `stop` as bytes pass.
class WatchedSource final : public Source {
 public:
  WatchedSource(Source& inner, const ArchiveReadOptions& options)
      : inner_(inner), options_(options) {}
  size_t read(ByteSpan target) override {
    options_.stop.throw_if_stopped();
    const size_t count = inner_.read(target);
    if (options_.progress && count > 0) options_.progress(count);
    return count;
  }

 private:
  Source& inner_;
  const ArchiveReadOptions& options_;
};

// The same for what another thread reads: asks `stop` there and counts ...
class CountedSource final : public Source {
 public:
  CountedSource(Source& inner, const StopToken& stop) : inner_(inner), stop_(stop) {}
  size_t read(ByteSpan target) override {
    stop_.throw_if_stopped();
    const size_t count = inner_.read(target);
    bytes_ += count;
    return count;
  }
  uint64_t bytes_so_far() const { return bytes_; }

 private:
  Source& inner_;
  const StopToken& stop_;
  std::atomic<uint64_t> bytes_{0};
};

// ... and tells it here, since who is told need not know of threads.
class TellingSource final : public Source {
 public:
  TellingSource(Source& inner, const CountedSource& counted, const ProgressFn& progress)
      : inner_(inner), counted_(counted), progress_(progress) {}
  size_t read(ByteSpan target) override {
    const size_t count = inner_.read(target);
    const uint64_t passed = counted_.bytes_so_far();
    if (progress_ && passed > told_) progress_(passed - std::exchange(told_, passed));
    return count;
  }

 private:
  Source& inner_;
  const CountedSource& counted_;
  const ProgressFn& progress_;
  uint64_t told_ = 0;
};

// Ends in an error where more comes than was written: what has no end is not read to its end.
class BoundedSource final : public Source {
 public:
  BoundedSource(Source& inner, uint64_t size, std::string what)
      : inner_(inner), left_(size), what_(std::move(what)) {}
  size_t read(ByteSpan target) override {
    const size_t count = inner_.read(target);
    if (count > left_) throw damaged(what_, "it is longer than what was written");
    left_ -= count;
    return count;
  }
  uint64_t left() const { return left_; }

 private:
  Source& inner_;
  uint64_t left_;
  std::string what_;
};

// A monthly's index is a copy too, and names the archive of the daily it was made for.
bool is_of_archive(const IndexReader& index, const Manifest& manifest) {
  if (index.archive_key() == manifest.archive_key) return true;
  const auto named = parse_archive_key(index.archive_key());
  const auto read = parse_archive_key(manifest.archive_key);
  return named && read && is_copy(*read, *named);
}

void check_tail(const IndexTail& tail, const Manifest& manifest, uint64_t members) {
  check_summary("the index's record of the archive", tail.stored, manifest.archive);
  check_summary("the index's record of the tar stream", tail.raw, manifest.raw);
  if (tail.members != members || manifest.members != members) {
    throw damaged("the number of members",
                  format("the archive holds {}, the index says {}, the manifest {}", members,
                         tail.members, manifest.members));
  }
}

bool is_single_stream(const Manifest& manifest) {
  const auto id = parse_archive_key(manifest.archive_key);
  return id && id->tier == Tier::weekly;
}

// A single stream from its beginning: stored bytes -> age -> gzip, members cut out in their order.
class StreamWalk {
 public:
  StreamWalk(Store& store, const Manifest& manifest, const ArchiveReadOptions& options)
      : object_(store.open(manifest.archive_key)),
        watched_(*object_, options),
        stored_(watched_),
        decrypted_(stored_, options.identities),
        decompressed_(decrypted_),
        bounded_(decompressed_, manifest.raw.bytes, "the stream"),
        raw_(bounded_) {}

  void visit(const IndexMember& member, const MemberVisitor& visit) {
    PieceSource before(raw_, member.offset - raw_.bytes_so_far());
    drain(before);
    PieceSource piece(raw_, member.end - member.offset);
    TapSource tap(piece);
    visit({member.meta, member.size, member.offset}, member, &tap);
    drain(tap);
    if (member.size != tap.summary().bytes || tap.summary().sha256 != member.sha256) {
      throw damaged("member " + member_name(member.meta), "it is not what the index says");
    }
  }

  // Reads the rest and compares both streams with what was written.
  void finish(const Manifest& manifest) {
    drain(raw_);
    check_summary("the stream", raw_.summary(), manifest.raw);
    check_summary("the archive", stored_.summary(), manifest.archive);
  }

 private:
  // The next `size` bytes, all of which must be there.
  class PieceSource final : public Source {
   public:
    PieceSource(Source& inner, uint64_t size) : inner_(inner), left_(size) {}
    size_t read(ByteSpan target) override {
      if (left_ == 0) return 0;
      const size_t count =
          inner_.read(target.first(static_cast<size_t>(std::min<uint64_t>(left_, target.size()))));
      if (count == 0) throw damaged("the stream", "it ends before its last member");
      left_ -= count;
      return count;
    }

   private:
    Source& inner_;
    uint64_t left_;
  };

  std::unique_ptr<Source> object_;
  WatchedSource watched_;
  TapSource stored_;
  age::DecryptSource decrypted_;
  gzip::DecompressSource decompressed_;
  BoundedSource bounded_;
  TapSource raw_;
};

IndexTail walk_stream(Store& store, const Manifest& manifest, const ArchiveReadOptions& options,
                      IndexReader& index, const MemberVisitor& visit) {
  uint64_t members = 0;
  with_key_known_good([&] {
    StreamWalk walk(store, manifest, options);
    while (const auto member = index.next()) {
      walk.visit(*member, visit);
      ++members;
    }
    walk.finish(manifest);
  });
  check_tail(index.tail(), manifest, members);
  return index.tail();
}

// The tar stream of an archive, checked in step with the index. Reading, hashing and decryption of
// the stored bytes are the FrameSource's thread's, decompression its workers'.
class TarWalk {
 public:
  TarWalk(Store& store, const Manifest& manifest, const ArchiveReadOptions& options)
      : object_(store.open(manifest.archive_key)),
        counted_(*object_, options.stop),
        stored_(counted_),
        decrypted_(stored_, options.identities),
        frames_(decrypted_),
        told_(frames_, counted_, options.progress),
        bounded_(told_, manifest.raw.bytes, "the tar stream") {
    if (options.hash_tar_stream) hashed_.emplace(bounded_);
  }

  // Returns the number of members.
  uint64_t visit_all(IndexReader& index, const MemberVisitor& visit) {
    tar::Reader reader(raw());
    uint64_t members = 0;
    while (const auto entry = reader.next()) {
      const auto member = index.next();
      if (!member) throw damaged("member " + member_name(entry->meta), "the index lacks it");
      check_entry(*entry, *member, 0);
      visit_member(reader, *entry, *member, visit);
      ++members;
    }
    drain(raw());
    if (const auto extra = index.next()) {
      throw damaged("member " + member_name(extra->meta), "the archive lacks it");
    }
    return members;
  }

  void finish(const Manifest& manifest) const {
    const uint64_t bytes = manifest.raw.bytes - bounded_.left();
    check_summary("the tar stream",
                  hashed_ ? hashed_->summary() : StreamSummary{bytes, manifest.raw.sha256},
                  manifest.raw);
    check_summary("the archive", stored_.summary(), manifest.archive);
  }

 private:
  Source& raw() {
    if (hashed_) return *hashed_;
    return bounded_;
  }

  std::unique_ptr<Source> object_;
  CountedSource counted_;
  TapSource stored_;
  age::DecryptSource decrypted_;
  zstd::FrameSource frames_;
  TellingSource told_;
  BoundedSource bounded_;
  std::optional<TapSource> hashed_;
};

void check_object_size(Store& store, const std::string& key, const StreamSummary& expected) {
  const auto info = store.stat(key);
  if (!info) throw damaged(format("'{}'", key), "it is not in the store");
  if (info->size != expected.bytes) check_summary(format("'{}'", key), {info->size, ""}, expected);
}

}  // namespace

void check_archive_size(Store& store, const Manifest& manifest) {
  check_object_size(store, manifest.archive_key, manifest.archive);
}

void check_stored_object(Store& store, const std::string& key, const StreamSummary& expected,
                         const ArchiveReadOptions& options) {
  check_object_size(store, key, expected);
  const auto object = store.open(key);
  WatchedSource watched(*object, options);
  TapSource tap(watched);
  drain(tap);
  check_summary(format("'{}'", key), tap.summary(), expected);
}

IndexTail walk_archive(Store& store, const Manifest& manifest, const ArchiveReadOptions& options,
                       const MemberVisitor& visit) {
  // First without a key, so that damage is not taken for a wrong key.
  const ArchiveReadOptions quiet{options.identities, options.stop, {}};
  check_stored_object(store, manifest.index_key, manifest.index, quiet);
  const auto index_source = open_index(store, manifest, options.identities);
  IndexReader index(*index_source);

  if (!is_of_archive(index, manifest)) {
    throw damaged("the index", format("it belongs to '{}'", printable(index.archive_key())));
  }
  if (is_single_stream(manifest)) return walk_stream(store, manifest, options, index, visit);
  TarWalk walk(store, manifest, options);
  const uint64_t members = with_key_known_good([&] { return walk.visit_all(index, visit); });
  walk.finish(manifest);
  check_tail(index.tail(), manifest, members);
  return index.tail();
}

struct ArchiveRanges::State {
  State(Store& target_store, const Manifest& read, std::span<const age::Identity> keys,
        const IndexTail* tail)
      : store(target_store), manifest(read), identities(keys) {
    if (!is_single_stream(manifest)) tar.emplace(store, manifest, identities, tail);
  }

  Store& store;
  Manifest manifest;
  std::span<const age::Identity> identities;
  std::optional<TarRanges> tar;
};

ArchiveRanges::ArchiveRanges(Store& store, const Manifest& manifest,
                             std::span<const age::Identity> identities, const IndexTail* tail)
    : state_(std::make_unique<State>(store, manifest, identities, tail)) {}

ArchiveRanges::~ArchiveRanges() = default;

void ArchiveRanges::check_frames(const IndexTail& tail) const {
  if (!state_->tar) return;
  const auto& frames = state_->tar->frames();
  const bool same =
      std::equal(frames.begin(), frames.end(), tail.frames.begin(), tail.frames.end(),
                 [](const auto& left, const auto& right) {
                   return left.raw_size == right.raw_size && left.stored_size == right.stored_size;
                 });
  if (!same) throw damaged("the seek table", "it is not the one the index was made with");
}

void ArchiveRanges::read_member(const IndexMember& member, const MemberVisitor& visit) {
  if (state_->tar) {
    state_->tar->read_member(member, visit);
    return;
  }
  with_key_known_good([&] {
    const ArchiveReadOptions options{state_->identities, {}, {}};
    StreamWalk(state_->store, state_->manifest, options).visit(member, visit);
  });
}

}  // namespace lifeboat
