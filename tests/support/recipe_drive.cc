#include "support/recipe_drive.h"

#include <sys/stat.h>

#include <fstream>

#include "base/error.h"
#include "base/format.h"
#include "base/text.h"

namespace lifeboat::test {

DrivenBackup drive_backup(const Recipe& recipe, const Service& service, RecipeContext& context,
                          const std::filesystem::path& target) {
  DrivenBackup made;
  const std::unique_ptr<ServicePlan> plan = recipe.plan(service, context);
  made.facts = plan->facts();
  while (std::optional<Member> member = plan->next()) {
    const std::filesystem::path file = target / member->meta.path;
    made.paths.push_back(member->meta.path);
    made.metas[member->meta.path] = member->meta;
    if (member->meta.type == FileType::directory) std::filesystem::create_directories(file);
    if (!member->open) continue;
    std::filesystem::create_directories(file.parent_path());
    std::ofstream stream(file, std::ios::binary);
    const std::unique_ptr<Source> source = member->open();
    Bytes block(65536);
    uint64_t total = 0;
    std::string tail;
    while (const size_t count = source->read(block)) {
      stream.write(reinterpret_cast<const char*>(block.data()), static_cast<long>(count));
      total += count;
      append_tail(tail, as_text(ByteView(block).first(count)), 4096);
    }
    ensure(static_cast<bool>(stream.flush()), "a test file can be written");
    ensure(!member->size || *member->size == total, "a member is as long as it says");
    if (member->judge && !member->size) member->judge({{total, ""}, tail});
    ::chmod(file.c_str(), member->meta.mode);
  }
  made.warnings = plan->warnings();
  return made;
}

std::vector<std::string> failed_probes(const std::vector<ProbeResult>& results) {
  std::vector<std::string> failed;
  for (const ProbeResult& result : results) {
    if (result.passed) continue;
    failed.push_back(format("{}: expected {}, found {} ({})", result.name, result.expected,
                            result.found, result.evidence));
  }
  return failed;
}

std::vector<std::string> uncaught_sabotages(const Recipe& recipe, RecipeContext& context,
                                            const std::function<RestoredService()>& restored) {
  const std::vector<Sabotage> sabotages = recipe.sabotages();
  ensure(!sabotages.empty(), "a recipe has sabotages");
  std::vector<std::string> uncaught;
  for (const Sabotage& sabotage : sabotages) {
    const RestoredService its = restored();
    const std::vector<std::string> before = failed_probes(recipe.probe(its, context));
    if (!before.empty()) {
      uncaught.push_back(format("{}: before it: {}", sabotage.name, join(before, "; ")));
      continue;
    }
    sabotage.apply(its);
    if (failed_probes(recipe.probe(its, context)).empty()) uncaught.push_back(sabotage.name);
  }
  return uncaught;
}

}  // namespace lifeboat::test
