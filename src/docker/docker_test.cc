// The Docker room against an engine that is told what to say, and that misbehaves.
#include "docker/docker.h"

#include <gmock/gmock.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "base/log.h"
#include "docker/scripted_engine_test_kit.h"
#include "support/doubles.h"

namespace lifeboat {
namespace {

using test::drain;
using test::EngineReply;
using test::error_text;
using test::frame;
using test::json_reply;
using test::ManualClock;
using test::ScriptedEngine;
using test::stream_reply;
using testing::ElementsAre;
using testing::Field;
using testing::HasSubstr;
using testing::StartsWith;

const std::string listing = R"([
  {"Id": "aaaaaaaaaaaa1111", "Names": ["/web/db", "/db"], "Image": "mariadb:10", "State": "running",
   "Labels": {"com.docker.compose.project": "shop", "com.docker.compose.service": "db", "k": "v"},
   "Mounts": [{"Type": "volume", "Name": "dbdata", "Source": "/v/dbdata/_data",
               "Destination": "/var/lib/mysql", "RW": true}]},
  {"Id": "bbbbbbbbbbbb2222", "Names": ["/app"], "Image": "app", "State": "exited", "Labels": null,
   "Mounts": [{"Type": "volume", "Name": "dbdata", "Source": "/v/dbdata/_data",
               "Destination": "/data", "RW": false}]},
  {"Id": "cccccccccccc3333", "Names": ["/shop_db_run_1"], "State": "running",
   "Labels": {"com.docker.compose.project": "shop", "com.docker.compose.service": "db",
              "com.docker.compose.oneoff": "True"}, "Mounts": null}])";

// The hints of the Error that `body` throws.
std::string hints_of(const std::function<void()>& body) {
  try {
    body();
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::service);
    return error.hints().empty() ? "" : error.hints().front();
  }
  ADD_FAILURE() << "no error";
  return "";
}

class DockerTest : public testing::Test {
 protected:
  std::string dump(DockerExec exec = {.argv = {"dump"}}) {
    return std::string(as_text(drain(*docker.exec_source("c1", std::move(exec)))));
  }

  ScriptedEngine engine;
  ManualClock clock;
  Docker docker{engine.options(), clock};
};

TEST_F(DockerTest, SpeaksTheEnginesVersionIfItIsTheOlder) {
  EXPECT_EQ(docker.version(), "20.10.24 (API 1.41)");
}

TEST(DockerVersion, IsAgreedOn) {
  const auto spoken = [](const std::string& newest, const std::string& oldest) {
    ScriptedEngine engine;
    // Behind the first, which is the kit's own.
    engine.on("GET /version", json_reply(200, format(R"({{"Version": "x", "ApiVersion": "{}",
                                              "MinAPIVersion": "{}"}})",
                                                     newest, oldest)));
    ManualClock clock;
    Docker first({.socket = engine.socket_path()}, clock);
    first.version();
    return Docker({.socket = engine.socket_path()}, clock).version();
  };
  EXPECT_EQ(spoken("1.52", "1.44"), "x (API 1.47)") << "ours";
  EXPECT_EQ(spoken("1.44", "1.24"), "x (API 1.44)") << "the engine's";
  EXPECT_EQ(spoken("1.70", "1.60"), "x (API 1.60)") << "never below its oldest";
  EXPECT_THAT(error_text([&] { spoken("1.24", "1.12"); }), HasSubstr("1.35 is needed"));
  EXPECT_THAT(error_text([&] { spoken("soon", ""); }), HasSubstr("1.35 is needed"));
}

TEST_F(DockerTest, ARefusedVersionIsTold) {
  engine.on("GET /containers/json?all=true",
            json_reply(400, R"({"message": "client version 1.41 is too old. Minimum supported API "
                               "version is 1.44"})"));
  engine.on("GET /volumes", json_reply(400, R"({"message": "client version 1.41 is too old"})"));
  const auto ask = [&] { docker.volumes(); };
  EXPECT_THAT(error_text(ask), HasSubstr("client version 1.41 is too old"));
  EXPECT_THAT(hints_of(ask), HasSubstr("update the older"));
}

TEST_F(DockerTest, FindsContainers) {
  engine.on("GET /containers/json?all=true", json_reply(200, listing));
  const auto names = [&](const DockerQuery& query) {
    std::string found;
    for (const DockerContainer& one : docker.containers(query)) found += one.name + " ";
    return found;
  };
  EXPECT_EQ(names({}), "app db ") << "no one-off";
  EXPECT_EQ(names({.name = "db"}), "db ");
  EXPECT_EQ(names({.name = "aaaaaaaaaaaa"}), "db ");
  EXPECT_EQ(names({.name = "aaaa"}), "") << "too short for an id";
  EXPECT_EQ(names({.name = "shop_db_run_1"}), "shop_db_run_1 ");
  EXPECT_EQ(names({.volume = "dbdata"}), "app db ");
  EXPECT_EQ(names({.compose_project = "shop", .compose_service = "db"}), "db ");
  EXPECT_EQ(names({.label = "k"}), "db ");
  EXPECT_EQ(names({.label = "k=v"}), "db ");
  EXPECT_EQ(names({.label = "k=w"}), "");
  const DockerContainer db = docker.container({.name = "db"});
  EXPECT_TRUE(db.is_running());
  EXPECT_EQ(db.mounts.at(0).destination, "/var/lib/mysql");
  EXPECT_FALSE(db.mounts.at(0).read_only);
  EXPECT_TRUE(docker.container({.name = "app"}).mounts.at(0).read_only);
}

TEST_F(DockerTest, NamesTheCandidates) {
  engine.on("GET /containers/json?all=true", json_reply(200, listing));
  const auto both = [&] { docker.container({.volume = "dbdata"}); };
  EXPECT_THAT(error_text(both), HasSubstr("with volume 'dbdata': there are 2: app, db"));
  const auto typo = [&] { docker.container({.name = "bd"}); };
  EXPECT_THAT(error_text(typo), HasSubstr("container 'bd': there is none"));
  EXPECT_EQ(hints_of(typo), "Did you mean 'db'?");
  EXPECT_EQ(hints_of([&] { docker.container({.volume = "x"}); }), "There are: app, db.");
}

TEST_F(DockerTest, LooksAtOne) {
  engine.on("GET /containers/c1/json", json_reply(200, R"({"Id": "c1", "Name": "/n8n",
    "Image": "sha256:ff", "State": {"Status": "running"}, "HostConfig": {"AutoRemove": true},
    "Config": {"Image": "n8nio/n8n:1", "Env": ["A=1=2", "EMPTY=", "NONE"], "User": "node",
               "Labels": {"x": "y"}, "StopTimeout": 45}, "Mounts": []})"));
  engine.on("GET /images/sha256:ff/json",
            json_reply(200, R"({"RepoDigests": ["n8nio/n8n@sha256:aa"]})"));
  const DockerDetails details = docker.inspect("c1");
  EXPECT_EQ(details.container.name, "n8n");
  EXPECT_EQ(details.container.image, "n8nio/n8n:1");
  EXPECT_EQ(details.image_digest, "sha256:ff");
  EXPECT_THAT(details.repo_digests, ElementsAre("n8nio/n8n@sha256:aa"));
  EXPECT_EQ(details.env.at("A"), "1=2");
  EXPECT_EQ(details.user, "node");
  EXPECT_TRUE(details.is_removed_when_stopped);
  EXPECT_EQ(details.stop_grace, std::chrono::seconds(45));
}

TEST_F(DockerTest, WhatIsGoneIsTold) {
  engine.on("GET /containers/c1/json", json_reply(404, R"({"message": "No such container: c1"})"));
  EXPECT_THAT(error_text([&] { docker.inspect("c1"); }), HasSubstr("No such container: c1"));
  EXPECT_EQ(docker.state("c1"), std::nullopt);
  EXPECT_EQ(docker.volume("gone"), std::nullopt);
  EXPECT_THAT(error_text([&] { docker.inspect("../images"); }), HasSubstr("not a name"));
}

TEST_F(DockerTest, AnAnswerThatIsNoJsonIsAnError) {
  engine.on("GET /volumes", json_reply(200, "<html>"));
  EXPECT_THAT(error_text([&] { docker.volumes(); }), HasSubstr("not JSON"));
}

TEST_F(DockerTest, GivesTheOutputOfACommand) {
  EngineReply stream = stream_reply(frame(1, "one\n") + frame(2, "note\n") + frame(1, "two\n"));
  stream.drips = true;
  engine.on_exec(stream, 0);
  EXPECT_EQ(dump({.argv = {"dump", "--all"},
                  .env = {{"PW", std::make_shared<Secret>(std::string_view("s3cret"))}},
                  .user = "root"}),
            "one\ntwo\n");
  const std::string made = engine.requests().at(1);
  EXPECT_THAT(made, StartsWith("POST /v1.41/containers/c1/exec {"));
  EXPECT_THAT(made, HasSubstr(R"("Cmd":["dump","--all"],"Env":["PW=s3cret"],"User":"root")"));
  EXPECT_THAT(made, HasSubstr(R"("Tty":false)"));
}

// What podman says of a command that has not ended: the code is there before its time.
const EngineReply still_running = json_reply(200, R"({"Running": true, "ExitCode": 0})");

TEST(DockerExecStream, ThatBreaksOffIsAnErrorAtEveryByte) {
  const std::string frames = frame(1, "one\n") + frame(1, "two\n");
  for (size_t size = 0; size <= frames.size(); ++size) {
    ScriptedEngine engine;
    engine.on("GET /exec/e1/json", still_running);
    engine.on("POST /containers/c1/exec", json_reply(201, R"({"Id": "e1"})"));
    engine.on("POST /exec/e1/start", stream_reply(frames.substr(0, size)));
    ManualClock clock;
    Docker docker(engine.options(), clock);
    const auto source = docker.exec_source("c1", {.argv = {"dump"}});
    EXPECT_THAT(error_text([&] { drain(*source); }),
                HasSubstr(size % 12 == 0 ? "ended while it still runs" : "broke off"))
        << size;
    EXPECT_LT(clock.steady_now().time_since_epoch(), std::chrono::seconds(12));
    EXPECT_THROW(drain(*source), Bug) << "an error stays one";
  }
}

TEST_F(DockerTest, TheExitCodeIsWaitedFor) {
  engine.on("GET /exec/e1/json", still_running);
  engine.on("GET /exec/e1/json", json_reply(200, R"({"Running": true, "ExitCode": null})"));
  engine.on_exec(stream_reply(frame(1, "all")), 0);
  EXPECT_EQ(dump(), "all");
  EXPECT_EQ(engine.requests().size(), 6u);
}

TEST_F(DockerTest, AFailedCommandIsToldWithItsStderr) {
  log_redact("hunter2hunter2");
  engine.on_exec(stream_reply(frame(1, "half") + frame(2, "password hunter2hunter2 refused\n")), 2);
  EXPECT_THAT(error_text([&] { dump(); }),
              HasSubstr("run 'dump' in container 'c1': it ended with exit code 2: password *** "
                        "refused"));
  const DockerExecResult result = docker.exec("c1", {.argv = {"dump"}});
  EXPECT_EQ(result.output, "half");
  EXPECT_EQ(result.exit_code, 2);
  EXPECT_EQ(result.stderr_tail, "password hunter2hunter2 refused\n");
}

TEST_F(DockerTest, ACommandThatCannotStartIsTold) {
  engine.on_exec(stream_reply(frame(1, "OCI runtime exec failed: \"dump\": not found\r\n")), 127);
  EXPECT_THAT(error_text([&] { dump(); }), HasSubstr("exit code 127: OCI runtime exec failed"));
  EXPECT_EQ(hints_of([&] { dump(); }), "Is that program in the container's image?");
}

TEST_F(DockerTest, TooMuchOutputIsALimit) {
  engine.on_exec(stream_reply(frame(1, std::string(1000, 'x'))), 0);
  EXPECT_NO_THROW(docker.exec("c1", {.argv = {"dump"}}, 1000));
  try {
    docker.exec("c1", {.argv = {"dump"}}, 999);
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::limit);
  }
}

TEST_F(DockerTest, PausedAndStoppedContainersAreTold) {
  engine.on("POST /containers/c1/exec",
            json_reply(409, R"({"message": "Container c1 is paused, unpause it first"})"));
  engine.on("POST /containers/c2/exec",
            json_reply(409, R"({"message": "Container c2 is not running"})"));
  EXPECT_THAT(hints_of([&] { dump(); }), HasSubstr("docker unpause"));
  EXPECT_THAT(hints_of([&] { docker.exec("c2", {.argv = {"x"}}); }), HasSubstr("docker start"));
}

TEST_F(DockerTest, AStartThatIsRefusedIsTold) {
  engine.on_exec(json_reply(409, R"({"message": "Container c1 is not running"})"), 0);
  EXPECT_THAT(error_text([&] { dump(); }), HasSubstr("Container c1 is not running"));
}

TEST_F(DockerTest, AChunkedStreamIsRefused) {
  EngineReply stream = stream_reply("");
  stream.bytes = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n";
  engine.on_exec(stream, 0);
  EXPECT_THAT(error_text([&] { dump(); }), HasSubstr("no stream"));
}

TEST_F(DockerTest, AConnectionThatClosesWithoutAnAnswerIsAnError) {
  engine.on_exec({.bytes = "HTTP/1.1 101 UPG", .closes = true}, 0);
  EXPECT_THAT(error_text([&] { dump(); }), HasSubstr("without an answer"));
}

TEST_F(DockerTest, InputGoesToTheCommandAndEnds) {
  EngineReply stream = stream_reply(frame(1, "restored"));
  stream.reads_input = true;
  engine.on_exec(stream, 0);
  test::SteppedSource input(Bytes(300'000, std::byte{'i'}), 0);
  EXPECT_EQ(dump({.argv = {"restore"}, .input = &input}), "restored");
  EXPECT_EQ(engine.input(), std::string(300'000, 'i'));
  EXPECT_THAT(engine.requests().at(1), HasSubstr(R"("AttachStdin":true)"));
}

TEST_F(DockerTest, InputThatIsNotTakenIsAnError) {
  engine.on_exec(stream_reply(frame(1, "restored")), 0);
  ZeroSource input(8 << 20);
  EXPECT_THAT(error_text([&] { dump({.argv = {"restore"}, .input = &input}); }),
              testing::AnyOf(HasSubstr("before it had read all its input"),
                             HasSubstr("the connection broke")));
}

TEST_F(DockerTest, ACommandPastItsTimeIsAnError) {
  EngineReply silent = stream_reply("");
  silent.closes = false;
  engine.on_exec(silent, 0);
  SystemClock real;
  Docker its(engine.options(), real);
  const auto source =
      its.exec_source("c1", {.argv = {"dump"}, .timeout = std::chrono::milliseconds(60)});
  EXPECT_THAT(error_text([&] { drain(*source); }), HasSubstr("did not end in time"));
}

TEST_F(DockerTest, StopsWhenAskedTo) {
  StopSource stop;
  engine.on_exec(stream_reply(frame(1, "x")), 0);
  engine.on("POST /containers/c1/start", json_reply(204, ""));
  Docker its({.socket = engine.socket_path(), .stop = stop.token()}, clock);
  const auto source = its.exec_source("c1", {.argv = {"dump"}});
  stop.request_stop();
  EXPECT_THROW(drain(*source), Interrupted);
  EXPECT_THROW(its.volumes(), Interrupted);
  EXPECT_NO_THROW(its.start("c1")) << "what undoes must go on";
}

TEST_F(DockerTest, ASecretThatJsonCannotCarryIsRefused) {
  const auto secret = std::make_shared<Secret>(std::string_view("\xff\xfe"));
  const auto give = [&] { dump({.argv = {"dump"}, .env = {{"PW", secret}}}); };
  EXPECT_THAT(error_text(give), HasSubstr("give PW to a command in a container: not UTF-8"));
}

TEST_F(DockerTest, SecretsComeFromTheEnvironmentOrAFile) {
  DockerDetails details;
  details.container.id = "c1";
  details.env = {{"PLAIN", "value"}, {"EMPTY", ""}, {"KEPT_FILE", "/run/secrets/kept"}};
  engine.on_exec(stream_reply(frame(1, "from the file\n\n")), 0);
  EXPECT_EQ(docker_secret(docker, details, "PLAIN")->reveal(), "value");
  EXPECT_EQ(docker_secret(docker, details, "KEPT")->reveal(), "from the file");
  EXPECT_EQ(docker_secret(docker, details, "EMPTY"), nullptr);
  EXPECT_EQ(docker_secret(docker, details, "NONE"), nullptr);
  EXPECT_EQ(redact("from the file"), "***");
}

TEST(DockerSocket, WhatIsWrongWithItIsTold) {
  ManualClock clock;
  const test::TempFolder folder;
  const DockerOptions missing{.socket = folder / "no.sock"};
  EXPECT_THAT(hints_of([&] { Docker(missing, clock).version(); }), HasSubstr("DOCKER_HOST"));
  EXPECT_FALSE(Docker::is_present(missing));
  test::write_file(folder / "file", "");
  const DockerOptions file{.socket = folder / "file"};
  EXPECT_THAT(hints_of([&] { Docker(file, clock).version(); }), HasSubstr("start the engine"));
  EXPECT_FALSE(Docker::is_present(file));
  const DockerOptions longer{.socket = folder / std::string(200, 'x')};
  EXPECT_THAT(error_text([&] { Docker(longer, clock).version(); }), HasSubstr("too long"));
}

TEST(DockerSocket, IsTheOneOfDockerHost) {
  ScriptedEngine engine;
  ManualClock clock;
  ::setenv("DOCKER_HOST", ("unix://" + engine.socket_path().native()).c_str(), 1);
  ::setenv("http_proxy", "http://127.0.0.1:1", 1);  // not for sockets
  EXPECT_TRUE(Docker::is_present({}));
  EXPECT_EQ(Docker({}, clock).version(), "20.10.24 (API 1.41)");
  ::setenv("DOCKER_HOST", "ssh://root:pw@h1/run", 1);
  EXPECT_FALSE(Docker::is_present({}));
  const std::string text = error_text([&] { Docker({}, clock); });
  EXPECT_THAT(text, HasSubstr("'ssh://' is no path of a unix socket"));
  EXPECT_THAT(hints_of([&] { Docker({}, clock); }), HasSubstr("on this host"));
  ::unsetenv("http_proxy");
  ::unsetenv("DOCKER_HOST");
}

}  // namespace
}  // namespace lifeboat
