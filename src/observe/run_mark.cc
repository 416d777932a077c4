#include "observe/run_mark.h"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>

#include "base/error.h"
#include "base/format.h"
#include "base/log.h"
#include "base/text.h"
#include "io/files.h"
#include "io/own_directory.h"

namespace lifeboat {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view first_line = "lifeboat run 1\n";
constexpr uint64_t mark_max_bytes = 4096;
constexpr size_t phase_max_bytes = 300;

// "20260507T020000Z"
std::string compact_time(Timestamp time) {
  std::string text = print_time(time);
  std::erase_if(text, [](char letter) { return letter == '-' || letter == ':'; });
  return text;
}

// "name: value\n" lines; the phase comes last and is written over in place.
std::string head_of(const RunName& name, Timestamp started) {
  return format("{}host: {}\nactivity: {}\njob: {}\nstarted: {}\npid: {}\nphase: ", first_line,
                printable(name.host), printable(name.activity), printable(name.job),
                print_time(started), ::getpid());
}

// Takes "name: value\n" off the front of `text`.
std::string take_line(std::string_view& text, std::string_view name) {
  const size_t end = text.find('\n');
  const std::string_view line = text.substr(0, end);
  if (!line.starts_with(name) || !line.substr(name.size()).starts_with(": ")) {
    throw Error(ErrorKind::verification, format("no line '{}'", name));
  }
  // A phase may lack its end of line: nothing after it is needed.
  text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
  return printable(line.substr(name.size() + 2));
}

KilledRun parse_mark(std::string_view text) {
  if (!text.starts_with(first_line)) throw Error(ErrorKind::verification, "not a run's mark");
  text.remove_prefix(first_line.size());
  KilledRun run;
  run.name.host = take_line(text, "host");
  run.name.activity = take_line(text, "activity");
  run.name.job = take_line(text, "job");
  run.started = parse_time(take_line(text, "started"));
  const std::string pid = take_line(text, "pid");
  std::from_chars(pid.data(), pid.data() + pid.size(), run.pid);
  run.phase = take_line(text, "phase");
  return run;
}

// What the mark says, if its run is over and left it behind.
std::optional<KilledRun> read_killed(const fs::path& path) {
  UniqueFd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK));
  if (!fd && errno == ENOENT) return std::nullopt;
  if (!fd) throw system_error(ErrorKind::config, format("open '{}'", path.native()), errno);
  // Shared, so that two who look at once do not take each other for the run.
  if (::flock(fd.get(), LOCK_SH | LOCK_NB) != 0) return std::nullopt;
  // Its run may have ended well between our open and our lock.
  if (stat_fd(fd.get(), path.native(), ErrorKind::config).st_nlink == 0) return std::nullopt;
  FdSource source(std::move(fd), path.native(), ErrorKind::config);
  KilledRun run;
  try {
    run = parse_mark(as_text(read_all(source, mark_max_bytes, "the mark")));
  } catch (const Error& error) {
    if (error.kind() == ErrorKind::config) throw;  // it cannot be read
  }
  run.mark = path;
  return run;
}

}  // namespace

RunMark::RunMark(const fs::path& directory, RunName name, Timestamp started, Random& random)
    : head_(head_of(name, started)) {
  make_own_directory(directory, ErrorKind::config);
  path_ =
      directory / format("{}.{}{}{}.{}-{}.run", name.host, name.activity,
                         name.job.empty() ? "" : ".", name.job, compact_time(started), ::getpid());
  AtomicFile file(path_, random, {.replace = true, .kind = ErrorKind::config});
  // The lock is the open file's and not the descriptor's: it lasts as long as this copy.
  fd_ = UniqueFd(::fcntl(file.fd(), F_DUPFD_CLOEXEC, 0));
  if (!fd_) throw system_error(ErrorKind::config, format("hold '{}'", path_.native()), errno);
  file.write(as_bytes(head_ + "\n"));
  file.finish();
}

RunMark::~RunMark() {
  // The name goes before the lock: nobody can find the mark free. Synced, since a mark that a power
  // cut brought back would have the next run tell of a death that was none.
  if (::unlink(path_.c_str()) != 0) return;
  try {
    sync_directory(path_.parent_path(), ErrorKind::config);
  } catch (const std::exception& error) {
    log_line(LogLevel::error, error.what());
  }
}

void RunMark::phase(std::string_view phase) noexcept {
  try {
    const std::string line = printable(phase.substr(0, phase_max_bytes)) + "\n";
    const auto at = static_cast<off_t>(head_.size());
    [[maybe_unused]] const ssize_t written = ::pwrite(fd_.get(), line.data(), line.size(), at);
  } catch (const std::exception&) {  // out of memory: the phase is of no matter
  }
}

std::vector<KilledRun> killed_runs(const fs::path& directory, std::string_view host) {
  std::vector<KilledRun> killed;
  std::error_code fault;
  fs::directory_iterator entries(directory, fault);
  if (fault == std::errc::no_such_file_or_directory) return killed;
  const std::string prefix = format("{}.", host);
  for (; !fault && entries != fs::directory_iterator(); entries.increment(fault)) {
    const std::string name = entries->path().filename().native();
    if (!name.starts_with(prefix) || !name.ends_with(".run")) continue;
    if (!fs::is_regular_file(entries->symlink_status(fault))) continue;
    if (auto run = read_killed(entries->path())) killed.push_back(std::move(*run));
  }
  if (fault) {
    throw system_error(ErrorKind::config, format("list '{}'", directory.native()), fault.value());
  }
  std::sort(killed.begin(), killed.end(), [](const KilledRun& left, const KilledRun& right) {
    return std::tie(left.started, left.mark) < std::tie(right.started, right.mark);
  });
  return killed;
}

void forget_killed(const KilledRun& run) { ::unlink(run.mark.c_str()); }

}  // namespace lifeboat
