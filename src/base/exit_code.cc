#include "base/exit_code.h"

#include <array>

namespace lifeboat {
namespace {

constexpr std::array<ExitCode, 13> table{{
    {0, "ok", "everything asked for was done"},
    {1, "differs",
     "nothing failed, but what was compared is not the same, or something needs a look"},
    {2, "usage", "the command line is wrong"},
    {3, "config", "the configuration, or a secret it names, is wrong"},
    {4, "service", "a service, or a tool needed to read it, failed"},
    {5, "store", "the store cannot be reached, read or written"},
    {6, "crypto", "a key is missing or wrong, or something cannot be decrypted"},
    {7, "verification", "a snapshot or a drill failed its checks"},
    {8, "partial", "some services are safe in the snapshot, others failed"},
    {9, "locked", "another run is under way"},
    {10, "limit", "a limit was reached: disk, memory, size or count"},
    {70, "bug", "a fault in lifeboat itself; please report it"},
    {130, "interrupted", "stopped by a signal; nothing half-done was left"},
}};

}  // namespace

std::span<const ExitCode> exit_codes() { return table; }

int exit_code(ErrorKind kind) {
  switch (kind) {
    case ErrorKind::usage:
      return 2;
    case ErrorKind::config:
      return 3;
    case ErrorKind::service:
      return 4;
    case ErrorKind::store:
      return 5;
    case ErrorKind::crypto:
      return 6;
    case ErrorKind::verification:
      return 7;
    case ErrorKind::partial:
      return 8;
    case ErrorKind::locked:
      return 9;
    case ErrorKind::limit:
      return 10;
  }
  throw Bug("unknown error kind");
}

std::string_view kind_name(ErrorKind kind) {
  const int code = exit_code(kind);
  for (const ExitCode& row : table) {
    if (row.code == code) return row.name;
  }
  throw Bug("exit code table lacks a kind");
}

}  // namespace lifeboat
