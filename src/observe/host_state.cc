#include "observe/host_state.h"

#include <fcntl.h>
#include <sys/file.h>

#include <algorithm>
#include <cerrno>

#include "base/error.h"
#include "base/format.h"
#include "base/names.h"
#include "base/text.h"
#include "io/fd.h"
#include "io/files.h"
#include "io/own_directory.h"
#include "observe/host_state_json.h"

namespace lifeboat {
namespace {

namespace fs = std::filesystem;

constexpr uint64_t state_max_bytes = 16 << 20;

template <typename Entry, typename Is>
Entry& find_or_add(std::vector<Entry>& entries, Entry fresh, Is is) {
  const auto found = std::find_if(entries.begin(), entries.end(), is);
  return found != entries.end() ? *found : entries.emplace_back(std::move(fresh));
}

template <typename Entry>
Entry& by_name(std::vector<Entry>& entries, std::string_view name) {
  Entry fresh{};
  fresh.name = name;
  return find_or_add(entries, std::move(fresh),
                     [name](const Entry& entry) { return entry.name == name; });
}

struct Loaded {
  HostState state;
  std::string damage;  // why the file is not understood; empty: it is, or there is none
};

Loaded read_state(const fs::path& path, const std::string& host) {
  Loaded loaded;
  UniqueFd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!fd && errno != ENOENT) {
    throw system_error(ErrorKind::config, format("open '{}'", path.native()), errno);
  }
  if (fd) {
    FdSource source(std::move(fd), path.native(), ErrorKind::config);
    try {
      loaded.state = parse_host_state(as_text(read_all(source, state_max_bytes, "the state")));
    } catch (const Error& error) {
      if (error.kind() == ErrorKind::config) throw;  // it cannot be read
      loaded.damage = error.what();
    }
  }
  loaded.state.host = host;
  return loaded;
}

UniqueFd lock_state(const fs::path& path) {
  UniqueFd fd = open_file(path, O_RDWR | O_CREAT | O_NOFOLLOW, 0600, ErrorKind::config);
  // Waits: who holds it reads and writes one small file.
  while (::flock(fd.get(), LOCK_EX) != 0) {
    if (errno == EINTR) continue;
    throw system_error(ErrorKind::config, format("lock '{}'", path.native()), errno);
  }
  return fd;
}

void write_state(const fs::path& path, const HostState& state, Random& random) {
  const std::string text = print_host_state(state);
  if (text.size() > state_max_bytes) {
    throw Error(ErrorKind::config, format("write '{}': it would be larger than {}", path.native(),
                                          print_bytes(state_max_bytes)));
  }
  AtomicFile file(path, random, {.replace = true, .kind = ErrorKind::config});
  file.write(as_bytes(text));
  file.finish();
}

}  // namespace

JobState& HostState::job(std::string_view name) { return by_name(jobs, name); }

DrillState& HostState::drill(std::string_view drill_host, std::string_view job_name) {
  DrillState fresh{};
  fresh.host = drill_host;
  fresh.job = job_name;
  return find_or_add(drills, std::move(fresh), [&](const DrillState& entry) {
    return entry.host == drill_host && entry.job == job_name;
  });
}

ActivityState& HostState::activity(std::string_view name) { return by_name(activities, name); }

NotifierState& HostState::notifier(std::string_view name) { return by_name(notifiers, name); }

StateFile::StateFile(fs::path directory, std::string host, Random& random)
    : directory_(std::move(directory)), host_(std::move(host)), random_(random) {
  if (!is_host_name(host_)) {
    throw Error(ErrorKind::config,
                format("'{}' is not a host's name: {}", printable(host_), host_name_rule));
  }
}

HostState StateFile::load() {
  const fs::path path = directory_ / (host_ + ".state.json");
  Loaded loaded = read_state(path, host_);
  warning_.clear();
  if (!loaded.damage.empty()) {
    warning_ = format(
        "'{}' cannot be understood ({}), so what it held of earlier runs is unknown; "
        "the next run puts it aside as '{}.damaged'",
        path.native(), loaded.damage, path.filename().native());
  }
  return std::move(loaded.state);
}

HostState StateFile::update(const std::function<void(HostState&)>& change) {
  make_own_directory(directory_, ErrorKind::config);
  const UniqueFd lock = lock_state(directory_ / (host_ + ".state.lock"));
  remove_leftovers(directory_, host_ + ".");
  const fs::path path = directory_ / (host_ + ".state.json");
  Loaded loaded = read_state(path, host_);
  warning_.clear();
  change(loaded.state);
  if (!loaded.damage.empty()) {
    const fs::path aside = path.native() + ".damaged";
    if (::rename(path.c_str(), aside.c_str()) != 0) {
      throw system_error(ErrorKind::config,
                         format("rename '{}' to '{}'", path.native(), aside.native()), errno);
    }
    warning_ = format(
        "'{}' could not be understood ({}), so what it held of earlier runs is lost; "
        "it was put aside as '{}'",
        path.native(), loaded.damage, aside.native());
  }
  write_state(path, loaded.state, random_);
  return std::move(loaded.state);
}

}  // namespace lifeboat
