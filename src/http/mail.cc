#include "http/mail.h"

#include <algorithm>
#include <array>
#include <cstring>

#include "base/format.h"
#include "base/log.h"
#include "base/text.h"
#include "http/client.h"
#include "http/curl_parts.h"

namespace lifeboat {
namespace {

struct Exchange {
  const MailRequest& request;
  size_t sent_bytes = 0;
  std::string refusal = {};  // the server's last: "550 5.1.1 no such user"
};

size_t give_message(char* target, size_t, size_t size_max, void* data) {
  auto& exchange = *static_cast<Exchange*>(data);
  const std::string_view rest =
      std::string_view(exchange.request.message).substr(exchange.sent_bytes);
  const size_t count = std::min(size_max, rest.size());
  std::memcpy(target, rest.data(), count);
  exchange.sent_bytes += count;
  return count;
}

size_t take_reply(char* line, size_t, size_t size, void* data) noexcept {
  try {
    const std::string_view reply = trim({line, size});
    std::string& refusal = static_cast<Exchange*>(data)->refusal;
    if (reply.starts_with('4') || reply.starts_with('5')) {
      refusal = reply;
    } else if (!reply.starts_with("221")) {  // libcurl says QUIT behind a refusal
      refusal.clear();
    }
  } catch (const std::bad_alloc&) {
    return 0;
  }
  return size;
}

int watch_stop(void* data, curl_off_t, curl_off_t, curl_off_t, curl_off_t) {
  return static_cast<Exchange*>(data)->request.stop.stop_requested() ? 1 : 0;
}

[[noreturn]] void fail(CURLcode code, const Exchange& exchange, const std::string& words) {
  const MailRequest& request = exchange.request;
  if (code == CURLE_ABORTED_BY_CALLBACK) throw Interrupted();
  const std::string& refusal = exchange.refusal;
  const std::string message =
      format("send mail by {} to {}: {}", printable_url(request.url), printable(request.to),
             redact(refusal.empty() ? words : format("{} ({})", words, printable(refusal))));
  if (refusal.starts_with('5')) {
    using What = MailRefused::What;
    const What what = code == CURLE_LOGIN_DENIED         ? What::login
                      : words.starts_with("RCPT failed") ? What::recipient
                                                         : What::other;
    throw MailRefused(what, message);
  }
  Error error(ErrorKind::service, message);
  if (code == CURLE_USE_SSL_FAILED) {
    error.add_hint(
        "The server offers no STARTTLS, and mail goes nowhere without TLS: is there an "
        "smtps:// port?");
  } else if (const std::string hint = hint_for(code); !hint.empty()) {
    error.add_hint(hint);
  }
  if (!refusal.empty() || is_transient_failure(code, words)) throw std::move(error).transient();
  throw error;
}

}  // namespace

void send_mail(const MailRequest& request) {
  request.stop.throw_if_stopped();
  const CurlHandle handle = new_curl_handle();
  const auto set = [&handle](CURLoption option, auto value) { set_curl(handle, option, value); };
  Exchange exchange{.request = request};
  std::array<char, CURL_ERROR_SIZE> words{};
  CurlList recipients;
  append(recipients, format("<{}>", request.to));
  const std::string from = format("<{}>", request.from);
  ensure_one_line(from);
  const std::string password(request.password);

  set(CURLOPT_ERRORBUFFER, words.data());
  set(CURLOPT_NOSIGNAL, 1L);
  set(CURLOPT_PROTOCOLS_STR, "smtp,smtps");
  set(CURLOPT_SSLVERSION, static_cast<long>(CURL_SSLVERSION_TLSv1_2));
  set(CURLOPT_URL, request.url.c_str());
  set(CURLOPT_TIMEOUT_MS, static_cast<long>(request.timeout.count()));
  set(CURLOPT_USE_SSL,
      static_cast<long>(request.demands_starttls ? CURLUSESSL_ALL : CURLUSESSL_NONE));
  if (!request.ca_file.empty()) {
    set(CURLOPT_CAINFO, request.ca_file.c_str());
    set(CURLOPT_CAPATH, static_cast<const char*>(nullptr));
  }
  if (is_loopback_url(request.url)) set(CURLOPT_PROXY, "");
  if (!request.username.empty()) {
    set(CURLOPT_USERNAME, request.username.c_str());
    set(CURLOPT_PASSWORD, password.c_str());
  }
  set(CURLOPT_MAIL_FROM, from.c_str());
  set(CURLOPT_MAIL_RCPT, recipients.get());
  set(CURLOPT_UPLOAD, 1L);
  set(CURLOPT_READFUNCTION, &give_message);
  set(CURLOPT_READDATA, static_cast<void*>(&exchange));
  set(CURLOPT_HEADERFUNCTION, &take_reply);
  set(CURLOPT_HEADERDATA, static_cast<void*>(&exchange));
  set(CURLOPT_NOPROGRESS, 0L);
  set(CURLOPT_XFERINFOFUNCTION, &watch_stop);
  set(CURLOPT_XFERINFODATA, static_cast<void*>(&exchange));
  const CURLcode code = curl_easy_perform(handle.get());
  if (code != CURLE_OK) {
    fail(code, exchange, words[0] != '\0' ? words.data() : curl_easy_strerror(code));
  }
}

bool is_loopback_url(const std::string& url) {
  const ParsedUrl parsed = parse_url(url);
  return parsed && is_loopback(url_part(parsed.get(), CURLUPART_HOST));
}

}  // namespace lifeboat
