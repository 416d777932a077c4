// What goes wrong between us and the server while objects are read, listed and asked for: broken
// transfers, wrong answers, a wrong clock, missing rights; and faults at every single request.

#include <gtest/gtest.h>

#include <atomic>

#include "store/s3/s3_faults_test_kit.h"

namespace lifeboat {
namespace {

using test::always;
using test::FaultWorld;
using test::part_bytes;
using test::ScriptedFault;
using test::ScriptedS3Options;
using test::ServedRequest;
using test::store_error;
using test::tries_max;
using test::Wire;
using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

const std::string key = "vps-h1/2026-05-07/backup.tar.zst.age";
const Bytes small = test::SeededRandom(1).bytes(3000);
const Bytes large = test::SeededRandom(2).bytes(part_bytes * 7 / 2);

std::string text(const Bytes& bytes) { return std::string(as_text(bytes)); }

TEST(S3ReadFaults, ABrokenDownloadGoesOnWhereItBroke) {
  for (const Wire wire : {Wire::drop_at_byte, Wire::reset_at_byte}) {
    for (const uint64_t byte : {0, 1, 1500, 2989}) {
      SCOPED_TRACE(byte);
      FaultWorld world;
      world.s3.put_object(key, text(small));
      world.fail("GetObject", 1, test::wire_fault(wire, byte));
      EXPECT_TRUE(world.get(key, {10, 2990}) == text(small).substr(10));
      EXPECT_THAT(world.ranges(),
                  ElementsAre(HasSubstr("bytes=10-"),
                              HasSubstr("bytes=" + std::to_string(10 + byte) + "-")))
          << "what was there is not fetched again";
    }
  }
}

TEST(S3ReadFaults, EachBlockOfALongDownloadGoesOn) {
  for (const uint64_t byte : {uint64_t{0}, uint64_t{1}, part_bytes / 2, part_bytes - 1}) {
    SCOPED_TRACE(byte);
    FaultWorld world;
    world.s3.put_object(key, text(large));
    std::map<std::string, int> seen;
    world.s3.script([&](const std::string& operation, uint64_t, const ServedRequest& request) {
      const auto range = request.headers.find("range");
      const bool first = operation == "GetObject" && range != request.headers.end() &&
                         ++seen[range->second] == 1 && seen.size() <= 4;
      return first ? std::optional(test::wire_fault(Wire::reset_at_byte, byte)) : std::nullopt;
    });
    EXPECT_TRUE(world.get(key) == text(large));
  }
}

TEST(S3ReadFaults, ProgressIsWhatKeepsADownloadAlive) {
  FaultWorld slow;
  slow.s3.put_object(key, text(small));
  slow.fail("GetObject", always, test::wire_fault(Wire::reset_at_byte, 300));
  EXPECT_TRUE(slow.get(key) == text(small)) << "ten breaks, each further on";
  EXPECT_LE(slow.count("GetObject"), 11u);

  FaultWorld stuck;
  stuck.s3.put_object(key, text(small));
  stuck.fail("GetObject", always, test::wire_fault(Wire::reset_at_byte, 0));
  store_error([&] { stuck.get(key); });
  EXPECT_LE(stuck.count("GetObject"), tries_max);
}

TEST(S3ReadFaults, ServerErrorsOfAGetAndAList) {
  for (const std::string operation : {"GetObject", "ListObjectsV2", "HeadObject"}) {
    for (const bool final : {false, true}) {
      SCOPED_TRACE(operation);
      FaultWorld world;
      world.s3.put_object(key, text(small));
      world.fail(operation, final ? always : tries_max - 1, test::status_fault(503, "SlowDown"));
      const auto act = [&] {
        EXPECT_TRUE(world.store->stat(key));
        EXPECT_TRUE(world.get(key) == text(small));
        EXPECT_THAT(world.keys(), ElementsAre(key));
      };
      if (final) {
        EXPECT_THAT(store_error(act), HasSubstr("503"));
        EXPECT_LE(world.count(operation), tries_max);
      } else {
        act();
      }
    }
  }
}

TEST(S3ReadFaults, AnAnswerCutWithinItsHead) {
  for (const std::string operation : {"GetObject", "ListObjectsV2", "HeadObject"}) {
    for (uint64_t byte = 0; byte < 200; byte += 9) {
      SCOPED_TRACE(operation + std::to_string(byte));
      FaultWorld world;
      world.s3.put_object(key, text(small));
      world.fail(operation, 1, test::wire_fault(Wire::drop_in_head, byte));
      EXPECT_NO_THROW(EXPECT_EQ(world.store->stat(key).value_or(ObjectInfo{}).size, small.size()));
      EXPECT_NO_THROW(EXPECT_TRUE(world.get(key) == text(small)));
      EXPECT_NO_THROW(EXPECT_THAT(world.keys(), ElementsAre(key)));
    }
  }
}

TEST(S3ReadFaults, SlowAnswers) {
  FaultWorld world;
  world.s3.put_object(key, "a small object");
  for (const std::string operation : {"GetObject", "ListObjectsV2"}) {
    world.fail(operation, 1, test::wire_fault(Wire::drip));
    EXPECT_EQ(world.get(key), "a small object");
    EXPECT_THAT(world.keys(), ElementsAre(key));
  }
  world.fail("GetObject", 1, test::wire_fault(Wire::slow_drip));
  EXPECT_EQ(world.get(key), "a small object");
  EXPECT_EQ(world.count("GetObject"), 3u) << "none was given up";
}

TEST(S3ReadFaults, AStalledDownloadGoesOn) {
  FaultWorld world;
  world.s3.put_object(key, text(small));
  world.fail("GetObject", 1, test::wire_fault(Wire::stall_at_byte, 1000));
  const auto before = std::chrono::steady_clock::now();
  EXPECT_TRUE(world.get(key) == text(small));
  EXPECT_LT(std::chrono::steady_clock::now() - before, std::chrono::seconds(8));
  EXPECT_EQ(world.count("GetObject"), 2u);
}

TEST(S3ReadFaults, AnObjectThatChangedIsNotMixed) {
  for (const std::string& other : {text(small), std::string(large.size(), 'x')}) {
    FaultWorld world;
    world.s3.put_object(key, text(large));
    world.s3.script([&, gets = 0](const std::string& operation, uint64_t,
                                  const ServedRequest&) mutable -> std::optional<ScriptedFault> {
      if (operation == "GetObject" && ++gets == 2) world.s3.put_object(key, other);
      return std::nullopt;
    });
    EXPECT_THAT(store_error([&] { world.get(key); }), HasSubstr(key));
  }
}

TEST(S3ReadFaults, PagesThatAreNotWhole) {
  const auto page = [](const std::string& inside) {
    return test::body_fault("<ListBucketResult><Name>bucket</Name>" + inside +
                            "</ListBucketResult>");
  };
  const auto entry = [](const std::string& name) {
    return "<Contents><Key>" + name +
           "</Key><LastModified>2026-05-07T02:00:00.000Z</LastModified>"
           "<ETag>\"0\"</ETag><Size>1</Size></Contents>";
  };
  const std::string more = "<IsTruncated>true</IsTruncated>";
  const std::string token = "<NextContinuationToken>after:a</NextContinuationToken>";
  const std::string last = "<IsTruncated>false</IsTruncated>";
  const std::vector<std::pair<std::string, ScriptedFault>> pages{
      {"truncated without a token", page(more + entry("vps/a"))},
      {"the same token for ever", page(more + token + entry("vps/a"))},
      {"an empty page for ever", page(more + token)},
      {"a foreign key", page(last + entry("other/a"))},
      {"a size that is none", page(last + "<Contents><Key>vps/a</Key><Size>-1</Size></Contents>")},
      {"no listing", test::body_fault("<html>hello</html>")},
      {"cut", test::body_fault("<ListBucketResult><IsTruncated>false</IsTruncated><Cont")},
      {"nothing", test::body_fault("")},
  };
  for (const auto& [name, fault] : pages) {
    SCOPED_TRACE(name);
    FaultWorld world;
    world.s3.put_object("vps/b", "b");
    world.fail("ListObjectsV2", always, fault);
    store_error([&] { world.store->list("vps/"); });
    EXPECT_LE(world.count("ListObjectsV2"), 2 * tries_max);
    if (name != "cut" && name != "nothing") continue;
    world.fail("ListObjectsV2", 1, fault);
    EXPECT_THAT(world.store->list("vps/"), SizeIs(1)) << "the next answer is whole";
  }
}

TEST(S3ReadFaults, AListOfManyPagesThatBreaks) {
  FaultWorld world;
  for (int i = 0; i < 9; ++i) world.s3.put_object("vps/" + std::to_string(i), "x");
  for (const uint64_t byte : {0, 1, 300, 700}) {
    world.s3.script([=, lists = 0](const std::string&, uint64_t, const ServedRequest&) mutable {
      return ++lists % 2 == 0 ? std::optional(test::wire_fault(Wire::reset_at_byte, byte))
                              : std::nullopt;
    });
    EXPECT_THAT(world.store->list("vps/"), SizeIs(9)) << byte;
  }
}

TEST(S3ReadFaults, AClockThatIsOffIsCorrectedOnce) {
  const auto act = [](FaultWorld& world) {
    world.put(key, large);
    EXPECT_TRUE(world.get(key) == text(large));
    EXPECT_THAT(world.keys(), ElementsAre(key));
  };
  FaultWorld right;
  act(right);
  EXPECT_THAT(right.warnings(), IsEmpty());
  for (const int64_t seconds : {3600, -3600, 86'400, -86'400}) {
    SCOPED_TRACE(seconds);
    ScriptedS3Options served;
    served.clock_offset_seconds = seconds;
    FaultWorld world(served);
    act(world);
    EXPECT_THAT(world.warnings(), SizeIs(1));
    EXPECT_EQ(world.requests(), right.requests() + 1) << "one retry";
  }
}

TEST(S3ReadFaults, ATokenThatExpiredIsSaidAtOnce) {
  ScriptedS3Options served;
  served.session_token = "token/+=";
  FaultWorld world(served, [](S3Options& options) {
    options.credentials.session_token = std::make_shared<Secret>(std::string_view("token/+="));
  });
  world.put(key, small);
  world.fail("GetObject", always, test::status_fault(400, "ExpiredToken"));
  EXPECT_THAT(store_error([&] { world.get(key); }),
              AllOf(HasSubstr("ExpiredToken"), HasSubstr("hint: "), Not(HasSubstr("token/+="))));
  EXPECT_EQ(world.count("GetObject"), 1u);
}

TEST(S3ReadFaults, AMissingRightIsNamed) {
  const std::vector<std::tuple<std::string, std::string, std::function<void(FaultWorld&)>>> all{
      {"PutObject", "s3:PutObject", [](FaultWorld& world) { world.put("new", small); }},
      {"CreateMultipartUpload", "s3:PutObject", [](FaultWorld& world) { world.put("new", large); }},
      {"UploadPart", "s3:PutObject", [](FaultWorld& world) { world.put("new", large); }},
      {"CompleteMultipartUpload", "s3:PutObject",
       [](FaultWorld& world) { world.put("new", large); }},
      {"GetObject", "s3:GetObject", [](FaultWorld& world) { world.get(key); }},
      {"ListObjectsV2", "s3:ListBucket", [](FaultWorld& world) { world.keys(); }},
      {"DeleteObject", "s3:DeleteObject", [](FaultWorld& world) { world.store->remove(key); }},
      {"CopyObject", "s3:GetObject", [](FaultWorld& world) { world.store->copy(key, "new"); }},
      {"ListMultipartUploads", "s3:ListBucketMultipartUploads",
       [](FaultWorld& world) { world.store->sweep_leftovers(""); }},
  };
  for (const auto& [operation, right, act] : all) {
    SCOPED_TRACE(operation);
    FaultWorld world;
    world.s3.put_object(key, text(small));
    world.fail(operation, always, test::status_fault(403, "AccessDenied"));
    EXPECT_THAT(store_error([&, &run = act] { run(world); }), HasSubstr(right));
    // Two workers send parts.
    EXPECT_LE(world.count(operation), operation == "UploadPart" ? 2u : 1u) << "no second try";
    EXPECT_FALSE(world.s3.objects().contains("new"));
    EXPECT_EQ(world.s3.uploads_in_progress(), 0u);
  }
}

// One run of all that a night does: a small and a large object written, listed, copied, read.
void live_a_night(FaultWorld& world) {
  world.put("a/large", large);
  world.put("a/small", small);
  EXPECT_EQ(world.keys().size(), 2u);
  world.store->copy("a/large", "b/large");
  world.store->copy("a/small", "b/small");
  EXPECT_TRUE(world.get("b/large") == text(large));
  EXPECT_TRUE(world.get("b/small") == text(small));
}

void expect_whole_objects(FaultWorld& world) {
  for (const auto& [name, content] : world.s3.objects()) {
    EXPECT_TRUE(content == text(name.ends_with("large") ? large : small)) << name;
  }
}

std::vector<ScriptedFault> sweep_faults() {
  return {test::status_fault(500, "InternalError"), test::lost_request(), test::lost_answer()};
}

TEST(S3FaultSweep, OneFaultAtAnyRequestIsSurvived) {
  for (const ScriptedFault& fault : sweep_faults()) {
    uint64_t at = 1;
    for (std::atomic<bool> reached = true; reached; ++at) {
      SCOPED_TRACE(at);
      FaultWorld world;
      reached = false;
      std::atomic<bool> orphaned = false;
      world.s3.script([&](const std::string& operation, uint64_t number, const ServedRequest&) {
        if (number != at) return std::optional<ScriptedFault>();
        reached = true;
        orphaned = operation == "CreateMultipartUpload" && fault.status == 0;
        return std::optional(fault);
      });
      EXPECT_NO_THROW(live_a_night(world));
      EXPECT_EQ(world.s3.objects().size(), 4u);
      expect_whole_objects(world);
      EXPECT_EQ(world.store->sweep_leftovers(""), orphaned ? 1u : 0u);
      EXPECT_EQ(world.s3.uploads_in_progress(), 0u);
    }
    EXPECT_GT(at, 20u);
  }
}

TEST(S3FaultSweep, AServerThatDiesAtAnyRequestLeavesNothingHalf) {
  for (const ScriptedFault& fault : sweep_faults()) {
    uint64_t at = 1;
    for (std::atomic<bool> reached = true; reached; ++at) {
      SCOPED_TRACE(at);
      FaultWorld world;
      reached = false;
      world.s3.script([&](const std::string&, uint64_t number, const ServedRequest&) {
        if (number >= at) reached = true;
        return number >= at ? std::optional(fault) : std::nullopt;
      });
      if (at == 1) {
        store_error([&] { live_a_night(world); });
      } else {
        try {
          live_a_night(world);
        } catch (const Error& error) {
          EXPECT_TRUE(reached) << error.what();
          EXPECT_EQ(error.kind(), ErrorKind::store);
        }
      }
      expect_whole_objects(world);
      world.s3.script({});
      world.store->sweep_leftovers("");
      EXPECT_EQ(world.s3.uploads_in_progress(), 0u);
    }
    EXPECT_GT(at, 20u);
  }
}

}  // namespace
}  // namespace lifeboat
