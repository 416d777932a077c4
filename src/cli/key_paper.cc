#include "cli/key_paper.h"

#include <array>

#include "base/format.h"
#include "base/text.h"
#include "cli/qr_code.h"
#include "config/small_file.h"
#include "observe/report/html.h"

namespace lifeboat::cli {
namespace {

// Also the order on the page. A line that begins with '$' is a command.
constexpr std::array<std::string_view, 9> how_to{
    "Whoever has this key can read every backup of this host. Keep it like cash, away from the "
    "host; when no copy of it is left, every backup is lost.",
    "Scan the code, or type the key, into a file key.txt: one line, capital letters. A mistyped "
    "key is noticed.",
    "$ chmod 600 key.txt",
    "With Lifeboat, on any machine; STORE is dir:PATH or s3://BUCKET?endpoint=URL:",
    "$ lifeboat list --store STORE",
    "$ lifeboat restore latest --to restored --store STORE --identity key.txt",
    "Without it, with age, zstd and tar; RESTORE.md in the archive says how to go on:",
    "$ age -d -i key.txt backup.tar.zst.age | zstd -d | tar x",
    "If others may have seen this page, make a new key and take this one out of the "
    "configuration: it goes on opening what was backed up before."};

// Not loaded from anywhere: the page must print alike in twenty years.
constexpr std::string_view style = R"(<style>
body { font: 11pt/1.4 sans-serif; color: #000; background: #fff; }
body { max-width: 42em; margin: 2em auto; }
code { font: 11pt/1.5 monospace; }
.key { display: block; border: 1px solid #000; padding: .6em; font-size: 14pt; }
.key { word-break: break-all; }
.qr { width: 7cm; height: 7cm; }
dt { font-weight: bold; } dd { margin: 0 0 .4em; }
@media print { body { margin: 0; } }
</style>
)";

}  // namespace

std::string print_paper_html(const KeyPaper& paper) {
  const Secret key = paper.identity.text();
  std::string svg = print_svg(QrCode(key.reveal()));
  const std::string title = format("Backup key of {}", report::escape(paper.host));
  std::string steps;
  for (const std::string_view line : how_to) {
    steps += line.starts_with('$')
                 ? format("<pre><code>{}</code></pre>\n", report::escape(line.substr(2)))
                 : format("<p>{}</p>\n", report::escape(line));
  }
  std::string page = format(
      "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
      "<title>{0}</title>\n{1}</head>\n<body>\n<h1>{0}</h1>\n"
      "<p>A private key of age (age-encryption.org), printed on {2}.</p>\n"
      "<code class=\"key\">{3}</code>\n{4}"
      "<dl><dt>Its public key</dt><dd><code>{5}</code></dd></dl>\n<h2>How to use it</h2>\n{6}"
      "</body>\n</html>\n",
      title, style, report::escape(paper.date), key.reveal(), svg,
      paper.identity.recipient().text(), steps);
  wipe_text(svg);
  return page;
}

std::string print_paper_text(const KeyPaper& paper) {
  const Secret key = paper.identity.text();
  std::string code = print_half_blocks(QrCode(key.reveal()), QrInk::dark);
  std::string steps;
  for (const std::string_view line : how_to) {
    steps += line.starts_with('$') ? format("    {}\n\n", line.substr(2)) : format("{}\n\n", line);
  }
  std::string page = format(
      "BACKUP KEY OF {}\n\nA private key of age (age-encryption.org), printed on {}.\n\n{}\n\n"
      "Its public key: {}\n\n{}\nHOW TO USE IT\n\n{}",
      printable(paper.host), paper.date, key.reveal(), paper.identity.recipient().text(), code,
      steps);
  wipe_text(code);
  return page;
}

}  // namespace lifeboat::cli
