// Encodings that the scripted S3 server reads and writes, its own so that it can judge ours.
#pragma once

#include <ctime>
#include <string>
#include <string_view>
#include <vector>

namespace lifeboat::test {

// RFC 1321: 16 bytes, and their lower-case hex.
std::string md5(std::string_view data);
std::string md5_hex(std::string_view md5_bytes);
std::string uri_encode(std::string_view text, bool keep_slash);
std::string uri_decode(std::string_view text, bool plus_is_space);
std::string xml_escape(std::string_view text);
std::string xml_unescape(std::string text);
// The texts of all <name>...</name> in `xml`, as they stand.
std::vector<std::string> xml_texts(std::string_view xml, const std::string& name);
// "Mon, 23 Nov 2026 15:53:32 GMT", "2026-11-23T15:53:32.000Z"
std::string http_date(std::time_t time);
std::string iso_date(std::time_t time);

}  // namespace lifeboat::test
