#include "codec/frame_cache.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <ctime>
#include <list>
#include <mutex>
#include <tuple>
#include <unordered_map>
#include <vector>

#include "base/error.h"
#include "base/format.h"
#include "crypto/chacha20_poly1305.h"
#include "crypto/hash.h"
#include "crypto/kdf.h"
#include "io/fd.h"
#include "io/files.h"
#include "io/no_links.h"
#include "io/read_at.h"

namespace lifeboat {
namespace {

constexpr std::string_view key_label = "lifeboat frame cache v1";
constexpr const char* salt_name = "salt";
constexpr std::string_view unfinished_prefix = "new-";
constexpr size_t salt_bytes = 32;
constexpr size_t name_length = 64;
constexpr uint64_t disk_block_bytes = 4096;
constexpr uint64_t disk_reserve_bytes_max = 4ULL << 30;

constexpr size_t nonce_bytes = ChaCha20Poly1305::nonce_bytes;
static_assert(FrameCache::overhead_bytes == nonce_bytes + ChaCha20Poly1305::tag_bytes);

uint64_t on_disk(uint64_t bytes) {
  return (bytes + disk_block_bytes - 1) / disk_block_bytes * disk_block_bytes;
}

bool is_frame_name(std::string_view name) {
  return name.size() == name_length && std::all_of(name.begin(), name.end(), [](char c) {
           return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f');
         });
}

struct Entry {
  uint64_t bytes = 0;       // of disk
  bool is_written = false;  // else a worker is about to
  bool is_fresh = false;    // used or kept by this run
  std::list<std::string>::iterator use{};
};

struct FoundFile {
  std::string name;
  uint64_t bytes;
  timespec used;
};

bool is_earlier(const timespec& left, const timespec& right) {
  return std::tie(left.tv_sec, left.tv_nsec) < std::tie(right.tv_sec, right.tv_nsec);
}

// To the nanosecond, where the kernel's own time has ticks that hold several frames. Best effort:
// it says only who leaves first.
void mark_used(int fd) {
  timespec now{};
  ::clock_gettime(CLOCK_REALTIME, &now);
  const timespec read_and_written[] = {now, now};
  ::futimens(fd, read_and_written);
}

std::filesystem::path trusted_place(const std::filesystem::path& path) {
  if (!path.is_absolute()) throw Error(ErrorKind::limit, "it is no absolute path");
  return trusted_path(path.parent_path(), ErrorKind::limit) / path.filename();
}

// Nothing, with errno, if it cannot be opened.
UniqueFd open_own(const std::filesystem::path& path) {
  UniqueFd folder = open_without_links(path, O_RDONLY | O_DIRECTORY);
  if (folder && stat_fd(folder.get(), path.native(), ErrorKind::limit).st_uid != ::geteuid()) {
    throw Error(ErrorKind::limit, "it belongs to another user");
  }
  return folder;
}

std::string cannot_use(const std::filesystem::path& folder, std::string_view why) {
  return format("use the frame cache '{}': {}", folder.native(), why);
}

}  // namespace

struct FrameCache::State {
  explicit State(uint64_t limit) : bytes_max(limit) {}

  void open(const std::filesystem::path& path, Random& random);
  bool read_salt();
  void take_stock(bool is_stale);
  void write_file(const std::string& name, ByteView content);
  std::optional<size_t> load(const Key& key, ByteSpan stored, ByteSpan scratch);

  // All below: under the mutex.
  bool make_room(uint64_t bytes);
  bool disk_has_room(uint64_t bytes) const;
  void add(const std::string& name, uint64_t bytes, bool is_written);
  void refresh(const std::string& name);
  void remove(const std::string& name);
  ChaCha20Poly1305::Nonce next_nonce();
  void fail(std::string_view why);

  const uint64_t bytes_max;
  std::filesystem::path folder_path;
  UniqueFd folder;  // locked
  Bytes salt = Bytes(salt_bytes);
  timespec last_run{};  // when the run before this one began: the time of the salt's file

  mutable std::mutex mutex;
  std::unordered_map<std::string, Entry> entries;
  std::list<std::string> uses;  // the first to go first
  uint64_t total_bytes = 0;
  ChaCha20Poly1305::Nonce nonce{};  // of the last frame kept: counted up from a random one
  std::string trouble;
};

void FrameCache::State::open(const std::filesystem::path& path, Random& random) {
  folder_path = trusted_place(path);
  make_private_directory(folder_path, ErrorKind::limit);
  folder = open_own(folder_path);
  if (!folder) throw system_error(ErrorKind::limit, "open it", errno);
  const struct stat found = stat_fd(folder.get(), folder_path.native(), ErrorKind::limit);
  if ((found.st_mode & 077) != 0 && ::fchmod(folder.get(), 0700) != 0) {
    throw system_error(ErrorKind::limit, "make it private", errno);
  }
  if (::flock(folder.get(), LOCK_EX | LOCK_NB) != 0) {
    if (errno == EWOULDBLOCK) throw Error(ErrorKind::limit, "another run is using it");
    throw system_error(ErrorKind::limit, "lock it", errno);
  }
  const bool has_salt = read_salt();
  take_stock(!has_salt);
  if (!has_salt) {
    random.fill(salt);
    write_file(salt_name, salt);
  }
  random.fill(nonce);
}

bool FrameCache::State::read_salt() {
  const UniqueFd file(
      ::openat(folder.get(), salt_name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC));
  if (!file && errno != ENOENT && errno != ELOOP) {
    throw system_error(ErrorKind::limit, "read its salt", errno);
  }
  if (!file) return false;
  const struct stat found = stat_fd(file.get(), salt_name, ErrorKind::limit);
  last_run = found.st_mtim;
  mark_used(file.get());
  return S_ISREG(found.st_mode) && found.st_size == off_t{salt_bytes} &&
         read_at(file.get(), 0, salt, salt_name, ErrorKind::limit) == salt_bytes;
}

// What earlier runs kept, without what a killed one began; none of it under another salt.
void FrameCache::State::take_stock(bool is_stale) {
  UniqueFd copy(::openat(folder.get(), ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  DIR* listing = copy ? ::fdopendir(copy.get()) : nullptr;
  if (listing == nullptr) throw system_error(ErrorKind::limit, "list it", errno);
  copy.release();
  const std::unique_ptr<DIR, int (*)(DIR*)> owner(listing, &::closedir);
  std::vector<FoundFile> files;
  for (;;) {
    errno = 0;
    const dirent* one = ::readdir(listing);
    if (one == nullptr) break;
    const std::string name = one->d_name;
    if (name.starts_with(unfinished_prefix) || (is_stale && is_frame_name(name))) {
      ::unlinkat(folder.get(), name.c_str(), 0);
      continue;
    }
    struct stat found {};
    const bool is_ours = is_frame_name(name) &&
                         ::fstatat(folder.get(), name.c_str(), &found, AT_SYMLINK_NOFOLLOW) == 0 &&
                         S_ISREG(found.st_mode);
    if (is_ours) {
      files.push_back({name, on_disk(static_cast<uint64_t>(found.st_size)), found.st_mtim});
    }
  }
  if (errno != 0) throw system_error(ErrorKind::limit, "list it", errno);
  // What the last run did without comes first. Then that run's last frame, then the one before it:
  // this run will ask in the same order, and need the last for longest.
  std::sort(files.begin(), files.end(), [&](const FoundFile& left, const FoundFile& right) {
    const bool is_left_old = is_earlier(left.used, last_run);
    if (is_left_old != is_earlier(right.used, last_run)) return is_left_old;
    return is_left_old ? is_earlier(left.used, right.used) : is_earlier(right.used, left.used);
  });
  for (const FoundFile& file : files) add(file.name, file.bytes, true);
  make_room(0);
}

// Appears under its name at once, whole. No fsync: a file that a crash emptied has no valid tag.
void FrameCache::State::write_file(const std::string& name, ByteView content) {
  const std::string unfinished = std::string(unfinished_prefix) + name;
  const UniqueFd file(::openat(folder.get(), unfinished.c_str(),
                               O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600));
  if (!file) throw system_error(ErrorKind::limit, "make a file", errno);
  try {
    write_fd(file.get(), content, "a frame", ErrorKind::limit);
    mark_used(file.get());
    if (::renameat(folder.get(), unfinished.c_str(), folder.get(), name.c_str()) != 0) {
      throw system_error(ErrorKind::limit, "rename a file", errno);
    }
  } catch (...) {
    ::unlinkat(folder.get(), unfinished.c_str(), 0);
    throw;
  }
}

bool FrameCache::State::disk_has_room(uint64_t bytes) const {
  struct statvfs disk {};
  if (::fstatvfs(folder.get(), &disk) != 0) {
    throw system_error(ErrorKind::limit, "ask for its free space", errno);
  }
  const uint64_t reserve =
      std::min(uint64_t{disk.f_blocks} * disk.f_frsize / 10, disk_reserve_bytes_max);
  return uint64_t{disk.f_bavail} * disk.f_frsize >= reserve + bytes;
}

// Removes one after the other until `bytes` more are allowed; false if they never are.
bool FrameCache::State::make_room(uint64_t bytes) {
  while (total_bytes + bytes > bytes_max || !disk_has_room(bytes)) {
    if (uses.empty() || entries.at(uses.front()).is_fresh) return false;
    remove(std::string(uses.front()));
  }
  return true;
}

void FrameCache::State::add(const std::string& name, uint64_t bytes, bool is_written) {
  const auto use = uses.insert(uses.end(), name);
  entries[name] = {bytes, is_written, !is_written, use};
  total_bytes += bytes;
}

void FrameCache::State::refresh(const std::string& name) {
  const auto found = entries.find(name);
  if (found == entries.end()) return;
  found->second.is_fresh = true;
  uses.splice(uses.end(), uses, found->second.use);
}

void FrameCache::State::remove(const std::string& name) {
  const auto found = entries.find(name);
  if (found == entries.end()) return;
  // One that cannot be removed still takes its room on disk.
  if (::unlinkat(folder.get(), name.c_str(), 0) == 0 || errno == ENOENT) {
    total_bytes -= found->second.bytes;
  }
  uses.erase(found->second.use);
  entries.erase(found);
}

// A key has one content, and so hardly needs one: another build of the same zstd may make other
// bytes of that content.
ChaCha20Poly1305::Nonce FrameCache::State::next_nonce() {
  for (std::byte& digit : nonce) {
    digit = static_cast<std::byte>(std::to_integer<unsigned>(digit) + 1);
    if (digit != std::byte{}) break;
  }
  return nonce;
}

void FrameCache::State::fail(std::string_view why) {
  if (!trouble.empty()) return;
  trouble = cannot_use(folder_path, why);
}

FrameCache::FrameCache(const std::filesystem::path& folder, uint64_t bytes_max, Random& random)
    : state_(std::make_unique<State>(bytes_max)) {
  state_->folder_path = folder;
  try {
    state_->open(folder, random);
  } catch (const Error& error) {
    state_->fail(error.message());
  }
}

FrameCache::~FrameCache() = default;

FrameCache::Key FrameCache::key_of(ByteView raw, std::string_view made_how) const {
  Bytes about(as_bytes(made_how).begin(), as_bytes(made_how).end());
  const Sha256Digest digest = sha256(raw);
  about.insert(about.end(), digest.begin(), digest.end());
  return {hex_encode(hmac_sha256(state_->salt, about)),
          hkdf_sha256(about, state_->salt, key_label)};
}

// The decrypted file, if it is what was written.
std::optional<size_t> FrameCache::State::load(const Key& key, ByteSpan stored, ByteSpan scratch) {
  const UniqueFd file(
      ::openat(folder.get(), key.name.c_str(), O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC));
  if (!file) return std::nullopt;
  const struct stat found = stat_fd(file.get(), key.name, ErrorKind::limit);
  const auto size = static_cast<uint64_t>(found.st_size);
  if (!S_ISREG(found.st_mode) || size < overhead_bytes || size > scratch.size() ||
      size - overhead_bytes > stored.size()) {
    return std::nullopt;
  }
  const ByteSpan sealed = scratch.first(static_cast<size_t>(size));
  if (read_at(file.get(), 0, sealed, key.name, ErrorKind::limit) != size) return std::nullopt;
  ChaCha20Poly1305::Nonce its_nonce;
  std::copy_n(sealed.begin(), nonce_bytes, its_nonce.begin());
  const size_t plain = sealed.size() - overhead_bytes;
  ChaCha20Poly1305 cipher(key.secret.view());
  if (!cipher.open(its_nonce, sealed.subspan(nonce_bytes), stored.first(plain)))
    return std::nullopt;
  mark_used(file.get());
  return plain;
}

std::optional<size_t> FrameCache::find(const Key& key, ByteSpan stored, ByteSpan scratch) {
  State& state = *state_;
  {
    const std::lock_guard lock(state.mutex);
    const auto found = state.entries.find(key.name);
    if (!state.trouble.empty() || found == state.entries.end()) return std::nullopt;
    if (!found->second.is_written) return std::nullopt;
  }
  std::optional<size_t> size;
  std::string failure;
  try {
    size = state.load(key, stored, scratch);
  } catch (const Error& error) {
    failure = error.message();
  }
  const std::lock_guard lock(state.mutex);
  if (size) {
    state.refresh(key.name);
  } else {
    state.remove(key.name);
  }
  if (!failure.empty()) state.fail(failure);
  return size;
}

void FrameCache::keep(const Key& key, ByteView stored, ByteSpan scratch) {
  State& state = *state_;
  const ByteSpan sealed = scratch.first(stored.size() + overhead_bytes);
  ChaCha20Poly1305::Nonce nonce;
  try {
    {
      const std::lock_guard lock(state.mutex);
      if (!state.trouble.empty() || state.entries.contains(key.name)) return;
      if (!state.make_room(on_disk(sealed.size()))) return;
      nonce = state.next_nonce();
      state.add(key.name, on_disk(sealed.size()), false);
    }
    std::copy(nonce.begin(), nonce.end(), sealed.begin());
    std::copy(stored.begin(), stored.end(), sealed.begin() + nonce_bytes);
    ChaCha20Poly1305(key.secret.view()).seal(nonce, sealed.subspan(nonce_bytes));
    state.write_file(key.name, sealed);
    const std::lock_guard lock(state.mutex);
    const auto kept = state.entries.find(key.name);
    if (kept != state.entries.end()) kept->second.is_written = true;
  } catch (const Error& error) {
    const std::lock_guard lock(state.mutex);
    state.remove(key.name);
    state.fail(error.message());
  }
}

void FrameCache::discard(const Key& key) {
  const std::lock_guard lock(state_->mutex);
  state_->remove(key.name);
}

uint64_t FrameCache::stored_bytes() const {
  const std::lock_guard lock(state_->mutex);
  return state_->total_bytes;
}

uint64_t FrameCache::bytes_in(const std::filesystem::path& folder) {
  uint64_t bytes = 0;
  std::error_code ignored;  // a size is told, and no more: a run says what is wrong
  for (std::filesystem::directory_iterator at(folder, ignored), end; !ignored && at != end;
       at.increment(ignored)) {
    if (!is_frame_name(at->path().filename().native())) continue;
    std::error_code vanished;
    const uint64_t size = at->file_size(vanished);
    if (!vanished) bytes += on_disk(size);
  }
  return bytes;
}

std::string FrameCache::trouble_with(const std::filesystem::path& folder) {
  try {
    const std::filesystem::path path = trusted_place(folder);
    const UniqueFd opened = open_own(path);
    if (!opened && errno == ENOENT) return "";
    if (!opened || ::faccessat(opened.get(), ".", W_OK, AT_EACCESS) != 0) {
      throw system_error(ErrorKind::limit, "open it", errno);
    }
    return "";
  } catch (const Error& error) {
    return cannot_use(folder, error.message());
  }
}

std::string FrameCache::trouble() const {
  const std::lock_guard lock(state_->mutex);
  return state_->trouble;
}

}  // namespace lifeboat
