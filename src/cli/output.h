// What the program says: data to stdout (`Output`), talk to stderr (`Talk`).
//
// Neither knows a file descriptor, so that tests run whole commands in memory. Text is gathered and
// written in blocks; a full disk behind stdout is an Error like any other and never a short, happy
// listing.
#pragma once

#include <exception>
#include <memory>
#include <string>
#include <string_view>

#include "base/json.h"
#include "io/sink.h"

namespace lifeboat::cli {

// The reader of our stdout went away (`lifeboat ls | head`): not an error of ours. The program
// ends by SIGPIPE, as Unix tools do.
class OutputClosed : public std::exception {
 public:
  const char* what() const noexcept override { return "stdout was closed"; }
};

// Writes to file descriptor 1; throws OutputClosed on EPIPE, Error(limit) otherwise.
class StdoutSink final : public Sink {
 private:
  void do_write(ByteView data) override;
  void do_finish() override {}
};

// The data of a command: text, JSON or raw bytes. `sink` must outlive it.
class Output {
 public:
  explicit Output(Sink& sink) : sink_(sink) {}

  void text(std::string_view text);
  // A line, with its end.
  void line(std::string_view text);
  // A whole document.
  void json(const Json& value);

  // An array printed as it comes, for listings of any length.
  void begin_array();
  void item(const Json& value);
  void end_array();
  bool in_array() const { return in_array_; }

  // For raw bytes; text that was written before comes first. The sink does not outlive this.
  std::unique_ptr<Sink> raw();
  // True once `raw` was called: nothing else may be put into stdout then.
  bool is_raw() const { return is_raw_; }

  void flush();

 private:
  Sink& sink_;
  std::string pending_;
  bool in_array_ = false;
  bool array_is_empty_ = true;
  bool is_raw_ = false;
};

// Lines for people. Remembered secrets are blanked in each of them.
class Talk {
 public:
  Talk(Sink& sink, bool is_terminal, unsigned width)
      : sink_(sink), is_terminal_(is_terminal), width_(width) {}

  void set_quiet(bool quiet) { quiet_ = quiet; }
  // Dropped when quiet.
  void say(std::string_view text);
  // Never dropped.
  void line(std::string_view text);
  void warn(std::string_view text);
  // A line that the next one replaces; on a terminal only, cut to its width. Empty: take it away.
  void status(std::string_view text);
  bool shows_status() const { return is_terminal_ && !quiet_; }
  unsigned width() const { return width_; }

 private:
  void write(std::string_view text);

  Sink& sink_;
  bool is_terminal_;
  unsigned width_;
  bool quiet_ = false;
  bool has_status_ = false;
};

}  // namespace lifeboat::cli
