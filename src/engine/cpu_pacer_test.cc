#include "engine/cpu_pacer.h"

#include <gtest/gtest.h>

#include "base/error.h"
#include "support/doubles.h"

namespace lifeboat {
namespace {

using std::chrono::milliseconds;
using std::chrono::nanoseconds;
using std::chrono::seconds;

class CpuPacerTest : public testing::Test {
 protected:
  CpuPacer pacer(unsigned percent) {
    return CpuPacer(percent, clock_, stop_.token(), [this] { return cpu_; });
  }
  // Works for `cpu`, on as many cores as it takes, then asks for leave to go on.
  void work(CpuPacer& pacer, nanoseconds cpu, nanoseconds wall) {
    cpu_ += cpu;
    clock_.advance(wall);
    pacer.wait();
  }
  nanoseconds gone() const { return clock_.steady_now() - begin_; }

  test::ManualClock clock_;
  StopSource stop_;
  nanoseconds cpu_ = seconds(7);  // before it began
  std::chrono::steady_clock::time_point begin_ = clock_.steady_now();
};

TEST_F(CpuPacerTest, KeepsTheShare) {
  CpuPacer half = pacer(50);
  for (int i = 0; i < 10; ++i) work(half, milliseconds(400), milliseconds(200));
  EXPECT_EQ(gone(), seconds(8));
}

TEST_F(CpuPacerTest, TwoHundredPercentAreTwoCores) {
  CpuPacer two = pacer(200);
  for (int i = 0; i < 10; ++i) work(two, milliseconds(400), milliseconds(100));
  EXPECT_EQ(gone(), seconds(2));
}

TEST_F(CpuPacerTest, WithoutALimitNothingWaits) {
  CpuPacer none = pacer(0);
  work(none, seconds(5), seconds(1));
  EXPECT_EQ(gone(), seconds(1));
}

TEST_F(CpuPacerTest, IdleTimeIsNoCredit) {
  CpuPacer half = pacer(50);
  work(half, milliseconds(0), seconds(60));
  work(half, seconds(1), seconds(0));
  EXPECT_EQ(gone(), seconds(62) - milliseconds(100));
}

TEST_F(CpuPacerTest, AStopEndsTheWait) {
  CpuPacer half = pacer(50);
  stop_.request_stop();
  cpu_ += seconds(1);
  EXPECT_THROW(half.wait(), Interrupted);
}

TEST(ProcessCpuTime, Grows) {
  const auto before = process_cpu_time();
  while (process_cpu_time() == before) {
  }
  EXPECT_GT(process_cpu_time(), before);
}

}  // namespace
}  // namespace lifeboat
