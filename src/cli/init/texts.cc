#include "cli/init/texts.h"

#include <algorithm>
#include <array>

#include "base/error.h"
#include "base/format.h"
#include "base/text.h"
#include "cli/context.h"
#include "config/small_file.h"
#include "config/variables.h"

namespace lifeboat::cli {
namespace {

constexpr std::string_view schema_line =
    "# yaml-language-server: $schema=/usr/share/lifeboat/lifeboat.schema.json\n";

struct KnownSecret {
  std::string_view recipe;
  std::string_view option;
  std::string_view also;
  std::string_view where;
};
// Options of type secret that a person can do something about; the recipes' pages say more.
constexpr std::array<KnownSecret, 6> known_secrets{{
    {"n8n", "api_key", "url: \"http://127.0.0.1:5678\"",
     "n8n: Settings, n8n API, Create an API key; adds n8n's own export as a second witness."},
    {"grafana", "token", "url: \"http://127.0.0.1:3000\"",
     "Grafana: Administration, Service accounts, one with the role Admin; adds an export that any "
     "Grafana takes."},
    {"grafana", "secret_key", "",
     "GF_SECURITY_SECRET_KEY, only if neither grafana.ini nor the container has it."},
    {"waha", "api_key", "url: \"http://127.0.0.1:3000\"",
     "WAHA_API_KEY of the container in clear, to stop sessions one by one and note their states."},
    {"mysql", "password", "user: root", "Only if the container's environment does not hold it."},
    {"postgres", "password", "user: postgres", "Only if the socket wants one."},
}};

std::string variable_name(const std::string& service, std::string_view option) {
  std::string name;
  for (const char letter : format("{}_{}", service, option)) {
    if (letter >= 'a' && letter <= 'z') {
      name += static_cast<char>(letter - 'a' + 'A');
    } else {
      name += letter == '-' ? '_' : letter;
    }
  }
  return is_variable_name(name) ? name : "LIFEBOAT_" + name;
}

// As it stands where YAML cannot misread it, else in quotes.
std::string scalar(std::string_view value) {
  constexpr std::array<std::string_view, 9> words{"null", "true", "false", "yes", "no",
                                                  "on",   "off",  "y",     "n"};
  const auto is_plain = [](char letter) {
    return (letter >= 'a' && letter <= 'z') || (letter >= 'A' && letter <= 'Z') ||
           (letter >= '0' && letter <= '9') || letter == '_' || letter == '-' || letter == '.' ||
           letter == '/';
  };
  const bool begins_well =
      !value.empty() && ((value[0] >= 'a' && value[0] <= 'z') || value[0] == '/');
  const bool is_word = std::find(words.begin(), words.end(), value) != words.end();
  const bool is_safe = begins_well && !is_word && std::all_of(value.begin(), value.end(), is_plain);
  return is_safe ? std::string(value) : quote_for_config(value);
}

std::string option_line(const std::string& name, const std::string& value) {
  return name == "paths" ? format("{}: [{}]", name, quote_for_config(value))
                         : format("{}: {}", name, scalar(value));
}

std::string print_store(const InitPlan& plan) {
  if (!plan.store.is_s3) {
    return format(
        "# A folder is lost with its disk: mount another one there, or copy it elsewhere.\n"
        "store:\n  dir: {}\n",
        scalar(plan.store.dir.path.native()));
  }
  const S3StoreConfig& s3 = plan.store.s3;
  std::string text = "store:\n  s3:\n";
  if (!s3.endpoint.empty()) text += format("    endpoint: {}\n", scalar(s3.endpoint));
  text += format("    region: {}\n    bucket: {}\n", scalar(s3.region), scalar(s3.bucket));
  if (s3.path_style) text += "    path_style: true\n";
  if (!s3.ca_file.empty()) text += format("    ca_file: {}\n", scalar(s3.ca_file.native()));
  text += format("    access_key: ${{{}}}\n    secret_key: ${{{}}}\n", access_key_variable,
                 secret_key_variable);
  return text;
}

std::string print_encryption(const InitPlan& plan) {
  std::string text =
      "# Public keys. Each private key of one of them opens every backup, alone.\n"
      "encryption:\n  recipients:\n";
  for (const InitRecipient& recipient : plan.recipients) {
    text += format("    - {}  # {}\n", recipient.key, recipient.note);
  }
  return text +
         format(
             "\n# Who vouches for this host's snapshots; keep the public key with the age key.\n"
             "signing:\n  key_file: {}\n",
             scalar(plan.signing_key().native()));
}

std::string print_service(const Proposal& service, const InitPlan& plan) {
  std::string text = format("  {}:\n    recipe: {}\n", scalar(service.name), service.recipe);
  for (const auto& [name, value] : service.options) {
    text += format("    {}\n", option_line(name, value));
  }
  for (const ServiceSecret& secret : secrets_of(service)) {
    const bool is_known = plan.service_secrets.contains(secret.variable);
    const std::string_view mark = is_known ? "" : "# ";
    if (!secret.also.empty()) text += format("    {}{}\n", mark, secret.also);
    text += format("    {}{}: ${{{}}}\n", mark, secret.option, secret.variable);
  }
  return text;
}

std::string print_services(const InitPlan& plan) {
  std::string text =
      "# What is protected: recipes say how. 'lifeboat discover' shows what is not, with the lines "
      "to add.\nservices:\n";
  std::vector<std::string> names;
  for (const Proposal& service : plan.services) {
    text += print_service(service, plan);
    names.push_back(scalar(service.name));
  }
  if (!plan.left_out.empty()) text += "# Found and left out at first:\n";
  for (const Proposal& service : plan.left_out) {
    std::vector<std::string> options{"recipe: " + service.recipe};
    for (const auto& [name, value] : service.options) options.push_back(option_line(name, value));
    text += format("#  {}: {{{}}}\n", scalar(service.name), join(options, ", "));
  }
  return text + format(
                    "\n# One archive a run. Times are the machine's.\n"
                    "jobs:\n  nightly:\n    schedule: {}\n    services: [{}]\n",
                    quote_for_config(plan.schedule), join(names, ", "));
}

}  // namespace

std::vector<ServiceSecret> secrets_of(const Proposal& service) {
  std::vector<ServiceSecret> all;
  for (const KnownSecret& known : known_secrets) {
    if (known.recipe != service.recipe) continue;
    all.push_back({variable_name(service.name, known.option), std::string(known.option),
                   std::string(known.also), std::string(known.where)});
  }
  return all;
}

std::vector<ServiceSecret> open_secrets(const InitPlan& plan) {
  std::vector<ServiceSecret> open;
  for (const Proposal& service : plan.services) {
    for (ServiceSecret& secret : secrets_of(service)) {
      if (!plan.service_secrets.contains(secret.variable)) open.push_back(std::move(secret));
    }
  }
  return open;
}

std::string print_init_config(const InitPlan& plan) {
  const bool is_usual = plan.config == default_config_path;
  std::string text(schema_line);
  text += format(
      "#\n# Written by 'lifeboat init' on {}. After a change, 'lifeboat check' tells what is "
      "wrong\n"
      "# with it. docs/CONFIG.md has every key.\n\n"
      "host: {}  # its snapshots lie below this name in the store\n\n"
      "# Secrets, as NAME=value lines; ${{NAME}} below stands for them. Refused unless mode 0600.\n"
      "env_file: {}\n\n",
      plan.date, scalar(plan.host), scalar(plan.env_file().native()));
  // A configuration that lies elsewhere is a person's own, who may not write to /var/lib.
  if (!is_usual) text += "state_dir: state  # what runs remember; beside this file\n\n";
  text += print_store(plan) + "\n" + print_encryption(plan) + "\n" + print_services(plan);
  text += format(
      "\n# A backup counts once it was restored: into scratch, where each service proves itself.\n"
      "drill:\n  identity: {}\n  schedule: weekly\n"
      "  # engine: docker  # start the services themselves too, away from everything\n"
      "\nretention: {{daily: 30, monthly: 12}}\n"
      "# compression: {{level: 12}}  # 3 is fast, 12 saves space\n"
      "\n# Be told, above all of what did not run ('lifeboat notify test' tries it):\n"
      "# notify:\n"
      "#   discord: {{webhook: \"${{DISCORD_WEBHOOK}}\"}}\n"
      "#   heartbeat: {{url: \"${{HEARTBEAT_URL}}\"}}  # as of healthchecks.io\n"
      "# metrics: {{textfile: /var/lib/node_exporter/textfile}}\n"
      "\n# What needs no backup, with the reason:\n"
      "# discover: {{skip: {{prometheus_data: kept elsewhere}}}}\n",
      scalar(plan.age_key().native()));
  return text;
}

Secret print_init_env(const InitPlan& plan) {
  std::string text = format(
      "# Secrets of {}: NAME=value lines, values in quotes if they hold blanks or #.\n"
      "# Mode 0600, or it is refused.\n",
      plan.config.native());
  const auto add = [&](std::string_view name, std::string_view value) {
    if (value.find_first_of("\n'") != std::string_view::npos) {
      wipe_text(text);
      throw Error(ErrorKind::usage,
                  format("write {}: its value holds a quote or a line end", name));
    }
    text += format("{}='{}'\n", name, value);
  };
  if (plan.store.is_s3) {
    add(access_key_variable, plan.store.s3.access_key->reveal());
    add(secret_key_variable, plan.store.s3.secret_key->reveal());
  }
  for (const auto& [name, value] : plan.service_secrets) add(name, value->reveal());
  for (const ServiceSecret& secret : open_secrets(plan)) {
    text += format("\n# {}\n# Then take the # away before '{}:' in the configuration.\n{}=\n",
                   secret.where, secret.option, secret.variable);
  }
  Secret secret(text);
  wipe_text(text);
  return secret;
}

}  // namespace lifeboat::cli
