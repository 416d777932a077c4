#include "support/shell.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <spawn.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <fstream>
#include <sstream>

#include "base/error.h"
#include "io/files.h"

extern char** environ;

namespace lifeboat::test {

ShellResult shell(const std::string& command) {
  std::array<int, 2> pipe_fds{};
  if (::pipe2(pipe_fds.data(), O_CLOEXEC) != 0) throw Bug("pipe");
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0);
  posix_spawn_file_actions_adddup2(&actions, pipe_fds[1], 1);
  posix_spawn_file_actions_adddup2(&actions, pipe_fds[1], 2);
  std::string text = command;
  std::array<char*, 4> argv{const_cast<char*>("bash"), const_cast<char*>("-c"), text.data(),
                            nullptr};
  pid_t pid = -1;
  const int spawned = ::posix_spawnp(&pid, "bash", &actions, nullptr, argv.data(), environ);
  posix_spawn_file_actions_destroy(&actions);
  ::close(pipe_fds[1]);
  if (spawned != 0) throw Bug("spawn bash");
  FdSource source(UniqueFd(pipe_fds[0]), "shell output");
  ShellResult result;
  result.output = as_text(read_all(source, 1 << 28, "shell output"));
  int status = 0;
  ::waitpid(pid, &status, 0);
  result.status = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  return result;
}

std::string shell_ok(const std::string& command) {
  ShellResult result = shell(command);
  EXPECT_EQ(result.status, 0) << "command: " << command << "\n" << result.output;
  return result.output;
}

TempFolder::TempFolder() {
  std::string pattern = (std::filesystem::temp_directory_path() / "lifeboat-test-XXXXXX").native();
  if (::mkdtemp(pattern.data()) == nullptr) throw Bug("mkdtemp");
  path_ = pattern;
}

TempFolder::~TempFolder() {
  try {
    remove_tree(path_, ErrorKind::limit);
  } catch (const Error& error) {
    ADD_FAILURE() << error.what();
  }
}

void write_file(const std::filesystem::path& path, std::string_view content) {
  std::filesystem::create_directories(path.parent_path());
  std::ofstream stream(path, std::ios::binary);
  stream << content;
  if (!stream.flush()) throw Bug("test file cannot be written: " + path.native());
}

void write_file(const std::filesystem::path& path, ByteView content) {
  write_file(path, as_text(content));
}

std::string slurp(const std::filesystem::path& path) {
  std::ifstream stream(path, std::ios::binary);
  std::ostringstream content;
  content << stream.rdbuf();
  EXPECT_TRUE(stream.good()) << path;
  return content.str();
}

}  // namespace lifeboat::test
