#include "recipe/mysql/access.h"

#include <fcntl.h>

#include <cerrno>

#include "base/error.h"
#include "base/format.h"
#include "process/process.h"

namespace lifeboat {
namespace {

constexpr const char* password_variable = "MYSQL_PWD";
constexpr std::chrono::seconds version_timeout{60};

class HostAccess final : public ProgramAccess {
 public:
  HostAccess(std::shared_ptr<const Secret> password, RecipeContext& context)
      : password_(std::move(password)), clock_(context.clock), stop_(context.stop) {}

  std::unique_ptr<Source> run(std::vector<std::string> argv, ProgramInput input,
                              std::chrono::seconds at_most) override {
    ChildOptions options;
    options.argv = std::move(argv);
    if (password_) {
      options.environment.emplace_back(password_variable, std::string(password_->reveal()));
    }
    options.input = std::move(input.text);
    if (input.file) options.input_fd = input.file->get();
    options.timeout = at_most;
    options.stop = stop_;
    return std::make_unique<ChildSource>(std::move(options), clock_);
  }

  std::optional<std::string> version_of(const std::string& program) override {
    if (!has_program(program)) return std::nullopt;
    ChildOptions options{{program, "--version"}, {}, nullptr, version_timeout, stop_};
    return run_command(std::move(options), clock_).output;
  }

  std::string place() const override { return "on this host"; }

 private:
  std::shared_ptr<const Secret> password_;
  Clock& clock_;
  StopToken stop_;
};

// An exec's output, with what it reads kept alive.
class FedExec final : public Source {
 public:
  FedExec(Docker& docker, const std::string& id, DockerExec exec, const ProgramInput& input) {
    if (input.file) {
      input_ = std::make_unique<FdSource>(open_again(input.file->get()), "a program's stdin");
    } else if (input.text) {
      input_ = std::make_unique<MemorySource>(input.text->reveal());
    }
    exec.input = input_.get();
    output_ = docker.exec_source(id, std::move(exec));
  }
  size_t read(ByteSpan target) override { return output_->read(target); }

 private:
  // Shares the position of the descriptor, as a child's stdin would.
  static UniqueFd open_again(int fd) {
    UniqueFd copy(::fcntl(fd, F_DUPFD_CLOEXEC, 0));
    if (!copy) throw system_error(ErrorKind::limit, "copy a descriptor", errno);
    return copy;
  }

  std::unique_ptr<Source> input_;  // outlives the exec
  std::unique_ptr<Source> output_;
};

class ContainerAccess final : public ProgramAccess {
 public:
  ContainerAccess(const DockerDetails& details, std::shared_ptr<const Secret> password,
                  RecipeContext& context)
      : docker_(context.docker_options(), context.clock),
        id_(details.container.id),
        name_(details.container.name),
        password_(std::move(password)) {}

  std::unique_ptr<Source> run(std::vector<std::string> argv, ProgramInput input,
                              std::chrono::seconds at_most) override {
    DockerExec exec;
    exec.argv = std::move(argv);
    if (password_) exec.env[password_variable] = password_;
    exec.timeout = at_most;
    return std::make_unique<FedExec>(docker_, id_, std::move(exec), input);
  }

  std::optional<std::string> version_of(const std::string& program) override {
    DockerExec exec;
    exec.argv = {program, "--version"};
    exec.timeout = version_timeout;
    const DockerExecResult result = docker_.exec(id_, std::move(exec));
    if (result.exit_code != 0) return std::nullopt;
    return result.output;
  }

  std::string place() const override { return format("in container '{}'", name_); }

 private:
  Docker docker_;
  std::string id_;
  std::string name_;
  std::shared_ptr<const Secret> password_;
};

}  // namespace

std::unique_ptr<ProgramAccess> make_host_access(std::shared_ptr<const Secret> password,
                                                RecipeContext& context) {
  return std::make_unique<HostAccess>(std::move(password), context);
}

std::unique_ptr<ProgramAccess> make_container_access(const DockerDetails& details,
                                                     std::shared_ptr<const Secret> password,
                                                     RecipeContext& context) {
  return std::make_unique<ContainerAccess>(details, std::move(password), context);
}

}  // namespace lifeboat
