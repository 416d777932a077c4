#include "snapshot/archive_writer.h"

#include <algorithm>
#include <optional>

#include "base/error.h"
#include "base/format.h"
#include "codec/tar/tar.h"
#include "codec/zstd/zstd.h"
#include "io/pipeline.h"
#include "snapshot/index_io.h"

namespace lifeboat {
namespace {

constexpr uint64_t large_member_bytes = 1024 * 1024;  // gets frames of its own
constexpr size_t block_bytes = 256 * 1024;

}  // namespace

void check_stored_size(Store& store, const std::string& key, uint64_t bytes) {
  const auto info = store.stat(key);
  if (info && info->size == bytes) return;
  throw Error(ErrorKind::store,
              format("check '{}' after writing {} bytes: the store holds {}", key, bytes,
                     info ? format("{} bytes", info->size) : std::string("nothing")))
      .hint("The store lost or cut the object; do not trust it before you know why.");
}

struct ArchiveWriter::State {
  State(Store& target_store, const SnapshotId& snapshot, const ArchiveOptions& options,
        Random& random)
      : store(target_store),
        id(snapshot),
        target(pipeline.add(store.create(id.archive_key(), options.size_estimate))),
        stored(pipeline.emplace<TapSink>(target)),
        encrypted(pipeline.emplace<age::EncryptSink>(stored, options.recipients, random)),
        frames(pipeline.emplace<zstd::FrameSink>(
            encrypted,
            zstd::FrameOptions{
                .level = options.level, .workers = options.workers, .cache = options.cache})),
        raw(pipeline.emplace<TapSink>(frames)),
        tar(raw),
        index(options.spool_dir, id.archive_key(), options.recipients, random),
        block(block_bytes) {}

  Store& store;
  SnapshotId id;
  Pipeline pipeline;
  Sink& target;
  TapSink& stored;
  age::EncryptSink& encrypted;
  zstd::FrameSink& frames;
  TapSink& raw;
  tar::Writer tar;
  IndexSpool index;
  Bytes block;
  Sha256 member_hash;
  uint64_t members = 0;

  // Copies `promised` bytes of the source into the member. Returns the failure of the source, after
  // padding; a failure of the store leaves as an exception.
  std::exception_ptr copy(const MemberContent& content, uint64_t promised);
  void pad(uint64_t bytes);
};

std::exception_ptr ArchiveWriter::State::copy(const MemberContent& content, uint64_t promised) {
  uint64_t left = promised;
  for (;;) {
    size_t count = 0;
    try {
      count = content.source == nullptr ? 0 : content.source->read(block);
      if (!content.may_change && (count > left || (count == 0 && left > 0))) {
        throw Error(ErrorKind::service, format("it gave {} bytes than the {} announced",
                                               count == 0 ? "fewer" : "more", promised));
      }
    } catch (const Interrupted&) {
      throw;  // the archive is abandoned: nothing to pad for
    } catch (...) {
      pad(left);
      return std::current_exception();
    }
    if (count == 0) break;
    // A file that grew is read on to its end, as its source wants, but cut here.
    const size_t kept = static_cast<size_t>(std::min<uint64_t>(count, left));
    tar.write(ByteView(block).first(kept));
    left -= kept;
    if (content.progress) content.progress(kept);
  }
  pad(left);
  return nullptr;
}

void ArchiveWriter::State::pad(uint64_t bytes) {
  const Bytes zeros(static_cast<size_t>(std::min<uint64_t>(bytes, block_bytes)));
  while (bytes > 0) {
    const size_t count = static_cast<size_t>(std::min<uint64_t>(bytes, zeros.size()));
    tar.write(ByteView(zeros).first(count));
    bytes -= count;
  }
}

ArchiveWriter::ArchiveWriter(Store& store, const SnapshotId& id, const ArchiveOptions& options,
                             Random& random)
    : state_(std::make_unique<State>(store, id, options, random)) {}

ArchiveWriter::~ArchiveWriter() = default;

void ArchiveWriter::begin_section() { state_->frames.cut(); }

AddedMember ArchiveWriter::add(const std::string& service, const FileMeta& meta,
                               const MemberContent& content) {
  const uint64_t promised = stored_size(meta, content.size);
  const bool large = promised >= large_member_bytes;

  AddedMember added;
  IndexMember& member = added.member;
  member.meta = meta;
  member.service = service;
  member.size = content.size;
  member.offset = state_->tar.begin_member(meta, content.size);
  if (large) state_->frames.cut();
  state_->raw.hash_also(&state_->member_hash);
  added.source_failure = state_->copy(content, promised);
  state_->raw.hash_also(nullptr);
  state_->tar.end_member();
  member.end = state_->tar.position();
  member.incomplete = added.source_failure != nullptr;
  if (meta.type == FileType::file) member.sha256 = hex_encode(state_->member_hash.finish());
  state_->index.add(member);
  ++state_->members;

  if (large) state_->frames.cut();
  return added;
}

ArchiveSummary ArchiveWriter::finish() {
  State& state = *state_;
  state.tar.finish();
  state.pipeline.finish();

  ArchiveSummary summary;
  summary.archive = state.stored.summary();
  summary.raw = state.raw.summary();
  summary.members = state.members;
  summary.frames = state.frames.frames().size();
  summary.frames_from_cache = state.frames.frames_from_cache();
  check_stored_size(state.store, state.id.archive_key(), summary.archive.bytes);

  IndexTail tail{state.members, summary.raw, summary.archive, {}};
  for (const zstd::Frame& frame : state.frames.frames()) {
    tail.frames.push_back({frame.raw_size, frame.stored_size});
  }
  state.index.finish(tail);
  summary.index = state.index.upload(state.store, state.id.index_key());
  check_stored_size(state.store, state.id.index_key(), summary.index.bytes);
  return summary;
}

}  // namespace lifeboat
