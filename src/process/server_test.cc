#include "process/server.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>

#include "base/format.h"
#include "support/doubles.h"
#include "support/shell.h"

namespace lifeboat {
namespace {

namespace fs = std::filesystem;
using namespace std::chrono_literals;
using test::error_text;
using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

class ChildServerTest : public testing::Test {
 protected:
  ServerOptions bash(const std::string& script) const {
    return {.argv = {"bash", "-c", script}, .working_dir = folder_.path()};
  }
  bool exists(const char* name) const { return fs::exists(folder_ / name); }
  static bool is_alive(const std::string& pid) {
    const std::string status = test::shell("cat /proc/" + pid + "/stat").output;
    return status.find("No such") == std::string::npos && status.find(") Z ") == std::string::npos;
  }
  // A kill is not done when kill(2) returns, and the dead lie about until init reaps them.
  static bool dies(const std::string& pid) {
    for (int tries = 0; tries < 6000 && is_alive(pid); ++tries) ::usleep(10000);
    return !is_alive(pid);
  }

  SystemClock clock_;
  test::TempFolder folder_;
};

TEST_F(ChildServerTest, RunsUntilItIsDestroyedAndItsChildrenToo) {
  std::string child;
  {
    ChildServer server(bash("sleep 600 & echo $! > child; touch ready; wait"), clock_);
    server.wait_until_ready([&] { return exists("ready"); }, 60s);
    EXPECT_TRUE(server.is_running());
    child = test::slurp(folder_ / "child");
    child.pop_back();
    EXPECT_TRUE(is_alive(child));
  }
  EXPECT_TRUE(dies(child));
  EXPECT_EQ(::waitpid(-1, nullptr, WNOHANG), -1);
  EXPECT_EQ(errno, ECHILD) << "it was reaped";
}

TEST_F(ChildServerTest, MayHaveANetworkWithNothingButLoopback) {
  if (::geteuid() != 0) GTEST_SKIP() << "a network of its own needs root";
  ServerOptions options = bash(
      "cut -d: -f1 -s /proc/net/dev | tr -d ' \n'; "
      "cat /sys/class/net/lo/operstate >&2; "
      "exec 3<>/dev/udp/127.0.0.1/9 && echo up; sleep 600");
  options.has_own_network = true;
  ChildServer server(options, clock_);
  server.wait_until_ready([&] { return server.output_tail().ends_with("up\n"); }, 60s);
  EXPECT_THAT(server.output_tail(), testing::StartsWith("lo"));
  EXPECT_THAT(server.output_tail(), Not(HasSubstr("eth")));
  EXPECT_NE(fs::read_symlink(format("/proc/{}/ns/net", server.pid())),
            fs::read_symlink("/proc/self/ns/net"));
}

TEST_F(ChildServerTest, IsAskedToEndBeforeItIsKilled) {
  {
    ChildServer server(bash("trap 'touch asked; exit' TERM; touch ready; while :; do sleep 0.05; "
                            "done"),
                       clock_);
    server.wait_until_ready([&] { return exists("ready"); }, 60s);
  }
  EXPECT_TRUE(exists("asked"));
  ServerOptions deaf = bash("trap '' TERM; touch deaf; while :; do sleep 0.05; done");
  deaf.stop_grace = 1ms;
  {
    ChildServer(deaf, clock_).wait_until_ready([&] { return exists("deaf"); }, 60s);
  }
  EXPECT_EQ(::waitpid(-1, nullptr, WNOHANG), -1);
}

TEST_F(ChildServerTest, DiesWithTheProcessThatStartedIt) {
  const pid_t drill = ::fork();
  if (drill == 0) {
    ChildServer server(bash("echo $$ > new; mv new pid; exec sleep 600"), clock_);
    server.wait_until_ready([&] { return exists("pid"); }, 60s);
    ::kill(::getpid(), SIGKILL);
  }
  ASSERT_EQ(::waitpid(drill, nullptr, 0), drill);
  std::string pid = test::slurp(folder_ / "pid");
  pid.pop_back();
  EXPECT_TRUE(dies(pid));
}

TEST_F(ChildServerTest, FailureToStartIsToldWithItsLastWords) {
  const auto failure = [&](const std::string& script, std::chrono::nanoseconds at_most = 60s) {
    return error_text([&] {
      ChildServer server(bash(script), clock_);
      server.wait_until_ready([] { return false; }, at_most);
    });
  };
  EXPECT_THAT(failure("echo one; echo no such table >&2; exit 3"),
              HasSubstr("ended with exit status 3 before it was ready: one | no such table"));
  EXPECT_THAT(failure("kill -KILL $$"), HasSubstr("SIGKILL"));
  EXPECT_THAT(failure("sleep 600", 1ms), HasSubstr("start 'bash': it was not ready within"));
  EXPECT_THAT(error_text([&] { ChildServer({.argv = {"no-such-server"}}, clock_); }),
              HasSubstr("start 'no-such-server': no such program"));
  EXPECT_THAT(
      error_text([&] { ChildServer({.argv = {"true"}, .working_dir = folder_ / "gone"}, clock_); }),
      HasSubstr("start 'true': no such file"));
  EXPECT_THAT(error_text([&] { ChildServer({.argv = {"true"}, .user = "no-such"}, clock_); }),
              HasSubstr("there is no such user"));
}

TEST_F(ChildServerTest, ProgramsThatEndAreWaitedFor) {
  ChildServer good(bash("exit 0"), clock_);
  good.wait_for_success(60s);
  EXPECT_FALSE(good.is_running());
  ChildServer bad(bash("echo full >&2; exit 4"), clock_);
  EXPECT_THAT(error_text([&] { bad.wait_for_success(60s); }), HasSubstr("exit status 4: full"));
}

TEST_F(ChildServerTest, OnlyTheEndOfItsOutputIsTold) {
  ChildServer server(bash("for ((i = 0; i < 9999; i++)); do echo line $i; done"), clock_);
  server.wait_for_success(60s);
  EXPECT_THAT(server.output_tail(), AllOf(HasSubstr("line 9998\n"), Not(HasSubstr("line 1\n"))));
  EXPECT_EQ(server.output_tail().size(), 4096u);
}

TEST_F(ChildServerTest, RunsAsAnotherUserWithoutOurRights) {
  if (::geteuid() != 0) GTEST_SKIP() << "changing the user needs root";
  ServerOptions options{.argv = {"bash", "-c", "id -u; id -G; id -un"}, .user = "nobody"};
  ChildServer server(options, clock_);
  server.wait_for_success(60s);
  EXPECT_THAT(server.output_tail(), AllOf(HasSubstr("nobody\n"), Not(HasSubstr("0\n"))));
  // Debian's nobody and nogroup.
  EXPECT_EQ(server.output_tail(), "65534\n65534\nnobody\n");
}

TEST_F(ChildServerTest, StopInterruptsTheWait) {
  StopSource stop;
  ServerOptions options = bash("sleep 600");
  options.stop = stop.token();
  ChildServer server(options, clock_);
  EXPECT_THROW(server.wait_until_ready(
                   [&] {
                     stop.request_stop();
                     return false;
                   },
                   60s),
               Interrupted);
}

}  // namespace
}  // namespace lifeboat
