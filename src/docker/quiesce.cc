#include "docker/quiesce.h"

#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <system_error>

#include "base/format.h"
#include "base/json.h"
#include "base/log.h"
#include "base/text.h"
#include "docker/engine.h"
#include "docker/process_mark.h"
#include "io/files.h"
#include "io/folder.h"
#include "io/own_directory.h"

namespace lifeboat {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view note_prefix = "quiesced-";
constexpr std::string_view note_suffix = ".json";
constexpr uint64_t note_bytes_max = 64 << 10;
// A database needs time to write all it holds: at the end of the grace it is killed.
constexpr std::chrono::seconds grace_min(30);
// What the engine may need besides: it kills only then, and waits for the end.
constexpr std::chrono::seconds settle_margin(15);
constexpr std::chrono::milliseconds settle_pause(250);
constexpr unsigned undo_attempts_max = 3;
constexpr std::chrono::milliseconds undo_pause(500);

struct Note {
  std::string container_id;
  std::string name;
  std::string mode;  // "stop" or "pause"
  std::string process;
  // Until when a stop that was asked for may still take effect, though whoever asked is dead.
  // Seconds since 1970; 0: it cannot.
  int64_t settles_by = 0;
  std::chrono::seconds grace{};
};

std::string print_note(const Note& note) {
  return print_json(Json{{"container", note.container_id},
                         {"name", note.name},
                         {"mode", note.mode},
                         {"process", note.process},
                         {"settles_by", note.settles_by},
                         {"grace_seconds", note.grace.count()}});
}

// 0 where there is none, as in notes of older versions.
int64_t number_in(const Json& object, std::string_view name) {
  const Json& member = member_of(object, name);
  return member.is_number_integer() ? member.get<int64_t>() : 0;
}

Note read_note(const fs::path& path) {
  const Json json = parse_json(read_file(path, note_bytes_max), path.native());
  Note note{.container_id = text_in(json, "container"),
            .name = text_in(json, "name"),
            .mode = text_in(json, "mode"),
            .process = text_in(json, "process"),
            .settles_by = number_in(json, "settles_by"),
            .grace = std::chrono::seconds(number_in(json, "grace_seconds"))};
  const bool is_whole = !note.container_id.empty() && !note.process.empty() &&
                        note.process.find_first_not_of("0123456789") != 0 &&
                        (note.mode == "stop" || note.mode == "pause");
  if (!is_whole) {
    throw Error(ErrorKind::service, format("read '{}': not a note of a container", path.native()));
  }
  return note;
}

enum class Undone { was_needed, was_not_needed, is_gone };

Undone undo(Docker& docker, const Note& note) {
  const auto state = docker.state(note.container_id);
  if (!state) return Undone::is_gone;
  if (note.mode == "pause") {
    if (*state != "paused") return Undone::was_not_needed;
    docker.unpause(note.container_id);
  } else {
    if (*state == "running" || *state == "restarting") return Undone::was_not_needed;
    docker.start(note.container_id);
  }
  return Undone::was_needed;
}

// A connection that breaks once must not keep a service down until the next night. Undoing looks
// first, and so may be done again.
Undone undo_patiently(Docker& docker, const Note& note, Clock& clock) {
  for (unsigned attempt = 1;; ++attempt) {
    try {
      return undo(docker, note);
    } catch (const Error&) {
      if (attempt == undo_attempts_max) throw;
    }
    clock.sleep(undo_pause, {});
  }
}

// One that stays is no reason to say that the container does not run: the next run finds it running
// and tries again.
void remove_note(const fs::path& path) {
  const auto removes = [&] { return ::unlink(path.c_str()) == 0 || errno == ENOENT; };
  if (removes() || removes()) return;
  log_warning("{}",
              system_error(ErrorKind::service, format("remove '{}'", path.native()), errno).what());
}

void check_can_stop(const DockerDetails& details) {
  if (!details.is_removed_when_stopped) return;
  throw Error(ErrorKind::service,
              format("stop container '{}': it was made with --rm and would be gone",
                     printable(details.container.name)))
      .hint("Pause it instead, or make it without --rm.");
}

// Where the engine's answer gets lost, the second try is refused: it is paused already.
void pause_surely(Docker& docker, const std::string& container_id) {
  try {
    docker.pause(container_id);
  } catch (const Error&) {
    if (docker.state(container_id) != "paused") throw;
  }
}

std::string hand_hint(const Note& note) {
  return format("Run 'docker {} {}' by hand.", note.mode == "pause" ? "unpause" : "start",
                printable(note.name));
}

int64_t seconds_now(const Clock& clock) {
  return std::chrono::floor<std::chrono::seconds>(clock.now()).time_since_epoch().count();
}

// A container that runs may be on its way down: the engine goes on with a stop whose caller was
// killed. Undone before that, it would stay down. Bounded also where the clock was set back.
void wait_until_settled(Docker& docker, const Note& note, Clock& clock, const StopToken& stop) {
  if (note.mode != "stop") return;
  const std::chrono::seconds left(note.settles_by - seconds_now(clock));
  const auto patience = std::min(left, note.grace + settle_margin);
  const auto begin = clock.steady_now();
  while (clock.steady_now() - begin < patience) {
    const auto state = docker.state(note.container_id);
    if (state != "running" && state != "stopping") return;  // the second is Podman's
    clock.sleep(settle_pause, stop);
  }
}

// One sentence, or none if there is nothing to tell.
std::string repair_one(Docker& docker, const fs::path& path, Clock& clock, const StopToken& stop) {
  const Note note = read_note(path);
  if (is_process_alive(note.process)) return "";
  wait_until_settled(docker, note, clock, stop);
  const std::string name = printable(note.name);
  const Undone undone = with_context(
      [&] {
        return format("let container '{}' run again, which a dead run left {}", name,
                      note.mode == "pause" ? "paused" : "stopped");
      },
      [&] { return undo(docker, note); });
  remove_note(path);
  switch (undone) {
    case Undone::was_needed:
      return format("Container '{}' runs again: a run that was killed had left it {}.", name,
                    note.mode == "pause" ? "paused" : "stopped");
    case Undone::is_gone:
      return format("Container '{}', which a killed run had left {}, is gone.", name,
                    note.mode == "pause" ? "paused" : "stopped");
    case Undone::was_not_needed:
      return "";
  }
  return "";
}

}  // namespace

// Its destruction undoes, so that a failure half-way through the beginning does as well.
struct Quiesce::State {
  State(Docker& its_docker, Clock& its_clock, Note its_note, fs::path its_path)
      : docker(its_docker),
        clock(its_clock),
        note(std::move(its_note)),
        path(std::move(its_path)) {}
  State(const State&) = delete;
  State& operator=(const State&) = delete;
  ~State() {
    try {
      end();
    } catch (const std::exception& error) {
      log_line(LogLevel::error, format("{}; {}", error.what(), hand_hint(note)));
    }
  }

  void end() {
    if (is_ended) return;
    is_ended = true;  // further tries are for the next run, which finds the note
    const Undone undone =
        with_context([&] { return format("let container '{}' run again", printable(note.name)); },
                     [&] { return undo_patiently(docker, note, clock); });
    // A stop that failed may still take effect: then the next run finds the note.
    if (is_quiet) remove_note(path);
    if (undone == Undone::is_gone) {
      throw Error(ErrorKind::service,
                  format("let container '{}' run again: it is gone", printable(note.name)))
          .hint("Somebody removed it during the backup; make it anew.");
    }
  }

  Docker& docker;
  Clock& clock;
  Note note;
  fs::path path;
  bool is_quiet = false;  // the container was stopped or paused as asked
  bool is_ended = false;
};

Quiesce::Quiesce(Docker& docker, const std::string& container_id, QuiesceMode mode,
                 const fs::path& state_dir, Random& random, Clock& clock) {
  const DockerDetails details = docker.inspect(container_id);
  const DockerContainer& container = details.container;
  if (!container.is_running()) return;
  if (mode == QuiesceMode::stop) check_can_stop(details);
  const std::chrono::seconds grace = std::max(details.stop_grace, grace_min);
  Note note{.container_id = container.id,
            .name = container.name,
            .mode = mode == QuiesceMode::stop ? "stop" : "pause",
            .process = process_mark()};
  if (mode == QuiesceMode::stop) {
    note.settles_by = seconds_now(clock) + (grace + settle_margin).count();
    note.grace = grace;
  }
  make_own_directory(state_dir, ErrorKind::service);
  const fs::path path =
      state_dir / format("{}{}{}", note_prefix, random_hex(random, 8), note_suffix);
  AtomicFile file(path, random, {.kind = ErrorKind::service});
  file.write(as_bytes(print_note(note)));
  file.finish();
  auto state = std::make_unique<State>(docker, clock, note, path);
  if (mode == QuiesceMode::pause) {
    pause_surely(docker, container.id);
  } else {
    docker.stop(container.id, grace);
  }
  state->is_quiet = true;
  state_ = std::move(state);
}

Quiesce::~Quiesce() = default;

void Quiesce::end() {
  if (state_) state_->end();
}

std::vector<std::string> repair_quiesced(Docker& docker, const fs::path& state_dir, Clock& clock,
                                         const StopToken& stop) {
  std::vector<fs::path> notes;
  std::vector<std::string> told;
  try {
    for (const fs::path& entry : list_folder(state_dir, ErrorKind::service)) {
      const std::string name = entry.filename();
      if (name.starts_with(note_prefix) && name.ends_with(note_suffix)) notes.push_back(entry);
    }
  } catch (const Error& error) {  // what cannot be looked for must not cost the backup
    told.push_back(format("look for containers that a dead run left stopped: {}", error.what()));
  }
  for (const fs::path& path : notes) {
    std::string sentence;
    try {
      sentence = repair_one(docker, path, clock, stop);
    } catch (const Error& error) {  // one that cannot be helped must not keep the others down
      sentence = error.what();
    }
    if (!sentence.empty()) told.push_back(std::move(sentence));
  }
  return told;
}

}  // namespace lifeboat
