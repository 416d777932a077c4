// For the tests of this folder: trees on disk into FileMeta and back, and what a tree looks like.
#pragma once

#include <string>

#include "codec/tar/tar.h"

namespace lifeboat::tar {

// A file member with ordinary metadata.
FileMeta meta_of(std::string path);

// Reads the tree under `folder` with all that FileMeta can say, and writes it to `target` as a tar.
void archive_folder(const std::filesystem::path& folder, Sink& target);

// Extracts a whole archive; the caller calls nothing else.
void extract_all(Source& archive, const std::filesystem::path& root, ExtractOptions options = {});

// One line for each thing under `folder`: type, mode, owner, mtime, size, disk blocks of sparse
// files, link target, hard link group, xattrs, SHA-256 of the content.
std::string describe_tree(const std::filesystem::path& folder);

}  // namespace lifeboat::tar
