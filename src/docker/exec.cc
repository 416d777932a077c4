#include "docker/exec.h"

#include <algorithm>
#include <utility>

#include "base/format.h"
#include "base/log.h"
#include "base/text.h"

namespace lifeboat {
namespace {

using std::chrono::milliseconds;

// The engine notices the end of a process a little after the end of its output.
constexpr auto exit_patience = std::chrono::seconds(10);
constexpr auto exit_poll_first = milliseconds(5);
constexpr auto exit_poll_max = milliseconds(500);
constexpr size_t begin_of_output_max = 1000;
// runc's words for a command that cannot be started come as if the command had written them.
constexpr std::string_view start_failure = "OCI runtime";

std::string variable(const std::string& name, const Secret& value) {
  std::string line = name + "=" + std::string(value.reveal());
  // JSON can only carry UTF-8: what is replaced on the way would be another password.
  const Json carried = Json::parse(print_json_line(Json(line)), nullptr, false);
  if (carried != Json(line) || line.find('\0') != std::string::npos) {
    throw Error(ErrorKind::service,
                format("give {} to a command in a container: not UTF-8 text", printable(name)))
        .hint("Use a value of letters, digits and signs only.");
  }
  return line;
}

Json exec_body(const DockerExec& exec) {
  Json body{{"AttachStdin", exec.input != nullptr},
            {"AttachStdout", true},
            {"AttachStderr", true},
            {"Tty", false},
            {"Cmd", exec.argv}};
  Json environment = Json::array();
  for (const auto& [name, value] : exec.env) environment.push_back(variable(name, *value));
  if (!environment.empty()) body["Env"] = std::move(environment);
  if (!exec.user.empty()) body["User"] = exec.user;
  if (!exec.working_dir.empty()) body["WorkingDir"] = exec.working_dir;
  return body;
}

std::string hint_for_exit(int code) {
  switch (code) {
    case 126:
    case 127:
      return "Is that program in the container's image?";
    case 137:
      return "It was killed: the container stopped, or its memory ran out ('docker inspect' shows "
             "OOMKilled).";
    default:
      return "Run the command by hand with 'docker exec' to see what it says.";
  }
}

}  // namespace

ExecStream::ExecStream(Engine engine, Clock& clock, const std::string& container_id,
                       const DockerExec& exec)
    : engine_(std::move(engine)), clock_(clock) {
  ensure(!exec.argv.empty(), "an exec has a command");
  attempted_ = format("run '{}' in container '{}'", printable(exec.argv.front()),
                      short_id(path_word(container_id, "container")));
  const auto begin = clock_.steady_now();
  exec_id_ = text_in(engine_.ask({.attempted = attempted_,
                                  .method = "POST",
                                  .path = format("/containers/{}/exec", container_id),
                                  .body = exec_body(exec)}),
                     "Id");
  HijackOptions hijack{
      .attempted = attempted_,
      .path = format("/v{}/exec/{}/start", engine_.api_version(), path_word(exec_id_, "exec")),
      .body = print_json_line(Json{{"Detach", false}, {"Tty", false}}),
      .input = exec.input};
  if (exec.timeout.count() > 0) hijack.deadline = begin + exec.timeout;
  wire_.emplace(engine_, clock_, std::move(hijack));
  frames_.emplace(*wire_, attempted_);
}

size_t ExecStream::read(ByteSpan target) {
  const size_t count = frames_->read(target);
  const size_t kept = std::min(count, begin_of_output_max - begin_of_output_.size());
  begin_of_output_ += as_text(target.first(kept));
  return count;
}

int ExecStream::wait_for_exit() {
  const auto deadline = clock_.steady_now() + exit_patience;
  milliseconds pause = exit_poll_first;
  for (;;) {
    const Json state = engine_.ask({.attempted = attempted_ + ": ask for its exit code",
                                    .path = "/exec/" + exec_id_ + "/json"});
    if (const auto code = read_exit_code(state)) {
      if (*code == 0 && !wire_->input_was_taken()) {
        throw Error(ErrorKind::service, attempted_ + ": it ended before it had read all its input")
            .hint("Run the command by hand to see how much it reads.");
      }
      return *code;
    }
    if (clock_.steady_now() >= deadline) {
      throw Error(ErrorKind::service, attempted_ + ": its output ended while it still runs")
          .hint(
              "Let the command keep its output open until it ends; the engine may also have "
              "broken off the stream.");
    }
    clock_.sleep(pause, engine_.stop());
    pause = std::min(2 * pause, exit_poll_max);
  }
}

Error ExecStream::failure(int exit_code) const {
  std::string_view said = trim(stderr_tail());
  if (said.empty() && begin_of_output_.starts_with(start_failure)) said = trim(begin_of_output_);
  const std::string words = printable(redact(said));
  return Error(ErrorKind::service, format("{}: it ended with exit code {}{}{}", attempted_,
                                          exit_code, words.empty() ? "" : ": ", words))
      .hint(hint_for_exit(exit_code));
}

size_t CheckedExecSource::read(ByteSpan target) {
  if (at_end_) return 0;
  ensure(!std::exchange(is_broken_, true), "a failed exec is not read again");
  const size_t count = stream_->read(target);
  if (count == 0) {
    const int code = stream_->wait_for_exit();
    if (code != 0) throw stream_->failure(code);
    at_end_ = true;
  }
  is_broken_ = false;
  return count;
}

}  // namespace lifeboat
