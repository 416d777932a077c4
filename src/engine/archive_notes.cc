#include "engine/archive_notes.h"

#include "base/error.h"
#include "base/format.h"
#include "base/json.h"
#include "base/text.h"

namespace lifeboat {
namespace {

constexpr int facts_format = 1;

constexpr std::string_view card_head = R"(# How to restore this backup

Host `{host}`, job `{job}`, begun {started} (UTC), made by Lifeboat.
Nothing but stock tools is needed: `age`, `zstd` and `tar`.

    age -d -i KEY_FILE {archive} | zstd -d | tar -xp --numeric-owner

`KEY_FILE` holds the age private key (`AGE-SECRET-KEY-1...`). Run it as root in an empty folder, so
that owners and modes come back; the folder will hold private keys, so `chmod 700` it first.
One service alone: add its folder's name at the end of the line. Extended attributes come back with
`--xattrs --xattrs-include='*'`.
With Lifeboat at hand: `lifeboat restore {id} --to DIR`, and `lifeboat drill` to prove it.

If there is a `FAILED.md` at the end of the archive, the services it names are missing or
incomplete here: take them from an older backup.

Counts at backup time are in `facts.json`; compare them after a restore.
)";

constexpr std::string_view stream_head = R"(# How to restore this backup

Host `{host}`, job `{job}`, begun {started} (UTC), made by Lifeboat.
It is one SQL script, compressed and encrypted. Nothing but stock tools is needed: `age`, `gunzip`
and `psql`, which must be at least as new as the `pg_dump` that made it.

    age -d -i KEY_FILE {archive} | gunzip | psql -X -v ON_ERROR_STOP=1 DATABASE

`KEY_FILE` holds the age private key (`AGE-SECRET-KEY-1...`); what the target must be is below.
With Lifeboat at hand: `lifeboat restore {id} --to DIR` takes it apart into its files,
and `lifeboat drill {id}` proves it.

Counts at backup time are in `facts.json`, the comment behind this one; compare them afterwards.
)";

std::string service_part(const NotedService& noted) {
  std::string card = format("\n## {} (recipe {})\n\n", noted.service->name, noted.service->recipe);
  card += noted.recipe->restore_card(*noted.service, *noted.facts);
  if (!card.ends_with('\n')) card += '\n';
  if (!noted.facts->consistency.empty()) card += "\n" + noted.facts->consistency + "\n";
  for (const std::string& sentence : noted.facts->missing) {
    card += format("\nNot in this backup: {}\n", sentence);
  }
  return card;
}

std::string print_head(std::string_view head, const ArchiveNotes& notes) {
  const std::string key = notes.id.archive_key();
  return format(fmt::runtime(head), fmt::arg("host", notes.host), fmt::arg("job", notes.job),
                fmt::arg("started", print_time(notes.started)),
                fmt::arg("archive", key.substr(key.rfind('/') + 1)),
                fmt::arg("id", notes.id.text()));
}

}  // namespace

std::string print_stream_card(const ArchiveNotes& notes, const NotedService& service) {
  return print_head(stream_head, notes) + service_part(service);
}

std::string print_restore_card(const ArchiveNotes& notes,
                               const std::vector<NotedService>& services) {
  std::string card = print_head(card_head, notes);
  for (const NotedService& noted : services) card += service_part(noted);
  return card;
}

std::string print_facts(const ArchiveNotes& notes, const std::vector<NotedService>& services) {
  Json value = {{"format", facts_format},
                {"host", notes.host},
                {"job", notes.job},
                {"started", print_time(notes.started)},
                {"tool", "lifeboat " LIFEBOAT_VERSION},
                {"services", Json::object()}};
  for (const NotedService& noted : services) {
    value["services"][noted.service->name] = {{"recipe", noted.service->recipe},
                                              {"facts", facts_to_json(*noted.facts)}};
  }
  return print_json(value);
}

std::vector<ArchivedFacts> parse_facts(std::string_view text) {
  const Json value = parse_json(text, "facts.json");
  try {
    if (value.at("format") != facts_format) {
      throw Error(ErrorKind::verification, "read facts.json: its format is not known")
          .hint("Use a newer version of lifeboat for this snapshot.");
    }
    std::vector<ArchivedFacts> services;
    for (const auto& [name, entry] : value.at("services").items()) {
      services.push_back(
          {name, entry.at("recipe").get<std::string>(), facts_from_json(entry.at("facts"))});
    }
    return services;
  } catch (const Json::exception& error) {
    throw Error(ErrorKind::verification, format("read facts.json: {}", error.what()));
  }
}

std::string print_failures(const std::vector<const ManifestService*>& failed) {
  std::string text =
      "# These services failed while this backup was made\n\n"
      "Their folders are missing here, or incomplete: do not restore from them.\n";
  for (const ManifestService* service : failed) {
    text += format("\n## {}\n\n{}\n", service->name, printable(service->error));
    for (const std::string& hint : service->hints) text += format("\nhint: {}\n", printable(hint));
  }
  return text;
}

}  // namespace lifeboat
