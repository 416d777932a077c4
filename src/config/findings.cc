#include "config/findings.h"

#include <algorithm>
#include <tuple>

#include "base/format.h"
#include "base/text.h"
#include "config/small_file.h"

namespace lifeboat {
namespace {

std::string print_faults(std::vector<ConfigFinding>& faults) {
  ensure(!faults.empty(), "ConfigErrors holds at least one fault");
  std::stable_sort(faults.begin(), faults.end(), [](const auto& left, const auto& right) {
    const auto key = [](const ConfigFinding& fault) {
      return std::tie(fault.location.file, fault.location.line, fault.location.column);
    };
    return key(left) < key(right);
  });
  std::string text;
  for (const ConfigFinding& fault : faults) {
    if (!text.empty()) text += '\n';
    text += format("{}: {}", fault.location.text(), fault.message);
    if (!fault.hint.empty()) text += format("\n  hint: {}", fault.hint);
  }
  return text;
}

}  // namespace

std::string ConfigLocation::text() const {
  return line == 0 ? file : format("{}:{}:{}", file, line, column);
}

// The base is made first, and sorts the argument that the member then takes.
ConfigErrors::ConfigErrors(std::vector<ConfigFinding> faults)
    : Error(ErrorKind::config, print_faults(faults)), faults_(std::move(faults)) {}

std::string did_you_mean(std::string_view typed, const std::vector<std::string>& candidates) {
  constexpr size_t listed_max = 20;
  if (const auto near = nearest(typed, candidates)) return format("Did you mean '{}'?", *near);
  if (candidates.empty() || candidates.size() > listed_max) return "";
  return format("Known here: {}.", join(candidates, ", "));
}

std::string quote(std::string_view text) {
  constexpr size_t shown_max = 60;
  std::string upper(text);
  std::transform(upper.begin(), upper.end(), upper.begin(), [](char letter) {
    return letter >= 'a' && letter <= 'z' ? static_cast<char>(letter - 'a' + 'A') : letter;
  });
  const bool is_private_key = upper.find("AGE-SECRET-KEY-") != std::string::npos;
  wipe_text(upper);
  if (is_private_key) return "a private key (not shown)";
  size_t shown = std::min(text.size(), shown_max);
  while (shown > 0 && shown < text.size() &&
         (static_cast<unsigned char>(text[shown]) & 0xC0) == 0x80) {
    --shown;
  }
  return format("'{}{}'", printable(text.substr(0, shown)), shown < text.size() ? "..." : "");
}

}  // namespace lifeboat
