// What an S3 server's refusal means, and what a person can do about it.
//
// Codes decide, never message texts: Ceph sends none, and every provider words its own. A HEAD has
// no body, so the status and Amazon's region header must do.
// https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html
#pragma once

#include <string>

#include "base/error.h"
#include "store/s3/s3_client.h"
#include "store/s3/s3_xml.h"

namespace lifeboat {

struct S3Refusal {
  int status = 0;  // 2xx: the error came in the body of a success
  S3ErrorBody body;
};

S3Refusal read_s3_refusal(const S3Response& response);
// The same request may well succeed in a moment.
bool is_transient_code(const std::string& code);
// The keys themselves were refused, whatever was asked.
bool is_credentials_code(const std::string& code);
bool is_clock_code(const std::string& code);
// Error(store) in the context of what `call` attempted. Never holds a header or a query.
Error s3_refusal_error(const S3Call& call, const S3Refusal& refusal, const S3Options& options);

}  // namespace lifeboat
