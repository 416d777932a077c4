#include "recipe/command/recipe_command.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "base/format.h"
#include "base/log.h"
#include "base/text.h"
#include "io/fd.h"
#include "process/process.h"
#include "recipe/details.h"
#include "recipe/volume/folder.h"

namespace lifeboat {
namespace {

namespace fs = std::filesystem;

constexpr size_t marker_lines = 10;  // mysqldump and pg_dump end within the last few
constexpr size_t tail_bytes = 4096;
constexpr uint64_t timeout_default_s = 3600;

// What was configured, checked.
struct CommandSpec {
  std::vector<std::string> argv;
  std::vector<std::pair<std::string, std::string>> environment;
  std::string output;
  std::string marker;
  uint64_t bytes_min = 1;
  std::chrono::seconds timeout{timeout_default_s};
};

Error refused(std::string_view what) {
  return Error(ErrorKind::service, format("read the options of the command: {}", what));
}

CommandSpec read_spec(const Settings& settings) {
  CommandSpec spec;
  spec.argv = settings.list("command");
  if (spec.argv.empty() || spec.argv.front().empty()) throw refused("'command' is empty");
  if (spec.argv.size() == 1 && spec.argv.front().find(' ') != std::string::npos) {
    throw refused("'command' is one string")
        .hint("Write it as a list, since no shell takes it apart: command: [pg_dump, -U, app].");
  }
  for (const std::string& variable : settings.list("env")) {
    const size_t equals = variable.find('=');
    if (equals == 0 || equals == std::string::npos) {
      throw refused("an entry of 'env' has no NAME=").hint("Write entries as NAME=value.");
    }
    spec.environment.emplace_back(variable.substr(0, equals), variable.substr(equals + 1));
    // Of what the program says nothing that it was told here; a path or a number is no secret.
    const std::string& value = spec.environment.back().second;
    constexpr size_t secret_bytes_min = 8;
    const bool is_number = value.find_first_not_of("0123456789.:-") == std::string::npos;
    if (value.size() >= secret_bytes_min && !value.starts_with('/') && !is_number) {
      log_redact(value);
    }
  }
  spec.output = settings.text("output", "output");
  if (!is_inner_path(spec.output) || spec.output.find('/') != std::string::npos) {
    throw refused(format("'output' is no file name: '{}'", printable(spec.output)))
        .hint("Give a name without folders, like 'dump.sql'.");
  }
  spec.marker = settings.text("marker");
  spec.bytes_min = settings.number("min_bytes", 1);
  const uint64_t timeout_s = settings.number("timeout", timeout_default_s);
  if (timeout_s == 0 || timeout_s > 30 * 86400) {
    throw refused("'timeout' is not between 1 second and 30 days");
  }
  spec.timeout = std::chrono::seconds(timeout_s);
  return spec;
}

// True if one of the last lines holds the marker: further up it could be part of the data.
bool has_marker(std::string_view tail, std::string_view marker) {
  const std::vector<std::string> lines = split(tail, '\n');
  size_t seen = 0;
  for (auto line = lines.rbegin(); line != lines.rend() && seen < marker_lines; ++line) {
    if (line->find(marker) != std::string::npos) return true;
    if (!trim(*line).empty()) ++seen;
  }
  return false;
}

void judge(const CommandSpec& spec, const MemberOutcome& outcome) {
  const std::string program = printable(spec.argv.front());
  if (outcome.stream.bytes < spec.bytes_min) {
    throw Error(ErrorKind::service,
                format("run '{}': it printed {} bytes, at least {} are expected", program,
                       outcome.stream.bytes, spec.bytes_min))
        .hint("Run it by hand; if so little is right, lower 'min_bytes'.");
  }
  if (!spec.marker.empty() && !has_marker(outcome.tail, spec.marker)) {
    throw Error(ErrorKind::service, format("run '{}': its output does not end with the marker '{}'",
                                           program, printable(spec.marker)))
        .hint("The dump broke off, or 'marker' is not what this version of the program prints.");
  }
}

class CommandPlan final : public ServicePlan {
 public:
  CommandPlan(CommandSpec spec, RecipeContext& context)
      : spec_(std::move(spec)), clock_(context.clock), stop_(context.stop) {
    facts_.details["program"] = spec_.argv.front();
    facts_.details["output"] = spec_.output;
    facts_.details["min_bytes"] = spec_.bytes_min;
    if (!spec_.marker.empty()) facts_.details["marker"] = spec_.marker;
    facts_.consistency =
        "The output of one run of the command, accepted only after it ended with exit status 0.";
  }

  const Facts& facts() const override { return facts_; }

  std::optional<Member> next() override {
    if (std::exchange(is_done_, true)) return std::nullopt;
    Member member;
    member.meta.path = spec_.output;
    member.meta.mtime = clock_.now();
    member.open = [this] {
      ChildOptions options{spec_.argv, spec_.environment, nullptr, spec_.timeout, stop_};
      return std::make_unique<ChildSource>(std::move(options), clock_);
    };
    member.judge = [spec = spec_](const MemberOutcome& outcome) { judge(spec, outcome); };
    return member;
  }

 private:
  CommandSpec spec_;
  const Clock& clock_;
  StopToken stop_;
  Facts facts_;
  bool is_done_ = false;
};

fs::path output_path(const RestoredService& restored) {
  const std::string output = detail_text(restored.expected.details, "output", "output");
  if (!is_inner_path(output)) {
    throw Error(ErrorKind::verification, "read facts: detail 'output' is not a file's name");
  }
  return restored.directory / output;
}

struct OutputFile {
  bool is_there = false;
  uint64_t bytes = 0;
  std::string tail;
};

OutputFile look_at(const fs::path& path) {
  OutputFile file;
  UniqueFd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK));
  if (!fd) return file;
  const struct stat status = stat_fd(fd.get(), path.native());
  if (!S_ISREG(status.st_mode)) return file;
  file.is_there = true;
  file.bytes = static_cast<uint64_t>(status.st_size);
  file.tail.resize(std::min<uint64_t>(file.bytes, tail_bytes));
  FileAccess access(std::move(fd), path.native(), ErrorKind::service);
  access.read_at(file.bytes - file.tail.size(),
                 std::as_writable_bytes(std::span(file.tail.data(), file.tail.size())));
  return file;
}

class CommandRecipe final : public Recipe {
 public:
  const RecipeInfo& info() const override {
    static const RecipeInfo info{
        "command",
        "the output of a program, judged by exit status, end marker and size",
        {{"command", OptionType::list, true, "program and arguments as a list; no shell sees them"},
         {"output", OptionType::text, false, "name of the file in the archive (default: output)"},
         {"env", OptionType::list, false, "NAME=value entries for the program's environment"},
         {"marker", OptionType::text, false, "text that one of the last 10 lines must hold"},
         {"min_bytes", OptionType::size, false, "smallest size that is accepted (default: 1)"},
         {"timeout", OptionType::integer, false, "seconds it may run (default: 3600)"}}};
    return info;
  }

  std::vector<Finding> check(const Service& service, RecipeContext&) const override {
    try {
      const CommandSpec spec = read_spec(service.settings);
      const bool has_path = std::ranges::any_of(
          spec.environment, [](const auto& variable) { return variable.first == "PATH"; });
      if (!has_path && !has_program(spec.argv.front())) {
        throw Error(ErrorKind::service,
                    format("run '{}': no such program", printable(spec.argv.front())))
            .hint("Install it, make it executable, or give its absolute path.");
      }
      return {{Finding::Level::ok, format("runs '{}'", printable(spec.argv.front())), ""}};
    } catch (const Error& error) {
      return {finding_of(error)};
    }
  }

  std::unique_ptr<ServicePlan> plan(const Service& service, RecipeContext& context) const override {
    return std::make_unique<CommandPlan>(read_spec(service.settings), context);
  }

  std::string restore_card(const Service& service, const Facts& facts) const override {
    return format(
        "`{}/{}` is what `{}` printed. Feed it to the tool that reads such a file, for\n"
        "example `psql < FILE` for `pg_dump`, `mysql < FILE` for `mysqldump`.\n",
        service.name, detail_text(facts.details, "output", "output"),
        printable(detail_text(facts.details, "program", "?")));
  }

  std::vector<ProbeResult> probe(const RestoredService& restored, RecipeContext&) const override {
    const Json& details = restored.expected.details;
    const OutputFile file = look_at(output_path(restored));
    const auto bytes_min = std::max<uint64_t>(1, detail_number(details, "min_bytes", 1));
    std::vector<ProbeResult> answers;
    answers.push_back({"the output is there and large enough",
                       file.is_there && file.bytes >= bytes_min, format(">= {} bytes", bytes_min),
                       file.is_there ? format("{} bytes", file.bytes) : "no file", ""});
    const std::string marker = detail_text(details, "marker");
    if (!marker.empty()) {
      const bool is_found = has_marker(file.tail, marker);
      answers.push_back({"the output ends with the marker", is_found, printable(marker),
                         is_found ? printable(marker) : "not in the last lines", ""});
    }
    return answers;
  }

  std::vector<Sabotage> sabotages() const override {
    return {{"missing output", "the command's output was removed",
             [](const RestoredService& restored) {
               if (::unlink(output_path(restored).c_str()) != 0) {
                 throw system_error(ErrorKind::service, "remove the output", errno);
               }
             }},
            {"truncated output", "the command's output was cut short", cut_output}};
  }

 private:
  // Before the marker if there is one, else to nothing.
  static void cut_output(const RestoredService& restored) {
    const fs::path path = output_path(restored);
    const std::string marker = detail_text(restored.expected.details, "marker");
    const OutputFile file = look_at(path);
    const size_t found = marker.empty() ? 0 : file.tail.find(marker);
    if (!file.is_there || found == std::string::npos) {
      throw Error(ErrorKind::service, "cut the output: it is damaged already");
    }
    const uint64_t keep = marker.empty() ? 0 : file.bytes - file.tail.size() + found;
    if (::truncate(path.c_str(), static_cast<off_t>(keep)) != 0) {
      throw system_error(ErrorKind::service, "cut the output", errno);
    }
  }
};

}  // namespace

std::unique_ptr<Recipe> make_command_recipe() { return std::make_unique<CommandRecipe>(); }

}  // namespace lifeboat
