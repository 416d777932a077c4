#include "recipe/traefik/recipe_traefik.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>

#include "base/format.h"
#include "base/text.h"
#include "crypto/base64.h"
#include "crypto/x509.h"
#include "io/files.h"
#include "io/no_links.h"
#include "recipe/certificates.h"
#include "recipe/container.h"
#include "recipe/details.h"
#include "recipe/inventory.h"
#include "recipe/sqlite/probes.h"
#include "recipe/traefik/acme.h"
#include "recipe/volume/folder.h"
#include "recipe/volume/glob.h"
#include "recipe/volume/locate.h"
#include "recipe/volume/replace.h"
#include "recipe/volume/settled_file.h"

namespace lifeboat {
namespace {

namespace fs = std::filesystem;

constexpr uint64_t acme_bytes_max = 64 * 1024 * 1024;

std::string file_option(const Settings& settings) {
  const std::string file = settings.text("file", "acme.json");
  if (!is_inner_path(file)) {
    throw Error(ErrorKind::service,
                format("read option 'file': '{}' is not inside the folder", printable(file)))
        .hint("Give the name of the file in the folder, like 'acme.json'.");
  }
  return file;
}

struct AcmeFile {
  SettledFile file;
  std::vector<AcmeCertificate> certificates;
};

AcmeFile read_acme(const fs::path& folder, const std::string& name, const StopToken& stop) {
  AcmeFile acme;
  acme.file = read_until_valid(
      folder, name,
      [&](std::string_view text) {
        // Traefik empties the file before it writes it anew.
        if (trim(text).empty()) throw Error(ErrorKind::verification, "it is empty");
        acme.certificates = parse_acme(text);
      },
      stop);
  // Empty for good is what Traefik makes at its first start.
  if (!acme.file.fault.empty() && !trim(acme.file.text).empty()) {
    throw Error(ErrorKind::service,
                format("read '{}': {}", printable((folder / name).native()), acme.file.fault))
        .hint("Look at it: it may have been damaged before this backup.");
  }
  return acme;
}

class TraefikPlan final : public ServicePlan {
 public:
  TraefikPlan(const Service& service, RecipeContext& context)
      : file_(file_option(service.settings)),
        folder_(locate_folder(service, context)),
        acme_(read_acme(folder_, file_, context.stop)),
        tree_(folder_, {.exclude = {exact_glob(file_)}, .stop = context.stop}) {
    facts_.items.push_back(
        {"certificates", acme_.certificates.size(), "certificate", "certificates", false});
    facts_.details = folder_details(service, folder_);
    facts_.details["file"] = file_;
    facts_.details["read_at"] = print_time(context.clock.now());
    facts_.details["certificates"] = Json::array();
    for (const AcmeCertificate& certificate : acme_.certificates) {
      note(certificate, context.clock.now());
    }
    facts_.details["summary"] = certificates_summary(judged_, context.clock.now());
    if (acme_.certificates.empty()) {
      warnings_.push_back(format("'{}' holds no certificate", printable(file_)));
    }
    facts_.consistency =
        "acme.json was read until it parsed and no write fell into the read; the other files were "
        "copied after it, one by one.";
  }

  const Facts& facts() const override { return facts_; }

  std::optional<Member> next() override {
    if (std::exchange(is_acme_done_, true)) return tree_.next();
    Member member = text_member(file_, std::move(acme_.file.text), acme_.file.meta.mtime);
    member.meta = std::move(acme_.file.meta);
    return member;
  }

  std::vector<std::string> warnings() const override {
    std::vector<std::string> all = warnings_;
    for (std::string& warning : tree_.warnings()) all.push_back(std::move(warning));
    return all;
  }

 private:
  void note(const AcmeCertificate& certificate, Timestamp now) {
    const JudgedCertificate judged = judge_certificate(certificate);
    Json detail = {{"domain", judged.name}, {"resolver", printable(certificate.resolver)}};
    if (judged.leaf) detail["not_after"] = print_time(judged.leaf->not_after);
    facts_.details["certificates"].push_back(std::move(detail));
    const std::string warning = certificate_warning(judged, now);
    if (!warning.empty()) warnings_.push_back(warning);
    judged_.push_back(judged);
  }

  std::string file_;
  fs::path folder_;
  AcmeFile acme_;
  std::vector<JudgedCertificate> judged_;
  TreeMembers tree_;
  Facts facts_;
  std::vector<std::string> warnings_;
  bool is_acme_done_ = false;
};

fs::path restored_path(const RestoredService& restored) {
  const std::string file = detail_text(restored.expected.details, "file", "acme.json");
  if (!is_inner_path(file)) {
    throw Error(ErrorKind::verification, "read facts: detail 'file' is not a path in the folder");
  }
  return restored.directory / file;
}

ProbeResult probe_mode(const fs::path& path) {
  struct stat status {};
  if (::lstat(path.c_str(), &status) != 0) throw system_error(ErrorKind::service, "look", errno);
  const bool is_private = S_ISREG(status.st_mode) && (status.st_mode & 077) == 0;
  return {"acme.json is private, or Traefik refuses it", is_private, "0600",
          format("{:04o}", status.st_mode & 07777), ""};
}

// The file as JSON, changed by `change`, written back.
void rewrite(const RestoredService& restored, const std::function<void(Json&)>& change) {
  const fs::path path = restored_path(restored);
  Json acme = parse_json(read_file_without_links(path, acme_bytes_max), "acme.json");
  Json* certificates = find_certificates(acme);
  if (certificates == nullptr) {
    throw Error(ErrorKind::service, "damage acme.json: it has no certificate");
  }
  change(*certificates);
  SystemRandom random;
  AtomicFile file(path, random, {.replace = true});
  file.write(as_bytes(print_json(acme)));
  file.finish();
}

void swap_key(const RestoredService& restored) {
  rewrite(restored, [](Json& certificates) {
    for (auto& [name, value] : certificates.front().items()) {
      if (name == "key" || name == "Key") {
        value = base64_encode_standard(new_private_key_pem().view());
      }
    }
  });
}

void drop_certificate(const RestoredService& restored) {
  rewrite(restored, [](Json& certificates) { certificates.erase(certificates.size() - 1); });
}

void cut_file(const RestoredService& restored) {
  const fs::path path = restored_path(restored);
  std::error_code error;
  const auto half = static_cast<off_t>(fs::file_size(path, error) / 2);
  if (error) throw system_error(ErrorKind::service, "damage acme.json", error.value());
  if (half == 0) throw Error(ErrorKind::service, "damage acme.json: it is empty");
  if (::truncate(path.c_str(), half) != 0) {
    throw system_error(ErrorKind::service, "damage acme.json", errno);
  }
}

void make_private(const fs::path& file) {
  const UniqueFd fd = open_file(file, O_RDONLY | O_NOFOLLOW);
  if (::fchmod(fd.get(), 0600) != 0) {
    throw system_error(ErrorKind::service, format("set the mode of '{}'", file.native()), errno);
  }
}

class TraefikRecipe final : public Recipe {
 public:
  const RecipeInfo& info() const override {
    static const RecipeInfo info = [] {
      RecipeInfo made{"traefik", "Traefik's acme.json with its certificates and keys",
                      locate_options()};
      made.options.push_back(
          {"file", OptionType::text, false, "the file with the certificates (default: acme.json)"});
      made.options.push_back(container_option());
      made.options.push_back(stop_option());
      return made;
    }();
    return info;
  }

  std::vector<Finding> check(const Service& service, RecipeContext& context) const override {
    try {
      const std::string file = file_option(service.settings);
      return check_folder(service, {.must = {file}, .stop = context.stop}, context);
    } catch (const Error& error) {
      return {finding_of(error)};
    }
  }

  std::unique_ptr<ServicePlan> plan(const Service& service, RecipeContext& context) const override {
    return with_container(std::make_unique<TraefikPlan>(service, context), service, context);
  }

  std::string restore_card(const Service& service, const Facts& facts) const override {
    const std::string file = detail_text(facts.details, "file", "acme.json");
    std::string card = folder_restore_steps(service, facts);
    card += format(
        "\nTraefik refuses `{}` unless its mode is 0600: `chmod 600` it. If only this one\n"
        "file is mounted into the container, write into it (`cat NEW > OLD`) instead of\n"
        "replacing it. Lost certificates come back by themselves, at the cost of the\n"
        "certificate authority's rate limits.\n",
        printable(file));
    return card;
  }

  std::vector<ProbeResult> probe(const RestoredService& restored,
                                 RecipeContext& context) const override {
    const fs::path path = restored_path(restored);
    std::vector<AcmeCertificate> certificates;
    std::vector<ProbeResult> answers;
    answers.push_back(ask("acme.json parses", [&]() -> ProbeResult {
      certificates = parse_acme(read_file_without_links(path, acme_bytes_max));
      return {"acme.json parses", true, "yes", "yes", ""};
    }));
    const Item* item = restored.expected.find("certificates");
    answers.push_back(compare("as many certificates as at backup time",
                              std::to_string(item != nullptr ? item->count : 0),
                              std::to_string(certificates.size())));
    std::vector<JudgedCertificate> judged;
    for (const AcmeCertificate& one : certificates) judged.push_back(judge_certificate(one));
    answers.push_back(probe_keys("every private key belongs to its certificate", judged));
    const std::string read_at = detail_text(restored.expected.details, "read_at");
    if (!read_at.empty())
      answers.push_back(probe_dates(judged, parse_time(read_at), context.clock.now()));
    answers.push_back(ask("acme.json is private", [&] { return probe_mode(path); }));
    return answers;
  }

  std::vector<InventoryEntry> inventory(const RestoredService& restored,
                                        RecipeContext& context) const override {
    const fs::path path = restored_path(restored);
    std::vector<InventoryEntry> entries;
    for (const AcmeCertificate& one : parse_acme(read_file_without_links(path, acme_bytes_max))) {
      const std::string names = format("{}", join(one.sans, ","));
      entries.push_back(certificate_entry(format("{} {} {}", one.resolver, one.domain, names),
                                          printable(one.domain), one.chain, one.key));
    }
    for (InventoryEntry& entry : inventory_of_files(restored.directory, context.stop)) {
      const bool is_acme = restored.directory / entry.id == path;
      if (!is_acme) entries.push_back(std::move(entry));
    }
    return entries;
  }

  ReplaceReport replace(const Service& service, const RestoredService& restored,
                        RecipeContext& context) const override {
    const fs::path file = restored_path(restored).lexically_relative(restored.directory);
    FolderChange change = whole_folder(locate_folder(service, context), restored.directory);
    if (!file.has_parent_path()) change.in_place.insert(file.native());
    change.prepare = [file](const fs::path& staged) { make_private(staged / file); };
    return replace_folders(service, {change}, context);
  }

  void after_restore(const fs::path& directory) const override {
    // The file's name is known from the facts only; this is the one it has nearly always.
    if (fs::is_regular_file(fs::symlink_status(directory / "acme.json"))) {
      make_private(directory / "acme.json");
    }
  }

  std::vector<Sabotage> sabotages() const override {
    return {{"swapped key", "a certificate got the key of another one", swap_key},
            {"missing certificate", "the last certificate was taken out", drop_certificate},
            {"truncated file", "acme.json was cut to half its size", cut_file}};
  }
};

}  // namespace

std::unique_ptr<Recipe> make_traefik_recipe() { return std::make_unique<TraefikRecipe>(); }

}  // namespace lifeboat
