#include "observe/host_state.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <sys/stat.h>

#include "base/error.h"
#include "observe/full_state_test_kit.h"
#include "observe/host_state_json.h"
#include "support/doubles.h"
#include "support/shell.h"

namespace lifeboat::test {
namespace {

using testing::HasSubstr;
using testing::Not;

class StateFileTest : public testing::Test {
 protected:
  StateFile file() { return {folder_.path() / "state", "vps-h1", random_}; }
  // Writes `text` where the state is.
  void put(std::string_view text) {
    std::filesystem::create_directories(folder_.path() / "state");
    write_file(path_, text);
  }

  TempFolder folder_;
  SystemRandom random_;
  std::filesystem::path path_ = folder_ / "state/vps-h1.state.json";
};

TEST_F(StateFileTest, IsEmptyWithoutAFile) {
  StateFile state = file();
  const HostState loaded = state.load();
  EXPECT_EQ(loaded.host, "vps-h1");
  EXPECT_TRUE(loaded.jobs.empty());
  EXPECT_EQ(state.warning(), "");
  EXPECT_FALSE(std::filesystem::exists(folder_ / "state"));
}

TEST_F(StateFileTest, KeepsEverything) {
  StateFile state = file();
  state.update([](HostState& changed) { changed = full_state(); });
  EXPECT_EQ(print_host_state(file().load()), print_host_state(full_state()));
  const HostState loaded = file().load();
  ASSERT_EQ(loaded.jobs.size(), 2u);
  const JobState& nightly = loaded.jobs[0];
  EXPECT_EQ(nightly.duration, std::chrono::milliseconds(240'500));
  EXPECT_EQ(nightly.last_success, parse_time("2026-05-06T02:04:00Z"));
  EXPECT_EQ(nightly.services[0].items[1].count, 7u);
  EXPECT_EQ(nightly.stale_after, std::chrono::seconds(93'600));
  EXPECT_EQ(loaded.jobs[1].last_success, std::nullopt);
  EXPECT_EQ(loaded.jobs[1].stale_after, std::nullopt);
  EXPECT_EQ(loaded.drills[0].result, "RESTORE OK — 12 workflows, 7 credentials");
  EXPECT_TRUE(loaded.notifiers[1].dead);
  EXPECT_EQ(loaded.shelf->dailies, 30u);

  struct stat status {};
  ASSERT_EQ(::stat(path_.c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777u, 0600u);
}

TEST_F(StateFileTest, UpdateKeepsWhatItDoesNotChange) {
  file().update([](HostState& state) { state = full_state(); });
  file().update([](HostState& state) { state.job("nightly").status = 0; });
  HostState expected = full_state();
  expected.job("nightly").status = 0;
  EXPECT_EQ(print_host_state(file().load()), print_host_state(expected));
}

TEST_F(StateFileTest, AChangeThatThrowsChangesNothing) {
  file().update([](HostState& state) { state = full_state(); });
  EXPECT_THROW(file().update([](HostState& state) {
    state.jobs.clear();
    throw Error(ErrorKind::service, "no");
  }),
               Error);
  EXPECT_EQ(print_host_state(file().load()), print_host_state(full_state()));
}

TEST_F(StateFileTest, DamageIsToldAndPutAside) {
  for (const char* text : {"", "{", "[]", "null", "{\"host\": \"vps-h1\"}", "{\"format\": \"1\"}",
                           "{\"format\": 1, \"jobs\": {}}", "{\"format\": 1, \"jobs\": [7]}",
                           "{\"format\": 1, \"jobs\": [{\"name\": 7}]}",
                           "{\"format\": 1, \"jobs\": [{\"status\": 300}]}",
                           "{\"format\": 1, \"jobs\": [{\"status\": -1}]}",
                           "{\"format\": 1, \"drills\": [{\"last_run\": \"yesterday\"}]}",
                           "{\"format\": 1, \"shelf\": []}", "\xff\xfe"}) {
    put(text);
    StateFile state = file();
    EXPECT_TRUE(state.load().jobs.empty()) << text;
    EXPECT_THAT(state.warning(), HasSubstr("cannot be understood")) << text;
    EXPECT_EQ(slurp(path_), text);  // to read it changes nothing

    state.update([](HostState& changed) { changed.job("nightly").status = 4; });
    EXPECT_THAT(state.warning(), HasSubstr("was put aside as")) << text;
    EXPECT_EQ(slurp(path_.native() + ".damaged"), text);
    EXPECT_EQ(state.load().job("nightly").status, 4);
    EXPECT_EQ(state.warning(), "");
  }
}

TEST_F(StateFileTest, AFileTooLargeIsDamaged) {
  put("");
  std::filesystem::resize_file(path_, (16 << 20) + 1);
  StateFile state = file();
  state.load();
  EXPECT_THAT(state.warning(), HasSubstr("larger than 16.0 MiB"));
}

TEST_F(StateFileTest, ANewerFormatIsPutAsideByItsName) {
  put("{\"format\": 2, \"jobs\": \"who knows\"}");
  StateFile state = file();
  state.update([](HostState&) {});
  EXPECT_THAT(state.warning(), HasSubstr("a newer Lifeboat wrote it (format 2)"));
  EXPECT_THAT(slurp(path_.native() + ".damaged"), HasSubstr("who knows"));
}

TEST_F(StateFileTest, MembersOfOtherVersionsAreNoDamage) {
  put(R"({"format": 1, "host": "other", "new": {"a": [1]}, "shelf": null,
          "jobs": [{"name": "nightly", "also_new": 1.5, "status": 8}, {"name": "nightly"}]})");
  StateFile state = file();
  HostState loaded = state.load();
  EXPECT_EQ(state.warning(), "");
  EXPECT_EQ(loaded.host, "vps-h1");
  ASSERT_EQ(loaded.jobs.size(), 1u);
  EXPECT_EQ(loaded.jobs[0].status, 0);  // the last of a name counts
}

TEST_F(StateFileTest, TextsAreBoundedAndPrintable) {
  std::string text = "\x1b[31mred\n\xff";
  for (int i = 0; i < 500; ++i) text += "…";  // 3 bytes each
  const HostState first = file().update([&](HostState& state) { state.job("n").error = text; });
  const std::string kept = file().load().jobs.at(0).error;
  EXPECT_TRUE(kept.starts_with("\\x1b[31mred\\x0a\\xff…"));
  EXPECT_TRUE(kept.ends_with("…"));
  EXPECT_LE(kept.size(), 1003u);
  file().update([](HostState&) {});
  EXPECT_EQ(file().load().jobs.at(0).error, kept);
}

TEST_F(StateFileTest, WhatCannotBeReadOrWrittenIsAnError) {
  std::filesystem::create_directories(path_);
  EXPECT_THAT(error_text([&] { file().load(); }), HasSubstr("vps-h1.state.json"));
  EXPECT_THAT(error_text([&] { StateFile(folder_.path(), "../h", random_); }),
              HasSubstr("not a host's name"));
  write_file(folder_ / "plain", "");
  EXPECT_THAT(error_text([&] {
                StateFile(folder_ / "plain", "vps-h1", random_).update([](HostState&) {});
              }),
              HasSubstr("create folder"));
}

TEST_F(StateFileTest, ProcessesThatUpdateAtOnceLoseNothing) {
  constexpr int processes = 4;
  constexpr int updates = 25;
  std::vector<pid_t> children;
  for (int i = 0; i < processes; ++i) {
    const pid_t child = ::fork();
    if (child == 0) {
      for (int n = 0; n < updates; ++n) {
        file().update([](HostState& state) { ++state.notifier("discord").failures_total; });
      }
      ::_exit(0);
    }
    children.push_back(child);
  }
  for (const pid_t child : children) {
    int status = -1;
    ::waitpid(child, &status, 0);
    EXPECT_EQ(status, 0);
  }
  EXPECT_EQ(file().load().notifier("discord").failures_total,
            static_cast<uint64_t>(processes * updates));
}

// Whenever it is killed, the state is one that an update wrote whole.
TEST_F(StateFileTest, AKilledUpdateLosesNoState) {
  file().update([](HostState& state) { state = full_state(); });
  uint64_t last = 0;
  for (int round = 0; round < 60; ++round) {
    const pid_t child = ::fork();
    if (child == 0) {
      for (;;) file().update([](HostState& state) { ++state.notifier("x").failures_total; });
    }
    // Kills that are spread over an update by work of varying length, not by time.
    for (int i = 0; i < round; ++i) EXPECT_EQ(file().load().job("nightly").members, 25u);
    ::kill(child, SIGKILL);
    ::waitpid(child, nullptr, 0);
    StateFile state = file();
    HostState loaded = state.load();
    EXPECT_EQ(state.warning(), "");
    EXPECT_EQ(loaded.job("nightly").members, 25u);
    EXPECT_GE(loaded.notifier("x").failures_total, last);
    last = loaded.notifier("x").failures_total;
  }
  // The lock went with the killed processes.
  file().update([](HostState&) {});
}

TEST_F(StateFileTest, LeftoversOfKilledUpdatesGoOnceTheyAreOld) {
  file().update([](HostState&) {});
  const auto old_one = folder_ / "state/.vps-h1.state.json.tmp-0123456789abcdef";
  const auto new_one = folder_ / "state/.vps-h1.state.json.tmp-fedcba9876543210";
  const auto of_another = folder_ / "state/.vps-h2.state.json.tmp-0123456789abcdef";
  for (const auto& path : {old_one, new_one, of_another}) write_file(path, "{");
  const auto an_hour_ago = std::filesystem::file_time_type::clock::now() - std::chrono::hours(1);
  for (const auto& path : {old_one, of_another}) {
    std::filesystem::last_write_time(path, an_hour_ago);
  }
  file().update([](HostState&) {});
  EXPECT_FALSE(std::filesystem::exists(old_one));
  EXPECT_TRUE(std::filesystem::exists(new_one));
  EXPECT_TRUE(std::filesystem::exists(of_another));
}

TEST(HostStateJson, NoPrefixAndNoFlippedBitIsMoreThanAnError) {
  const std::string text = print_host_state(full_state());
  const auto try_it = [](const std::string& damaged) {
    try {
      parse_host_state(damaged);
    } catch (const Error& error) {
      EXPECT_EQ(error.kind(), ErrorKind::verification) << damaged;
      return false;
    }
    return true;
  };
  ASSERT_TRUE(try_it(text));
  const size_t end = text.find_last_of('}');
  for (size_t size = 0; size <= end; ++size) EXPECT_FALSE(try_it(text.substr(0, size))) << size;
  for (size_t at = 0; at < text.size(); ++at) {
    for (int bit = 0; bit < 8; ++bit) {
      std::string flipped = text;
      flipped[at] = static_cast<char>(flipped[at] ^ (1 << bit));
      try_it(flipped);  // many are still texts, such as another name
    }
  }
}

}  // namespace
}  // namespace lifeboat::test
