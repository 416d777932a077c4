#include "snapshot/layout.h"

#include <gmock/gmock.h>

#include <algorithm>
#include <ctime>

#include "base/error.h"
#include "support/doubles.h"

namespace lifeboat::test {
namespace {

SnapshotId make_id(std::string_view date, std::string suffix = "") {
  return {"vps-h1", parse_date(date), std::move(suffix)};
}

TEST(Layout, NamesTheObjectsOfASnapshot) {
  const SnapshotId first = make_id("2026-05-07");
  EXPECT_EQ(first.text(), "vps-h1/2026-05-07");
  EXPECT_EQ(first.archive_key(), "vps-h1/2026-05-07/backup.tar.zst.age");
  EXPECT_EQ(first.index_key(), "vps-h1/2026-05-07/backup.index.age");
  EXPECT_EQ(first.manifest_key(), "vps-h1/2026-05-07/manifest.json");
  const SnapshotId second = make_id("2026-05-07", "020000");
  EXPECT_EQ(second.text(), "vps-h1/2026-05-07-020000");
  EXPECT_EQ(second.archive_key(), "vps-h1/2026-05-07/backup-020000.tar.zst.age");
  EXPECT_EQ(second.index_key(), "vps-h1/2026-05-07/backup-020000.index.age");
  EXPECT_EQ(second.manifest_key(), "vps-h1/2026-05-07/manifest-020000.json");
}

SnapshotId make_monthly(std::string_view month, std::string suffix = "") {
  return {"vps-h1", parse_date(std::string(month) + "-01"), std::move(suffix), Tier::monthly};
}

TEST(Layout, NamesTheObjectsOfAMonthly) {
  const SnapshotId first = make_monthly("2026-05");
  EXPECT_EQ(first.text(), "vps-h1/monthly/2026-05");
  EXPECT_EQ(first.archive_key(), "vps-h1/monthly/2026-05/backup.tar.zst.age");
  EXPECT_EQ(first.index_key(), "vps-h1/monthly/2026-05/backup.index.age");
  EXPECT_EQ(first.manifest_key(), "vps-h1/monthly/2026-05/manifest.json");
  const SnapshotId second = make_monthly("2026-05", "020000");
  EXPECT_EQ(second.text(), "vps-h1/monthly/2026-05-020000");
  EXPECT_EQ(second.archive_key(), "vps-h1/monthly/2026-05/backup-020000.tar.zst.age");
}

TEST(Layout, KnowsWhatMayBeACopy) {
  EXPECT_EQ(monthly_of(make_id("2026-05-31", "020000")), make_monthly("2026-05"));
  EXPECT_TRUE(is_copy(make_monthly("2026-05", "020000"), make_id("2026-05-31", "030000")));
  EXPECT_FALSE(is_copy(make_monthly("2026-05"), make_id("2026-06-01")));
  EXPECT_FALSE(is_copy(make_monthly("2026-05"), make_id("2025-05-01")));
  EXPECT_FALSE(is_copy(make_monthly("2026-05"), make_monthly("2026-05")));
  EXPECT_FALSE(is_copy(make_id("2026-05-01"), make_id("2026-05-01")));
  EXPECT_FALSE(is_copy(make_monthly("2026-05"), {"vps-h10", parse_date("2026-05-01"), ""}));
}

TEST(Layout, NamesDrills) {
  const Timestamp time = parse_time("2026-05-07T02:03:04Z");
  EXPECT_EQ(drill_key("vps-h1", time, true), "vps-h1/drills/2026-05-07.json");
  EXPECT_EQ(drill_key("vps-h1", time, false), "vps-h1/drills/2026-05-07-020304.json");
  EXPECT_EQ(parse_drill_key(drill_key("vps-h1", time, true)), parse_date("2026-05-07"));
  EXPECT_EQ(parse_drill_key(drill_key("vps-h1", time, false)), parse_date("2026-05-07"));
  for (const char* key : {"", "vps-h1/drills/2026-05-07", "vps-h1/2026-05-07.json",
                          "vps-h1/drills/monthly/2026-05.json", "drills/2026-05-07.json",
                          "vps-h1/drills/2026-05-07/x.json", "vps-h1/drills/.json"}) {
    EXPECT_EQ(parse_drill_key(key), std::nullopt) << key;
  }
}

TEST(Layout, PrefixesHoldOneKindEach) {
  EXPECT_TRUE(make_id("2026-05-07").folder().starts_with(daily_prefix("vps-h1")));
  EXPECT_FALSE(make_monthly("2026-05").folder().starts_with(daily_prefix("vps-h1")));
  EXPECT_TRUE(make_monthly("2026-05").folder().starts_with(monthly_prefix("vps-h1")));
  EXPECT_TRUE(drill_key("vps-h1", {}, true).starts_with(drills_prefix("vps-h1")));
  EXPECT_EQ(weekly_prefix("vps-h1"), "vps-h1/supabase-weekly/");
}

TEST(Layout, ReadsBackTheKeysItMakes) {
  for (const SnapshotId& id : {make_id("2026-05-07"), make_id("2026-12-31", "235959"),
                               make_monthly("2026-05"), make_monthly("2024-02", "235959")}) {
    EXPECT_EQ(parse_snapshot_text(id.text()), id);
    for (const std::string& key : {id.archive_key(), id.index_key(), id.manifest_key()}) {
      EXPECT_EQ(parse_object_key(key), id);
    }
    EXPECT_EQ(parse_manifest_key(id.manifest_key()), id);
    EXPECT_EQ(parse_archive_key(id.archive_key()), id);
    EXPECT_EQ(parse_manifest_key(id.archive_key()), std::nullopt);
    EXPECT_EQ(parse_archive_key(id.manifest_key()), std::nullopt);
  }
}

// Weeks are those of ISO 8601, whose year is not always the date's.
TEST(Layout, NamesWeeksByTheirIsoYear) {
  const auto name = [](const char* start) { return weekly_of("h1", parse_time(start)).text(); };
  EXPECT_EQ(name("2026-05-07T02:00:00Z"), "h1/supabase-weekly/2026-W19");
  EXPECT_EQ(name("2027-01-01T02:00:00Z"), "h1/supabase-weekly/2026-W53");
  EXPECT_EQ(name("2027-01-03T23:59:59Z"), "h1/supabase-weekly/2026-W53");
  EXPECT_EQ(name("2027-01-04T00:00:00Z"), "h1/supabase-weekly/2027-W01");
  EXPECT_EQ(name("2024-12-30T00:00:00Z"), "h1/supabase-weekly/2025-W01");
  EXPECT_EQ(name("2023-01-01T00:00:00Z"), "h1/supabase-weekly/2022-W52");
  // Against another implementation, day by day over years of all kinds.
  for (Timestamp day = parse_time("2019-12-20T12:00:00Z"); day < parse_time("2033-02-01T00:00:00Z");
       day += std::chrono::hours(24)) {
    const std::time_t seconds = std::chrono::system_clock::to_time_t(
        std::chrono::time_point_cast<std::chrono::system_clock::duration>(day));
    std::tm parts{};
    ::gmtime_r(&seconds, &parts);
    std::string expected(8, '\0');
    ASSERT_EQ(std::strftime(expected.data(), 9, "%G-W%V", &parts), 8U);
    ASSERT_EQ(weekly_of("h1", day).text(), "h1/supabase-weekly/" + expected);
  }
}

TEST(Layout, ReadsBackTheKeysOfWeeks) {
  SnapshotId id = weekly_of("vps-h1", parse_time("2027-01-01T02:00:00Z"));
  EXPECT_EQ(id.archive_key(), "vps-h1/supabase-weekly/2026-W53/supabase.sql.gz.age");
  EXPECT_EQ(id.index_key(), "vps-h1/supabase-weekly/2026-W53/supabase.index.age");
  EXPECT_EQ(id.manifest_key(), "vps-h1/supabase-weekly/2026-W53/manifest.json");
  EXPECT_TRUE(id.folder().starts_with(weekly_prefix("vps-h1")));
  for (const std::string& suffix :
       {std::string(), suffix_of(Tier::weekly, parse_time("2027-01-01T02:00:00Z"))}) {
    id.suffix = suffix;
    EXPECT_EQ(parse_snapshot_text(id.text()), id);
    EXPECT_EQ(parse_manifest_key(id.manifest_key()), id);
    EXPECT_EQ(parse_archive_key(id.archive_key()), id);
    EXPECT_EQ(parse_object_key(id.index_key()), id);
  }
  EXPECT_EQ(id.suffix, "5020000");
  for (const char* key :
       {"h1/supabase-weekly/2025-W53/supabase.sql.gz.age",  // that year had 52
        "h1/supabase-weekly/2026-W00/supabase.sql.gz.age",
        "h1/supabase-weekly/2026-W54/supabase.sql.gz.age",
        "h1/supabase-weekly/2026-w19/supabase.sql.gz.age",
        "h1/supabase-weekly/2026-W19/backup.tar.zst.age",
        "h1/supabase-weekly/2026-W19/supabase-8020000.sql.gz.age",
        "h1/supabase-weekly/2026-W19/supabase-020000.sql.gz.age",
        "h1/2026-05-07/supabase.sql.gz.age", "h1/monthly/2026-05/supabase.sql.gz.age"}) {
    EXPECT_EQ(parse_archive_key(key), std::nullopt) << key;
  }
}

TEST(Layout, KnowsNoOtherKeys) {
  for (const char* key : {"",
                          "manifest.json",
                          "vps-h1/manifest.json",
                          "vps-h1/2026-05-07/manifest.jso",
                          "vps-h1/2026-05-07/manifest.jsonx",
                          "vps-h1/2026-05-07/xmanifest.json",
                          "vps-h1/2026-05-07/manifest-.json",
                          "vps-h1/2026-05-07/manifest-0200.json",
                          "vps-h1/2026-05-07/manifest-240000.json",
                          "vps-h1/2026-05-07/manifest-006000.json",
                          "vps-h1/2026-05-07/manifest-000060.json",
                          "vps-h1/2026-05-07/manifest-02000a.json",
                          "vps-h1/2026-05-07/manifest020000.json",
                          "vps-h1/2026-02-30/manifest.json",
                          "vps-h1/2026-5-7/manifest.json",
                          "vps-h1/2026-05-07-020000/manifest.json",
                          "vps-h1/monthly/2026-05-020000/manifest.json",
                          "vps-h1/monthly/2026-13/manifest.json",
                          "vps-h1/monthly/2026-05-07/manifest.json",
                          "vps-h1/monthly/manifest.json",
                          "vps-h1/weekly/2026-05/manifest.json",
                          "VPS/2026-05-07/manifest.json",
                          "monthly/2026-05-07/manifest.json",
                          "a/vps-h1/2026-05-07/manifest.json",
                          "/2026-05-07/manifest.json",
                          "vps-h1/2026-05-07/manifest.json/"}) {
    EXPECT_EQ(parse_manifest_key(key), std::nullopt) << key;
  }
}

TEST(Layout, SortsByHostDateAndTime) {
  std::vector<SnapshotId> ids{make_id("2026-05-08"), make_id("2026-05-07", "120000"),
                              make_id("2026-05-07", "010000"), make_id("2026-05-07")};
  ids.push_back({"a-host", parse_date("2027-01-01"), ""});
  ids.push_back(make_monthly("2025-01"));
  std::sort(ids.begin(), ids.end());
  std::vector<std::string> texts;
  for (const SnapshotId& id : ids) texts.push_back(id.text());
  EXPECT_THAT(texts, testing::ElementsAre("a-host/2027-01-01", "vps-h1/2026-05-07",
                                          "vps-h1/2026-05-07-010000", "vps-h1/2026-05-07-120000",
                                          "vps-h1/2026-05-08", "vps-h1/monthly/2025-01"));
}

TEST(Layout, RefusesHostsThatWouldNotBeFolders) {
  check_host("vps-h1");
  check_host("a");
  check_host(std::string(63, 'a'));
  for (const std::string& host :
       {std::string(), std::string("-a"), std::string("a-"), std::string("A"), std::string("a.b"),
        std::string("a/b"), std::string("monthly"), std::string("latest"), std::string(64, 'a')}) {
    EXPECT_THAT(error_text([&] { check_host(host); }), testing::HasSubstr("hint: ")) << host;
  }
}

}  // namespace
}  // namespace lifeboat::test
