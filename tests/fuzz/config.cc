// The configuration: every fault has its place and words, and shows no secret.
#include "config/config.h"

#include "base/text.h"
#include "config/load.h"
#include "fuzz/fuzz.h"

using namespace lifeboat;

namespace {

constexpr std::string_view secret = "Tr0ub4dor-and-3";

LoadOptions make_options() {
  static const std::vector<OptionSpec> specs{{"path", OptionType::path, false, "the folder"},
                                             {"volume", OptionType::text, false, "the volume"},
                                             {"api_key", OptionType::secret, false, "a key"},
                                             {"exclude", OptionType::list, false, "patterns"},
                                             {"limit", OptionType::size, false, "largest file"},
                                             {"follow", OptionType::boolean, false, "follow links"},
                                             {"tries", OptionType::integer, false, "tries"}};
  LoadOptions options;
  options.recipe_names = {"n8n", "volume"};
  options.recipe_options = [](std::string_view name) {
    return name == "n8n" || name == "volume" ? &specs : nullptr;
  };
  options.environment = [](std::string_view name) -> std::optional<std::string> {
    if (name == "SECRET") return std::string(secret);
    return std::nullopt;
  };
  options.environment_names = {"SECRET"};
  return options;
}

}  // namespace

int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  static const LoadOptions options = make_options();
  static const fuzz::Scratch scratch;
  const std::string text(fuzz::text_of(data, size));
  // libFuzzer learns the secret from the comparison below; a file that names it itself may show it.
  if (text.find(secret) != std::string::npos) return -1;
  const SmallFile file{text, 0600, true};
  FaultList faults;
  const Config config = read_config({"c.yaml", scratch.path(), file}, options, faults);
  const auto check = [](const ConfigFinding& finding) {
    fuzz::require(!finding.message.empty(), "a fault has words");
    fuzz::require(finding.location.line > 0 && finding.location.column > 0, "a fault has a place",
                  finding.location.text() + " " + finding.message);
    fuzz::require(printable(finding.message) == finding.message, "a fault can be printed",
                  finding.message);
    fuzz::require(finding.message.size() < 4096, "a fault is short", finding.message);
    fuzz::require((finding.message + finding.hint).find(secret) == std::string::npos,
                  "a fault shows no secret", finding.message + "\n" + finding.hint);
  };
  for (const ConfigFinding& fault : faults.take()) check(fault);
  for (const ConfigFinding& warning : config.warnings) check(warning);
  return 0;
}
