#include "observe/notify/notifiers.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "support/doubles.h"

namespace lifeboat::test {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

// What a scripted notifier does next, and what it was told.
struct Script {
  enum class Act { deliver, fail, gone, bug, stop };
  Act act = Act::deliver;
  std::string target_id = "0123456789abcdef";
  bool takes_success = true;
  int tries = 0;
  std::vector<Notice> told;

  std::vector<std::string> titles() const {
    std::vector<std::string> titles;
    for (const Notice& notice : told) titles.push_back(notice.title);
    return titles;
  }
};

class ScriptedNotifier final : public Notifier {
 public:
  ScriptedNotifier(std::string name, Script& script) : name_(std::move(name)), script_(script) {}
  std::string_view name() const override { return name_; }
  std::string target_id() const override { return script_.target_id; }
  bool wants(const Notice& notice) const override {
    return script_.takes_success || notice.kind != NoticeKind::success || notice.is_recovery;
  }
  void tell(const Notice& notice) override {
    ++script_.tries;
    if (script_.act == Script::Act::fail) {
      throw Error(ErrorKind::service, name_ + " is away").hint("Wait.");
    }
    if (script_.act == Script::Act::gone) throw TargetGone(name_ + " is gone");
    if (script_.act == Script::Act::bug) throw Bug("a promise");
    if (script_.act == Script::Act::stop) throw Interrupted();
    script_.told.push_back(notice);
  }

 private:
  std::string name_;
  Script& script_;
};

class NotifiersTest : public testing::Test {
 protected:
  Notifiers& set() {
    if (!set_) {
      std::vector<std::unique_ptr<Notifier>> members;
      members.push_back(std::make_unique<ScriptedNotifier>("discord", discord_));
      members.push_back(std::make_unique<ScriptedNotifier>("webhook", webhook_));
      members.push_back(std::make_unique<ScriptedNotifier>("smtp", smtp_));
      set_.emplace(std::move(members), clock_);
    }
    return *set_;
  }
  // A good night, told to all; the titles told before are forgotten.
  std::vector<Delivery> night() {
    for (Script* script : {&discord_, &webhook_, &smtp_}) {
      script->told.clear();
      script->tries = 0;
    }
    clock_.advance(std::chrono::hours(24));
    return set().tell({.host = "h1", .activity = "backup", .title = "ok"}, states_);
  }
  const NotifierState& state(std::string_view name) {
    for (const NotifierState& state : states_) {
      if (state.name == name) return state;
    }
    throw Bug("no such notifier");
  }

  using Act = Script::Act;
  ManualClock clock_;
  Script discord_, webhook_, smtp_;
  std::vector<NotifierState> states_;
  std::optional<Notifiers> set_;
};

TEST_F(NotifiersTest, AllAreToldOnceWhenAllWork) {
  EXPECT_EQ(night().size(), 3U);
  EXPECT_THAT(discord_.titles(), ElementsAre("ok"));
  EXPECT_THAT(smtp_.titles(), ElementsAre("ok"));
  EXPECT_EQ(state("discord").last_success, clock_.now());
  EXPECT_EQ(state("discord").target_id, "0123456789abcdef");
  EXPECT_FALSE(state("discord").failing);
}

TEST_F(NotifiersTest, TwoFailAndTheThirdTells) {
  discord_.act = Act::fail;
  webhook_.act = Act::bug;
  const std::vector<Delivery> deliveries = night();
  ASSERT_EQ(deliveries.size(), 3U);
  EXPECT_FALSE(deliveries[0].delivered);
  EXPECT_EQ(deliveries[0].error, "discord is away");
  EXPECT_THAT(deliveries[0].hints, ElementsAre("Wait."));
  EXPECT_EQ(deliveries[1].error, "bug: a promise");
  EXPECT_TRUE(deliveries[2].delivered);
  ASSERT_THAT(smtp_.titles(), ElementsAre("ok", "notifier 'discord' of h1 does not work"));
  const Notice& told = smtp_.told[1];
  EXPECT_EQ(told.kind, NoticeKind::warning);
  EXPECT_EQ(told.activity, "notifier");
  ASSERT_EQ(told.problems.size(), 2U);
  EXPECT_EQ(told.problems[0].id, "notifier/discord");
  EXPECT_EQ(told.problems[0].cause, "discord is away");
  EXPECT_EQ(told.problems[1].id, "notifier/webhook");
  EXPECT_THAT(told.resolved, ElementsAre("notifier/smtp"));
  EXPECT_EQ(discord_.tries, 1);  // not of the others right after it failed
  EXPECT_EQ(state("discord").failures_total, 1U);
  EXPECT_EQ(state("discord").last_failure, clock_.now());
  EXPECT_TRUE(state("webhook").failing);
}

TEST_F(NotifiersTest, WhatStillFailsIsAReminderAndWhatWorksAgainIsTold) {
  night();
  discord_.act = Act::fail;
  night();
  night();
  ASSERT_THAT(smtp_.titles(), ElementsAre("ok"));
  EXPECT_THAT(smtp_.told[0].warnings,
              ElementsAre("The notifier 'discord' does not work: discord is away."));
  EXPECT_EQ(state("discord").failures_total, 2U);
  discord_.act = Act::deliver;
  night();
  ASSERT_THAT(smtp_.titles(), ElementsAre("ok", "notifier 'discord' of h1 works again"));
  EXPECT_TRUE(smtp_.told[1].is_recovery);
  EXPECT_TRUE(resolves(smtp_.told[1], "notifier/discord"));
  EXPECT_THAT(discord_.titles(), ElementsAre("ok", "notifier 'discord' of h1 works again"));
  EXPECT_EQ(state("discord").error, "");
  night();
  ASSERT_THAT(smtp_.titles(), ElementsAre("ok"));
  EXPECT_THAT(smtp_.told[0].warnings, IsEmpty());
}

TEST_F(NotifiersTest, ADeadTargetIsLeftAloneUntilItsSettingsChange) {
  discord_.act = Act::gone;
  night();
  EXPECT_EQ(discord_.tries, 1);
  EXPECT_TRUE(state("discord").dead);
  discord_.act = Act::deliver;
  for (int nights = 0; nights < 3; ++nights) {
    const std::vector<Delivery> deliveries = night();
    EXPECT_EQ(discord_.tries, 0);
    EXPECT_TRUE(deliveries[0].was_dead);
    EXPECT_FALSE(deliveries[0].delivered);
    EXPECT_THAT(deliveries[0].error, HasSubstr("discord is gone"));
    ASSERT_EQ(smtp_.told.size(), 1U);
    EXPECT_THAT(smtp_.told[0].warnings, ElementsAre(HasSubstr("'discord' does not work")));
  }
  EXPECT_EQ(state("discord").failures_total, 1U);
  discord_.target_id = "fedcba9876543210";
  EXPECT_TRUE(night()[0].delivered);
  EXPECT_FALSE(state("discord").dead);
  EXPECT_THAT(smtp_.titles(), ElementsAre("ok", "notifier 'discord' of h1 works again"));
}

TEST_F(NotifiersTest, ATestTriesTheDeadToo) {
  discord_.act = Act::gone;
  night();
  discord_.act = Act::deliver;
  const std::vector<Delivery> deliveries =
      set().tell_all({.host = "h1", .activity = "test", .title = "a test"}, states_);
  EXPECT_TRUE(deliveries[0].delivered);
  EXPECT_FALSE(state("discord").dead);
}

TEST_F(NotifiersTest, WhoFailedItselfHearsWhatItMissed) {
  smtp_.takes_success = false;
  night();
  discord_.act = webhook_.act = smtp_.act = Act::fail;
  night();  // nobody is left to tell
  EXPECT_THAT(smtp_.titles(), IsEmpty());
  EXPECT_EQ(smtp_.tries, 1);  // it takes no good runs, but this
  smtp_.act = Act::deliver;
  night();
  ASSERT_THAT(smtp_.titles(), ElementsAre("notifier 'discord' of h1 does not work"));
  EXPECT_EQ(smtp_.told[0].problems.size(), 2U);
  EXPECT_FALSE(state("smtp").failing);
  night();
  EXPECT_THAT(smtp_.titles(), IsEmpty());
}

TEST_F(NotifiersTest, AFailureWhileTellingOfAnotherIsToldToo) {
  smtp_.takes_success = false;
  night();
  smtp_.act = Act::fail;
  discord_.act = Act::fail;
  night();
  EXPECT_EQ(smtp_.tries, 1);
  ASSERT_EQ(webhook_.told.size(), 3U);
  EXPECT_EQ(webhook_.told[1].problems.size(), 1U);
  EXPECT_EQ(webhook_.told[2].problems.size(), 2U);
}

TEST_F(NotifiersTest, WhoIsNoLongerConfiguredIsForgotten) {
  states_.push_back({.name = "github", .failing = true});
  night();
  EXPECT_EQ(states_.size(), 3U);
  EXPECT_THAT(smtp_.titles(), ElementsAre("ok"));
}

TEST_F(NotifiersTest, AStopIsAFailureOfTheNotifierLikeAnyOther) {
  discord_.act = Act::stop;
  const std::vector<Delivery> deliveries = night();
  EXPECT_EQ(deliveries[0].error, "it was stopped before it was through");
  EXPECT_FALSE(state("discord").dead);
  EXPECT_EQ(smtp_.told.size(), 2U);
}

}  // namespace
}  // namespace lifeboat::test
