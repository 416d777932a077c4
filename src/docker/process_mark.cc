#include "docker/process_mark.h"

#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "base/format.h"
#include "base/text.h"
#include "io/files.h"

namespace lifeboat {
namespace {

// Empty if there is none. https://man7.org/linux/man-pages/man5/proc_pid_stat.5.html
std::string mark_of(const std::string& pid) {
  std::ifstream file(std::filesystem::path("/proc") / pid / "stat");
  std::string stat;
  if (!std::getline(file, stat)) return "";
  // The second field is the program's name in parentheses and may hold anything; from the third on
  // there are only numbers. The start is field 22.
  const auto fields = split(std::string_view(stat).substr(stat.rfind(')') + 2), ' ');
  const bool is_zombie = fields.front() == "Z";
  if (fields.size() < 20 || is_zombie) return "";
  const std::string boot = read_file("/proc/sys/kernel/random/boot_id", 100);
  return format("{} {} {}", pid, fields[19], trim(boot));
}

}  // namespace

std::string process_mark() { return mark_of(std::to_string(::getpid())); }

bool is_process_alive(const std::string& mark) {
  const std::string pid = mark.substr(0, mark.find(' '));
  const bool is_number = !pid.empty() && pid.find_first_not_of("0123456789") == std::string::npos;
  return is_number && mark == mark_of(pid);
}

}  // namespace lifeboat
