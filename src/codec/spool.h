// A stream whose size must be known before it can enter a tar, parked on disk without ever being
// there in the clear: compressed (fast level), encrypted under a throw-away key that lives in
// locked memory only, in a file that has no name (O_TMPFILE, or unlinked at once).
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>

#include "base/random.h"
#include "io/sink.h"
#include "io/source.h"
#include "io/tap.h"

namespace lifeboat {

inline constexpr size_t spool_tail_bytes = 4096;

// Write, finish, then open once. Disk full: Error(limit) that names the spool folder.
class Spool final : public Sink {
 public:
  Spool(const std::filesystem::path& directory, Random& random);
  ~Spool() override;
  // Of the plaintext; once finished.
  const StreamSummary& summary() const;
  // The last spool_tail_bytes of the plaintext, or all if it is shorter.
  const std::string& tail() const;
  uint64_t stored_bytes() const;
  // The plaintext, from the start; once finished, once only. The spool must outlive it.
  std::unique_ptr<Source> open();

 private:
  void do_write(ByteView data) override;
  void do_finish() override;
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace lifeboat
