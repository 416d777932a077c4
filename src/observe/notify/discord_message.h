// What Discord shows of a notice: one embed, within all of Discord's limits, in which nothing that
// came from outside can be more than text.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "base/json.h"
#include "observe/notice.h"

namespace lifeboat {

// The JSON for a webhook, with mentions off.
// https://discord.com/developers/docs/resources/message#embed-object-embed-limits
Json make_discord_message(const Notice& notice);

// `text` so that Discord shows it letter for letter: no link, mention, emoji, quote, list or
// formatting. Line ends stay. In at most `units_max` (32 or more) UTF-16 units, backslashes
// included; what is left out is told as `shorten` does.
std::string escape_markdown(std::string_view text, size_t units_max);

}  // namespace lifeboat
