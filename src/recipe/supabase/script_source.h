// A dump on its way to become part of one script: lines adapted, a line before and one behind it.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "io/source.h"
#include "recipe/postgres/dump_scan.h"

namespace lifeboat {

struct ScriptParts {
  std::string before;
  std::string behind;
  // Of each line that begins outside strings, comments and rows; null: all stay as they are.
  std::function<std::string(std::string_view line)> adapt = {};
};

// What comes out is fed to `scan` too.
class ScriptSource final : public Source {
 public:
  ScriptSource(std::unique_ptr<Source> inner, ScriptParts parts, std::shared_ptr<DumpScan> scan);
  size_t read(ByteSpan target) override;

 private:
  void fill();

  std::unique_ptr<Source> inner_;
  ScriptParts parts_;
  std::shared_ptr<DumpScan> scan_;
  DumpScan lexer_;  // of what goes in: tells the lines that may be adapted
  std::string ready_;
  size_t given_ = 0;
  Bytes block_;
  bool has_begun_ = false;
  bool has_ended_ = false;
};

}  // namespace lifeboat
