// The world of the fault sweep: a host with services of each kind, its store, an engine, a Grafana
// and people to tell, all in the folder and the process of the test. It runs the program in it and
// says what is there afterwards.
#pragma once

#include <filesystem>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "docker/scripted_engine_test_kit.h"
#include "support/fake_discord.h"
#include "support/fake_grafana.h"
#include "support/scripted_s3.h"
#include "support/shell.h"

namespace lifeboat::test {

// One call of the program on the world outside, as fault_preload.cc names it.
struct SweepEffect {
  std::string stack;
  unsigned occurrence = 0;
  std::string kind;  // "file", "process", "http", "clock", "random"
  std::string call;
  bool can_be_short = false;
  bool takes_space = false;
  bool changes_disk = false;
  bool failed = false;
};

struct SweepFault {
  SweepEffect effect;
  std::string style = "error";  // as fault_preload.cc has them
  bool is(std::string_view one) const { return style == one; }
};

struct SweepRun {
  int status = 0;  // 128 + signal when killed
  bool hung = false;
  int orphans = 0;  // processes that outlived it
  std::string output;
  std::string talk;
  std::vector<SweepEffect> effects;
};

// A folder's files with their contents, by path.
using Tree = std::map<std::string, std::string>;
Tree read_tree(const std::filesystem::path& folder);

// `program` and `preload` are files. One thread.
class SweepWorld {
 public:
  SweepWorld(const std::string& program, const std::string& preload, bool has_bucket);

  // `arguments` without --config. With a fault, that effect fails.
  SweepRun run(const std::vector<std::string>& arguments,
               const std::optional<SweepFault>& fault = std::nullopt, bool listed = true);
  // Forgets all runs; the services stay as they are.
  void reset();
  // What is stored now is what `reset` goes back to.
  void keep_store();

  // Until the next `reset`, the store is empty.
  void forget_store();

  std::vector<std::string> keys() const;  // of the store
  std::vector<std::string> manifests() const;
  std::vector<std::string> evidence() const;  // of drills
  std::string object(const std::string& key) const;
  std::vector<std::string> store_rubbish() const;  // unfinished uploads and files
  bool has_upload() const { return has_bucket_ && s3_->uploads_in_progress() > 0; }
  std::vector<std::string> rubbish() const;  // in the spool, the scratch, notes, beside a target
  bool container_is_down();
  void start_container();
  // Whether something with `words` in it was told to anybody since `quiet`.
  bool was_told(std::string_view words = "");
  void quiet();
  std::filesystem::path place(const std::string& name) const { return folder_->path() / name; }

 private:
  EngineReply engine_answer(const std::string& request);
  void write_services();
  void write_config();

  std::string program_;
  std::string preload_;
  bool has_bucket_;
  std::unique_ptr<TempFolder> folder_;
  ScriptedS3Options s3_options_;
  std::unique_ptr<ScriptedS3> s3_;
  std::unique_ptr<HttpServer> s3_server_;
  std::map<std::string, std::string> kept_objects_;
  std::mutex mutex_;
  std::vector<std::string> told_;
  bool is_paused_ = false;
  FakeGrafana grafana_;
  std::unique_ptr<FakeDiscord> discord_;
  std::unique_ptr<ScriptedEngine> engine_;
};

}  // namespace lifeboat::test
