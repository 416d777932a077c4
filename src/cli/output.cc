#include "cli/output.h"

#include <unistd.h>

#include <cerrno>

#include "base/error.h"
#include "base/log.h"
#include "base/visible_text.h"
#include "cli/table.h"

namespace lifeboat::cli {
namespace {

constexpr size_t pending_bytes_max = 64 * 1024;
constexpr std::string_view clear_line = "\r\x1b[K";

// Gives `Output::raw` an end of its own without ending stdout.
class BorrowedSink final : public Sink {
 public:
  explicit BorrowedSink(Sink& next) : next_(next) {}

 private:
  void do_write(ByteView data) override { next_.write(data); }
  void do_finish() override {}

  Sink& next_;
};

}  // namespace

void StdoutSink::do_write(ByteView data) {
  while (!data.empty()) {
    const ssize_t written = ::write(STDOUT_FILENO, data.data(), data.size());
    if (written < 0) {
      const int reason = errno;
      if (reason == EINTR) continue;
      if (reason == EPIPE) throw OutputClosed();
      throw system_error(ErrorKind::limit, "write to standard output", reason);
    }
    data = data.subspan(static_cast<size_t>(written));
  }
}

void Output::text(std::string_view text) {
  pending_ += terminal_text(text);
  if (pending_.size() >= pending_bytes_max) flush();
}

void Output::line(std::string_view line) {
  text(line);
  text("\n");
}

void Output::json(const Json& value) { text(print_json(value)); }

void Output::begin_array() {
  in_array_ = true;
  array_is_empty_ = true;
  text("[");
}

void Output::item(const Json& value) {
  text(array_is_empty_ ? "\n" : ",\n");
  array_is_empty_ = false;
  text(print_json_line(value));
}

void Output::end_array() {
  in_array_ = false;
  text(array_is_empty_ ? "]\n" : "\n]\n");
}

std::unique_ptr<Sink> Output::raw() {
  flush();
  is_raw_ = true;
  return std::make_unique<BorrowedSink>(sink_);
}

void Output::flush() {
  if (pending_.empty()) return;
  const std::string text = std::exchange(pending_, {});
  sink_.write(as_bytes(text));
}

void Talk::say(std::string_view text) {
  if (!quiet_) line(text);
}

void Talk::warn(std::string_view text) { line(format("warning: {}", text)); }

void Talk::line(std::string_view text) {
  status("");
  write(terminal_text(redact(text)) + "\n");
}

void Talk::status(std::string_view text) {
  if (!shows_status()) return;
  if (text.empty() && !has_status_) return;
  has_status_ = !text.empty();
  write(std::string(clear_line) + cut_to_width(terminal_text(redact(text)), width_));
}

void Talk::write(std::string_view text) {
  try {
    sink_.write(as_bytes(text));
  } catch (const Error&) {
    // Nobody listens (stderr is closed or its disk full). The work matters more than the talk.
  }
}

}  // namespace lifeboat::cli
