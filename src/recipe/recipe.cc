#include "recipe/recipe.h"

#include <algorithm>
#include <memory>
#include <set>

#include "base/error.h"
#include "base/format.h"
#include "base/text.h"
#include "recipe/inventory.h"

namespace lifeboat {
namespace {

[[noreturn]] void refuse(std::string_view why) {
  throw Error(ErrorKind::verification, format("read facts: {}", why));
}

// The members of an object, none unknown, none missing.
void expect_members(const Json& value, const std::set<std::string>& names, std::string_view what) {
  if (!value.is_object()) refuse(format("{} is not an object", what));
  for (const auto& [name, ignored] : value.items()) {
    if (!names.contains(name)) refuse(format("unknown member '{}' in {}", printable(name), what));
  }
  for (const std::string& name : names) {
    if (!value.contains(name)) refuse(format("member '{}' of {} is missing", name, what));
  }
}

std::string text_of(const Json& value, std::string_view what) {
  if (!value.is_string()) refuse(format("{} is not a string", what));
  return value.get<std::string>();
}

const Json& array_of(const Json& value, std::string_view what) {
  if (!value.is_array()) refuse(format("{} is not a list", what));
  return value;
}

Item item_from_json(const Json& value) {
  expect_members(value, {"key", "count", "singular", "plural", "headline"}, "an item");
  if (!value["count"].is_number_unsigned()) refuse("an item's count is not a whole number");
  if (!value["headline"].is_boolean()) refuse("an item's headline is not true or false");
  return {text_of(value["key"], "an item's key"), value["count"].get<uint64_t>(),
          text_of(value["singular"], "an item's singular"),
          text_of(value["plural"], "an item's plural"), value["headline"].get<bool>()};
}

}  // namespace

const Item* Facts::find(std::string_view key) const {
  const auto found =
      std::find_if(items.begin(), items.end(), [&](const Item& item) { return item.key == key; });
  return found == items.end() ? nullptr : &*found;
}

Json facts_to_json(const Facts& facts) {
  Json items = Json::array();
  for (const Item& item : facts.items) {
    items.push_back({{"key", item.key},
                     {"count", item.count},
                     {"singular", item.singular},
                     {"plural", item.plural},
                     {"headline", item.headline}});
  }
  Json value = Json::object();
  value["items"] = std::move(items);
  value["details"] = facts.details;
  value["missing"] = facts.missing;
  value["consistency"] = facts.consistency;
  return value;
}

Facts facts_from_json(const Json& value) {
  expect_members(value, {"items", "details", "missing", "consistency"}, "facts");
  Facts facts;
  std::set<std::string> keys;
  for (const Json& item : array_of(value["items"], "items")) {
    facts.items.push_back(item_from_json(item));
    if (!keys.insert(facts.items.back().key).second) {
      refuse(format("item '{}' appears twice", printable(facts.items.back().key)));
    }
  }
  if (!value["details"].is_object()) refuse("details are not an object");
  facts.details = value["details"];
  for (const Json& sentence : array_of(value["missing"], "missing")) {
    facts.missing.push_back(text_of(sentence, "a missing sentence"));
  }
  facts.consistency = text_of(value["consistency"], "consistency");
  return facts;
}

std::vector<ProbeResult> Recipe::prove(const RestoredService&, ProvingGround&, RecipeContext&,
                                       std::string& why_not) const {
  why_not = format("the recipe '{}' has no such proof", info().name);
  return {};
}

std::vector<InventoryEntry> Recipe::inventory(const RestoredService& restored,
                                              RecipeContext& context) const {
  return inventory_of_files(restored.directory, context.stop);
}

ReplaceReport Recipe::replace(const Service& service, const RestoredService&,
                              RecipeContext&) const {
  throw Error(ErrorKind::usage, format("replace the live service '{}': the recipe '{}' cannot",
                                       service.name, info().name))
      .hint("Restore it to a folder with --to, and follow RESTORE.md from there.");
}

Member text_member(std::string path, std::string text, Timestamp mtime, uint32_t mode) {
  Member member;
  member.meta.path = std::move(path);
  member.meta.mode = mode;
  member.meta.mtime = mtime;
  member.size = text.size();
  const auto held = std::make_shared<const std::string>(std::move(text));
  member.open = [held] { return std::make_unique<MemorySource>(*held); };
  return member;
}

}  // namespace lifeboat
