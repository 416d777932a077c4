#include "recipe/traefik/recipe_traefik.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/format.h"
#include "crypto/base64.h"
#include "recipe/traefik/acme.h"
#include "support/doubles.h"
#include "support/folder_recipe_test.h"
#include "support/shell.h"

namespace lifeboat {
namespace {

namespace fs = std::filesystem;
using test::error_text;
using test::shell_ok;
using test::slurp;
using test::write_file;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

class TraefikRecipeTest : public test::FolderRecipeTest<SystemClock> {
 protected:
  TraefikRecipeTest() : FolderRecipeTest(make_traefik_recipe(), "traefik") {
    fs::create_directory(folder_ / "live");
    write_acme({certificate("example.org", 60), certificate("n8n.example.org", 60)});
  }

  Json certificate(const std::string& domain, int days) {
    shell_ok(
        format("cd '{}' && openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 "
               "-nodes -keyout key -out crt -days {} -subj /CN={} 2>&1",
               folder_.path().native(), days, domain));
    return {{"domain", {{"main", domain}}},
            {"certificate", base64_encode_standard(as_bytes(slurp(folder_ / "crt")))},
            {"key", base64_encode_standard(as_bytes(slurp(folder_ / "key")))},
            {"Store", "default"}};
  }
  void write_acme(const std::vector<Json>& certificates) {
    Json acme = {{"le", {{"Account", {{"Email", "a@example.org"}, {"PrivateKey", "c2VjcmV0"}}}}},
                 {"unused", {{"Account", nullptr}, {"Certificates", nullptr}}}};
    acme["le"]["Certificates"] = certificates;
    write_file(folder_ / "live/acme.json", print_json(acme));
    fs::permissions(folder_ / "live/acme.json", fs::perms(0600));
  }
};

TEST_F(TraefikRecipeTest, BacksUpTheFolderAndPassesItsProbes) {
  write_file(folder_ / "live/dynamic.yml", "http: {}\n");
  const RestoredService restored = backup();
  EXPECT_THAT(made_.paths, ElementsAre("acme.json", "dynamic.yml"));
  EXPECT_EQ(slurp(restored.directory / "acme.json"), slurp(folder_ / "live/acme.json"));
  EXPECT_EQ(made_.metas["acme.json"].mode, 0600u);
  EXPECT_EQ(made_.facts.find("certificates")->count, 2u);
  EXPECT_THAT(made_.warnings, IsEmpty());
  EXPECT_THAT(failed(restored), IsEmpty());
}

TEST_F(TraefikRecipeTest, FactsNameDomainsAndHoldNoKeys) {
  backup();
  const std::string facts = print_json(facts_to_json(made_.facts));
  EXPECT_THAT(facts, HasSubstr("\"domain\": \"n8n.example.org\""));
  EXPECT_THAT(facts, HasSubstr("\"not_after\""));
  EXPECT_THAT(facts, Not(HasSubstr("c2VjcmV0")));
  EXPECT_THAT(facts, Not(HasSubstr("LS0tLS1CRUdJTi")));
}

TEST_F(TraefikRecipeTest, EverySabotageIsCaught) {
  EXPECT_THAT(test::uncaught_sabotages(*recipe_, context_, [&] { return backup(); }), IsEmpty());
}

TEST_F(TraefikRecipeTest, SwappedKeysOfTwoCertificatesAreCaught) {
  Json first = certificate("a.example.org", 60);
  Json second = certificate("b.example.org", 60);
  std::swap(first["key"], second["key"]);
  write_acme({first, second});
  EXPECT_THAT(failed(backup()), ElementsAre(HasSubstr("belongs to another certificate")));
  EXPECT_THAT(made_.warnings, ElementsAre(HasSubstr("a.example.org"), HasSubstr("b.example.org")));
}

TEST_F(TraefikRecipeTest, CertificatesThatEndSoonAreNamedAndEndedOnesFail) {
  write_acme({certificate("soon.example.org", 7)});
  const RestoredService restored = backup();
  EXPECT_THAT(made_.warnings, ElementsAre(HasSubstr("soon.example.org ends on ")));
  EXPECT_THAT(failed(restored), IsEmpty());
  RestoredService later = restored;
  later.expected.details["read_at"] = "2099-01-01T00:00:00Z";
  EXPECT_THAT(failed(later), ElementsAre(HasSubstr("no certificate had ended")));
}

TEST_F(TraefikRecipeTest, TellsWhenTheFirstCertificateEnds) {
  write_acme({certificate("example.org", 60), certificate("soon.example.org", 27)});
  const RestoredService restored = backup();
  EXPECT_THAT(made_.facts.details["summary"].get<std::string>(),
              testing::MatchesRegex("2 certificates, the first ends ....-..-.. \\(2[67] d\\)"));
  const auto answers = recipe_->probe(restored, context_);
  EXPECT_THAT(answers[3].found, HasSubstr("the first ends"));
}

TEST_F(TraefikRecipeTest, ReplacesTheFileInPlace) {
  const RestoredService restored = backup();
  const std::string good = slurp(folder_ / "live/acme.json");
  write_file(folder_ / "live/acme.json", "{}");
  fs::permissions(folder_ / "live/acme.json", fs::perms(0644));
  fs::create_hard_link(folder_ / "live/acme.json", folder_ / "mounted");
  const ReplaceReport report = recipe_->replace(service_, restored, context_);
  EXPECT_EQ(slurp(folder_ / "mounted"), good) << "the inode that a container has mounted";
  EXPECT_EQ(fs::status(folder_ / "mounted").permissions(), fs::perms(0600));
  EXPECT_EQ(slurp(fs::path(report.kept.at(0)) / "acme.json"), "{}");
}

TEST_F(TraefikRecipeTest, InventoryNamesCertificatesByDomain) {
  const auto before = recipe_->inventory(backup(), context_);
  ASSERT_EQ(before.size(), 2u);
  EXPECT_EQ(before[0].kind, "certificate");
  EXPECT_EQ(before[0].name, "example.org");
  write_acme({certificate("example.org", 60), certificate("n8n.example.org", 60)});
  const auto after = recipe_->inventory(backup(), context_);
  EXPECT_EQ(after[0].id, before[0].id);
  EXPECT_NE(after[0].fingerprint, before[0].fingerprint);
}

TEST_F(TraefikRecipeTest, TheFileIsPrivateAfterARestore) {
  const RestoredService restored = backup();
  fs::permissions(restored.directory / "acme.json", fs::perms(0644));
  recipe_->after_restore(restored.directory);
  EXPECT_THAT(failed(restored), IsEmpty());
}

TEST_F(TraefikRecipeTest, WrongModeIsCaught) {
  const RestoredService restored = backup();
  fs::permissions(restored.directory / "acme.json", fs::perms(0640));
  EXPECT_THAT(failed(restored), ElementsAre(HasSubstr("found 0640")));
}

TEST_F(TraefikRecipeTest, TornFileIsReadAgainAndThenRefusedWithoutItsContent) {
  const std::string whole = slurp(folder_ / "live/acme.json");
  const size_t in_a_key = whole.find("\"key\"") + 60;
  write_file(folder_ / "live/acme.json", whole.substr(0, in_a_key));
  const std::string told = error_text([&] { recipe_->plan(service_, context_); });
  EXPECT_THAT(told, HasSubstr("acme.json': read acme.json: not valid JSON"));
  EXPECT_THAT(told, Not(HasSubstr(whole.substr(in_a_key - 20, 20))));
}

TEST_F(TraefikRecipeTest, EmptyFileIsAFirstStart) {
  write_file(folder_ / "live/acme.json", "");
  const RestoredService restored = backup();
  EXPECT_THAT(made_.warnings, ElementsAre(HasSubstr("holds no certificate")));
  EXPECT_THAT(failed(restored), IsEmpty());
}

TEST_F(TraefikRecipeTest, MissingFileAndStrangeNamesAreRefused) {
  fs::remove(folder_ / "live/acme.json");
  EXPECT_THAT(recipe_->check(service_, context_).at(0).message, HasSubstr("it must be there"));
  EXPECT_THROW(recipe_->plan(service_, context_), Error);
  service_.settings.set("file", std::string("../acme.json"));
  EXPECT_THAT(error_text([&] { recipe_->plan(service_, context_); }), HasSubstr("not inside"));
  EXPECT_EQ(recipe_->check(service_, context_).at(0).level, Finding::Level::error);
}

TEST_F(TraefikRecipeTest, OtherFileNamesWorkWithPatternLetters) {
  fs::rename(folder_ / "live/acme.json", folder_ / "live/acme[1]*.json");
  write_file(folder_ / "live/acme1x.json", "{}");
  service_.settings.set("file", std::string("acme[1]*.json"));
  EXPECT_THAT(failed(backup()), IsEmpty());
  EXPECT_THAT(made_.paths, ElementsAre("acme[1]*.json", "acme1x.json"));
}

TEST(Acme, IsReadStrictlyButInAnyCase) {
  const std::string good = R"({"le":{"certificates":
      [{"Domain":{"Main":"a","Sans":["b"]},"Certificate":"x","Key":"y"}]}})";
  ASSERT_EQ(parse_acme(good).size(), 1u);
  EXPECT_EQ(parse_acme(good)[0].domain, "a");
  EXPECT_THAT(parse_acme(good)[0].sans, ElementsAre("b"));
  EXPECT_THAT(parse_acme(" \n"), IsEmpty());
  EXPECT_THAT(parse_acme(R"({"le":null})"), IsEmpty());
  const std::vector<std::string> refused{
      "[]",
      "{",
      R"({"le":1})",
      R"({"le":{"Certificates":{}}})",
      R"({"le":{"Certificates":[1]}})",
      R"({"le":{"Certificates":[{"domain":"a"}]}})",
      R"({"le":{"Certificates":[{"domain":{"main":"a"},"certificate":"x"}]}})",
      R"({"le":{"Certificates":[{"domain":{"sans":[1]},"certificate":"","key":""}]}})"};
  for (const std::string& bad : refused) {
    EXPECT_THROW(parse_acme(bad), Error) << bad;
  }
}

}  // namespace
}  // namespace lifeboat
