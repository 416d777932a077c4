#include "cli/machine.h"

#include <unistd.h>

#include <array>
#include <string_view>

namespace lifeboat::cli {

std::string machine_name() {
  std::array<char, 256> name{};
  if (::gethostname(name.data(), name.size() - 1) != 0) return "unknown";
  const std::string_view text = name.data();
  return std::string(text.substr(0, text.find('.')));
}

std::filesystem::path this_program() { return std::filesystem::read_symlink("/proc/self/exe"); }

}  // namespace lifeboat::cli
