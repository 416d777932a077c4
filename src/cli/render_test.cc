// What a person and a program see, pinned as text.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/error.h"
#include "cli/render.h"
#include "cli/table.h"
#include "support/doubles.h"

namespace lifeboat::cli {
namespace {

using namespace std::chrono_literals;

const Style plain;

Manifest sample_manifest() {
  Manifest manifest;
  manifest.tool = "lifeboat 0.1.0";
  manifest.host = "vps-h1";
  manifest.job = "nightly";
  manifest.started = parse_time("2026-05-07T02:00:00Z");
  manifest.finished = parse_time("2026-05-07T02:01:00Z");
  manifest.archive = {2048, std::string(64, 'a')};
  manifest.raw = {10240, std::string(64, 'b')};
  manifest.members = 5;
  ManifestService n8n;
  n8n.name = "n8n";
  n8n.recipe = "n8n";
  n8n.ok = true;
  n8n.members = 4;
  n8n.raw_bytes = 9000;
  n8n.items = {{"workflows", 12}, {"credentials", 8}};
  manifest.services = {n8n};
  return manifest;
}

SnapshotId sample_id(std::string suffix = "") {
  return {"vps-h1", parse_date("2026-05-07"), std::move(suffix)};
}

ManifestService failed_service() {
  ManifestService service;
  service.name = "waha";
  service.recipe = "waha";
  service.error = "open '/x': no such file or directory";
  return service;
}

TEST(Table, PadsColumnsAndNeverTheEndOfALine) {
  Table table({{"NAME"}, {"SIZE", Align::right}, {"NOTE"}});
  table.add_row({"a", "10", ""});
  table.add_row({"größer", "1", "x"});
  EXPECT_EQ(table.print(),
            "NAME    SIZE  NOTE\n"
            "a         10\n"
            "größer     1  x\n");
}

TEST(Table, ColoursTakeNoWidth) {
  const Style colours(true);
  EXPECT_EQ(display_width(colours.good("ok")), 2U);
  EXPECT_EQ(plain.good("ok"), "ok");
}

TEST(CutToWidth, CutsAtCodePoints) {
  EXPECT_EQ(cut_to_width("größer", 6), "größer");
  EXPECT_EQ(cut_to_width("größer", 4), "grö…");
  EXPECT_EQ(cut_to_width("abc", 1), "…");
  EXPECT_EQ(cut_to_width("abc", 0), "");
}

TEST(RenderList, ShowsWholePartialAndDamaged) {
  ListedSnapshot whole{sample_id(), sample_manifest(), ""};
  ListedSnapshot partial{sample_id("020000"), sample_manifest(), ""};
  partial.manifest.services.push_back(failed_service());
  ListedSnapshot damaged{sample_id("030000"), {}, "bad \x1b[31m checksum"};
  const Timestamp now = parse_time("2026-05-07T05:01:00Z");
  EXPECT_EQ(render_list({damaged, partial, whole}, now, plain),
            "SNAPSHOT                  AGE     SIZE       RAW  SERVICES  STATUS\n"
            "vps-h1/2026-05-07-030000    -        -         -         -  "
            "damaged: bad \\x1b[31m checksum\n"
            "vps-h1/2026-05-07-020000  3 h  2.0 KiB  10.0 KiB    1 of 2  partial: waha failed\n"
            "vps-h1/2026-05-07         3 h  2.0 KiB  10.0 KiB         1  ok\n");
  EXPECT_EQ(listed_to_json(whole)["snapshot"], "vps-h1/2026-05-07");
  EXPECT_EQ(listed_to_json(whole)["host"], "vps-h1");
  EXPECT_EQ(listed_to_json(damaged)["damage"], "bad \x1b[31m checksum");
}

TEST(RenderMember, LooksLikeLs) {
  IndexMember member;
  member.meta.path = "n8n/config\n";
  member.meta.mode = 04751;
  member.meta.uid = 1000;
  member.meta.user = "node";
  member.meta.gid = 1000;
  member.meta.mtime = parse_time("2026-05-07T02:00:00Z");
  member.size = 78;
  EXPECT_EQ(render_member(member),
            "-rwsr-x--x node/1000                78 2026-05-07 02:00:00 n8n/config\\x0a");
  member.meta.path = "n8n/now";
  member.meta.type = FileType::symlink;
  member.meta.mode = 0777;
  member.meta.link_target = "then";
  member.size = 0;
  EXPECT_EQ(render_member(member),
            "lrwxrwxrwx node/1000                 0 2026-05-07 02:00:00 n8n/now -> then");
  member.meta.type = FileType::directory;
  member.meta.mode = 01700;
  member.incomplete = true;
  EXPECT_EQ(render_member(member),
            "drwx-----T node/1000                 0 2026-05-07 02:00:00 n8n/now/ (incomplete)");
}

TEST(RenderMember, JsonOfANameThatIsNotUtf8CanBePrinted) {
  IndexMember member;
  member.meta.path = "n8n/\xff";
  EXPECT_EQ(Json::parse(print_json_line(member_to_json(member)))["path"], "n8n/\xEF\xBF\xBD");
}

TEST(RenderBackup, NamesEachService) {
  BackupResult result{sample_id(), sample_manifest(), 4200ms};
  result.manifest.services.push_back(failed_service());
  EXPECT_EQ(render_backup(result, "dir:/srv/b", plain),
            "snapshot  vps-h1/2026-05-07\n"
            "store     dir:/srv/b\n"
            "members   5\n"
            "raw       10.0 KiB\n"
            "stored    2.0 KiB\n"
            "duration  4.2 s\n"
            "\n"
            "SERVICE  STATUS  MEMBERS      RAW  ITEMS\n"
            "n8n      ok            4  8.8 KiB  workflows 12, credentials 8\n"
            "waha     failed        0      0 B\n");
  EXPECT_TRUE(backup_to_json(result)["partial"].get<bool>());
  EXPECT_EQ(backup_to_json(result)["cache"], Json(nullptr));
  result.cache = CacheUse{250, 243};
  EXPECT_THAT(render_backup(result, "dir:/srv/b", plain),
              testing::HasSubstr("cache     243 of 250 frames"));
  EXPECT_EQ(backup_to_json(result)["cache"]["found"], 243);
}

DrillResult sample_drill() {
  DrillResult result;
  result.id = sample_id();
  result.manifest = sample_manifest();
  result.verdict = DrillVerdict::ok;
  result.age = 3h;
  result.restore_duration = 1s;
  result.duration = 2s;
  result.archive_probes = {{"every member is on disk", true, "5 members", "5 members", ""}};
  result.services = {{"n8n",
                      "n8n",
                      true,
                      {{"workflows", 12, "workflow", "workflows", true}},
                      {{"workflows as counted", true, "12", "12", ""}}}};
  return result;
}

TEST(RenderDrill, EndsWithTheVerdict) {
  EXPECT_EQ(render_drill(sample_drill(), plain),
            "drill of vps-h1/2026-05-07, made 3 h ago, restored in 1.0 s, all proved in 2.0 s\n"
            "\n"
            "archive\n"
            "  ✓ every member is on disk: 5 members\n"
            "n8n (n8n)\n"
            "  ✓ workflows as counted: 12\n"
            "\n"
            "RESTORE OK — 12 workflows\n");
}

TEST(RenderDrill, ShowsWhyAServiceWasNotStarted) {
  DrillResult result = sample_drill();
  result.engine = DrillEngine::docker;
  result.services[0].not_started = "its image is not on this engine";
  EXPECT_NE(render_drill(result, plain)
                .find("  ✓ workflows as counted: 12\n"
                      "  ! the service itself was not started: its image is not on this engine\n"),
            std::string::npos);
  const Json json = drill_to_json(result);
  EXPECT_EQ(json["engine"], "docker");
  EXPECT_EQ(json["restore_duration_seconds"], 1.0);
  EXPECT_EQ(json["services"][0]["not_started"], "its image is not on this engine");
}

TEST(RenderDrill, ShowsWhatWasExpectedOfAFailedProbe) {
  DrillResult result = sample_drill();
  result.verdict = DrillVerdict::failed;
  result.services[0].probes[0] = {"workflows as counted", false, "12", "11", "row 7 is gone"};
  const std::string text = render_drill(result, plain);
  EXPECT_NE(text.find("  ✗ workflows as counted\n"
                      "      expected 12\n"
                      "      found    11\n"
                      "      row 7 is gone\n"),
            std::string::npos)
      << text;
  EXPECT_EQ(drill_to_json(result)["verdict"], "failed");
  EXPECT_FALSE(drill_to_json(result)["services"][0]["passed"].get<bool>());
}

TEST(RenderSabotage, OneMissIsAFailure) {
  const std::vector<SabotageOutcome> outcomes{
      {"", "flipped byte", "byte 7", true, "the hash differs"},
      {"n8n", "missing row", "workflow 1 deleted", false, ""}};
  EXPECT_EQ(render_sabotage(outcomes, plain),
            "✓ archive: flipped byte (byte 7)\n"
            "    caught by: the hash differs\n"
            "✗ n8n: missing row (workflow 1 deleted)\n"
            "    nobody noticed\n"
            "\n"
            "SABOTAGE MISSED — 1 of 2 noticed\n");
  EXPECT_FALSE(sabotage_to_json(sample_id(), outcomes)["all_caught"].get<bool>());
}

TEST(RenderFindings, CountsErrorsAndWarnings) {
  using Level = Finding::Level;
  const std::vector<CheckFinding> findings{
      {ErrorKind::config, "recipients", {Level::warning, "1 recipient", "Add a second one."}},
      {ErrorKind::store, "store", {Level::error, "no such folder", ""}},
      {ErrorKind::service, "service n8n", {Level::ok, "12 workflows", ""}}};
  EXPECT_EQ(render_findings(findings, plain),
            "! recipients: 1 recipient\n"
            "    Add a second one.\n"
            "✗ store: no such folder\n"
            "✓ service n8n: 12 workflows\n"
            "\n"
            "1 error, 1 warning\n");
  EXPECT_EQ(findings_to_json(findings)[1]["area"], "store");
}

}  // namespace
}  // namespace lifeboat::cli
