#include "cli/terminal.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdlib>
#include <optional>

#include "base/error.h"
#include "base/format.h"
#include "base/text.h"
#include "io/fd.h"

namespace lifeboat::cli {
namespace {

constexpr size_t answer_bytes_max = 4096;
constexpr const char* terminal_path = "/dev/tty";

bool has_value(const char* variable) {
  const char* value = ::getenv(variable);
  return value != nullptr && *value != '\0';
}

// Turns the echo off while it lives.
class SilentTerminal {
 public:
  explicit SilentTerminal(int fd) : fd_(fd) {
    if (::tcgetattr(fd_, &before_) != 0) {
      throw system_error(ErrorKind::usage, "ask the terminal for a passphrase", errno);
    }
    termios silent = before_;
    silent.c_lflag &= ~static_cast<tcflag_t>(ECHO);
    silent.c_lflag |= ICANON | ISIG;
    // TCSAFLUSH: what was typed before the question is not an answer to it.
    if (::tcsetattr(fd_, TCSAFLUSH, &silent) != 0) {
      throw system_error(ErrorKind::usage, "turn off the terminal's echo", errno);
    }
  }
  ~SilentTerminal() {
    (void)!::write(fd_, "\n", 1);  // the typed one was not shown
    (void)::tcsetattr(fd_, TCSAFLUSH, &before_);
  }
  SilentTerminal(const SilentTerminal&) = delete;
  SilentTerminal& operator=(const SilentTerminal&) = delete;

 private:
  int fd_;
  termios before_{};
};

// One byte, or nothing at the end of input. Throws Interrupted on a stop.
std::optional<std::byte> read_byte(int fd, const StopToken& stop) {
  for (;;) {
    std::array<pollfd, 2> waits{{{fd, POLLIN, 0}, {stop.fd(), POLLIN, 0}}};
    (void)::poll(waits.data(), waits.size(), -1);
    stop.throw_if_stopped();
    if (waits[0].revents == 0) continue;
    std::byte byte{};
    const ssize_t count = ::read(fd, &byte, 1);
    if (count == 1) return byte;
    if (count == 0) return std::nullopt;
    const int reason = errno;
    if (reason != EINTR) {
      throw system_error(ErrorKind::usage, "read an answer from the terminal", reason);
    }
  }
}

UniqueFd open_terminal() {
  UniqueFd terminal(::open(terminal_path, O_RDWR | O_NOCTTY | O_CLOEXEC));
  if (terminal) return terminal;
  throw Error(ErrorKind::usage, "ask for a passphrase: there is no terminal")
      .hint("Give it with --passphrase-file FILE, or in the variable LIFEBOAT_PASSPHRASE.");
}

struct Answer {
  Secret text;
  bool ended = false;  // there will be no other
};

// One line; which may be a secret.
Answer read_answer(int fd, std::string_view prompt, const StopToken& stop) {
  write_fd(fd, as_bytes(prompt), terminal_path, ErrorKind::usage);
  Answer answer{Secret(answer_bytes_max)};
  size_t size = 0;
  for (;;) {
    const std::optional<std::byte> byte = read_byte(fd, stop);
    answer.ended = !byte && size == 0;
    if (!byte || *byte == std::byte('\n')) break;
    if (size == answer_bytes_max) {
      throw Error(ErrorKind::usage, format("read an answer from the terminal: it is longer than {} "
                                           "bytes",
                                           answer_bytes_max));
    }
    answer.text.span()[size++] = *byte;
  }
  answer.text.truncate(size);
  return answer;
}

}  // namespace

TerminalTraits detect_terminal() {
  TerminalTraits traits;
  traits.in_is_terminal = ::isatty(STDIN_FILENO) == 1;
  traits.out_is_terminal = ::isatty(STDOUT_FILENO) == 1;
  traits.talk_is_terminal = ::isatty(STDERR_FILENO) == 1;
  const char* term = ::getenv("TERM");
  const bool is_dumb = term == nullptr || std::string_view(term) == "dumb";
  traits.colours = traits.out_is_terminal && !is_dumb && !has_value("NO_COLOR");
  // A dumb terminal cannot take a line back.
  traits.talk_is_terminal = traits.talk_is_terminal && !is_dumb;
  winsize size{};
  if (::ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0) traits.width = size.ws_col;
  return traits;
}

Secret ask_secret(std::string_view prompt, const StopToken& stop) {
  const UniqueFd terminal = open_terminal();
  const SilentTerminal silent(terminal.get());
  return read_answer(terminal.get(), prompt, stop).text;
}

std::string ask_line(std::string_view prompt, const StopToken& stop) {
  const UniqueFd terminal = open_terminal();
  const Answer answer = read_answer(terminal.get(), prompt, stop);
  if (answer.ended) throw Error(ErrorKind::usage, "read an answer: the terminal's input ended");
  return std::string(trim(answer.text.reveal()));
}

void tell_terminal(std::string_view text) {
  const UniqueFd terminal = open_terminal();
  write_fd(terminal.get(), as_bytes(text), terminal_path, ErrorKind::usage);
}

}  // namespace lifeboat::cli
