// Alerting of an import.
//
// "Provenance" says who owns a thing: nobody (the UI), "api", or "file". A write must come under
// the provenance that the thing has, and what a file owns cannot be written at all.
#include <set>

#include "base/error.h"
#include "base/format.h"
#include "base/text.h"
#include "recipe/grafana/import_parts.h"

namespace lifeboat {
namespace {

constexpr const char* base = "/api/v1/provisioning/";
constexpr const char* redacted = "[REDACTED]";

std::string provenance_of(const Json& thing) { return grafana_text_or_empty(thing, "provenance"); }

// Whether the header is to be sent: as the live thing has it, else as the export had it.
bool frees_provenance(const Json* live, const Json& kept) {
  return provenance_of(live != nullptr ? *live : kept) != "api";
}

// True for what cannot be written, which is told.
bool is_owned_by_file(OrgImport& org, const Json* live, const char* kind, const std::string& name) {
  if (live == nullptr || provenance_of(*live) != "file") return false;
  ++org.tallies[kind].left;
  org.note(format("Of the {}, '{}' was left as it is: a file of Grafana's provisioning owns it.",
                  kind, printable(name)));
  return true;
}

// What is live, by the text at `key`.
std::map<std::string, Json> live_by(OrgImport& org, const std::string& kind, const char* key) {
  std::map<std::string, Json> all;
  const Json list = org.api.get(base + kind);
  for (const Json& one : list) all[grafana_text_or_empty(one, key)] = one;
  return all;
}

const Json* find_in(const std::map<std::string, Json>& all, const std::string& key) {
  const auto found = all.find(key);
  return found == all.end() ? nullptr : &found->second;
}

void count(OrgImport& org, const char* kind, const Json* live) {
  ++(live == nullptr ? org.tallies[kind].made : org.tallies[kind].overwritten);
}

void import_templates(OrgImport& org) {
  const auto live = live_by(org, "templates", "name");
  org.each("templates", [&](const Json& one) {
    const std::string name = grafana_text(one, "name", "a template");
    const Json* there = find_in(live, name);
    if (is_owned_by_file(org, there, "templates", name)) return;
    Json body = picked(one, {"template"});
    if (there != nullptr && there->contains("version")) body["version"] = (*there)["version"];
    org.api.send("PUT", format("{}templates/{}", base, percent_encode(name)), body, {},
                 frees_provenance(there, one));
    count(org, "templates", there);
  });
}

void import_timings(OrgImport& org) {
  const auto live = live_by(org, "mute-timings", "name");
  org.each("mute-timings", [&](const Json& one) {
    const std::string name = grafana_text(one, "name", "a mute timing");
    const Json* there = find_in(live, name);
    if (is_owned_by_file(org, there, "mute timings", name)) return;
    Json body = picked(one, {"name", "time_intervals"});
    if (there != nullptr && there->contains("version")) body["version"] = (*there)["version"];
    const std::string place = there == nullptr
                                  ? format("{}mute-timings", base)
                                  : format("{}mute-timings/{}", base, percent_encode(name));
    org.api.send(there == nullptr ? "POST" : "PUT", place, body, {}, frees_provenance(there, one));
    count(org, "mute timings", there);
  });
}

// The settings with their secrets, by uid, from the second file of the contact points.
std::map<std::string, Json> open_settings(const OrgImport& org) {
  std::map<std::string, Json> settings;
  const Json file = read_export_or(org.folder / "contact-points-export.json", Json::object());
  for (const Json& point : grafana_items(file, "contactPoints")) {
    for (const Json& receiver : grafana_items(point, "receivers")) {
      settings[grafana_text_or_empty(receiver, "uid")] = receiver.value("settings", Json::object());
    }
  }
  return settings;
}

// Puts the secret where the export has a word for it; names of those that nobody knows.
std::vector<std::string> fill_redacted(Json& settings, const Json& open) {
  std::vector<std::string> lost;
  for (auto& [name, value] : settings.items()) {
    if (value.is_object()) {
      const Json inner = open.value(name, Json::object());
      for (std::string& more : fill_redacted(value, inner)) lost.push_back(std::move(more));
    }
    if (value != redacted) continue;
    const auto known = open.find(name);
    if (known != open.end() && *known != redacted) {
      value = *known;
    } else {
      lost.push_back(printable(name));
    }
  }
  return lost;
}

void import_points(OrgImport& org) {
  const auto by_uid = live_by(org, "contact-points", "uid");
  const auto by_name = live_by(org, "contact-points", "name");
  const auto open = open_settings(org);
  org.each("contact-points", [&](const Json& one) {
    const std::string uid = grafana_text(one, "uid", "a contact point");
    const std::string name = grafana_text(one, "name", "a contact point");
    const Json* there = uid.empty() ? find_in(by_name, name) : find_in(by_uid, uid);
    if (is_owned_by_file(org, there, "contact points", name)) return;
    // Grafana is born with one that has no uid, and by which nothing can be written.
    if (uid.empty() && there != nullptr) return;
    Json body = picked(one, {"uid", "name", "type", "settings", "disableResolveMessage"});
    const Json* known = find_in(open, uid);
    const std::vector<std::string> lost =
        fill_redacted(body["settings"], known != nullptr ? *known : Json::object());
    if (there == nullptr) {
      // The word itself would be kept as the secret, and nobody notified from then on.
      for (const std::string& secret : lost) body["settings"][secret] = "";
      if (!lost.empty()) {
        org.note(
            format("Contact point '{}' needs its secrets again: {}. The backup does not hold "
                   "them.",
                   printable(name), join(lost, ", ")));
      }
    }
    const std::string place = there == nullptr
                                  ? format("{}contact-points", base)
                                  : format("{}contact-points/{}", base, percent_encode(uid));
    org.api.send(there == nullptr ? "POST" : "PUT", place, body, {}, frees_provenance(there, one));
    count(org, "contact points", there);
  });
}

void import_policies(OrgImport& org) {
  Json kept = read_export_or(org.folder / "policies.json", Json());
  if (kept.is_null()) return;
  const Json live = org.api.get(std::string(base) + "policies");
  if (is_owned_by_file(org, &live, "notification policies", "the tree")) return;
  const bool frees = provenance_of(live) != "api";
  kept.erase("provenance");
  org.api.send("PUT", std::string(base) + "policies", kept, {}, frees);
  count(org, "notification policies", &live);
}

bool import_rule(OrgImport& org, const Json& rule) {
  const std::string uid = grafana_text(rule, "uid", "an alert rule");
  const std::string place = format("{}alert-rules/{}", base, percent_encode(uid));
  const GrafanaAnswer live = org.api.ask(place, {404});
  const Json* there = live.status == 404 ? nullptr : &live.value;
  if (is_owned_by_file(org, there, "alert rules", uid)) return false;
  Json body = rule;
  for (const char* own : {"id", "updated", "orgID", "provenance"}) body.erase(own);
  org.api.send(there == nullptr ? "POST" : "PUT",
               there == nullptr ? format("{}alert-rules", base) : place, body, {},
               frees_provenance(there, rule));
  count(org, "alert rules", there);
  return true;
}

// A PUT of a group deletes what it does not name, and knows no new rules: so the rules go one by
// one, and the group is put only for its interval, with everything that is live in it.
void import_group(OrgImport& org, const Json& group) {
  bool is_free = true;
  for (const Json& rule : grafana_items(group, "rules")) {
    is_free = import_rule(org, rule) && is_free;
  }
  if (!is_free || grafana_items(group, "rules").empty()) return;
  const std::string folder = grafana_text(group, "folderUid", "a rule group");
  const std::string title = grafana_text(group, "title", "a rule group");
  const std::string place =
      format("{}folder/{}/rule-groups/{}", base, percent_encode(folder), percent_encode(title));
  Json live = org.api.get(place);
  const Json interval = group.value("interval", Json());
  if (interval.is_null() || live.value("interval", Json()) == interval) return;
  std::set<std::string> owners;
  Json rules = grafana_items(live, "rules");
  for (Json& rule : rules) {
    owners.insert(provenance_of(rule));
    for (const char* own : {"id", "updated", "orgID", "provenance"}) rule.erase(own);
  }
  if (owners.size() != 1 || owners.contains("file")) {
    org.note(format("Rule group '{}' keeps its interval: its rules have several owners.",
                    printable(title)));
    return;
  }
  const Json body = {
      {"title", title}, {"folderUid", folder}, {"interval", interval}, {"rules", rules}};
  org.api.send("PUT", place, body, {}, !owners.contains("api"));
}

}  // namespace

void import_alerting(OrgImport& org) {
  // Where alerting could not be exported there is nothing to import.
  if (read_export_or(org.folder / "policies.json", Json()).is_null()) return;
  import_templates(org);
  import_timings(org);
  import_points(org);
  import_policies(org);
  org.each("alert-rules", [&](const Json& group) { import_group(org, group); });
}

}  // namespace lifeboat
