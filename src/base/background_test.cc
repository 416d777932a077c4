#include "base/background.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sched.h>
#include <sys/resource.h>

#include <string>
#include <thread>

#include "support/shell.h"

namespace lifeboat {
namespace {

// In a thread of its own: what it gives up it may not take back.
template <typename Body>
void apart(Body body) {
  std::thread(body).join();
}

TEST(Background, ChildrenAndThreadsInheritIt) {
  apart([] {
    EXPECT_THAT(enter_background(), testing::IsEmpty());
    apart([] {
      EXPECT_THAT(
          test::shell_ok("nice; ionice; chrt -p $$"),
          testing::AllOf(testing::StartsWith("10\nidle\n"), testing::HasSubstr("SCHED_BATCH")));
    });
  });
}

TEST(Background, WhoIsNicerStaysSo) {
  apart([] {
    ASSERT_EQ(::setpriority(PRIO_PROCESS, 0, 15), 0);
    EXPECT_THAT(enter_background(), testing::IsEmpty());
    EXPECT_EQ(::getpriority(PRIO_PROCESS, 0), 15);
  });
}

// The policy of a worker started in the background, after one step with these figures.
int policy_after(const std::string& figures) {
  const test::TempFolder folder;
  test::write_file(folder / "schedstat", figures);
  int policy = -1;
  apart([&] {
    enter_background();
    apart([&] {
      BackgroundWorker worker(folder / "schedstat");
      EXPECT_EQ(::sched_getscheduler(0), SCHED_IDLE);
      worker.step();
      policy = ::sched_getscheduler(0);
    });
  });
  return policy;
}

TEST(Background, WorkersTakeIdleProcessorsUnlessTheyStarve) {
  if (::geteuid() != 0) GTEST_SKIP() << "only root may leave SCHED_IDLE";
  EXPECT_EQ(policy_after("1000000000 50000000000 7"), SCHED_IDLE) << "a minute has not passed";
  EXPECT_EQ(policy_after("9000000000 70000000000 7"), SCHED_IDLE) << "it got more than a tenth";
  EXPECT_EQ(policy_after("5000000000 70000000000 7"), SCHED_BATCH);
  EXPECT_EQ(policy_after(""), SCHED_IDLE);
}

TEST(Background, WorkersOfOthersStayWhatTheyAre) {
  apart([] {
    const BackgroundWorker worker;
    EXPECT_EQ(::sched_getscheduler(0), SCHED_OTHER);
  });
}

}  // namespace
}  // namespace lifeboat
