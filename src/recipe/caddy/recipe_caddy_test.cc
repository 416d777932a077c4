#include "recipe/caddy/recipe_caddy.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/inotify.h>
#include <unistd.h>

#include <array>
#include <thread>

#include "base/format.h"
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
using testing::AllOf;
using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using testing::UnorderedElementsAre;

constexpr const char* issuer = "certificates/acme-v02.api.letsencrypt.org-directory";
constexpr const char* account = "acme/acme-v02.api.letsencrypt.org-directory/users/a@example.org";
constexpr const char* authority = "pki/authorities/local";

class CaddyRecipeTest : public test::FolderRecipeTest<test::ManualClock> {
 protected:
  CaddyRecipeTest() : FolderRecipeTest(make_caddy_recipe(), "caddy") {
    clock_.set(print_time(SystemClock().now()));  // openssl's certificates begin today
    make_site("example.org");
    make_site("wildcard_.example.org");
    make_pair(format("{}/root", authority), "-days 3600");
    make_pair(format("{}/intermediate", authority), "-days 7");
    write(format("{}/a.json", account), R"({"status":"valid"})");
    write(format("{}/a.key", account),
          "-----BEGIN EC PRIVATE KEY-----\nc2VjcmV0\n-----END EC PRIVATE KEY-----\n");
    for (const char* passing : {"locks/issue_cert_example.org.lock", "ocsp/example.org-1a2b",
                                "last_clean.json", "acme/x/challenge_tokens/example.org.json"}) {
      write(passing, "{");
    }
    write("instance.uuid", "5f1a");
  }

  fs::path live(const std::string& path) const { return folder_ / ("live/caddy/" + path); }
  void write(const std::string& path, const std::string& text) { write_file(live(path), text); }
  void make_pair(const std::string& stem, const std::string& options,
                 const std::string& kind = "ec -pkeyopt ec_paramgen_curve:P-256") {
    fs::create_directories(live(stem).parent_path());
    shell_ok(
        format("openssl req -x509 -newkey {} -nodes -keyout '{}.key' -out '{}.crt' {} "
               "-subj /CN=x 2>&1",
               kind, live(stem).native(), live(stem).native(), options));
  }
  static std::string site(const std::string& name, const std::string& below = issuer) {
    return format("{}/{}/{}", below, name, name);
  }
  void make_site(const std::string& name, int days = 90, const std::string& below = issuer) {
    make_pair(site(name, below), format("-days {}", days));
    write(site(name, below) + ".json", R"({"sans":["x"]})");
  }
  void swap(const std::string& a, const std::string& b) {
    fs::rename(live(a), folder_ / "aside");
    fs::rename(live(b), live(a));
    fs::rename(folder_ / "aside", live(b));
  }

  // What a plan hands out from now on: contents by path, empty for folders.
  static std::map<std::string, std::string> contents(ServicePlan& plan) {
    std::map<std::string, std::string> all;
    while (std::optional<Member> member = plan.next()) {
      std::string& content = all[member->meta.path];
      if (member->open) content = as_text(test::drain(*member->open()));
    }
    return all;
  }
};

TEST_F(CaddyRecipeTest, BacksUpWhatMustNotBeLostAndPassesItsProbes) {
  const RestoredService restored = backup();
  EXPECT_THAT(made_.warnings, IsEmpty());
  EXPECT_THAT(made_.facts.items,
              ElementsAre(Item{"certificates", 2, "certificate", "certificates", false},
                          Item{"accounts", 1, "account", "accounts", false},
                          Item{"authorities", 1, "local authority", "local authorities", false}));
  EXPECT_EQ(made_.paths.front(), "data");
  for (const std::string& path :
       {site("example.org") + ".crt", site("wildcard_.example.org") + ".key",
        format("{}/root.key", authority), format("{}/a.key", account),
        std::string("instance.uuid")}) {
    EXPECT_EQ(slurp(restored.directory / "data/caddy" / path), slurp(live(path))) << path;
  }
  EXPECT_EQ(made_.metas["data/caddy/" + site("example.org") + ".key"].mode, 0600u);
  EXPECT_THAT(made_.paths, Not(Contains(HasSubstr("lock"))));
  EXPECT_THAT(made_.paths, Not(Contains(HasSubstr("ocsp"))));
  EXPECT_THAT(made_.paths, Not(Contains(HasSubstr("last_clean"))));
  EXPECT_THAT(made_.paths, Not(Contains(HasSubstr("challenge"))));
  EXPECT_THAT(failed(restored), IsEmpty());
}

TEST_F(CaddyRecipeTest, FactsNameCertificatesAndHoldNoKeys) {
  backup();
  const std::string facts = print_json(facts_to_json(made_.facts));
  EXPECT_THAT(facts, HasSubstr("\"name\": \"*.example.org\""));
  EXPECT_THAT(facts, HasSubstr("\"name\": \"root of the local authority 'local'\""));
  EXPECT_THAT(facts, HasSubstr("\"not_after\""));
  EXPECT_EQ(made_.facts.details["first_not_after"].get<std::string>().substr(0, 10),
            print_date(date_of(clock_.now() + std::chrono::days(90))));
  EXPECT_THAT(facts, Not(HasSubstr("PRIVATE KEY")));
}

TEST_F(CaddyRecipeTest, EverySabotageIsCaughtByItsProbe) {
  std::vector<std::string> caught;
  for (const Sabotage& sabotage : recipe_->sabotages()) {
    const RestoredService restored = backup();
    sabotage.apply(restored);
    const auto answers = failed(restored);
    ASSERT_THAT(answers, Not(IsEmpty())) << sabotage.name;
    caught.push_back(answers.front());
  }
  EXPECT_THAT(caught, ElementsAre(HasSubstr("belongs to another certificate"),
                                  HasSubstr("every certificate parses"),
                                  HasSubstr("its private key is missing")));
}

TEST_F(CaddyRecipeTest, SabotageFindsLocalAuthoritiesWhereThereIsNoSite) {
  fs::remove_all(live("certificates"));
  for (const Sabotage& sabotage : recipe_->sabotages()) {
    const RestoredService restored = backup();
    EXPECT_THAT(made_.warnings, ElementsAre(HasSubstr("holds no certificate")));
    sabotage.apply(restored);
    EXPECT_THAT(failed(restored), Contains(HasSubstr("every key of a local authority")));
  }
}

TEST_F(CaddyRecipeTest, SwappedKeysAreNamedAndFail) {
  swap(site("example.org") + ".key", site("wildcard_.example.org") + ".key");
  const auto answers = failed(backup());
  EXPECT_THAT(answers, ElementsAre(HasSubstr("belongs to another certificate")));
  EXPECT_THAT(made_.warnings, UnorderedElementsAre(HasSubstr("certificate of example.org: its"),
                                                   HasSubstr("certificate of *.example.org: its")));
}

TEST_F(CaddyRecipeTest, KeysOfLocalAuthoritiesAreJudgedToo) {
  swap(format("{}/root.key", authority), format("{}/intermediate.key", authority));
  EXPECT_THAT(failed(backup()), ElementsAre(HasSubstr("every key of a local authority")));
  EXPECT_THAT(made_.warnings, Contains(HasSubstr("root of the local authority 'local': its")));
}

TEST_F(CaddyRecipeTest, MissingKeyIsNamed) {
  fs::remove(live(site("example.org") + ".key"));
  EXPECT_THAT(failed(backup()), ElementsAre(HasSubstr("its private key is missing")));
  EXPECT_THAT(made_.warnings, ElementsAre(HasSubstr("its private key is missing")));
}

TEST_F(CaddyRecipeTest, RenewalUnderWayIsReadAgainUntilTheKeyFits) {
  const std::string stem = site("example.org");
  make_pair("new", "-days 90");
  fs::rename(live("new.key"), live(stem + ".key"));  // Caddy's renewal is between its two writes
  const int watch = ::inotify_init1(IN_CLOEXEC);
  ASSERT_GE(::inotify_add_watch(watch, live(stem + ".key").c_str(), IN_CLOSE_NOWRITE), 0);
  std::thread caddy([&] {
    std::array<char, 4096> event{};
    EXPECT_GT(::read(watch, event.data(), event.size()), 0) << "the key was never read";
    fs::rename(live("new.crt"), live(stem + ".crt"));
  });
  const RestoredService restored = backup();
  caddy.join();
  ::close(watch);
  EXPECT_THAT(made_.warnings, IsEmpty());
  EXPECT_THAT(failed(restored), IsEmpty());
}

TEST_F(CaddyRecipeTest, WhatIsHandedOutIsWhatTheFactsTell) {
  const std::string stem = "data/caddy/" + site("example.org");
  const std::string chain = slurp(live(site("example.org") + ".crt"));
  const std::string key = slurp(live(site("example.org") + ".key"));
  const std::string gone = slurp(live(site("wildcard_.example.org") + ".key"));
  const auto plan = recipe_->plan(service_, context_);
  make_site("example.org");
  make_site("late.example.org");
  fs::remove_all(live(format("{}/wildcard_.example.org", issuer)));
  const auto members = contents(*plan);
  EXPECT_EQ(members.at(stem + ".crt"), chain);
  EXPECT_EQ(members.at(stem + ".key"), key);
  EXPECT_EQ(members.at("data/caddy/" + site("wildcard_.example.org") + ".key"), gone);
  EXPECT_FALSE(members.contains("data/caddy/" + site("late.example.org") + ".crt"));
  EXPECT_THAT(plan->warnings(),
              ElementsAre(AllOf(HasSubstr("late.example.org.crt"), HasSubstr("left out"))));
}

TEST_F(CaddyRecipeTest, CertificatesThatEndSoonAreNamedAndEndedOnesFail) {
  fs::remove_all(live("pki"));
  clock_.advance(std::chrono::days(80));
  const RestoredService restored = backup();
  EXPECT_THAT(made_.warnings, UnorderedElementsAre(HasSubstr("of example.org ends on "),
                                                   HasSubstr("*.example.org ends on ")));
  EXPECT_THAT(failed(restored), IsEmpty());
  clock_.advance(std::chrono::days(20));
  EXPECT_THAT(failed(backup()), ElementsAre(HasSubstr("no certificate had ended")));
  EXPECT_THAT(made_.warnings, Contains(HasSubstr("of example.org ended on ")));
  EXPECT_THAT(failed(restored), IsEmpty()) << "an old snapshot does not age";
}

TEST_F(CaddyRecipeTest, ShortLivesAreMeasuredByThemselves) {
  make_site("internal.example.org", 6);
  backup();
  EXPECT_THAT(made_.warnings, IsEmpty());
  clock_.advance(std::chrono::hours(5 * 24 + 1));
  backup();
  EXPECT_THAT(made_.warnings, ElementsAre(HasSubstr("internal.example.org ends on ")));
}

TEST_F(CaddyRecipeTest, OnlyTheNewestOfASiteMustNotHaveEnded) {
  make_site("example.org", 1, "certificates/acme.zerossl.com-v2-dv90");
  clock_.advance(std::chrono::days(5));
  const RestoredService restored = backup();
  EXPECT_EQ(made_.facts.find("certificates")->count, 3u);
  EXPECT_THAT(made_.warnings, IsEmpty());
  EXPECT_THAT(failed(restored), IsEmpty());
}

TEST_F(CaddyRecipeTest, Ed25519KeysUnderCertmagicsLabelFit) {
  make_pair(site("ed.example.org"), "-days 90", "ed25519");
  const std::string key = slurp(live(site("ed.example.org") + ".key"));
  shell_ok(format("sed -i 's/PRIVATE/ED25519 PRIVATE/' '{}.key'",
                  live(site("ed.example.org")).native()));
  const RestoredService restored = backup();
  EXPECT_THAT(made_.warnings, IsEmpty());
  EXPECT_THAT(failed(restored), IsEmpty());
  EXPECT_THAT(slurp(restored.directory / "data/caddy" / (site("ed.example.org") + ".key")),
              HasSubstr("BEGIN ED25519 PRIVATE KEY"));
}

TEST_F(CaddyRecipeTest, MetadataAndAccountsAreProbed) {
  const RestoredService restored = backup();
  const fs::path data = restored.directory / "data/caddy";
  write_file(data / (site("example.org") + ".json"), "{\"sans\"");
  EXPECT_THAT(failed(restored), ElementsAre(HasSubstr("the JSON files parse")));
  fs::remove(data / (site("example.org") + ".json"));
  write_file(data / account / "a.key", "-----BEGIN EC PRIVATE KEY-----\nc2Vj");
  EXPECT_THAT(failed(restored), ElementsAre(HasSubstr("every account has its private key")));
  fs::remove_all(data / "acme");
  EXPECT_THAT(failed(restored), ElementsAre(HasSubstr("as many accounts")));
  fs::remove_all(data / authority);
  EXPECT_THAT(failed(restored), Contains(HasSubstr("as many local authorities")));
  fs::remove_all(data);
  EXPECT_THAT(failed(restored), Contains(HasSubstr("Caddy's data folder is there")));
}

TEST_F(CaddyRecipeTest, BrokenMetadataIsNamed) {
  write(format("{}/a.json", account), "{\"secret");
  backup();
  EXPECT_THAT(made_.warnings, ElementsAre(AllOf(HasSubstr("a.json"), Not(HasSubstr("secret")))));
}

TEST_F(CaddyRecipeTest, ConfigurationComesAlong) {
  service_.settings.set("config_path", (folder_ / "config").native());
  write_file(folder_ / "config/caddy/autosave.json", "{\"apps\":{}}");
  const RestoredService restored = backup();
  EXPECT_EQ(slurp(restored.directory / "config/caddy/autosave.json"), "{\"apps\":{}}");
  EXPECT_THAT(failed(restored), IsEmpty());
  const std::string card = recipe_->restore_card(service_, made_.facts);
  EXPECT_THAT(card, HasSubstr(format("cp -a 'caddy/data'/. '{}'/", (folder_ / "live").native())));
  EXPECT_THAT(card,
              HasSubstr(format("cp -a 'caddy/config'/. '{}'/", (folder_ / "config").native())));
  write_file(restored.directory / "config/caddy/autosave.json", "{");
  EXPECT_THAT(failed(restored), ElementsAre(HasSubstr("autosave.json")));
  service_.settings.set("config_path", (folder_ / "no").native());
  EXPECT_THROW(recipe_->plan(service_, context_), Error);
}

TEST_F(CaddyRecipeTest, DataFolderItselfMayBeGiven) {
  service_.settings.set("path", (folder_ / "live/caddy").native());
  const RestoredService restored = backup();
  EXPECT_THAT(made_.paths, Contains("data/" + site("example.org") + ".crt"));
  EXPECT_THAT(made_.paths, Not(Contains(HasSubstr("lock"))));
  EXPECT_EQ(made_.facts.find("certificates")->count, 2u);
  EXPECT_THAT(failed(restored), IsEmpty());
}

TEST_F(CaddyRecipeTest, OtherFoldersAreRefused) {
  fs::create_directory(folder_ / "other");
  service_.settings.set("path", (folder_ / "other").native());
  EXPECT_THAT(error_text([&] { recipe_->plan(service_, context_); }),
              HasSubstr("neither certificates, acme nor pki is there"));
  const auto findings = recipe_->check(service_, context_);
  EXPECT_EQ(findings.back().level, Finding::Level::error);
  EXPECT_THAT(findings.back().hint, HasSubstr("/data"));
}

TEST_F(CaddyRecipeTest, CheckTellsCountAndFirstEnd) {
  const auto findings = recipe_->check(service_, context_);
  ASSERT_EQ(findings.size(), 2u);
  EXPECT_THAT(findings[1].message,
              HasSubstr("2 certificates, the first ends " +
                        print_date(date_of(clock_.now() + std::chrono::days(90)))));
  clock_.advance(std::chrono::days(85));
  EXPECT_EQ(recipe_->check(service_, context_).back().level, Finding::Level::warning);
}

TEST_F(CaddyRecipeTest, ReplacesBothFolders) {
  write_file(folder_ / "config/caddy/autosave.json", R"({"old":1})");
  service_.settings.set("config_path", (folder_ / "config").native());
  const RestoredService restored = backup();
  fs::remove_all(live("certificates"));
  write_file(folder_ / "config/caddy/autosave.json", R"({"new":1})");
  const ReplaceReport report = recipe_->replace(service_, restored, context_);
  EXPECT_EQ(report.kept.size(), 2u);
  EXPECT_EQ(slurp(folder_ / "config/caddy/autosave.json"), R"({"old":1})");
  EXPECT_EQ(fs::status(live(site("example.org") + ".key")).permissions(), fs::perms(0600));
  EXPECT_THAT(failed(backup()), IsEmpty());
  EXPECT_EQ(made_.facts.find("certificates")->count, 2u);
}

TEST_F(CaddyRecipeTest, InventoryNamesCertificatesAndAccounts) {
  const auto before = recipe_->inventory(backup(), context_);
  ASSERT_EQ(before.size(), 5u);
  EXPECT_EQ(before[0].kind, "certificate");
  EXPECT_EQ(before[0].name, "example.org");
  EXPECT_EQ(before[4].kind, "account");
  make_site("example.org");
  const auto after = recipe_->inventory(backup(), context_);
  EXPECT_EQ(after[0].id, before[0].id);
  EXPECT_NE(after[0].fingerprint, before[0].fingerprint);
  EXPECT_EQ(after[1].fingerprint, before[1].fingerprint);
}

TEST_F(CaddyRecipeTest, KeysArePrivateAfterARestore) {
  const RestoredService restored = backup();
  const fs::path key = restored.directory / "data/caddy" / account / "a.key";
  fs::permissions(key, fs::perms(0644));
  write_file(folder_ / "outside", "x");
  const fs::perms before = fs::status(folder_ / "outside").permissions();
  fs::create_symlink(folder_ / "outside", restored.directory / "data/link.key");
  recipe_->after_restore(restored.directory);
  EXPECT_EQ(fs::status(key).permissions(), fs::perms(0600));
  EXPECT_EQ(fs::status(folder_ / "outside").permissions(), before);
}

}  // namespace
}  // namespace lifeboat
