// A page that keeps a private key when no machine of its owner is left: to print, and to type or
// scan again years later. It says by itself what it is and how to use it, with stock tools too.
#pragma once

#include <string>

#include "codec/age/age.h"

namespace lifeboat::cli {

struct KeyPaper {
  const age::Identity& identity;
  std::string host;  // whose backups it opens
  std::string date;  // of printing
};

// One HTML file that loads nothing; for the caller to wipe.
std::string print_paper_html(const KeyPaper& paper);
// The same as plain text, the QR code of half blocks.
std::string print_paper_text(const KeyPaper& paper);

}  // namespace lifeboat::cli
