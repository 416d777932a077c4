// What the two parts of this room that speak through libcurl share: requests and mail.
#pragma once

#include <curl/curl.h>

#include <memory>
#include <string>

#include "base/error.h"

namespace lifeboat {

struct FreeCurl {
  void operator()(CURL* handle) const { curl_easy_cleanup(handle); }
};
struct FreeCurlUrl {
  void operator()(CURLU* url) const { curl_url_cleanup(url); }
};
struct FreeCurlList {
  void operator()(curl_slist* list) const { curl_slist_free_all(list); }
};
using CurlHandle = std::unique_ptr<CURL, FreeCurl>;
using ParsedUrl = std::unique_ptr<CURLU, FreeCurlUrl>;
using CurlList = std::unique_ptr<curl_slist, FreeCurlList>;

CurlHandle new_curl_handle();

template <typename Value>
void set_curl(const CurlHandle& handle, CURLoption option, Value value) {
  ensure(curl_easy_setopt(handle.get(), option, value) == CURLE_OK, "libcurl knows the option");
}

// Throws Bug: what is put into a protocol's line must not end it.
void ensure_one_line(const std::string& text);
// Of one line.
void append(CurlList& list, const std::string& line);

// Null if it is no URL.
ParsedUrl parse_url(const std::string& url);
std::string url_part(CURLU* url, CURLUPart part, unsigned flags = 0);
bool is_loopback(const std::string& host);

// `words` are libcurl's own.
bool is_transient_failure(CURLcode code, const std::string& words);
// May be empty.
std::string hint_for(CURLcode code);

}  // namespace lifeboat
