// Bytes of an object on their way out of a bucket.
//
// What fits into a block is one request for exactly that range: reading one member of a remote
// archive costs its bytes and no more. A longer read fetches blocks ahead by a few threads, since
// one connection rarely fills a long line, and hands them out in order. A transfer that breaks goes
// on from the byte it reached.
#pragma once

#include <memory>
#include <string>

#include "base/stop.h"
#include "io/source.h"
#include "store/s3/s3_client.h"
#include "store/store.h"

namespace lifeboat {

// Throws Error(store) if the object is missing or `range` begins beyond its end. Memory: one block,
// or `download_workers + 1` once the reader has used up the first. All blocks are of one state of
// the object: Error(store) if it changes. `client` must outlive the source.
std::unique_ptr<Source> open_download(S3Client& client, const std::string& key, ByteRange range,
                                      const StopToken& stop);

}  // namespace lifeboat
