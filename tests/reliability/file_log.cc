// Preloaded into a lifeboat: logs what it changes in files, and ends it before its n-th change. A
// library and not strace, since ptrace is forbidden in many containers and slow in all.
//
//   LIFEBOAT_FILE_LOG=FILE  one line a change, for kill.py: KIND FD-OR-INODES NAMES, data beside it
//   LIFEBOAT_CLOCK_OFFSET=S seconds that its clock is ahead
//   LIFEBOAT_KILL_AT=N      raises LIFEBOAT_KILL_SIGNAL (9) before the N-th call
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include <atomic>
#include <mutex>
#include <string>

namespace {

std::mutex mutex;
std::atomic<long> calls{0};
int log_fd = -1;
int data_fd = -1;
long kill_at = 0;
int kill_signal = SIGKILL;
pid_t owner = 0;
off_t data_size = 0;
long clock_offset = 0;

__attribute__((constructor)) void begin() {
  if (std::string(program_invocation_short_name) != "lifeboat") return;
  owner = ::getpid();
  if (const char* at = ::getenv("LIFEBOAT_KILL_AT")) kill_at = ::atol(at);
  if (const char* number = ::getenv("LIFEBOAT_KILL_SIGNAL")) kill_signal = ::atoi(number);
  if (const char* ahead = ::getenv("LIFEBOAT_CLOCK_OFFSET")) clock_offset = ::atol(ahead);
  if (const char* path = ::getenv("LIFEBOAT_FILE_LOG")) {
    const std::string data = std::string(path) + ".data";
    const int flags = O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC;
    log_fd = static_cast<int>(::syscall(SYS_openat, AT_FDCWD, path, flags, 0600));
    data_fd = static_cast<int>(::syscall(SYS_openat, AT_FDCWD, data.c_str(), flags, 0600));
  }
}

// Before each call that is looked at. A child before its exec is nobody's business.
void count() {
  if (owner == 0 || ::syscall(SYS_getpid) != owner) return;
  if (++calls == kill_at) ::kill(owner, kill_signal);
}

void note(const std::string& line) {
  const int kept = errno;
  if (log_fd >= 0 && ::syscall(SYS_getpid) == owner) {
    const std::string text = line + "\n";
    (void)!::syscall(SYS_write, log_fd, text.data(), text.size());
  }
  errno = kept;
}

std::string folder_of(int at, const char* path) {
  std::string folder(path);
  const size_t slash = folder.rfind('/');
  folder = slash == std::string::npos ? "." : folder.substr(0, slash + 1);
  struct stat status {};
  if (::fstatat(at, folder.c_str(), &status, 0) != 0) return "0";
  return std::to_string(status.st_ino);
}

std::string leaf_of(const char* path) {
  const char* slash = ::strrchr(path, '/');
  return slash == nullptr ? path : slash + 1;
}

std::string place(int at, const char* path) { return folder_of(at, path) + "\t" + leaf_of(path); }

std::string inode(int fd) {
  struct stat status {};
  if (::fstat(fd, &status) != 0 || S_ISFIFO(status.st_mode)) return "0";
  return std::to_string(status.st_ino);
}

void note_data(int fd, off_t offset, const void* data, size_t size) {
  if (log_fd < 0) return;
  const std::lock_guard lock(mutex);
  const int kept = errno;
  (void)!::syscall(SYS_write, data_fd, data, size);
  errno = kept;
  note("write\t" + inode(fd) + "\t" + std::to_string(offset) + "\t" + std::to_string(data_size) +
       "\t" + std::to_string(size));
  data_size += static_cast<off_t>(size);
}

int open_at(int at, const char* path, int flags, mode_t mode) {
  if ((flags & (O_CREAT | O_TRUNC)) == 0 || (flags & O_TMPFILE) == O_TMPFILE) {
    return static_cast<int>(::syscall(SYS_openat, at, path, flags, mode));
  }
  count();
  const bool there = ::faccessat(at, path, F_OK, AT_SYMLINK_NOFOLLOW) == 0;
  const int fd = static_cast<int>(::syscall(SYS_openat, at, path, flags, mode));
  if (fd < 0) return fd;
  if (!there) note("create\t" + inode(fd) + "\t" + place(at, path));
  if (there && (flags & O_TRUNC) != 0) note("size\t" + inode(fd) + "\t0");
  return fd;
}

mode_t mode_in(int flags, va_list list) {
  return (flags & (O_CREAT | __O_TMPFILE)) != 0 ? va_arg(list, mode_t) : 0;
}

int renamed(int result, int from, const char* old_path, int to, const char* new_path) {
  if (result == 0) note("rename\t" + place(from, old_path) + "\t" + place(to, new_path));
  return result;
}

int synced(int result, const char* kind, int fd) {
  if (result == 0) note(std::string(kind) + "\t" + inode(fd));
  return result;
}

}  // namespace

extern "C" {

#define OPENS(name, at_parameter, at)                       \
  int name(at_parameter const char* path, int flags, ...) { \
    va_list list;                                           \
    va_start(list, flags);                                  \
    const mode_t mode = mode_in(flags, list);               \
    va_end(list);                                           \
    return open_at(at, path, flags, mode);                  \
  }
#define AT int folder,
#define NONE
OPENS(open, NONE, AT_FDCWD)
OPENS(open64, NONE, AT_FDCWD)
OPENS(openat, AT, folder)
OPENS(openat64, AT, folder)

ssize_t write(int fd, const void* data, size_t size) {
  count();
  const off_t offset = log_fd < 0 || fd <= 2 ? 0 : ::lseek(fd, 0, SEEK_CUR);
  const ssize_t done = ::syscall(SYS_write, fd, data, size);
  if (fd > 2 && done > 0 && offset >= 0) note_data(fd, offset, data, static_cast<size_t>(done));
  return done;
}

// To a bucket.
ssize_t send(int fd, const void* data, size_t size, int flags) {
  count();
  return ::syscall(SYS_sendto, fd, data, size, flags, nullptr, 0);
}

ssize_t pwrite(int fd, const void* data, size_t size, off_t offset) {
  count();
  const ssize_t done = ::syscall(SYS_pwrite64, fd, data, size, offset);
  if (done > 0) note_data(fd, offset, data, static_cast<size_t>(done));
  return done;
}
ssize_t pwrite64(int fd, const void* data, size_t size, off_t offset) {
  return pwrite(fd, data, size, offset);
}

// Copies go through write, where the log has their bytes.
ssize_t copy_file_range(int from, off64_t* at, int to, off64_t* target, size_t size,
                        unsigned flags) {
  if (log_fd < 0) return ::syscall(SYS_copy_file_range, from, at, to, target, size, flags);
  errno = EXDEV;
  return -1;
}

int ftruncate(int fd, off_t size) {
  count();
  const int result = static_cast<int>(::syscall(SYS_ftruncate, fd, size));
  if (result == 0) note("size\t" + inode(fd) + "\t" + std::to_string(size));
  return result;
}
int ftruncate64(int fd, off_t size) { return ftruncate(fd, size); }

int fsync(int fd) {
  count();
  return synced(static_cast<int>(::syscall(SYS_fsync, fd)), "sync", fd);
}
int fdatasync(int fd) {
  count();
  return synced(static_cast<int>(::syscall(SYS_fdatasync, fd)), "sync", fd);
}
int syncfs(int fd) {
  count();
  return synced(static_cast<int>(::syscall(SYS_syncfs, fd)), "sync_all", fd);
}

int rename(const char* from, const char* to) {
  count();
  return renamed(static_cast<int>(::syscall(SYS_renameat2, AT_FDCWD, from, AT_FDCWD, to, 0)),
                 AT_FDCWD, from, AT_FDCWD, to);
}
int renameat2(int from, const char* old_path, int to, const char* new_path, unsigned flags) {
  count();
  return renamed(static_cast<int>(::syscall(SYS_renameat2, from, old_path, to, new_path, flags)),
                 from, old_path, to, new_path);
}

int unlinkat(int at, const char* path, int flags) {
  count();
  const int result = static_cast<int>(::syscall(SYS_unlinkat, at, path, flags));
  if (result == 0) note("remove\t" + place(at, path));
  return result;
}
int unlink(const char* path) { return unlinkat(AT_FDCWD, path, 0); }
int rmdir(const char* path) { return unlinkat(AT_FDCWD, path, AT_REMOVEDIR); }

int clock_gettime(clockid_t clock, timespec* time) {
  const int result = static_cast<int>(::syscall(SYS_clock_gettime, clock, time));
  if (clock == CLOCK_REALTIME) time->tv_sec += clock_offset;
  return result;
}

int mkdirat(int at, const char* path, mode_t mode) {
  count();
  const int result = static_cast<int>(::syscall(SYS_mkdirat, at, path, mode));
  struct stat status {};
  if (result == 0 && ::fstatat(at, path, &status, 0) == 0) {
    note("mkdir\t" + std::to_string(status.st_ino) + "\t" + place(at, path));
  }
  return result;
}
int mkdir(const char* path, mode_t mode) { return mkdirat(AT_FDCWD, path, mode); }

}  // extern "C"
