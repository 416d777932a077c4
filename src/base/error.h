// How anything goes wrong.
//
// `Error` is an operating error: it is expected to happen, says what was attempted on what and why
// it failed, and carries hints a person can act on. `Bug` is a broken promise of our own code.
// `Interrupted` is neither, so that no `catch (const Error&)` can swallow a Ctrl-C.
//
// Messages: lower case, no final period. Hints: sentences. `catch` belongs only at context frames
// (`with_context`), the retry decorator, a thread's edge, the per-service edge and `main`.
#pragma once

#include <exception>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace lifeboat {

// What failed, in the classes of the exit code table (base/exit_code.h).
enum class ErrorKind {
  usage,         // the command line
  config,        // the configuration or a secret it names
  service,       // a service to protect, or a tool it needs
  store,         // the place where snapshots live
  crypto,        // age, keys, decryption
  verification,  // a snapshot or a restored service is not what it should be
  partial,       // some services are safe, others are not
  locked,        // another run holds the lock
  limit,         // a stated limit was reached (size, disk, memory, count)
};

class Error : public std::exception {
 public:
  Error(ErrorKind kind, std::string message) : kind_(kind), message_(std::move(message)) {
    render();
  }

  // Builders, meant for `throw Error(...).hint(...)`.
  Error&& hint(std::string sentence) && {
    hints_.push_back(std::move(sentence));
    return std::move(*this);
  }
  Error&& transient() && {
    transient_ = true;
    return std::move(*this);
  }

  // Adds what was being done around the failure; the outermost frame is told first.
  void add_context(std::string frame) {
    context_.push_back(std::move(frame));
    render();
  }
  void add_hint(std::string sentence) { hints_.push_back(std::move(sentence)); }

  ErrorKind kind() const { return kind_; }
  // The failure alone, without context.
  const std::string& message() const { return message_; }
  const std::vector<std::string>& hints() const { return hints_; }
  // Frames from the innermost to the outermost.
  const std::vector<std::string>& context() const { return context_; }
  // True when trying the same again may succeed.
  bool is_transient() const { return transient_; }
  // "outer frame: inner frame: message"
  const char* what() const noexcept override { return rendered_.c_str(); }

 private:
  void render();

  ErrorKind kind_;
  std::string message_;
  std::vector<std::string> hints_;
  std::vector<std::string> context_;
  std::string rendered_;
  bool transient_ = false;
};

// A promise of our own code is broken: exit code 70, please report.
class Bug : public std::logic_error {
 public:
  using std::logic_error::logic_error;
};

// The user or the system asked us to stop: exit code 130.
class Interrupted : public std::exception {
 public:
  const char* what() const noexcept override { return "interrupted"; }
};

// "open '/x': no such file or directory", from `error_number` (an errno value, captured by the
// caller before anything can change it).
Error system_error(ErrorKind kind, std::string_view attempted, int error_number);

// Runs `body`; an Error passing through gets `frame` (a string, or a callable that makes one) as
// context.
template <typename Frame, typename Body>
decltype(auto) with_context(Frame&& frame, Body&& body) {
  try {
    return std::forward<Body>(body)();
  } catch (Error& error) {
    if constexpr (std::is_invocable_v<Frame>) {
      error.add_context(frame());
    } else {
      error.add_context(std::string(frame));
    }
    throw;
  }
}

// Throws Bug unless `condition`: for promises between our own functions, never for input.
inline void ensure(bool condition, const char* promise) {
  if (!condition) throw Bug(promise);
}

}  // namespace lifeboat
