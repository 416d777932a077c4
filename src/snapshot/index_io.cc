#include "snapshot/index_io.h"

#include <unistd.h>

#include <cerrno>

#include "base/error.h"
#include "base/format.h"
#include "io/own_directory.h"

namespace lifeboat {
namespace {

constexpr int index_level = 6;  // small beside the archive, and listed often

class StoredIndexSource final : public Source {
 public:
  StoredIndexSource(Store& store, const Manifest& manifest,
                    std::span<const age::Identity> identities)
      : key_(manifest.index_key),
        expected_(manifest.index),
        object_(store.open(key_)),
        stored_(*object_),
        decrypted_(stored_, identities),
        plain_(decrypted_) {}

  size_t read(ByteSpan target) override {
    const size_t count = with_context([&] { return format("read index '{}'", key_); },
                                      [&] { return plain_.read(target); });
    if (count == 0) check();
    return count;
  }

 private:
  void check() {
    NullSink rest;
    pump(stored_, rest);
    if (stored_.summary() == expected_) return;
    throw Error(ErrorKind::verification,
                format("read index '{}': its size or SHA-256 is not the manifest's", key_))
        .hint("The index or the manifest was damaged or exchanged; use another snapshot.");
  }

  std::string key_;
  StreamSummary expected_;
  std::unique_ptr<Source> object_;
  TapSource stored_;
  age::DecryptSource decrypted_;
  zstd::DecompressSource plain_;
};

// Builds the chain in `pipeline` behind a tap on what reaches the disk, which is returned.
TapSink& build(Pipeline& pipeline, std::unique_ptr<Sink> file,
               std::span<const age::Recipient> recipients, Random& random) {
  auto& spooled = pipeline.emplace<TapSink>(pipeline.add(std::move(file)));
  auto& encrypted = pipeline.emplace<age::EncryptSink>(spooled, recipients, random);
  pipeline.emplace<zstd::CompressSink>(encrypted, index_level);
  return spooled;
}

}  // namespace

std::unique_ptr<Source> open_index(Store& store, const Manifest& manifest,
                                   std::span<const age::Identity> identities) {
  return std::make_unique<StoredIndexSource>(store, manifest, identities);
}

IndexSpool::IndexSpool(const std::filesystem::path& directory, const std::string& archive_key,
                       std::span<const age::Recipient> recipients, Random& random)
    : name_(format("index spool in {} (spool_dir)", directory.native())),
      fd_(open_spool_file(directory)),
      spooled_(build(pipeline_, std::make_unique<FdSink>(fd_.get(), name_, ErrorKind::limit),
                     recipients, random)),
      writer_(pipeline_.outermost(), archive_key) {}

void IndexSpool::finish(const IndexTail& tail) {
  writer_.finish(tail);
  pipeline_.finish();
}

StreamSummary IndexSpool::upload(Store& store, const std::string& key) {
  if (::lseek(fd_.get(), 0, SEEK_SET) != 0) {
    throw system_error(ErrorKind::limit, format("read the {}", name_), errno);
  }
  FdSource file(std::move(fd_), name_, ErrorKind::limit);
  TapSource sent(file);
  const auto target = store.create(key);
  pump(sent, *target);
  if (sent.summary() != spooled_.summary()) {
    throw Error(ErrorKind::verification,
                format("upload the {}: the disk gave back other bytes than were written", name_))
        .hint("Check the disk's health before you trust a backup made here.");
  }
  target->finish();
  return sent.summary();
}

}  // namespace lifeboat
