#include "base/log.h"

#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <memory>
#include <mutex>
#include <vector>

#include "base/secret.h"
#include "base/visible_text.h"

namespace lifeboat {
namespace {

constexpr size_t redact_length_min = 4;  // shorter values would blank ordinary words

struct Redactions {
  std::mutex mutex;
  std::vector<Secret> values;
};

Redactions& redactions() {
  static Redactions instance;
  return instance;
}

spdlog::logger& logger() {
  static const auto instance = [] {
    auto made = std::make_shared<spdlog::logger>("lifeboat",
                                                 std::make_shared<spdlog::sinks::stderr_sink_mt>());
    made->set_pattern("%v");
    made->flush_on(spdlog::level::trace);
    return made;
  }();
  return *instance;
}

spdlog::level::level_enum spdlog_level(LogLevel level) {
  switch (level) {
    case LogLevel::debug:
      return spdlog::level::debug;
    case LogLevel::info:
      return spdlog::level::info;
    case LogLevel::warning:
      return spdlog::level::warn;
    case LogLevel::error:
      return spdlog::level::err;
  }
  return spdlog::level::err;
}

std::string_view prefix(LogLevel level) {
  switch (level) {
    case LogLevel::debug:
      return "debug: ";
    case LogLevel::info:
      return "";
    case LogLevel::warning:
      return "warning: ";
    case LogLevel::error:
      return "error: ";
  }
  return "";
}

}  // namespace

void log_line(LogLevel level, std::string_view text) {
  logger().log(spdlog_level(level), "{}{}", prefix(level), terminal_text(redact(text)));
}

void log_set_level(LogLevel level) { logger().set_level(spdlog_level(level)); }

void log_redact(std::string_view value) {
  if (value.size() < redact_length_min) return;
  Secret secret(value);
  auto& known = redactions();
  const std::scoped_lock lock(known.mutex);
  // Longest first: a secret may hold a shorter one.
  const auto longer = [](const Secret& left, std::string_view right) {
    return left.size() > right.size();
  };
  const auto place = std::lower_bound(known.values.begin(), known.values.end(), value, longer);
  const bool is_known = std::any_of(known.values.begin(), known.values.end(),
                                    [&](const Secret& one) { return one.reveal() == value; });
  if (!is_known) known.values.insert(place, std::move(secret));
}

std::string redact(std::string_view text) {
  std::string result(text);
  auto& known = redactions();
  const std::scoped_lock lock(known.mutex);
  for (const Secret& secret : known.values) {
    const std::string_view value = secret.reveal();
    for (size_t at = result.find(value); at != std::string::npos; at = result.find(value, at + 3)) {
      result.replace(at, value.size(), "***");
    }
  }
  return result;
}

}  // namespace lifeboat
