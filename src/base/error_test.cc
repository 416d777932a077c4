#include "base/error.h"

#include <gmock/gmock.h>

#include <cerrno>
#include <set>

#include "base/exit_code.h"

namespace lifeboat {
namespace {

using testing::ElementsAre;

TEST(Error, TellsTheOutermostFrameFirst) {
  try {
    with_context("back up", [] {
      with_context([] { return std::string("read 'x'"); },
                   [] { throw Error(ErrorKind::service, "denied").hint("Run as root."); });
    });
    FAIL();
  } catch (const Error& error) {
    EXPECT_STREQ(error.what(), "back up: read 'x': denied");
    EXPECT_EQ(error.message(), "denied");
    EXPECT_EQ(error.kind(), ErrorKind::service);
    EXPECT_THAT(error.hints(), ElementsAre("Run as root."));
    EXPECT_THAT(error.context(), ElementsAre("read 'x'", "back up"));
    EXPECT_FALSE(error.is_transient());
  }
}

TEST(Error, ContextReturnsWhatTheBodyReturns) {
  EXPECT_EQ(with_context("frame", [] { return 7; }), 7);
  EXPECT_THROW(with_context("frame", [] { throw Interrupted(); }), Interrupted);
  EXPECT_THROW(with_context("frame", [] { throw Bug("broken"); }), Bug);
}

TEST(Error, BuildersKeepWhatWasSaid) {
  const Error error = Error(ErrorKind::store, "reset").hint("One.").hint("Two.").transient();
  EXPECT_TRUE(error.is_transient());
  EXPECT_THAT(error.hints(), ElementsAre("One.", "Two."));
}

TEST(Error, SystemErrorsSayWhy) {
  const Error missing = system_error(ErrorKind::store, "open '/x'", ENOENT);
  EXPECT_STREQ(missing.what(), "open '/x': no such file or directory");
  EXPECT_TRUE(missing.hints().empty());
  EXPECT_EQ(system_error(ErrorKind::limit, "write", ENOSPC).hints().size(), 1u);
  EXPECT_EQ(system_error(ErrorKind::service, "read", EACCES).hints().size(), 1u);
  EXPECT_STREQ(system_error(ErrorKind::store, "poke", EIO).what(), "poke: input/output error");
  EXPECT_STREQ(system_error(ErrorKind::store, "poke", 99999).what(), "poke: unknown error 99999");
}

TEST(Error, EnsureIsForBugs) {
  ensure(true, "fine");
  EXPECT_THROW(ensure(false, "broken"), Bug);
}

TEST(ExitCode, IsTheContract) {
  std::vector<int> codes;
  for (const ExitCode& row : exit_codes()) codes.push_back(row.code);
  EXPECT_THAT(codes, ElementsAre(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 70, 130));
  EXPECT_EQ(exit_code(ErrorKind::usage), 2);
  EXPECT_EQ(exit_code(ErrorKind::config), 3);
  EXPECT_EQ(exit_code(ErrorKind::service), 4);
  EXPECT_EQ(exit_code(ErrorKind::store), 5);
  EXPECT_EQ(exit_code(ErrorKind::crypto), 6);
  EXPECT_EQ(exit_code(ErrorKind::verification), 7);
  EXPECT_EQ(exit_code(ErrorKind::partial), 8);
  EXPECT_EQ(exit_code(ErrorKind::locked), 9);
  EXPECT_EQ(exit_code(ErrorKind::limit), 10);
  EXPECT_EQ(kind_name(ErrorKind::store), "store");
  EXPECT_EQ(kind_name(ErrorKind::limit), "limit");
}

}  // namespace
}  // namespace lifeboat
