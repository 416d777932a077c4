#include "snapshot/stream_writer.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "base/error.h"
#include "base/format.h"
#include "base/text.h"
#include "codec/gzip/gzip.h"
#include "codec/spool.h"
#include "io/fd.h"
#include "io/own_directory.h"
#include "io/pipeline.h"
#include "snapshot/index_io.h"

namespace lifeboat {
namespace {

constexpr int gzip_level = 6;  // of 9; more costs three times the time for two percent
constexpr size_t block_bytes = 256 * 1024;

void replace_all(std::string& text, std::string_view from, std::string_view to) {
  for (size_t at = text.find(from); at != std::string::npos; at = text.find(from, at + to.size())) {
    text.replace(at, from.size(), to);
  }
}

std::string without_comment_marks(const std::string& path, std::string text) {
  if (path.ends_with(".json")) {
    replace_all(text, "*", "\\u002a");  // a star stands in JSON's strings only
  } else {
    replace_all(text, "*/", "* /");
    replace_all(text, "/*", "/ *");
  }
  return text;
}

}  // namespace

struct StreamWriter::State {
  State(Store& target, const SnapshotId& snapshot, const StreamOptions& options, Random& random)
      : store(target),
        id(snapshot),
        name(format("encrypted spool in {} (spool_dir)", options.spool_dir.native())),
        fd(open_spool_file(options.spool_dir)),
        stored(
            pipeline.emplace<TapSink>(pipeline.emplace<FdSink>(fd.get(), name, ErrorKind::limit))),
        raw(pipeline.emplace<TapSink>(pipeline.emplace<gzip::CompressSink>(
            pipeline.emplace<age::EncryptSink>(stored, options.recipients, random), gzip_level))),
        index(options.spool_dir, id.archive_key(), options.recipients, random) {}

  void put(std::string_view text) { raw.write(as_bytes(text)); }

  void note_member(const std::string& service, const FileMeta& meta, uint64_t offset,
                   const StreamSummary& stream) {
    if (stream.bytes == 0) {
      throw Error(ErrorKind::service, format("read '{}': it is empty", printable(meta.path)));
    }
    IndexMember member;
    member.meta = meta;
    member.service = service;
    member.size = stream.bytes;
    member.offset = offset;
    member.end = offset + stream.bytes;
    member.sha256 = stream.sha256;
    index.add(member);
    ++members;
  }

  void upload() {
    const uint64_t bytes = stored.summary().bytes;
    if (::lseek(fd.get(), 0, SEEK_SET) != 0) {
      throw system_error(ErrorKind::limit, format("rewind '{}'", name), errno);
    }
    FdSource file(UniqueFd(::fcntl(fd.get(), F_DUPFD_CLOEXEC, 0)), name, ErrorKind::limit);
    TapSource sent(file);
    const auto target = store.create(id.archive_key(), bytes);
    pump(sent, *target);
    if (sent.summary() != stored.summary()) {
      throw Error(ErrorKind::limit, format("read '{}' again: it changed", name));
    }
    target->finish();
    check_stored_size(store, id.archive_key(), bytes);
  }

  Store& store;
  SnapshotId id;
  std::string name;
  UniqueFd fd;
  Pipeline pipeline;
  TapSink& stored;
  TapSink& raw;
  IndexSpool index;
  uint64_t members = 0;
};

StreamWriter::StreamWriter(Store& store, const SnapshotId& id, const StreamOptions& options,
                           Random& random)
    : state_(std::make_unique<State>(store, id, options, random)) {}

StreamWriter::~StreamWriter() = default;

void StreamWriter::add_note(const FileMeta& meta, std::string text) {
  State& state = *state_;
  text = without_comment_marks(meta.path, std::move(text));
  state.put("/*\n");
  const uint64_t offset = state.raw.bytes_so_far();
  state.put(text);
  state.note_member("", meta, offset, {text.size(), sha256_hex(as_bytes(text))});
  state.put("\n*/\n");
}

StreamedMember StreamWriter::add(const std::string& service, const FileMeta& meta, Source& source,
                                 const ProgressFn& progress) {
  State& state = *state_;
  const uint64_t offset = state.raw.bytes_so_far();
  TapSource tap(source);
  StreamedMember streamed;
  Bytes block(block_bytes);
  while (const size_t count = tap.read(block)) {
    const ByteView data = ByteView(block).first(count);
    state.raw.write(data);
    append_tail(streamed.tail, as_text(data.last(std::min(count, spool_tail_bytes))),
                spool_tail_bytes);
    if (progress) progress(count);
  }
  streamed.stream = tap.summary();
  state.note_member(service, meta, offset, streamed.stream);
  state.put("\n");  // whatever a script ends with, the next one begins a line
  return streamed;
}

ArchiveSummary StreamWriter::finish() {
  State& state = *state_;
  state.pipeline.finish();
  state.upload();
  ArchiveSummary summary;
  summary.archive = state.stored.summary();
  summary.raw = state.raw.summary();
  summary.members = state.members;
  state.index.finish({state.members, summary.raw, summary.archive, {}});
  summary.index = state.index.upload(state.store, state.id.index_key());
  check_stored_size(state.store, state.id.index_key(), summary.index.bytes);
  return summary;
}

}  // namespace lifeboat
