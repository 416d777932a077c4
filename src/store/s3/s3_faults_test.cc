// What goes wrong between us and the server while an object is written: each fault is survived or
// told, in bounded tries, and no object is ever there in part.

#include <gtest/gtest.h>

#include "store/s3/s3_faults_test_kit.h"

namespace lifeboat {
namespace {

using test::always;
using test::EarlyAnswer;
using test::FaultWorld;
using test::ScriptedFault;
using test::ScriptedS3Options;
using test::ServedRequest;
using test::store_error;
using test::tries_max;
using test::Wire;
using testing::ElementsAre;
using testing::HasSubstr;

const std::string key = "vps-h1/2026-05-07/backup.tar.zst.age";

// A single PUT, and three parts and a half.
const Bytes small = test::SeededRandom(1).bytes(3000);
const Bytes large = test::SeededRandom(2).bytes(test::part_bytes * 7 / 2);

struct Written {
  std::string operation;
  const Bytes& content;
};
const std::vector<Written>& writes() {
  static const std::vector<Written> all{{"HeadObject", small},
                                        {"PutObject", small},
                                        {"CreateMultipartUpload", large},
                                        {"UploadPart", large},
                                        {"CompleteMultipartUpload", large}};
  return all;
}

void expect_survived(FaultWorld& world, const Bytes& content) {
  EXPECT_NO_THROW(world.put(key, content));
  EXPECT_TRUE(world.s3.objects()[key] == as_text(content));
  world.expect_clean(key, content);
}

void expect_told(FaultWorld& world, const Written& write) {
  store_error([&] { world.put(key, write.content); });
  EXPECT_FALSE(world.s3.objects().contains(key));
  world.expect_clean(key, write.content);
}

TEST(S3WriteFaults, ServerErrorsUpToTheLimitAreSurvived) {
  for (const auto& [operation, content] : writes()) {
    for (const int status : {429, 500, 502, 503, 504}) {
      SCOPED_TRACE(operation + std::to_string(status));
      FaultWorld world;
      world.fail(operation, tries_max - 1, test::status_fault(status, "InternalError"));
      expect_survived(world, content);
      EXPECT_GT(world.waited().count(), 0);
    }
  }
}

TEST(S3WriteFaults, ServerErrorsBeyondTheLimitAreTold) {
  for (const Written& write : writes()) {
    SCOPED_TRACE(write.operation);
    FaultWorld world;
    world.fail(write.operation, always, test::status_fault(500, "InternalError"));
    expect_told(world, write);
    // Parts are sent by two workers, each of which may have spent its tries.
    EXPECT_GE(world.count(write.operation), tries_max);
    EXPECT_LE(world.count(write.operation), tries_max * (write.operation == "UploadPart" ? 2 : 1));
    EXPECT_LE(world.waited(), std::chrono::minutes(10));
  }
}

TEST(S3WriteFaults, RetryAfterIsWaitedFor) {
  FaultWorld world;
  ScriptedFault fault = test::status_fault(503, "SlowDown");
  fault.headers = {{"Retry-After", "7"}};
  world.fail("PutObject", 2, fault);
  expect_survived(world, small);
  EXPECT_GE(world.waited(), std::chrono::seconds(14));
  EXPECT_LE(world.waited(), std::chrono::seconds(40));
}

TEST(S3WriteFaults, AConnectionThatBreaksWithinTheRequest) {
  for (const Wire wire : {Wire::reset_in_head, Wire::drop_before}) {
    for (const auto& [operation, content, body_size] :
         {std::tuple{"PutObject", small, small.size()},
          std::tuple{"UploadPart", large, size_t{test::part_bytes}},
          std::tuple{"CompleteMultipartUpload", large, size_t{60}}}) {
      for (const size_t byte : {size_t{0}, size_t{1}, body_size / 2, body_size - 1}) {
        SCOPED_TRACE(operation + std::to_string(byte));
        FaultWorld world;
        world.cut_request(operation, 1, EarlyAnswer{byte, {500, {}, {}, wire}});
        expect_survived(world, content);
        EXPECT_EQ(world.cuts(), 1u);
      }
    }
  }
  for (const Written& write : {writes()[1], writes()[3], writes()[4]}) {
    SCOPED_TRACE(write.operation);
    FaultWorld world;
    world.cut_request(write.operation, always, EarlyAnswer{1, {500, {}, {}, Wire::reset_in_head}});
    expect_told(world, write);
    // Two workers; and libcurl itself sends again what dies on a connection that was kept.
    EXPECT_LE(world.cuts(), 4 * tries_max);
  }
}

TEST(S3WriteFaults, AConnectionThatBreaksWithinTheAnswer) {
  std::vector<ScriptedFault> faults;
  for (const Wire wire : {Wire::drop_in_head, Wire::reset_in_head}) {
    for (const uint64_t byte : {0, 1, 20, 60}) faults.push_back(test::wire_fault(wire, byte));
  }
  for (const auto& [operation, content] : writes()) {
    for (const ScriptedFault& fault : faults) {
      SCOPED_TRACE(operation + std::to_string(fault.wire_byte));
      FaultWorld world;
      world.fail(operation, 1, fault);
      EXPECT_NO_THROW(world.put(key, content));
      EXPECT_TRUE(world.s3.objects()[key] == as_text(content));
      // Of an upload that began unheard nobody knows the id: the sweep finds it.
      const size_t orphans = operation == "CreateMultipartUpload" ? 1 : 0;
      EXPECT_EQ(world.store->sweep_leftovers("vps-h1/"), orphans);
      EXPECT_EQ(world.s3.uploads_in_progress(), 0u);
    }
  }
  for (const Wire wire : {Wire::drop_at_byte, Wire::reset_at_byte}) {
    for (const uint64_t byte : {0, 1, 100, 250}) {
      SCOPED_TRACE(byte);
      FaultWorld world;
      world.fail("CompleteMultipartUpload", 1, test::wire_fault(wire, byte));
      expect_survived(world, large);
    }
  }
}

TEST(S3WriteFaults, AnAnswerThatNeverComes) {
  FaultWorld world;
  world.fail("PutObject", 1, test::wire_fault(Wire::never_answer));
  expect_survived(world, to_bytes("x"));
  FaultWorld slow;
  slow.fail("CompleteMultipartUpload", 1, test::wire_fault(Wire::drip));
  expect_survived(slow, large);
}

TEST(S3WriteFaults, AnErrorInsideOf200) {
  {
    FaultWorld world;
    world.fail("CompleteMultipartUpload", 1, test::body_fault(test::error_xml("InternalError")));
    expect_survived(world, large);
  }
  {
    FaultWorld world;
    ScriptedFault fault = test::body_fault(test::error_xml("InternalError"));
    fault.after_effect = true;
    world.fail("CompleteMultipartUpload", 1, fault);
    expect_survived(world, large);
  }
  for (const std::string& body : {test::error_xml("InternalError"), test::error_xml("InvalidPart"),
                                  std::string(), std::string("<CompleteMultipartUploadResult>")}) {
    SCOPED_TRACE(body);
    FaultWorld world;
    world.fail("CompleteMultipartUpload", always, test::body_fault(body));
    expect_told(world, writes()[4]);
    EXPECT_LE(world.count("CompleteMultipartUpload"), tries_max);
  }
}

TEST(S3WriteFaults, AnErrorInsideOf200OfACopy) {
  for (const auto& [operation, content] :
       {Written{"CopyObject", small}, Written{"UploadPartCopy", large},
        Written{"CompleteMultipartUpload", large}}) {
    for (const uint64_t times : {uint64_t{1}, always}) {
      SCOPED_TRACE(operation + std::to_string(times));
      FaultWorld world;
      world.s3.put_object("from", std::string(as_text(content)));
      world.fail(operation, times, test::body_fault(test::error_xml("InternalError")));
      if (times == 1) {
        EXPECT_NO_THROW(world.store->copy("from", key));
        EXPECT_TRUE(world.s3.objects()[key] == as_text(content));
      } else {
        store_error([&] { world.store->copy("from", key); });
        EXPECT_FALSE(world.s3.objects().contains(key));
      }
      world.expect_clean(key, content);
    }
  }
}

TEST(S3WriteFaults, AnotherETagThanOurs) {
  const std::string other = "\"0123456789abcdef0123456789abcdef\"";
  for (const auto& [operation, content] : {writes()[1], writes()[3]}) {
    SCOPED_TRACE(operation);
    FaultWorld world;
    ScriptedFault fault = test::status_fault(200, "");
    fault.headers = {{"ETag", other}};
    fault.after_effect = true;
    world.fail(operation, 1, fault);
    store_error([&, &sent = content] { world.put(key, sent); });
    EXPECT_TRUE(world.s3.objects().empty()) << "what is not as it was sent does not stay";
    world.expect_clean(key, content);
  }
  FaultWorld world;
  ScriptedFault fault = test::body_fault(
      "<CompleteMultipartUploadResult><ETag>\"0123456789abcdef0123456789abcdef-4\"</ETag>"
      "</CompleteMultipartUploadResult>");
  fault.after_effect = true;
  world.fail("CompleteMultipartUpload", 1, fault);
  store_error([&] { world.put(key, large); });
  world.expect_clean(key, large);
}

TEST(S3WriteFaults, AnotherSizeThanSent) {
  FaultWorld world;
  bool completed = false;
  world.s3.script([&](const std::string& operation, uint64_t,
                      const ServedRequest&) -> std::optional<ScriptedFault> {
    completed = completed || operation == "CompleteMultipartUpload";
    if (operation != "HeadObject" || !completed) return std::nullopt;
    ScriptedFault fault = test::body_fault(std::string(large.size() - 1, 'x'));
    fault.headers = {{"Last-Modified", "Thu, 07 May 2026 02:00:00 GMT"}};
    return fault;
  });
  EXPECT_THAT(store_error([&] { world.put(key, large); }), HasSubstr(key));
}

TEST(S3WriteFaults, PartsAreEqualAndARefusalLeavesNothing) {
  ScriptedS3Options strict;
  strict.equal_parts = true;
  strict.part_bytes_min = test::part_bytes;
  FaultWorld world(strict);
  const auto sink = world.store->create(key);
  for (size_t at = 0; at < large.size(); at += 1000) {
    sink->write(ByteView(large).subspan(at, std::min<size_t>(1000, large.size() - at)));
  }
  sink->finish();
  world.expect_clean(key, large);
  EXPECT_THAT(world.s3.last_part_sizes(), ElementsAre(test::part_bytes, test::part_bytes,
                                                      test::part_bytes, test::part_bytes / 2));
  FaultWorld refusing(strict);
  refusing.fail("CompleteMultipartUpload", always, test::status_fault(400, "InvalidPart"));
  expect_told(refusing, writes()[4]);
  EXPECT_LE(refusing.count("CompleteMultipartUpload"), 2u) << "once more without If-None-Match";
}

TEST(S3WriteFaults, AnAnswerLostAfterTheEffectIsDone) {
  for (const bool conditional : {true, false}) {
    for (const auto& [operation, content] : {writes()[1], writes()[4]}) {
      SCOPED_TRACE(operation);
      ScriptedS3Options served;
      served.conditional_writes = conditional;
      FaultWorld world(served);
      world.fail(operation, 1, test::lost_answer());
      expect_survived(world, content);
    }
  }
}

TEST(S3WriteFaults, SomebodyElsesObjectIsNotTakenForOurs) {
  for (const auto& [operation, content] : {writes()[1], writes()[4]}) {
    for (const std::string& theirs : {std::string("theirs"), std::string(content.size(), 't')}) {
      SCOPED_TRACE(operation);
      FaultWorld world;
      bool lost = false;
      world.s3.script(
          [&, &wanted = operation](const std::string& asked, uint64_t, const ServedRequest&) {
            if (asked != wanted || lost) return std::optional<ScriptedFault>();
            lost = true;
            world.s3.put_object(key, theirs);
            return std::optional(test::lost_request());
          });
      store_error([&, &sent = content] { world.put(key, sent); });
      EXPECT_TRUE(world.s3.objects()[key] == theirs);
      EXPECT_EQ(world.s3.uploads_in_progress(), 0u);
    }
  }
}

TEST(S3WriteFaults, WhatIsAbandonedIsAborted) {
  for (const size_t written : {size_t{100}, large.size()}) {
    for (const uint64_t abort_faults : {uint64_t{0}, uint64_t{tries_max - 1}}) {
      FaultWorld world;
      world.fail("AbortMultipartUpload", abort_faults, test::status_fault(500, "InternalError"));
      {
        const auto sink = world.store->create(key);
        test::SteppedSource source(large, 1000);
        source.fail_at(written);
        Bytes block(1000);
        EXPECT_THROW(
            {
              for (;;) sink->write(ByteView(block).first(source.read(block)));
            },
            Error);
      }
      EXPECT_TRUE(world.s3.objects().empty());
      EXPECT_EQ(world.s3.uploads_in_progress(), 0u);
    }
  }
}

TEST(S3WriteFaults, AStopEndsAnUploadAndAbortsIt) {
  for (const std::string operation : {"UploadPart", "CompleteMultipartUpload"}) {
    SCOPED_TRACE(operation);
    FaultWorld world;
    world.s3.script([&](const std::string& asked, uint64_t, const ServedRequest&) {
      if (asked != operation) return std::optional<ScriptedFault>();
      world.stop.request_stop();
      return std::optional(test::wire_fault(Wire::never_answer));
    });
    const auto before = std::chrono::steady_clock::now();
    EXPECT_THROW(world.put(key, large), Interrupted);
    EXPECT_LT(std::chrono::steady_clock::now() - before, std::chrono::seconds(3));
    EXPECT_EQ(world.s3.uploads_in_progress(), 0u);
  }
}

}  // namespace
}  // namespace lifeboat
