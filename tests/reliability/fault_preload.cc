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
bool has_target = false;
bool is_short = false;
uint64_t target_stack = 0;
unsigned target_occurrence = 0;
std::atomic<bool> is_clock_back = false;
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

// `can_be_short`: a signal or half a transfer is something that the call may give.
Effect effect(const char* kind, const char* call, bool can_be_short = false) {
  if (owner == 0 || is_inside || getpid() != owner) return Effect::usual;
  is_inside = true;
  const int errno_before = errno;
  const uint64_t stack = stack_hash();
  Effect result = Effect::usual;
  {
    const std::lock_guard lock(mutex);
    const unsigned occurrence = (*seen)[stack]++;
    if (has_target && stack == target_stack && occurrence == target_occurrence) {
      result = is_short ? (can_be_short ? Effect::halved : Effect::usual) : Effect::fails;
    }
    std::array<char, 128> line{};
    const int size =
        std::snprintf(line.data(), line.size(), "%llx %u %s %s%s%s\n",
                      static_cast<unsigned long long>(stack), occurrence, kind, call,
                      can_be_short ? " short" : "", result == Effect::usual ? "" : " FAILED");
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
  const char* style = std::getenv("FAULT_STYLE");
  is_short = style != nullptr && std::strcmp(style, "short") == 0;
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
  errno = reason;
  return static_cast<Result>(-1);
}

bool creates(int flags) { return (flags & O_CREAT) != 0 || (flags & O_TMPFILE) == O_TMPFILE; }
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

// One that moves `count` bytes and may move fewer, or be interrupted when `count` is 1.
#define MOVING(result, name, kind, reason, parameters, count, arguments)   \
  extern "C" result name parameters {                                      \
    NEXT(name);                                                            \
    const Effect what = effect(kind, #name, true);                         \
    if (what == Effect::fails) return failed<result>(reason);              \
    if (what == Effect::halved && count < 2) return failed<result>(EINTR); \
    if (what == Effect::halved) count /= 2;                                \
    return real arguments;                                                 \
  }

#define OPENING(name)                                                                   \
  extern "C" int name(const char* path, int flags, ...) {                               \
    NEXT(name);                                                                         \
    va_list list;                                                                       \
    va_start(list, flags);                                                              \
    const mode_t mode = mode_of(flags, list);                                           \
    va_end(list);                                                                       \
    if (effect("file", #name) == Effect::fails) return failed<int>(open_reason(flags)); \
    return real(path, flags, mode);                                                     \
  }

#define OPENING_AT(name)                                                                \
  extern "C" int name(int folder, const char* path, int flags, ...) {                   \
    NEXT(name);                                                                         \
    va_list list;                                                                       \
    va_start(list, flags);                                                              \
    const mode_t mode = mode_of(flags, list);                                           \
    va_end(list);                                                                       \
    if (effect("file", #name) == Effect::fails) return failed<int>(open_reason(flags)); \
    return real(folder, path, flags, mode);                                             \
  }

OPENING(open)
OPENING(open64)
OPENING_AT(openat)
OPENING_AT(openat64)
FAILING(int, mkdir, "file", ENOSPC, (const char* path, mode_t mode), (path, mode))
FAILING(int, mkdirat, "file", ENOSPC, (int at, const char* path, mode_t mode), (at, path, mode))
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
FAILING(int, ftruncate, "file", ENOSPC, (int fd, off_t size), (fd, size))
FAILING(int, ftruncate64, "file", ENOSPC, (int fd, off64_t size), (fd, size))
FAILING(int, rename, "file", EIO, (const char* from, const char* to), (from, to))
FAILING(int, renameat2, "file", EIO,
        (int from_at, const char* from, int to_at, const char* to, unsigned flags),
        (from_at, from, to_at, to, flags))
FAILING(int, link, "file", EIO, (const char* from, const char* to), (from, to))
FAILING(int, linkat, "file", EIO,
        (int from_at, const char* from, int to_at, const char* to, int flags),
        (from_at, from, to_at, to, flags))
FAILING(int, symlinkat, "file", ENOSPC, (const char* target, int at, const char* path),
        (target, at, path))
FAILING(int, unlink, "file", EIO, (const char* path), (path))
FAILING(int, unlinkat, "file", EIO, (int at, const char* path, int flags), (at, path, flags))
FAILING(int, rmdir, "file", EIO, (const char* path), (path))
FAILING(int, fchmod, "file", EIO, (int fd, mode_t mode), (fd, mode))
FAILING(int, fchmodat, "file", EIO, (int at, const char* path, mode_t mode, int flags),
        (at, path, mode, flags))
FAILING(int, fchown, "file", EIO, (int fd, uid_t user, gid_t group), (fd, user, group))
FAILING(int, fchownat, "file", EIO, (int at, const char* path, uid_t user, gid_t group, int flags),
        (at, path, user, group, flags))
FAILING(int, futimens, "file", EIO, (int fd, const timespec* times), (fd, times))
FAILING(int, utimensat, "file", EIO, (int at, const char* path, const timespec* times, int flags),
        (at, path, times, flags))
FAILING(ssize_t, flistxattr, "file", EIO, (int fd, char* names, size_t size), (fd, names, size))
FAILING(ssize_t, readlinkat, "file", EIO, (int at, const char* path, char* target, size_t size),
        (at, path, target, size))
FAILING(int, flock, "file", ENOLCK, (int fd, int operation), (fd, operation))
FAILING(off_t, lseek, "file", EIO, (int fd, off_t offset, int whence), (fd, offset, whence))
MOVING(ssize_t, read, "file", EIO, (int fd, void* bytes, size_t count), count, (fd, bytes, count))
MOVING(ssize_t, write, "file", ENOSPC, (int fd, const void* bytes, size_t count), count,
       (fd, bytes, count))
MOVING(ssize_t, pread, "file", EIO, (int fd, void* bytes, size_t count, off_t at), count,
       (fd, bytes, count, at))
MOVING(ssize_t, pwrite, "file", ENOSPC, (int fd, const void* bytes, size_t count, off_t at), count,
       (fd, bytes, count, at))
MOVING(ssize_t, pread64, "file", EIO, (int fd, void* bytes, size_t count, off64_t at), count,
       (fd, bytes, count, at))
MOVING(ssize_t, pwrite64, "file", ENOSPC, (int fd, const void* bytes, size_t count, off64_t at),
       count, (fd, bytes, count, at))

FAILING(int, socket, "http", EMFILE, (int domain, int type, int protocol), (domain, type, protocol))
FAILING(int, connect, "http", ECONNREFUSED, (int fd, const sockaddr* to, socklen_t size),
        (fd, to, size))
MOVING(ssize_t, send, "http", ECONNRESET, (int fd, const void* bytes, size_t count, int flags),
       count, (fd, bytes, count, flags))
MOVING(ssize_t, recv, "http", ECONNRESET, (int fd, void* bytes, size_t count, int flags), count,
       (fd, bytes, count, flags))

FAILING(int, pipe2, "process", EMFILE, (int* pair, int flags), (pair, flags))
FAILING(int, eventfd, "process", EMFILE, (unsigned value, int flags), (value, flags))
FAILING(int, setpgid, "process", EPERM, (pid_t child, pid_t group), (child, group))
FAILING(pid_t, fork, "process", EAGAIN, (), ())
FAILING(int, getentropy, "random", EIO, (void* bytes, size_t size), (bytes, size))
MOVING(ssize_t, getrandom, "random", EIO, (void* bytes, size_t count, unsigned flags), count,
       (bytes, count, flags))

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
  const Effect what = effect("process", "poll", true);
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
  if (effect("process", "waitpid", true) != Effect::usual) return failed<pid_t>(EINTR);
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
