// Preloaded into the program: lists its effects on the world, and lets one of them fail.
//
// An effect is a call of libc that reaches beyond the process: the program's own ones and those of
// SQLite, libcurl and OpenSSL. It is named by the hash of the call stack behind it and by how often
// that stack was there before, so that the same effect is met again in the next run although
// threads and timing differ. Children are left alone: their environment is made anew, and a fork
// has another process id.
//
// FAULT_REPORT  a line for each effect: "STACK OCCURRENCE KIND CALL", and " FAILED" behind the one.
// FAULT_AT      "STACK OCCURRENCE": this one fails. Without it all succeed.
// FAULT_STYLE   "error": with what a bad disk, a full table or a peer that is gone gives.
//               "short": a signal comes in between, or half of the bytes are moved. No failure:
//               whoever calls must go on.
//               "full", "quota": half of this write fits; from then on nothing more does (ENOSPC,
//               EDQUOT). "readonly": from this change on the kernel allows none (EROFS).
//
// Rejected: strace -e inject, which is slow, knows no stacks and cannot turn back the clock.
#include <dirent.h>
#include <dlfcn.h>
#include <execinfo.h>
#include <fcntl.h>
#include <poll.h>
#include <spawn.h>
#include <sys/eventfd.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cerrno>
#include <cstdarg>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <map>
#include <mutex>

namespace {

constexpr int report_number = 900;  // out of the program's way
constexpr int frames_max = 24;
constexpr time_t turned_back_seconds = 36 * 3600;

pid_t owner = 0;
enum class Style { error, short_transfer, full, quota, readonly };

bool has_target = false;
Style style = Style::error;
uint64_t target_stack = 0;
unsigned target_occurrence = 0;
std::atomic<bool> is_clock_back = false;
std::atomic<int> disk_reason = 0;   // why nothing more can be written, or changed
thread_local int reason_given = 0;  // of the failure, instead of the call's usual one
thread_local bool is_inside = false;
std::mutex mutex;
std::map<uint64_t, unsigned>* seen = nullptr;

uint64_t stack_hash() {
  std::array<void*, frames_max> frames{};
  const int count = backtrace(frames.data(), frames_max);
  uint64_t hash = 14695981039346656037U;
  for (int at = 3; at < count; ++at) {
    dl_find_object object{};
    if (_dl_find_object(frames.at(static_cast<size_t>(at)), &object) != 0) continue;
    const auto base = reinterpret_cast<uintptr_t>(object.dlfo_map_start);
    hash = (hash ^ (reinterpret_cast<uintptr_t>(frames.at(static_cast<size_t>(at))) - base)) *
           1099511628211U;
  }
  return hash;
}

enum class Effect { usual, fails, halved };

// What a call may meet besides its usual failure.
constexpr unsigned can_be_short = 1;  // a signal, or half a transfer
constexpr unsigned changes_disk = 2;
constexpr unsigned takes_space = 4;

// Of the effect that was asked for: "half of the bytes" where that is possible.
Effect strike(unsigned traits) {
  const bool may_halve = (traits & can_be_short) != 0;
  switch (style) {
    case Style::error:
      return Effect::fails;
    case Style::short_transfer:
      return may_halve ? Effect::halved : Effect::usual;
    case Style::readonly:
      disk_reason = reason_given = EROFS;
      return Effect::fails;
    case Style::full:
    case Style::quota:
      disk_reason = reason_given = style == Style::full ? ENOSPC : EDQUOT;
      return may_halve ? Effect::halved : Effect::fails;
  }
  return Effect::usual;
}

Effect effect(const char* kind, const char* call, unsigned traits = 0) {
  if (owner == 0 || is_inside || getpid() != owner) return Effect::usual;
  is_inside = true;
  const int errno_before = errno;
  const uint64_t stack = stack_hash();
  const unsigned stopped_by = disk_reason == EROFS ? changes_disk : takes_space;
  Effect result = Effect::usual;
  reason_given = 0;
  {
    const std::lock_guard lock(mutex);
    const unsigned occurrence = (*seen)[stack]++;
    if (has_target && stack == target_stack && occurrence == target_occurrence) {
      result = strike(traits);
    } else if (disk_reason != 0 && (traits & stopped_by) != 0) {
      reason_given = disk_reason;
      result = Effect::fails;
    }
    std::array<char, 128> line{};
    const int size = std::snprintf(
        line.data(), line.size(), "%llx %u %s %s%s%s%s%s\n", static_cast<unsigned long long>(stack),
        occurrence, kind, call, (traits & can_be_short) != 0 ? " short" : "",
        (traits & takes_space) != 0 ? " space" : "", (traits & changes_disk) != 0 ? " change" : "",
        result == Effect::usual ? "" : " FAILED");
    syscall(SYS_write, report_number, line.data(), size);
  }
  errno = errno_before;
  is_inside = false;
  return result;
}

__attribute__((constructor)) void begin() {
  is_inside = true;
  seen = new std::map<uint64_t, unsigned>;  // lives as long as the process
  if (const char* report = std::getenv("FAULT_REPORT")) {
    const int file = static_cast<int>(
        syscall(SYS_openat, AT_FDCWD, report, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0600));
    syscall(SYS_dup3, file, report_number, O_CLOEXEC);
    syscall(SYS_close, file);
    owner = getpid();
  }
  if (const char* at = std::getenv("FAULT_AT")) {
    unsigned long long stack = 0;
    has_target = std::sscanf(at, "%llx %u", &stack, &target_occurrence) == 2;
    target_stack = stack;
  }
  if (const char* name = std::getenv("FAULT_STYLE")) {
    constexpr std::array names{"error", "short", "full", "quota", "readonly"};
    for (size_t at = 0; at < names.size(); ++at) {
      if (std::strcmp(name, names.at(at)) == 0) style = static_cast<Style>(at);
    }
  }
  std::array<void*, 4> frames{};
  backtrace(frames.data(), 4);  // loads what it needs
  is_inside = false;
}

template <typename Function>
Function* next(Function*, const char* name) {
  return reinterpret_cast<Function*>(dlsym(RTLD_NEXT, name));
}

template <typename Result>
Result failed(int reason) {
  errno = reason_given != 0 ? reason_given : reason;
  return static_cast<Result>(-1);
}

// Of a write: pipes and the terminal are no disk.
unsigned written(int fd) {
  struct stat status {};
  const bool is_file = fd > 2 && syscall(SYS_fstat, fd, &status) == 0 && S_ISREG(status.st_mode);
  return can_be_short | (is_file ? changes_disk | takes_space : 0);
}

// Docker listens on a local socket, and nothing else that is talked to does.
const char* socket_kind(int domain) { return domain == AF_UNIX ? "docker" : "http"; }

const char* peer_kind(int fd) {
  int domain = 0;
  socklen_t size = sizeof domain;
  return getsockopt(fd, SOL_SOCKET, SO_DOMAIN, &domain, &size) == 0 ? socket_kind(domain) : "http";
}

bool creates(int flags) { return (flags & O_CREAT) != 0 || (flags & O_TMPFILE) == O_TMPFILE; }
unsigned opened(int flags) { return creates(flags) ? changes_disk | takes_space : 0; }
int open_reason(int flags) { return creates(flags) ? ENOSPC : EMFILE; }

mode_t mode_of(int flags, va_list list) {
  return creates(flags) ? static_cast<mode_t>(va_arg(list, int)) : 0;
}

}  // namespace

#define NEXT(name) static auto* const real = next(&::name, #name)

// One call whose failure is -1 and `reason`.
#define FAILING(result, name, kind, reason, parameters, arguments)           \
  extern "C" result name parameters {                                        \
    NEXT(name);                                                              \
    if (effect(kind, #name) == Effect::fails) return failed<result>(reason); \
    return real arguments;                                                   \
  }

// The same of one that changes what is on a disk.
#define CHANGING(result, name, traits, reason, parameters, arguments)      \
  extern "C" result name parameters {                                      \
    NEXT(name);                                                            \
    if (effect("file", #name, changes_disk | (traits)) == Effect::fails) { \
      return failed<result>(reason);                                       \
    }                                                                      \
    return real arguments;                                                 \
  }

// One that moves `count` bytes and may move fewer, or be interrupted when `count` is 1.
#define MOVING(result, name, kind, traits, reason, parameters, count, arguments) \
  extern "C" result name parameters {                                            \
    NEXT(name);                                                                  \
    const Effect what = effect(kind, #name, traits);                             \
    if (what == Effect::fails) return failed<result>(reason);                    \
    if (what == Effect::halved && count < 2) return failed<result>(EINTR);       \
    if (what == Effect::halved) count /= 2;                                      \
    return real arguments;                                                       \
  }

#define OPENING(name, parameters, ...)                           \
  extern "C" int name parameters {                               \
    NEXT(name);                                                  \
    va_list list;                                                \
    va_start(list, flags);                                       \
    const mode_t mode = mode_of(flags, list);                    \
    va_end(list);                                                \
    if (effect("file", #name, opened(flags)) == Effect::fails) { \
      return failed<int>(open_reason(flags));                    \
    }                                                            \
    return real(__VA_ARGS__, flags, mode);                       \
  }

OPENING(open, (const char* path, int flags, ...), path)
OPENING(open64, (const char* path, int flags, ...), path)
OPENING(openat, (int folder, const char* path, int flags, ...), folder, path)
OPENING(openat64, (int folder, const char* path, int flags, ...), folder, path)
CHANGING(int, mkdir, takes_space, ENOSPC, (const char* path, mode_t mode), (path, mode))
CHANGING(int, mkdirat, takes_space, ENOSPC, (int at, const char* path, mode_t mode),
         (at, path, mode))
FAILING(int, stat, "file", EIO, (const char* path, struct stat* status), (path, status))
FAILING(int, lstat, "file", EIO, (const char* path, struct stat* status), (path, status))
FAILING(int, fstat, "file", EIO, (int fd, struct stat* status), (fd, status))
FAILING(int, stat64, "file", EIO, (const char* path, struct stat64* status), (path, status))
FAILING(int, lstat64, "file", EIO, (const char* path, struct stat64* status), (path, status))
FAILING(int, fstat64, "file", EIO, (int fd, struct stat64* status), (fd, status))
FAILING(int, fstatat, "file", EIO, (int at, const char* path, struct stat* status, int flags),
        (at, path, status, flags))
FAILING(int, access, "file", EIO, (const char* path, int mode), (path, mode))
FAILING(int, fsync, "file", EIO, (int fd), (fd))
FAILING(int, fdatasync, "file", EIO, (int fd), (fd))
FAILING(int, syncfs, "file", EIO, (int fd), (fd))
CHANGING(int, ftruncate, 0, ENOSPC, (int fd, off_t size), (fd, size))
CHANGING(int, ftruncate64, 0, ENOSPC, (int fd, off64_t size), (fd, size))
CHANGING(int, rename, 0, EIO, (const char* from, const char* to), (from, to))
CHANGING(int, renameat2, 0, EIO,
         (int from_at, const char* from, int to_at, const char* to, unsigned flags),
         (from_at, from, to_at, to, flags))
CHANGING(int, link, 0, EIO, (const char* from, const char* to), (from, to))
CHANGING(int, linkat, 0, EIO, (int from_at, const char* from, int to_at, const char* to, int flags),
         (from_at, from, to_at, to, flags))
CHANGING(int, symlinkat, takes_space, ENOSPC, (const char* target, int at, const char* path),
         (target, at, path))
CHANGING(int, unlink, 0, EIO, (const char* path), (path))
CHANGING(int, unlinkat, 0, EIO, (int at, const char* path, int flags), (at, path, flags))
CHANGING(int, rmdir, 0, EIO, (const char* path), (path))
CHANGING(int, fchmod, 0, EIO, (int fd, mode_t mode), (fd, mode))
CHANGING(int, fchmodat, 0, EIO, (int at, const char* path, mode_t mode, int flags),
         (at, path, mode, flags))
CHANGING(int, fchown, 0, EIO, (int fd, uid_t user, gid_t group), (fd, user, group))
CHANGING(int, fchownat, 0, EIO, (int at, const char* path, uid_t user, gid_t group, int flags),
         (at, path, user, group, flags))
CHANGING(int, futimens, 0, EIO, (int fd, const timespec* times), (fd, times))
CHANGING(int, utimensat, 0, EIO, (int at, const char* path, const timespec* times, int flags),
         (at, path, times, flags))
FAILING(ssize_t, flistxattr, "file", EIO, (int fd, char* names, size_t size), (fd, names, size))
FAILING(ssize_t, readlinkat, "file", EIO, (int at, const char* path, char* target, size_t size),
        (at, path, target, size))
FAILING(int, flock, "file", ENOLCK, (int fd, int operation), (fd, operation))
FAILING(off_t, lseek, "file", EIO, (int fd, off_t offset, int whence), (fd, offset, whence))
MOVING(ssize_t, read, "file", can_be_short, EIO, (int fd, void* bytes, size_t count), count,
       (fd, bytes, count))
MOVING(ssize_t, write, "file", written(fd), ENOSPC, (int fd, const void* bytes, size_t count),
       count, (fd, bytes, count))
MOVING(ssize_t, pread, "file", can_be_short, EIO, (int fd, void* bytes, size_t count, off_t at),
       count, (fd, bytes, count, at))
MOVING(ssize_t, pwrite, "file", written(fd), ENOSPC,
       (int fd, const void* bytes, size_t count, off_t at), count, (fd, bytes, count, at))
MOVING(ssize_t, pread64, "file", can_be_short, EIO, (int fd, void* bytes, size_t count, off64_t at),
       count, (fd, bytes, count, at))
MOVING(ssize_t, pwrite64, "file", written(fd), ENOSPC,
       (int fd, const void* bytes, size_t count, off64_t at), count, (fd, bytes, count, at))

FAILING(int, socket, socket_kind(domain), EMFILE, (int domain, int type, int protocol),
        (domain, type, protocol))
FAILING(int, connect, peer_kind(fd), ECONNREFUSED, (int fd, const sockaddr* to, socklen_t size),
        (fd, to, size))
MOVING(ssize_t, send, peer_kind(fd), can_be_short, ECONNRESET,
       (int fd, const void* bytes, size_t count, int flags), count, (fd, bytes, count, flags))
MOVING(ssize_t, recv, peer_kind(fd), can_be_short, ECONNRESET,
       (int fd, void* bytes, size_t count, int flags), count, (fd, bytes, count, flags))

FAILING(int, pipe2, "process", EMFILE, (int* pair, int flags), (pair, flags))
FAILING(int, eventfd, "process", EMFILE, (unsigned value, int flags), (value, flags))
FAILING(int, setpgid, "process", EPERM, (pid_t child, pid_t group), (child, group))
FAILING(pid_t, fork, "process", EAGAIN, (), ())
FAILING(int, getentropy, "random", EIO, (void* bytes, size_t size), (bytes, size))
MOVING(ssize_t, getrandom, "random", can_be_short, EIO, (void* bytes, size_t count, unsigned flags),
       count, (bytes, count, flags))

// The descriptor is gone whatever it says; a network filesystem tells of a failed write here.
extern "C" int close(int fd) {
  NEXT(close);
  const bool is_failing = effect("file", "close") == Effect::fails;
  const int result = real(fd);
  return is_failing ? failed<int>(EIO) : result;
}

extern "C" DIR* opendir(const char* path) {
  NEXT(opendir);
  if (effect("file", "opendir") != Effect::fails) return real(path);
  errno = EMFILE;
  return nullptr;
}

extern "C" dirent* readdir(DIR* folder) {
  NEXT(readdir);
  if (effect("file", "readdir") != Effect::fails) return real(folder);
  errno = EIO;
  return nullptr;
}

extern "C" void* mmap(void* at, size_t size, int protection, int flags, int fd, off_t offset) {
  NEXT(mmap);
  if (fd < 0 || effect("file", "mmap") != Effect::fails) {
    return real(at, size, protection, flags, fd, offset);
  }
  errno = ENOMEM;
  return MAP_FAILED;
}

// What has no function of its own in this libc.
extern "C" long syscall(long number, ...) {
  NEXT(syscall);
  va_list list;
  va_start(list, number);
  std::array<long, 6> with{};
  for (long& one : with) one = va_arg(list, long);
  va_end(list);
  const bool opens = number == SYS_openat2 || number == SYS_pidfd_open;
  const char* call = number == SYS_openat2 ? "openat2" : "pidfd_open";
  const char* kind = number == SYS_openat2 ? "file" : "process";
  if (opens && effect(kind, call) == Effect::fails) return failed<long>(EMFILE);
  return real(number, with[0], with[1], with[2], with[3], with[4], with[5]);
}

// Of fcntl(2) only locks reach beyond the process.
extern "C" int fcntl64(int fd, int command, ...) {
  NEXT(fcntl64);
  va_list list;
  va_start(list, command);
  void* argument = va_arg(list, void*);
  va_end(list);
  const bool locks = command == F_SETLK || command == F_SETLKW || command == F_OFD_SETLK ||
                     command == F_OFD_SETLKW;
  if (locks && effect("file", "fcntl") == Effect::fails) return failed<int>(ENOLCK);
  return real(fd, command, argument);
}

extern "C" int poll(pollfd* polled, nfds_t count, int timeout) {
  NEXT(poll);
  const Effect what = effect("process", "poll", can_be_short);
  if (what == Effect::usual) return real(polled, count, timeout);
  return failed<int>(what == Effect::fails ? ENOMEM : EINTR);
}

extern "C" int posix_spawn(pid_t* child, const char* path, const posix_spawn_file_actions_t* acts,
                           const posix_spawnattr_t* attributes, char* const* arguments,
                           char* const* environment) {
  NEXT(posix_spawn);
  if (effect("process", "posix_spawn") == Effect::fails) return EAGAIN;
  return real(child, path, acts, attributes, arguments, environment);
}

// An error of waitpid(2) is a fault of the caller; a signal is not.
extern "C" pid_t waitpid(pid_t child, int* status, int options) {
  NEXT(waitpid);
  if (effect("process", "waitpid", can_be_short) != Effect::usual) return failed<pid_t>(EINTR);
  return real(child, status, options);
}

// The wall clock does not fail: it is set back by a day and a half, and stays there.
extern "C" int clock_gettime(clockid_t clock, timespec* time) noexcept {
  NEXT(clock_gettime);
  if (clock != CLOCK_REALTIME) return real(clock, time);
  if (effect("clock", "clock_gettime") == Effect::fails) is_clock_back = true;
  const int result = real(clock, time);
  if (is_clock_back) time->tv_sec -= turned_back_seconds;
  return result;
}
