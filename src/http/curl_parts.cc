#include "http/curl_parts.h"

#include <cstdlib>
#include <cstring>

#include "base/wiping_memory.h"

namespace lifeboat {

CurlHandle new_curl_handle() {
  // Not thread-safe until done once; a function's static is.
  // libcurl copies URLs and headers, which hold secrets.
  static const CURLcode ready = curl_global_init_mem(
      CURL_GLOBAL_DEFAULT, &std::malloc, &wiping_free, &wiping_realloc, &::strdup, &std::calloc);
  CurlHandle handle(curl_easy_init());
  ensure(ready == CURLE_OK && handle != nullptr, "libcurl starts");
  return handle;
}

void ensure_one_line(const std::string& text) {
  for (const char letter : text) {
    ensure(letter != '\r' && letter != '\n' && letter != '\0', "a header is one line");
  }
}

void append(CurlList& list, const std::string& line) {
  ensure_one_line(line);
  curl_slist* const longer = curl_slist_append(list.get(), line.c_str());
  ensure(longer != nullptr, "memory for a header");
  (void)list.release();
  list.reset(longer);
}

ParsedUrl parse_url(const std::string& url) {
  ParsedUrl parsed(curl_url());
  // As it is: what is signed must be what is sent.
  if (!parsed ||
      curl_url_set(parsed.get(), CURLUPART_URL, url.c_str(), CURLU_PATH_AS_IS) != CURLUE_OK) {
    return nullptr;
  }
  return parsed;
}

std::string url_part(CURLU* url, CURLUPart part, unsigned flags) {
  char* text = nullptr;
  if (curl_url_get(url, part, &text, flags) != CURLUE_OK) return "";
  std::string copy = text;
  curl_free(text);
  return copy;
}

bool is_loopback(const std::string& host) {
  return host == "localhost" || host.ends_with(".localhost") || host == "[::1]" ||
         (host.starts_with("127.") && host.find_first_not_of("0123456789.") == host.npos);
}

bool is_transient_failure(CURLcode code, const std::string& words) {
  switch (code) {
    case CURLE_SSL_CONNECT_ERROR:
      // One code for a handshake that broke off and for one that can never succeed; of the latter
      // OpenSSL itself speaks.
      return words.find("SSL routines") == std::string::npos ||
             words.find("unexpected eof") != std::string::npos;
    case CURLE_COULDNT_RESOLVE_PROXY:
    case CURLE_COULDNT_RESOLVE_HOST:
    case CURLE_COULDNT_CONNECT:
    case CURLE_OPERATION_TIMEDOUT:
    case CURLE_GOT_NOTHING:
    case CURLE_PARTIAL_FILE:
    case CURLE_SEND_ERROR:
    case CURLE_RECV_ERROR:
    case CURLE_HTTP2:
    case CURLE_HTTP2_STREAM:
      return true;
    default:
      return false;
  }
}

std::string hint_for(CURLcode code) {
  switch (code) {
    case CURLE_COULDNT_CONNECT:
      return "Is the service running, and does it listen on that address and port?";
    case CURLE_COULDNT_RESOLVE_HOST:
      return "Correct the host name in the URL, or look at the DNS.";
    case CURLE_PEER_FAILED_VERIFICATION:
      return "The server's certificate is not trusted here: install its authority's certificate, "
             "or name it as the CA file where that can be configured.";
    case CURLE_SSL_CACERT_BADFILE:
      return "The CA file must be a readable file of certificates in PEM.";
    case CURLE_SSL_CONNECT_ERROR:
      return "Does the server speak TLS on that port, and a version of it that is still safe?";
    default:
      return "";
  }
}

}  // namespace lifeboat
