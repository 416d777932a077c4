// What an answer means, without asking anybody.

#include <algorithm>

#include "base/error.h"
#include "base/format.h"
#include "base/names.h"
#include "base/text.h"
#include "cli/init/answers.h"

namespace lifeboat::cli {
namespace {

// "3" or "3-5", from 1; nothing for what is no number.
std::optional<std::pair<size_t, size_t>> parse_range(std::string_view text) {
  const auto number = [](std::string_view digits) -> std::optional<size_t> {
    const bool is_number =
        !digits.empty() && digits.size() <= 6 &&
        std::all_of(digits.begin(), digits.end(), [](char c) { return c >= '0' && c <= '9'; });
    return is_number ? std::optional<size_t>(std::stoul(std::string(digits))) : std::nullopt;
  };
  const size_t dash = text.find('-');
  const auto first = number(text.substr(0, dash));
  const auto last = dash == std::string_view::npos ? first : number(text.substr(dash + 1));
  if (!first || !last) return std::nullopt;
  return std::pair{*first, *last};
}

}  // namespace

std::vector<bool> choose_services(const std::vector<Proposal>& found, const std::string& choice) {
  std::vector<bool> chosen(found.size(), choice == "all");
  if (choice == "all" || choice == "none") return chosen;
  std::vector<std::string> names;
  for (const Proposal& one : found) names.push_back(one.name);
  std::string parts = choice;
  std::replace(parts.begin(), parts.end(), ' ', ',');
  for (const std::string& part : split(parts, ',')) {
    if (part.empty()) continue;
    // A service may be called "3": its name comes first.
    if (const auto named = std::find(names.begin(), names.end(), part); named != names.end()) {
      chosen[static_cast<size_t>(named - names.begin())] = true;
      continue;
    }
    const auto range = parse_range(part);
    if (range && range->first >= 1 && range->first <= range->second &&
        range->second <= found.size()) {
      std::fill(chosen.begin() + static_cast<std::ptrdiff_t>(range->first) - 1,
                chosen.begin() + static_cast<std::ptrdiff_t>(range->second), true);
      continue;
    }
    Error error(ErrorKind::usage, format("'{}' is no service that was found", printable(part)));
    if (const auto near = nearest(part, names)) error.add_hint(format("Did you mean '{}'?", *near));
    error.add_hint(names.empty() ? "Nothing was found: name folders with --path."
                                 : format("Found were {}.", join(names, ", ")));
    throw error;
  }
  return chosen;
}

std::string host_name_from(std::string_view text) {
  std::string name;
  for (const char letter : ascii_lower(text)) {
    if (detail::is_lower_or_digit(letter)) {
      name += letter;
    } else if (!name.empty() && name.back() != '-') {
      name += '-';
    }
  }
  name.resize(std::min(name.size(), name_length_max));
  while (!name.empty() && name.back() == '-') name.pop_back();
  return is_host_name(name) ? name : "host";
}

}  // namespace lifeboat::cli
