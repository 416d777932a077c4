#include "snapshot/drill_evidence.h"

#include <gtest/gtest.h>

#include "base/error.h"
#include "base/format.h"
#include "snapshot/manifest.h"
#include "support/doubles.h"

namespace lifeboat::test {
namespace {

using std::chrono::milliseconds;

DrillEvidence sample() {
  DrillEvidence evidence;
  evidence.id = *parse_snapshot_text("vps-h1/2026-05-07");
  evidence.job = "nightly";
  evidence.archive_sha256 = std::string(64, 'a');
  evidence.drilled = parse_time("2026-05-08T03:00:00Z");
  evidence.engine = "docker";
  evidence.restore_duration = milliseconds(1500);
  evidence.duration = milliseconds(90'250);
  evidence.opened_by = {"age1one", "age1two"};
  evidence.result = "RESTORE OK — 12 workflows";
  evidence.verdict = DrillVerdict::ok;
  return evidence;
}

std::string printed() { return print_drill_evidence(sample(), Json::array(), Json::array()); }

std::string fault_of(const std::string& from, const std::string& to) {
  std::string text = printed();
  const size_t at = text.find(from);
  EXPECT_NE(at, std::string::npos) << from;
  text.replace(at, from.size(), to);
  return error_text([&] { parse_drill_evidence(text, "vps-h1/drills/2026-05-08.json"); });
}

TEST(DrillEvidence, IsReadAsItWasPrinted) {
  const DrillEvidence read = parse_drill_evidence(printed(), "key");
  EXPECT_EQ(read.id, sample().id);
  EXPECT_EQ(read.job, "nightly");
  EXPECT_EQ(read.archive_sha256, sample().archive_sha256);
  EXPECT_EQ(read.drilled, sample().drilled);
  EXPECT_EQ(read.engine, "docker");
  EXPECT_EQ(read.restore_duration, milliseconds(1500));
  EXPECT_EQ(read.duration, milliseconds(90'250));
  EXPECT_EQ(read.verdict, DrillVerdict::ok);
  EXPECT_EQ(read.opened_by, (std::vector<std::string>{"age1one", "age1two"}));
  EXPECT_EQ(read.result, "RESTORE OK — 12 workflows");
}

TEST(DrillEvidence, OfANewerFormatAsksForAnUpdate) {
  std::string text = printed();
  const std::string format_1 = "\"format\": 1";
  text.replace(text.find(format_1), format_1.size(), "\"format\": 2");
  EXPECT_THROW(parse_drill_evidence(text, "key"), NewerFormat);
  EXPECT_NE(fault_of(format_1, "\"format\": 2").find("update this one to read it"),
            std::string::npos);
  EXPECT_NE(fault_of(format_1, "\"format\": \"1\"").find("member 'format'"), std::string::npos);
}

TEST(DrillEvidence, WhatIsNoneIsAFaultWithItsKey) {
  EXPECT_EQ(fault_of("RESTORE OK", "ALL FINE"),
            "read drill evidence 'vps-h1/drills/2026-05-08.json': member 'result' is no result of "
            "a drill");
  EXPECT_NE(fault_of("90.25", "-1").find("is no duration"), std::string::npos);
  EXPECT_NE(fault_of("90.25", "1e300").find("is no duration"), std::string::npos);
  EXPECT_NE(fault_of("90.25", "\"long\"").find("is no duration"), std::string::npos);
  EXPECT_NE(fault_of("vps-h1/2026-05-07", "somewhere").find("names no snapshot"),
            std::string::npos);
  EXPECT_NE(fault_of("\"age1one\"", "1").find("no public key"), std::string::npos);
  for (const char* text : {"", "[]", "{", "{}", "null"}) {
    EXPECT_NE(error_text([&] { parse_drill_evidence(text, "key"); }), "") << text;
  }
}

TEST(DrillEvidence, WithoutKeysNobodyIsKnownToHaveOpenedIt) {
  Json older = Json::parse(printed());
  older.erase("opened_by");
  EXPECT_TRUE(parse_drill_evidence(print_json(older), "key").opened_by.empty());
}

TEST(DrillEvidence, ALongResultIsCut) {
  DrillEvidence evidence = sample();
  evidence.verdict = DrillVerdict::failed;
  evidence.result = "RESTORE FAILED — " + std::string(10'000, 'x') + "\x1b";
  const std::string text = print_drill_evidence(evidence, Json::array(), Json::array());
  EXPECT_EQ(parse_drill_evidence(text, "key").result.size(), 500U);
}

}  // namespace
}  // namespace lifeboat::test
