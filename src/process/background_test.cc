#include "process/background.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/resource.h>

#include <thread>

#include "process/process.h"
#include "support/doubles.h"

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
      test::ManualClock clock;
      ChildOptions child;
      child.argv = {"sh", "-c", "nice; ionice; chrt -p $$"};
      EXPECT_THAT(
          run_command(std::move(child), clock).output,
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

}  // namespace
}  // namespace lifeboat
