// An S3 client over a transport that answers as a test says; test code only.
#pragma once

#include <gmock/gmock.h>

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "store/s3/s3_client.h"
#include "support/doubles.h"

namespace lifeboat {

inline std::string s3_error_xml(const std::string& code, const std::string& more = "") {
  return "<?xml version=\"1.0\"?><Error><Code>" + code + "</Code>" + more + "</Error>";
}

// Answers as a test says, and keeps what it was asked.
class FakeTransport final : public S3Transport {
 public:
  S3Response send(const S3Request& request, Timestamp signing_time) override {
    requests.push_back(request);
    times.push_back(signing_time);
    return answer(requests.size());
  }
  std::function<S3Response(size_t number)> answer = [](size_t) { return S3Response{200, {}, ""}; };
  std::vector<S3Request> requests;
  std::vector<Timestamp> times;
};

class S3ClientTest : public testing::Test {
 protected:
  S3ClientTest() {
    options_.bucket = "backups";
    options_.region = "eu-central-1";
    options_.warn = [this](const std::string& sentence) { warnings_.push_back(sentence); };
    call_.request.method = "GET";
    call_.request.key = "vps-h1/k";
    call_.attempted = "read 'vps-h1/k'";
    call_.right = "s3:GetObject";
  }
  S3Client& client() {
    if (!client_) client_ = std::make_unique<S3Client>(transport_, options_, clock_, random_);
    return *client_;
  }
  Error failure() {
    try {
      client().send(call_);
    } catch (const Error& error) {
      return error;
    }
    ADD_FAILURE() << "no Error was thrown";
    return {ErrorKind::usage, ""};
  }
  // How the call fails if the server always gives this answer.
  Error failure_of(int status, const std::string& body, const HttpHeaders& headers = {}) {
    transport_.answer = [=](size_t) { return S3Response{status, headers, body}; };
    return failure();
  }
  std::string hint_of(int status, const std::string& body, const HttpHeaders& headers = {}) {
    const Error error = failure_of(status, body, headers);
    EXPECT_FALSE(error.is_transient());
    EXPECT_THAT(error.what(), testing::HasSubstr(call_.attempted + ": the server answered "));
    return testing::PrintToString(error.hints());
  }
  std::chrono::nanoseconds elapsed() const { return clock_.steady_now().time_since_epoch(); }

  S3Options options_;
  FakeTransport transport_;
  test::ManualClock clock_{"2026-05-07T02:00:00Z"};
  test::SeededRandom random_;
  std::vector<std::string> warnings_;
  S3Call call_;
  std::unique_ptr<S3Client> client_;
};

}  // namespace lifeboat
