// The chain is the archive's own: tap, zstd, age, file. A throw-away age identity and not a cipher
// of its own: nothing new to get wrong, and the tail of the file is authenticated for free.
#include "codec/spool.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "base/error.h"
#include "base/format.h"
#include "base/text.h"
#include "codec/age/age.h"
#include "codec/zstd/zstd.h"
#include "io/fd.h"
#include "io/files.h"
#include "io/own_directory.h"
#include "io/pipeline.h"

namespace lifeboat {
namespace {

// 360 MB/s on one core, and a third smaller than the negative levels, which are not twice as fast.
constexpr int spool_level = 1;

// Reads the file back; has its own descriptor of it.
class SpoolSource final : public Source {
 public:
  SpoolSource(UniqueFd fd, std::string name, const age::Identity& identity)
      : file_(std::move(fd), std::move(name), ErrorKind::limit),
        decrypted_(file_, std::span(&identity, 1)),
        plain_(decrypted_) {}
  size_t read(ByteSpan target) override { return plain_.read(target); }

 private:
  FdSource file_;
  age::DecryptSource decrypted_;
  zstd::DecompressSource plain_;
};

}  // namespace

struct Spool::State {
  State(const std::filesystem::path& directory, Random& random)
      : name(format("encrypted spool in {} (spool_dir)", directory.native())),
        fd(open_spool_file(directory)),
        identity(age::Identity::generate(random)) {
    const age::Recipient recipient = identity.recipient();
    auto& file = pipeline.emplace<FdSink>(fd.get(), name, ErrorKind::limit);
    auto& encrypted = pipeline.emplace<age::EncryptSink>(file, std::span(&recipient, 1), random);
    auto& compressed = pipeline.emplace<zstd::CompressSink>(encrypted, spool_level);
    tap = &pipeline.emplace<TapSink>(compressed);
  }

  std::string name;
  UniqueFd fd;
  age::Identity identity;
  Pipeline pipeline;
  TapSink* tap = nullptr;
  std::string tail;
  bool is_opened = false;
};

Spool::Spool(const std::filesystem::path& directory, Random& random)
    : state_(std::make_unique<State>(directory, random)) {}
Spool::~Spool() = default;

void Spool::do_write(ByteView data) {
  state_->tap->write(data);
  append_tail(state_->tail, as_text(data.last(std::min(data.size(), spool_tail_bytes))),
              spool_tail_bytes);
}

void Spool::do_finish() { state_->pipeline.finish(); }

const StreamSummary& Spool::summary() const { return state_->tap->summary(); }
const std::string& Spool::tail() const { return state_->tail; }

uint64_t Spool::stored_bytes() const {
  return static_cast<uint64_t>(stat_fd(state_->fd.get(), state_->name, ErrorKind::limit).st_size);
}

std::unique_ptr<Source> Spool::open() {
  ensure(is_finished() && !state_->is_opened, "a spool is opened once, when finished");
  state_->is_opened = true;
  UniqueFd fd(::fcntl(state_->fd.get(), F_DUPFD_CLOEXEC, 0));
  if (!fd || ::lseek(fd.get(), 0, SEEK_SET) != 0) {
    throw system_error(ErrorKind::limit, format("rewind '{}'", state_->name), errno);
  }
  return std::make_unique<SpoolSource>(std::move(fd), state_->name, state_->identity);
}

}  // namespace lifeboat
