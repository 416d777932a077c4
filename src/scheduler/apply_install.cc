#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <memory>
#include <optional>
#include <utility>

#include "base/error.h"
#include "base/format.h"
#include "base/log.h"
#include "io/files.h"
#include "process/process.h"
#include "scheduler/install_record.h"

namespace lifeboat {
namespace {

namespace fs = std::filesystem;
using Action = FileChange::Action;
using Kind = FileChange::Kind;

constexpr auto command_timeout = std::chrono::minutes(1);

[[noreturn]] void fail(std::string_view doing, const fs::path& path) {
  throw system_error(ErrorKind::config, format("{} '{}'", doing, path.native()), errno);
}

void write_file(const fs::path& path, const PathState& state, Random& random) {
  AtomicFile file(path, random, {.mode = state.mode, .replace = true, .kind = ErrorKind::config});
  file.write(as_bytes(state.text));
  // Owner first, since it takes setuid away. Only root can give a file to somebody.
  if (::geteuid() == 0 && ::fchown(file.fd(), state.user, state.group) != 0) {
    fail("set the owner of", path);
  }
  file.finish();
}

void remove(const fs::path& path, const PathState& state) {
  const int failed = state.kind == Kind::folder ? ::rmdir(path.c_str()) : ::unlink(path.c_str());
  if (failed != 0 && errno != ENOENT) fail("remove", path);
}

// Makes `path` what `state` says, or gone without one.
void put(const fs::path& path, const std::optional<PathState>& state, Random& random) {
  const auto now = look_at(path);
  if (!state) {
    if (now) remove(path, *now);
  } else if (state->kind == Kind::folder) {
    if (!now && ::mkdir(path.c_str(), 0700) != 0) fail("create", path);
    if (::chmod(path.c_str(), state->mode) != 0) fail("set the mode of", path);
  } else if (state->kind == Kind::link) {
    if (now) remove(path, *now);
    if (::symlink(state->text.c_str(), path.c_str()) != 0) fail("create", path);
  } else {
    write_file(path, *state, random);
  }
}

// Puts everything back unless it is told that all went well.
class Undo {
 public:
  explicit Undo(Random& random) : random_(random) {}
  ~Undo() {
    for (auto one = done_.rbegin(); one != done_.rend(); ++one) {
      try {
        put(one->first, one->second, random_);
      } catch (const Error& error) {
        log_warning("{}", error.what());
      }
    }
  }
  Undo(const Undo&) = delete;
  Undo& operator=(const Undo&) = delete;

  void remember(const fs::path& path) { done_.emplace_back(path, look_at(path)); }
  void forget() { done_.clear(); }

 private:
  Random& random_;
  std::vector<std::pair<fs::path, std::optional<PathState>>> done_;
};

}  // namespace

void apply_install(const InstallPlan& plan, Random& random, const Clock& clock) {
  Undo undo(random);
  for (const FileChange& one : plan.files) {
    if (one.action == Action::keep) continue;
    undo.remember(one.path);
    std::optional<PathState> state;
    if (one.action != Action::remove) {
      state = PathState{one.kind, one.after, one.mode, one.user, one.group};
    }
    put(one.path, state, random);
  }
  undo.forget();
  for (const std::vector<std::string>& command : plan.commands) {
    ChildOptions child;
    child.argv = command;
    child.timeout = command_timeout;
    with_context("the files are written, but systemd does not take them",
                 [&] { run_command(std::move(child), clock); });
  }
}

}  // namespace lifeboat
