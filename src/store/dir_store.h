// Snapshots in a folder of a local or mounted filesystem: a key is a path below it.
//
// An object appears by rename, after its bytes and the folders that lead to it are on disk, so that
// a listed object is whole even after a power cut. Until then it is a file with a temporary name
// beside its place, locked by its writer; a killed run leaves such a file behind, and the missing
// lock tells the sweep that nobody will finish it.
#pragma once

#include <filesystem>
#include <string>

#include "base/random.h"
#include "store/store.h"

namespace lifeboat {

// Files have mode 0600, folders 0700. What is not a regular file with a name of a key (symbolic
// links, temporary files, lost+found) is not an object: neither listed nor opened. Any thread,
// if `random` is for any thread; the store and `random` must outlive the sinks it made.
class DirStore final : public Store {
 public:
  // Error(store) with a hint if the folder is missing: an unplugged disk must not look empty.
  DirStore(std::filesystem::path path, Random& random);
  // Creates the folder, with missing parents, if need be.
  static std::unique_ptr<DirStore> make(const std::filesystem::path& path, Random& random);

  std::string name() const override { return "dir:" + path_.native(); }
  StoreTraits traits() const override { return {}; }
  std::unique_ptr<Sink> create(const std::string& key, uint64_t size_estimate = 0) override;
  std::unique_ptr<Source> open(const std::string& key, ByteRange range = {}) override;
  std::optional<ObjectInfo> stat(const std::string& key) override;
  std::vector<ObjectInfo> list(std::string_view prefix) override;
  void copy(const std::string& source_key, const std::string& target_key) override;
  // Also removes the folders that became empty, if that is allowed.
  void remove(const std::string& key) override;
  // Temporary files that no living process holds.
  size_t sweep_leftovers(std::string_view prefix) override;

 private:
  friend class DirObjectSink;
  std::unique_ptr<class DirObjectSink> create_object(const std::string& key);
  void require_folder() const;
  void make_folders_for(const std::string& key) const;
  void sync_folders_above(const std::string& key) const;
  void remove_empty_folders_for(const std::string& key) const noexcept;

  std::filesystem::path path_;
  Random& random_;
};

}  // namespace lifeboat
