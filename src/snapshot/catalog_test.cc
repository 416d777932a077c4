#include "snapshot/catalog.h"

#include <gmock/gmock.h>

#include "base/error.h"
#include "store/counting_store.h"
#include "store/memory_store.h"
#include "support/doubles.h"

namespace lifeboat::test {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

class Catalog : public testing::Test {
 protected:
  void put(const std::string& key, std::string_view content = "x") {
    const auto sink = store_.create(key);
    sink->write(as_bytes(content));
    sink->finish();
  }
  void put_all(std::initializer_list<const char*> keys) {
    for (const char* key : keys) put(key);
  }
  std::vector<std::string> names(std::string_view host) {
    std::vector<std::string> found;
    for (const SnapshotId& id : list_snapshots(store_, host)) found.push_back(id.text());
    return found;
  }
  std::string resolve(std::string_view text, std::string_view default_host = "") {
    return resolve_snapshot(store_, text, default_host).text();
  }
  std::string refusal(std::string_view text, std::string_view default_host = "") {
    return error_text([&] { resolve(text, default_host); });
  }
  std::string next(std::string_view time) {
    return next_snapshot_id(store_, "h1", parse_time(time)).text();
  }

  MemoryStore store_;
};

TEST_F(Catalog, ListsSnapshotsAmongOtherThings) {
  put_all({"h1/2026-05-07/backup.tar.zst.age", "h1/2026-05-07/backup.index.age",
           "h1/2026-05-07/manifest.json", "h1/2026-05-07/manifest-120000.json",
           "h1/2026-05-08/backup.tar.zst.age", "h1/2025-12-31/manifest.json",
           "h1/monthly/2026-05/manifest.json", "h1/drills/2026-05-07.json",
           "h1/supabase-weekly/2026-W19/supabase.sql.gz.age", "h10/2026-05-07/manifest.json",
           "h2/2026-05-09/manifest.json", "junk", "manifest.json", "h1/readme"});
  EXPECT_THAT(names("h1"), ElementsAre("h1/2025-12-31", "h1/2026-05-07", "h1/2026-05-07-120000",
                                       "h1/monthly/2026-05"));
  EXPECT_THAT(names(""), ElementsAre("h1/2025-12-31", "h1/2026-05-07", "h1/2026-05-07-120000",
                                     "h1/monthly/2026-05", "h10/2026-05-07", "h2/2026-05-09"));
  EXPECT_THAT(names("nobody"), ElementsAre());
  CountingStore counting(store_);
  list_snapshots(counting, "h1");
  EXPECT_EQ(counting.counts(), (StoreCounts{.lists = 1}));
}

TEST_F(Catalog, ResolvesWhatPeopleType) {
  put_all({"h1/2026-05-07/manifest.json", "h1/2026-05-07/manifest-120000.json",
           "h1/2026-05-07/manifest-090000.json", "h1/2026-05-06/manifest.json",
           "h2/2026-06-01/manifest.json"});
  EXPECT_EQ(resolve("latest", "h1"), "h1/2026-05-07-120000");
  EXPECT_EQ(resolve("h2/latest", "h1"), "h2/2026-06-01");
  EXPECT_EQ(resolve("2026-05-06", "h1"), "h1/2026-05-06");
  EXPECT_EQ(resolve("2026-05-07", "h1"), "h1/2026-05-07-120000") << "the last of that day";
  EXPECT_EQ(resolve("h1/2026-05-07-090000"), "h1/2026-05-07-090000");
}

TEST_F(Catalog, NeedsNoHostWhenThereIsOne) {
  put("h1/2026-05-07/manifest.json");
  EXPECT_EQ(resolve("latest"), "h1/2026-05-07");
  put("h2/2026-05-08/manifest.json");
  EXPECT_THAT(refusal("latest"), HasSubstr("several hosts: h1, h2"));
  EXPECT_THAT(refusal("latest"), HasSubstr("hint: Say which one: h1/latest."));
}

TEST_F(Catalog, TellsTheNearestDates) {
  put_all({"h1/2026-05-01/manifest.json", "h1/2026-05-06/manifest.json",
           "h1/2026-05-10/manifest.json", "h1/2026-06-10/manifest.json"});
  const std::string text = refusal("2026-05-07", "h1");
  EXPECT_THAT(text, HasSubstr("'h1/2026-05-07': there is none"));
  EXPECT_THAT(text,
              HasSubstr("hint: The nearest are: h1/2026-05-01, h1/2026-05-06, h1/2026-05-10."));
  EXPECT_THAT(refusal("2026-05-06-010000", "h1"), HasSubstr("h1/2026-05-06-010000"));
}

TEST_F(Catalog, SaysWhatAnEmptyStoreIsLike) {
  EXPECT_THAT(refusal("latest"), HasSubstr("memory holds none"));
  put("h2/2026-05-07/manifest.json");
  EXPECT_THAT(refusal("latest", "h1"), HasSubstr("hint: It holds snapshots of: h2."));
}

TEST_F(Catalog, ResolvesMonths) {
  put_all({"h1/monthly/2026-04/manifest.json", "h1/monthly/2026-05/manifest.json",
           "h1/monthly/2026-05/manifest-030000.json", "h1/monthly/2026-06/manifest-020000.json"});
  EXPECT_EQ(resolve("latest", "h1"), "h1/monthly/2026-06-020000") << "better than nothing";
  put("h1/2026-05-09/manifest.json");
  EXPECT_EQ(resolve("latest", "h1"), "h1/2026-05-09") << "a monthly is a copy of something older";
  EXPECT_EQ(resolve("monthly/2026-04"), "h1/monthly/2026-04");
  EXPECT_EQ(resolve("monthly/2026-05", "h1"), "h1/monthly/2026-05") << "that of the first job";
  EXPECT_EQ(resolve("h1/monthly/2026-05-030000"), "h1/monthly/2026-05-030000");
  EXPECT_EQ(resolve("monthly/2026-06"), "h1/monthly/2026-06-020000");
  EXPECT_THAT(refusal("monthly/2026-05-040000"),
              HasSubstr("'h1/monthly/2026-05-040000': there is"));
  EXPECT_THAT(refusal("monthly/2026-07", "h1"),
              HasSubstr("hint: The nearest are: h1/monthly/2026-05, h1/monthly/2026-05-030000, "
                        "h1/monthly/2026-06-020000."));
}

TEST_F(Catalog, HintsAtTheMonthlyOfADateThatIsGone) {
  put_all({"h1/monthly/2026-05/manifest.json", "h1/2026-07-01/manifest.json"});
  const std::string text = refusal("2026-05-07", "h1");
  EXPECT_THAT(text, HasSubstr("hint: Of that month there is: h1/monthly/2026-05."));
  EXPECT_THAT(text, HasSubstr("hint: The nearest are: h1/2026-07-01."));
  EXPECT_EQ(refusal("2026-06-07", "h1").find("Of that month"), std::string::npos);
}

TEST_F(Catalog, RefusesOtherTextsAsUsage) {
  put("h1/2026-05-07/manifest.json");
  for (const char* text : {"", "lates", "2026-05", "2026-05-7", "2026-05-07-12", "/latest", "h1/",
                           "h1/2026-05-07/manifest.json", "H1/latest", "2026-05-07x",
                           "monthly/latest", "monthly", "monthly/2026-13", "monthly/2026-05-07",
                           "h1/monthly/2026-05/", "monthly/monthly/2026-05", "\x1b[31m"}) {
    EXPECT_THAT(refusal(text), HasSubstr("does not name a snapshot")) << text;
    EXPECT_EQ(refusal(text).find('\x1b'), std::string::npos);
  }
}

Manifest manifest_of(const SnapshotId& id) {
  Manifest manifest;
  manifest.host = id.host;
  manifest.archive_key = id.archive_key();
  manifest.index_key = id.index_key();
  for (StreamSummary* stream : {&manifest.archive, &manifest.raw, &manifest.index}) {
    stream->sha256 = std::string(64, '0');
  }
  return manifest;
}

TEST_F(Catalog, LoadsAManifestOnlyWhereItBelongs) {
  const SnapshotId id{"h1", parse_date("2026-05-07"), ""};
  const Manifest manifest = manifest_of(id);
  const std::string text = print_manifest(manifest);
  put(id.manifest_key(), text);
  EXPECT_EQ(load_manifest(store_, id, {}), manifest);
  const SnapshotId moved{"h1", parse_date("2026-05-08"), ""};
  put(moved.manifest_key(), text);
  EXPECT_THAT(error_text([&] { load_manifest(store_, moved, {}); }), HasSubstr("it is that of"));
  const SnapshotId missing{"h1", parse_date("2026-05-09"), ""};
  EXPECT_THAT(error_text([&] { load_manifest(store_, missing, {}); }), HasSubstr("no such object"));
}

TEST_F(Catalog, LoadsTheCopyOfADailyAsAMonthly) {
  const SnapshotId daily{"h1", parse_date("2026-05-07"), "020000"};
  const std::string text = print_manifest(manifest_of(daily));
  const SnapshotId monthly{"h1", parse_date("2026-05-01"), "", Tier::monthly};
  put(monthly.manifest_key(), text);
  EXPECT_EQ(load_manifest(store_, monthly, {}), manifest_of(monthly));
  for (const SnapshotId& other : {SnapshotId{"h1", parse_date("2026-06-01"), "", Tier::monthly},
                                  SnapshotId{"h2", parse_date("2026-05-01"), "", Tier::monthly}}) {
    put(other.manifest_key(), text);
    EXPECT_THAT(error_text([&] { load_manifest(store_, other, {}); }), HasSubstr("it is that of"));
  }
  const SnapshotId posing{"h1", parse_date("2026-05-01"), "030000", Tier::monthly};
  put(posing.manifest_key(), print_manifest(manifest_of(monthly)));
  EXPECT_THAT(error_text([&] { load_manifest(store_, posing, {}); }), HasSubstr("it is that of"))
      << "only a daily has copies";
}

TEST_F(Catalog, KnowsTheLargestNightlyArchive) {
  EXPECT_EQ(largest_daily_bytes(store_, "h1"), 0U);
  put("h1/2026-05-07/backup.tar.zst.age", "12345");
  put("h1/2026-05-08/backup.tar.zst.age", "123");
  put("h1/2026-05-08/backup.index.age", "1234567");
  put("h1/monthly/2026-05/backup.tar.zst.age", "1234567");
  put("h10/2026-05-07/backup.tar.zst.age", "1234567");
  EXPECT_EQ(largest_daily_bytes(store_, "h1"), 5U);
}

TEST_F(Catalog, NextNameIsTheDateAndNeverATakenOne) {
  EXPECT_EQ(next("2026-05-07T02:00:00Z"), "h1/2026-05-07");
  put("h1/2026-05-07/backup.tar.zst.age");  // a killed run: no manifest
  EXPECT_EQ(next("2026-05-07T02:00:00Z"), "h1/2026-05-07-020000");
  put("h1/2026-05-07/backup-020000.index.age");
  put("h1/2026-05-07/manifest-020001.json");
  EXPECT_EQ(next("2026-05-07T02:00:00Z"), "h1/2026-05-07-020002");
  EXPECT_EQ(next("2026-05-07T12:34:56Z"), "h1/2026-05-07-123456");
  EXPECT_EQ(next("2026-05-08T02:00:00Z"), "h1/2026-05-08");
  put("h1/2026-05-08/manifest.json");
  EXPECT_EQ(next("2026-05-08T02:00:00Z"), "h1/2026-05-08-020000");
}

TEST_F(Catalog, NextNameStaysWithinItsDay) {
  put("h1/2026-05-07/manifest.json");
  put("h1/2026-05-07/manifest-235959.json");
  EXPECT_EQ(next("2026-05-07T23:59:58Z"), "h1/2026-05-07-235958");
  EXPECT_THAT(error_text([&] { next("2026-05-07T23:59:59Z"); }), HasSubstr("none is left"));
}

TEST_F(Catalog, WhatACopyLeftUnfinishedIsNotOverwritten) {
  const SnapshotId month{"h1", parse_date("2026-05-01"), "", Tier::monthly};
  const Timestamp start = parse_time("2026-05-07T02:00:00Z");
  EXPECT_EQ(free_id(store_, month, start), month);
  put("h1/monthly/2026-05/backup.tar.zst.age");
  EXPECT_EQ(free_id(store_, month, start).text(), "h1/monthly/2026-05-020000");
}

}  // namespace
}  // namespace lifeboat::test
