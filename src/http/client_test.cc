#include "http/client.h"

#include <gmock/gmock.h>
#include <stdlib.h>

#include "support/doubles.h"
#include "support/http_server.h"

namespace lifeboat {
namespace {

using test::HttpServer;
using test::ServedRequest;
using test::ServedResponse;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;
using Wire = ServedResponse::Wire;

HttpRequest get(const std::string& url) {
  HttpRequest request;
  request.url = url;
  return request;
}

// The Error that sending throws.
Error failure(HttpClient& client, const HttpRequest& request) {
  try {
    client.send(request);
  } catch (const Error& error) {
    return error;
  }
  ADD_FAILURE() << "no Error was thrown";
  return {ErrorKind::usage, ""};
}

TEST(HttpClient, SendsMethodHeadersAndBodyAndReadsTheAnswer) {
  const HttpServer server([](const ServedRequest&) {
    return ServedResponse{201, {{"X-Answer", " yes "}, {"x-answer", "no"}}, "made"};
  });
  HttpClient client;
  HttpRequest request{"PUT",
                      server.url() + "/a%20b?c=d",
                      {{"X-Key", "k"}, {"X-Empty", ""}},
                      std::string(100'000, 'b')};
  const HttpResponse response = client.send(request);
  EXPECT_EQ(response.status, 201);
  EXPECT_EQ(response.body, "made");
  EXPECT_EQ(response.header("x-answer"), "yes");
  EXPECT_EQ(response.header("x-none"), std::nullopt);
  const auto seen = server.requests();
  ASSERT_EQ(seen.size(), 1u);
  EXPECT_EQ(seen[0].method, "PUT");
  EXPECT_EQ(seen[0].target, "/a%20b?c=d");
  EXPECT_EQ(seen[0].headers.at("x-key"), "k");
  EXPECT_EQ(seen[0].headers.at("x-empty"), "");
  EXPECT_EQ(seen[0].body, request.body);
}

TEST(HttpClient, EmptyBodiesAndManyRequestsOnOneClient) {
  const HttpServer server([](const ServedRequest& request) {
    return ServedResponse{200, {}, request.method + std::to_string(request.body.size())};
  });
  HttpClient client;
  for (const std::string method : {"GET", "POST", "PUT", "DELETE", "GET"}) {
    EXPECT_EQ(client.send({method, server.url(), {}, ""}).body, method + "0");
  }
  EXPECT_EQ(client.send({"POST", server.url(), {}, "1234"}).body, "POST4");
  EXPECT_EQ(client.send({"GET", server.url(), {}, ""}).body, "GET0") << "nothing is left over";
  EXPECT_EQ(server.requests()[1].headers.at("content-length"), "0");
}

TEST(HttpClient, ARedirectIsAnAnswer) {
  const HttpServer other([](const ServedRequest&) { return ServedResponse{}; });
  const HttpServer server([&](const ServedRequest&) {
    return ServedResponse{302, {{"Location", other.url()}}, ""};
  });
  HttpClient client;
  EXPECT_EQ(client.send(get(server.url())).status, 302);
  EXPECT_TRUE(other.requests().empty());
}

TEST(HttpClient, BrokenConnectionsAreTransientErrors) {
  for (const Wire wire : {Wire::drop_before, Wire::drop_in_body, Wire::wrong_length}) {
    const HttpServer server([wire](const ServedRequest&) {
      return ServedResponse{200, {}, std::string(1000, 'x'), wire};
    });
    HttpClient client;
    const Error error = failure(client, get(server.url() + "/path"));
    EXPECT_EQ(error.kind(), ErrorKind::service);
    EXPECT_TRUE(error.is_transient()) << error.what();
    EXPECT_THAT(error.what(), HasSubstr("GET " + server.url() + "/path: "));
  }
  HttpOptions options;
  options.kind = ErrorKind::store;
  HttpClient client(options);
  const Error refused =
      failure(client, get("http://127.0.0.1:" + std::to_string(test::closed_port())));
  EXPECT_EQ(refused.kind(), ErrorKind::store);
  EXPECT_TRUE(refused.is_transient());
  EXPECT_THAT(refused.hints(), testing::ElementsAre(HasSubstr("running")));
}

TEST(HttpClient, AHeadThatIsCutIsNoAnswer) {
  uint64_t cut = 0;
  const HttpServer server([&](const ServedRequest&) {
    return ServedResponse{.body = "body", .wire = Wire::drop_in_head, .wire_byte = cut};
  });
  const std::string head = "HTTP/1.1 200 Scripted\r\nContent-Length: 4\r\n\r\n";
  HttpClient client;
  for (cut = 1; cut < head.size(); ++cut) {
    for (const char* method : {"GET", "HEAD"}) {
      const Error error = failure(client, {.method = method, .url = server.url()});
      EXPECT_TRUE(error.is_transient()) << cut << method << error.what();
    }
  }
}

TEST(HttpClient, ASlowAnswerArrivesAndNoAnswerTimesOut) {
  const HttpServer server([](const ServedRequest& request) {
    const bool slow = request.target == "/drip";
    return ServedResponse{200, {}, std::string(500, 'x'), slow ? Wire::drip : Wire::never_answer};
  });
  HttpClient client;
  EXPECT_EQ(client.send(get(server.url() + "/drip")).body.size(), 500u);
  HttpRequest request = get(server.url());
  request.timeout = std::chrono::milliseconds(100);
  EXPECT_TRUE(failure(client, request).is_transient());
}

TEST(HttpClient, TheBodyIsBounded) {
  const HttpServer server([](const ServedRequest& request) {
    return ServedResponse{200, {}, std::string(request.target == "/more" ? 1001 : 1000, 'x')};
  });
  HttpOptions options;
  options.body_max = 1000;
  HttpClient client(options);
  EXPECT_EQ(client.send(get(server.url())).body.size(), 1000u);
  EXPECT_EQ(failure(client, get(server.url() + "/more")).kind(), ErrorKind::limit);
}

TEST(HttpClient, NoSecretIsInAnError) {
  HttpClient client;
  HttpRequest request =
      get("http://someuser:hunter2@127.0.0.1:" + std::to_string(test::closed_port()) +
          "/path?token=hunter2#hunter2");
  request.headers = {{"Authorization", "hunter2"}};
  const Error error = failure(client, request);
  EXPECT_THAT(error.what(),
              AllOf(HasSubstr("/path"), Not(HasSubstr("hunter2")), Not(HasSubstr("someuser"))));
  request.url = "hunter2 is no url";
  EXPECT_THAT(failure(client, request).what(), Not(HasSubstr("hunter2")));
}

TEST(HttpClient, OnlyHttpAndHttps) {
  HttpClient client;
  for (const char* url : {"file:///etc/passwd", "ftp://127.0.0.1/", "gopher://127.0.0.1", ""}) {
    EXPECT_THAT(failure(client, get(url)).what(), HasSubstr("not an http or https URL")) << url;
  }
}

TEST(HttpClient, AProxyIsNotUsedForLoopback) {
  const HttpServer proxy([](const ServedRequest&) { return ServedResponse{502, {}, ""}; });
  const HttpServer server([](const ServedRequest&) { return ServedResponse{}; });
  ::setenv("http_proxy", proxy.url().c_str(), 1);
  HttpClient client;
  EXPECT_EQ(client.send(get(server.url())).status, 200);
  EXPECT_EQ(client.send(get("http://example.invalid/")).status, 502);
  ::unsetenv("http_proxy");
}

TEST(HttpClient, StopsWhenAsked) {
  const HttpServer server([](const ServedRequest&) {
    return ServedResponse{200, {}, "", Wire::never_answer};
  });
  StopSource stop;
  HttpOptions options;
  options.stop = stop.token();
  HttpClient client(options);
  std::thread thread([&] {
    while (server.requests().empty()) std::this_thread::yield();
    stop.request_stop();
  });
  EXPECT_THROW(client.send(get(server.url())), Interrupted);
  thread.join();
  EXPECT_THROW(client.send(get(server.url())), Interrupted);
}

TEST(HttpClient, ARequestCanHaveAStopOfItsOwn) {
  const HttpServer server([](const ServedRequest& request) {
    return ServedResponse{200, {}, "", request.target == "/" ? Wire::normal : Wire::never_answer};
  });
  HttpClient client;
  StopSource stop;
  HttpRequest request = get(server.url() + "/never");
  request.stop = stop.token();
  std::thread thread([&] {
    while (server.requests().empty()) std::this_thread::yield();
    stop.request_stop();
  });
  EXPECT_THROW(client.send(request), Interrupted);
  thread.join();
  EXPECT_THROW(client.send(request), Interrupted);
}

TEST(HttpClient, ABorrowedBodyIsSentAsItIs) {
  const Bytes body =
      test::SeededRandom().bytes(3'000'000);  // libcurl would wait for a 100 Continue
  const HttpServer server([&](const ServedRequest& request) {
    return ServedResponse{request.body == as_text(body) ? 200 : 400, {}, ""};
  });
  HttpClient client;
  HttpRequest request{.method = "PUT", .url = server.url(), .body = "not this"};
  request.borrowed_body = body;
  EXPECT_EQ(client.send(request).status, 200);
  const ServedRequest seen = server.requests().at(0);
  EXPECT_FALSE(seen.headers.contains("expect"));
  EXPECT_FALSE(seen.headers.contains("content-type"));
}

TEST(HttpClient, ABodyCanBeTakenAsItArrives) {
  const HttpServer server([](const ServedRequest& request) {
    return ServedResponse{request.target == "/none" ? 404 : 206, {}, std::string(100'000, 'x')};
  });
  HttpClient client({.body_max = 100'000});
  size_t taken = 0;
  HttpRequest request = get(server.url());
  request.on_body = [&](ByteView data) { taken += data.size(); };
  EXPECT_EQ(client.send(request).body, "");
  EXPECT_EQ(taken, 100'000u);
  client.send(request);
  EXPECT_EQ(taken, 200'000u) << "body_max counts what is kept";
  request.url += "/none";
  EXPECT_EQ(client.send(request).body.size(), 100'000u) << "an error's body is in the response";
  EXPECT_EQ(taken, 200'000u);
}

TEST(HttpClient, WhatTheTakerOfABodyThrowsComesOut) {
  const HttpServer server([](const ServedRequest&) {
    return ServedResponse{200, {}, std::string(100'000, 'x')};
  });
  HttpClient client;
  HttpRequest request = get(server.url());
  request.on_body = [](ByteView) { throw Error(ErrorKind::crypto, "enough"); };
  const Error error = failure(client, request);
  EXPECT_EQ(error.kind(), ErrorKind::crypto);
  EXPECT_STREQ(error.what(), "enough");
  EXPECT_EQ(client.send(get(server.url())).status, 200) << "the client goes on";
}

TEST(HttpClient, AStallIsATransientError) {
  const HttpServer server([](const ServedRequest&) {
    return ServedResponse{200, {}, "", Wire::never_answer};
  });
  HttpClient client;
  HttpRequest request = get(server.url());
  request.timeout = std::chrono::milliseconds(0);
  request.stall_timeout = std::chrono::seconds(1);
  const Error error = failure(client, request);
  EXPECT_TRUE(error.is_transient());
  EXPECT_THAT(error.what(), HasSubstr("too slow"));
}

TEST(HttpClient, AnUploadKeepsToItsLimit) {
  const HttpServer server([](const ServedRequest&) { return ServedResponse{}; });
  HttpClient client;
  HttpRequest request{.method = "PUT", .url = server.url(), .body = std::string(300'000, 'x')};
  request.upload_bytes_per_second = 1'000'000;
  const auto begin = std::chrono::steady_clock::now();
  client.send(request);
  const auto took = std::chrono::steady_clock::now() - begin;
  EXPECT_GT(took, std::chrono::milliseconds(200));
  EXPECT_EQ(server.requests().at(0).body, request.body);
}

TEST(HttpClient, ParsesOrigins) {
  const auto authority = [](const char* url) {
    const auto origin = parse_origin(url);
    return origin ? origin->scheme + " " + origin->host + " " + origin->authority : "";
  };
  EXPECT_EQ(authority("https://s3.example.com"), "https s3.example.com s3.example.com");
  EXPECT_EQ(authority("https://s3.example.com:443/"), "https s3.example.com s3.example.com");
  EXPECT_EQ(authority("HTTP://s3.example.com:443"), "http s3.example.com s3.example.com:443");
  EXPECT_EQ(authority("http://[::1]:9000"), "http [::1] [::1]:9000");
  for (const char* url :
       {"s3.example.com", "ftp://h", "https://h/path", "https://u@h", "https://h?q",
        "https://u:p@h", "https://h#f", "https://", "https://h/%2e", ""}) {
    EXPECT_EQ(authority(url), "") << url;
  }
}

TEST(HttpClient, WhatIsToldOfAUrl) {
  const std::string url = "https://user:word@h.example:8443/api/TOKEN?key=1#part";
  EXPECT_EQ(printable_url(url), "https://h.example:8443/api/TOKEN");
  EXPECT_EQ(printable_origin(url), "https://h.example:8443");
  EXPECT_EQ(printable_origin("smtp://mail.example"), "smtp://mail.example");
  EXPECT_EQ(printable_origin("TOKEN"), "(not a URL)");
}

TEST(HttpClient, ToldAsStandsInForTheUrlInErrors) {
  HttpClient client;
  HttpRequest request = get("http://127.0.0.1:" + std::to_string(test::closed_port()) + "/TOKEN");
  request.told_as = "tell somebody";
  EXPECT_THAT(failure(client, request).what(), StartsWith("tell somebody: "));
  EXPECT_THAT(failure(client, request).what(), Not(HasSubstr("TOKEN")));
  request.url = "ftp://h/TOKEN";
  EXPECT_THAT(failure(client, request).what(), StartsWith("tell somebody: not an http"));
}

TEST(HttpClient, ParsesDates) {
  EXPECT_EQ(parse_http_date("Thu, 07 May 2026 02:00:00 GMT"), parse_time("2026-05-07T02:00:00Z"));
  for (const char* text : {"", "120", "soon", "Thu, 07 May 9999 02:00:00 GMT"}) {
    EXPECT_EQ(parse_http_date(text), std::nullopt) << text;
  }
}

TEST(HttpClient, TransientStatuses) {
  for (const int status : {408, 429, 500, 502, 503, 504}) EXPECT_TRUE(is_transient_status(status));
  for (const int status : {200, 301, 400, 401, 403, 404, 409, 501, 505}) {
    EXPECT_FALSE(is_transient_status(status)) << status;
  }
}

}  // namespace
}  // namespace lifeboat
