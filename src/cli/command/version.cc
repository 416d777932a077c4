#include "base/exit_code.h"
#include "base/format.h"
#include "cli/command.h"

namespace lifeboat::cli {
namespace {

// What the build found; set by CMakeLists.txt.
Json libraries() {
  return {{"openssl", LIFEBOAT_OPENSSL_VERSION},
          {"zstd", LIFEBOAT_ZSTD_VERSION},
          {"sqlite", LIFEBOAT_SQLITE_VERSION},
          {"curl", LIFEBOAT_CURL_VERSION},
          {"yaml-cpp", LIFEBOAT_YAML_VERSION},
          {"fmt", LIFEBOAT_FMT_VERSION},
          {"cli11", CLI11_VERSION}};
}

int version(CommandContext& context) {
  const Json built_from = libraries();
  if (context.options.json) {
    context.out().json({{"version", LIFEBOAT_VERSION}, {"libraries", built_from}});
    return exit_ok;
  }
  context.out().line("lifeboat " LIFEBOAT_VERSION);
  std::string built_with = "built with";
  for (const auto& [name, number] : built_from.items()) {
    built_with += format("{}{} {}", built_with.ends_with("with") ? " " : ", ", name,
                         number.get<std::string>());
  }
  context.out().line(built_with);
  return exit_ok;
}

}  // namespace

void add_version(CLI::App& app, CommandContext& context) {
  CLI::App& command = add_command(app, context,
                                  {"version",
                                   "print the version, also of the libraries",
                                   group_about,
                                   {"lifeboat version", "lifeboat version --json"}});
  set_action(command, context, [&context] { return version(context); });
}

}  // namespace lifeboat::cli
