#include "scheduler/command_line.h"

#include <gtest/gtest.h>

#include "base/format.h"

namespace lifeboat {
namespace {

// "program|argument|argument NAME=value", or "-".
std::string found(std::string_view text) {
  const auto started = find_program(text);
  if (!started) return "-";
  std::string line = started->program;
  for (const std::string& argument : started->arguments) line += "|" + argument;
  for (const auto& [name, value] : started->environment) line += format(" {}={}", name, value);
  return line;
}

TEST(CommandLine, FindsTheProgramBehindWhateverIsBeforeIt) {
  EXPECT_EQ(found("lifeboat backup"), "lifeboat|backup");
  EXPECT_EQ(found("/usr/local/bin/lifeboat backup nightly >> /var/log/x.log 2>&1"),
            "/usr/local/bin/lifeboat|backup|nightly");
  EXPECT_EQ(found("lifeboat backup nightly>/dev/null 2>&1 || echo bad"), "lifeboat|backup|nightly");
  EXPECT_EQ(found("nice -n 19 ionice -c3 /opt/lifeboat --config '/a b/c.yaml' backup"),
            "/opt/lifeboat|--config|/a b/c.yaml|backup");
  EXPECT_EQ(found("cd /srv && PATH=/x:/y A='1 2' lifeboat backup | logger"),
            "lifeboat|backup A=1 2 PATH=/x:/y");
  EXPECT_EQ(found("[ -x /usr/bin/lifeboat ] && /usr/bin/lifeboat drill & "),
            "/usr/bin/lifeboat|drill");
  EXPECT_EQ(found("/bin/sh -c 'sleep 5; exec lifeboat backup \"a\\\"b\"'"), "lifeboat|backup|a\"b");
  EXPECT_EQ(found("flock -n /run/x -c \"lifeboat prune\" &>/dev/null"), "lifeboat|prune");
}

TEST(CommandLine, PassesOverWhatOnlyNamesIt) {
  EXPECT_EQ(found(""), "-");
  EXPECT_EQ(found("rsync /etc/lifeboat/ backup:/"), "-");
  EXPECT_EQ(found("test -x /usr/bin/lifeboat"), "-");
  EXPECT_EQ(found("lifeboat-watcher backup"), "-");
  EXPECT_EQ(found("echo done # lifeboat backup"), "-");
  EXPECT_EQ(found("echo x > lifeboat backup"), "-");
}

TEST(CommandLine, ReadsScripts) {
  EXPECT_EQ(found("#!/bin/bash\n# runs lifeboat backup\nset -eu\nexport PATH=/a:/b\n"
                  "exec /usr/local/bin/lifeboat backup \\\n  nightly \"$@\"\n"),
            "/usr/local/bin/lifeboat|backup|nightly PATH=/a:/b");
}

TEST(CommandLine, EndsWhereTheTextDoes) {
  const std::string whole = "cd x && A=1 sh -c 'lifeboat backup \\\"x\\\"' >> y 2>&1";
  for (size_t size = 0; size < whole.size(); ++size) find_program(whole.substr(0, size));
}

}  // namespace
}  // namespace lifeboat
