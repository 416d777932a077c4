#include "base/error.h"

#include <cstring>

#include "base/format.h"

namespace lifeboat {

void Error::render() {
  rendered_.clear();
  for (auto frame = context_.rbegin(); frame != context_.rend(); ++frame) {
    rendered_ += *frame;
    rendered_ += ": ";
  }
  rendered_ += message_;
}

Error system_error(ErrorKind kind, std::string_view attempted, int error_number) {
  std::string reason = ::strerrordesc_np(error_number) != nullptr
                           ? ::strerrordesc_np(error_number)
                           : "unknown error " + std::to_string(error_number);
  if (!reason.empty() && reason[0] >= 'A' && reason[0] <= 'Z' && reason.size() > 1 &&
      reason[1] >= 'a') {
    reason[0] = static_cast<char>(reason[0] - 'A' + 'a');
  }
  Error error(kind, format("{}: {}", attempted, reason));
  if (error_number == ENOSPC || error_number == EDQUOT) {
    error.add_hint("Free some space there, or point it to another disk.");
  } else if (error_number == EACCES || error_number == EPERM) {
    error.add_hint("Run as a user who may do this, usually root.");
  }
  return error;
}

}  // namespace lifeboat
