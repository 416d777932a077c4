// Which names of hosts, services and jobs are allowed: they become parts of object keys, archive
// paths and metric labels, so one rule serves the configuration and the key layout.
#pragma once

#include <algorithm>
#include <array>
#include <string_view>

namespace lifeboat {

inline constexpr size_t name_length_max = 63;
inline constexpr std::string_view host_name_rule =
    "1 to 63 of a-z, 0-9 and -, with a letter or digit first and last";
inline constexpr std::string_view service_name_rule =
    "1 to 63 of a-z, 0-9, - and _, with a letter or digit first";
// Words that mean something else where a host's name can stand: in keys, and in "latest" as typed.
inline constexpr std::array<std::string_view, 4> host_names_reserved{"monthly", "drills",
                                                                     "supabase-weekly", "latest"};

namespace detail {
inline bool is_lower_or_digit(char letter) {
  return (letter >= 'a' && letter <= 'z') || (letter >= '0' && letter <= '9');
}
}  // namespace detail

inline bool is_host_name(std::string_view name) {
  const auto allowed = [](char letter) {
    return detail::is_lower_or_digit(letter) || letter == '-';
  };
  return !name.empty() && name.size() <= name_length_max &&
         detail::is_lower_or_digit(name.front()) && detail::is_lower_or_digit(name.back()) &&
         std::all_of(name.begin(), name.end(), allowed) &&
         std::find(host_names_reserved.begin(), host_names_reserved.end(), name) ==
             host_names_reserved.end();
}

// Of services and jobs.
inline bool is_service_name(std::string_view name) {
  const auto allowed = [](char letter) {
    return detail::is_lower_or_digit(letter) || letter == '-' || letter == '_';
  };
  return !name.empty() && name.size() <= name_length_max &&
         detail::is_lower_or_digit(name.front()) && std::all_of(name.begin(), name.end(), allowed);
}

}  // namespace lifeboat
