#include "process/process.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>

#include "base/format.h"
#include "base/log.h"
#include "support/doubles.h"
#include "support/shell.h"

namespace lifeboat {
namespace {

using std::chrono::milliseconds;
using test::error_text;
using testing::HasSubstr;
using testing::Not;

const SystemClock real_clock;

ChildOptions bash(const std::string& script) {
  ChildOptions options;
  options.argv = {"bash", "-c", script};
  return options;
}

std::string output_of(ChildOptions options) {
  ChildSource child(std::move(options), real_clock);
  return std::string(as_text(test::drain(child)));
}

// No child of this process is left, dead or alive.
bool has_no_children() { return ::waitpid(-1, nullptr, WNOHANG) == -1 && errno == ECHILD; }

bool is_gone(int pid) { return ::kill(pid, 0) != 0 && errno == ESRCH; }

TEST(ChildSource, GivesStdoutAndThenTheEnd) {
  EXPECT_EQ(output_of({{"printf", "%s|", "a b", "$(id)", "*"}, {}, {}}), "a b|$(id)|*|")
      << "argv is not seen by a shell";
  EXPECT_EQ(output_of({{"true"}, {}, {}}), "");
  EXPECT_TRUE(has_no_children());
}

TEST(ChildSource, PassesAnyStepSizeAndBinaryBytes) {
  const std::string expected = test::shell_ok("seq 1 40000");
  for (const size_t step : {size_t{1000}, size_t{65536}, size_t{0}}) {
    ChildSource child({{"seq", "1", "40000"}, {}, {}}, real_clock);
    EXPECT_EQ(as_text(test::drain(child, step)), expected);
  }
  EXPECT_EQ(output_of({{"printf", "\\000\\377\\n"}, {}, {}}), std::string("\0\xff\n", 3));
}

TEST(ChildSource, EnvironmentIsMadeAnew) {
  ::setenv("LIFEBOAT_TEST_LEAK", "leaked", 1);
  ChildOptions options{{"env"}, {{"PGPASSWORD", "geheim"}, {"LANG", "de"}}, {}};
  const std::string seen = output_of(std::move(options));
  ::unsetenv("LIFEBOAT_TEST_LEAK");
  EXPECT_THAT(seen, HasSubstr("PGPASSWORD=geheim\n"));
  EXPECT_THAT(seen, HasSubstr("LANG=de\n"));
  EXPECT_THAT(seen, HasSubstr("PATH=/usr/local/sbin:"));
  EXPECT_THAT(seen, Not(HasSubstr("leaked")));
}

TEST(ChildSource, InheritsNoOtherDescriptor) {
  const UniqueFd null(::open("/dev/null", O_RDONLY));  // both without close-on-exec, on purpose
  const UniqueFd high(::fcntl(null.get(), F_DUPFD, 100));
  EXPECT_EQ(output_of({{"ls", "/proc/self/fd"}, {}, {}}), "0\n1\n2\n3\n") << "3 is the listing";
}

TEST(ChildSource, StdinIsGivenOrEmpty) {
  EXPECT_EQ(output_of({{"cat"}, {}, {}}), "");
  ChildOptions options{{"cat"}, {}, std::make_shared<const Secret>("pass phrase")};
  EXPECT_EQ(output_of(std::move(options)), "pass phrase");
}

TEST(ChildSource, MissingProgramIsNamedWithAHint) {
  const std::string text = error_text([] { output_of({{"no-such-program-x"}, {}, {}}); });
  EXPECT_THAT(text, HasSubstr("run 'no-such-program-x': no such program\nhint: Install it"));
  EXPECT_THAT(error_text([] {
                output_of({{"/etc/passwd"}, {}, {}});
              }),
              HasSubstr("no such program"));
}

TEST(ChildSource, ExitStatusReplacesTheEnd) {
  ChildSource child(bash("echo half; echo 'it broke' >&2; exit 3"), real_clock);
  std::array<std::byte, 100> block;
  EXPECT_EQ(child.read(block), 5u);
  const std::string text = error_text([&] { child.read(block); });
  EXPECT_THAT(text, HasSubstr("run 'bash': it ended with exit status 3: it broke"));
  EXPECT_TRUE(has_no_children());
}

TEST(ChildSource, DeathBySignalIsToldByName) {
  EXPECT_THAT(error_text([] { output_of(bash("echo x; kill -9 $$")); }),
              HasSubstr("killed by signal 9 (SIGKILL)"));
}

TEST(ChildSource, FloodOfStderrNeverBlocksAndOnlyItsTailIsKept) {
  ChildSource child(bash("head -c 1000000 /dev/zero | tr '\\0' x >&2; echo last >&2; echo out"),
                    real_clock);
  EXPECT_EQ(as_text(test::drain(child)), "out\n");
  EXPECT_EQ(child.stderr_tail().size(), 8u * 1024);
  EXPECT_TRUE(child.stderr_tail().ends_with("xlast\n"));
}

TEST(ChildSource, MessagesHoldNoSecretsNoArgumentsAndNoEscapes) {
  log_redact("tOpSeCrEt");
  ChildOptions options = bash("printf 'login with tOpSeCrEt \\033[31mfailed' >&2; exit 1");
  options.argv.push_back("argument-secret");
  const std::string text = error_text([&] { output_of(std::move(options)); });
  EXPECT_THAT(text, HasSubstr("login with ***"));
  EXPECT_THAT(text, Not(HasSubstr("tOpSeCrEt")));
  EXPECT_THAT(text, Not(HasSubstr("argument-secret")));
  EXPECT_THAT(text, Not(HasSubstr("\033")));
}

TEST(ChildSource, TimeoutKillsTheWholeGroup) {
  ChildOptions options = bash("sleep 600 & echo $!; wait");
  options.timeout = milliseconds(300);
  ChildSource child(std::move(options), real_clock);
  std::array<std::byte, 100> block;
  const size_t count = child.read(block);
  const int grandchild = std::stoi(std::string(as_text(ByteView(block).first(count))));
  EXPECT_THAT(error_text([&] { child.read(block); }),
              HasSubstr("run 'bash': it did not end within 300 ms"));
  EXPECT_TRUE(has_no_children());
  // Its parent is dead, so somebody else reaps it: at once, or never in a bare container.
  const std::string wait = format(
      "for i in $(seq 100); do s=$(ps -o stat= -p {0}) && [ \"${{s#Z}}\" = \"$s\" ] || exit 0; "
      "sleep 0.1; done; exit 1",
      grandchild);
  EXPECT_EQ(test::shell(wait).status, 0) << "it lives on";
}

TEST(ChildSource, ChildThatIgnoresSigtermIsKilled) {
  int pid = 0;
  {
    ChildSource child(bash("trap '' TERM; echo ready; while :; do sleep 600; done"), real_clock);
    std::array<std::byte, 100> block;
    ASSERT_EQ(child.read(block), 6u);
    pid = child.pid();
  }
  EXPECT_TRUE(is_gone(pid));
  EXPECT_TRUE(has_no_children());
}

TEST(ChildSource, DestructionKillsAndReaps) {
  int pid = 0;
  {
    ChildSource child(bash("echo ready; exec sleep 600"), real_clock);
    std::array<std::byte, 100> block;
    ASSERT_EQ(child.read(block), 6u);
    pid = child.pid();
  }
  EXPECT_TRUE(is_gone(pid));
  EXPECT_TRUE(has_no_children());
}

TEST(ChildSource, StopKillsTheChildAndInterrupts) {
  StopSource stop;
  ChildOptions options = bash("echo ready; exec sleep 600");
  options.stop = stop.token();
  ChildSource child(std::move(options), real_clock);
  std::array<std::byte, 100> block;
  ASSERT_EQ(child.read(block), 6u);
  stop.request_stop();
  EXPECT_THROW(child.read(block), Interrupted);
  EXPECT_TRUE(has_no_children());
}

TEST(ChildSource, ChildThatClosesStdoutIsWaitedFor) {
  EXPECT_THAT(error_text([] { output_of(bash("echo data; exec >&-; sleep 0.3; exit 7")); }),
              HasSubstr("exit status 7"));
  ChildOptions options = bash("echo data; exec >&-; exec sleep 600");
  options.timeout = milliseconds(300);
  EXPECT_THAT(error_text([&] { output_of(std::move(options)); }), HasSubstr("did not end within"));
}

// Time passes each time it is asked for, so that waits of seconds take none.
class HastyClock final : public Clock {
 public:
  Timestamp now() const override { return {}; }
  std::chrono::steady_clock::time_point steady_now() const override {
    return std::chrono::steady_clock::time_point(std::chrono::seconds(asked_++));
  }
  void sleep(std::chrono::nanoseconds, const StopToken&) override {}

 private:
  mutable int asked_ = 0;
};

TEST(ChildSource, GrandchildHoldingThePipeDoesNotHangForEver) {
  const HastyClock clock;
  ChildSource child(bash("setsid sleep 30 & echo $!"), clock);
  std::array<std::byte, 100> block;
  const size_t count = child.read(block);
  EXPECT_THAT(error_text([&] { child.read(block); }), HasSubstr("holds its output open"));
  ::kill(std::stoi(std::string(as_text(ByteView(block).first(count)))), SIGKILL);
  EXPECT_TRUE(has_no_children());
}

TEST(RunCommand, GivesOutputWithinALimit) {
  const CommandOutput result = run_command(bash("echo out; echo err >&2"), real_clock);
  EXPECT_EQ(result.output, "out\n");
  EXPECT_EQ(result.stderr_tail, "err\n");
  EXPECT_THAT(error_text([] {
                run_command({{"yes"}, {}, {}}, real_clock, 10000);
              }),
              HasSubstr("read the output of 'yes': it is larger than 9.8 KiB"));
  EXPECT_TRUE(has_no_children());
}

}  // namespace
}  // namespace lifeboat
