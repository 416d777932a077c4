#include "recipe/postgres/held_snapshot.h"

#include "base/error.h"
#include "base/format.h"
#include "base/log.h"
#include "base/text.h"

namespace lifeboat {
namespace {

constexpr size_t line_bytes_max = 1000;

std::string first_line(Source& source) {
  std::string line;
  Bytes block(line_bytes_max);
  while (line.find('\n') == std::string::npos && line.size() < line_bytes_max) {
    const size_t count = source.read(block);
    if (count == 0) break;
    line += as_text(ByteView(block).first(count));
  }
  return line.substr(0, line.find('\n'));
}

}  // namespace

HeldSnapshot::HeldSnapshot(PostgresClient& client, std::string database)
    : client_(client), database_(std::move(database)) {
  const std::string script = format(
      "SET statement_timeout = 0; SET idle_in_transaction_session_timeout = 0;\n"
      "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY;\n"
      "SELECT jsonb_build_array(pg_export_snapshot(), pg_backend_pid());\n"
      "SELECT 1 / (now() + interval '{} seconds' > clock_timestamp())::int \\watch 2\n",
      client_.target().timeout.count());
  session_ = client_.run("psql", database_, PostgresClient::psql_options(), script);
  const Json answer = parse_json(first_line(*session_), "the snapshot of the server");
  if (!answer.is_array() || answer.size() != 2 || !answer[0].is_string() ||
      !answer[1].is_number_unsigned()) {
    throw Error(
        ErrorKind::service,
        format("export a snapshot of database '{}': the server gave none", printable(database_)));
  }
  name_ = answer[0].get<std::string>();
  backend_pid_ = answer[1].get<uint64_t>();
}

HeldSnapshot::~HeldSnapshot() {
  session_.reset();
  // A psql in a container does not die with its connection to us, and this does no harm elsewhere.
  if (!client_.target().container || backend_pid_ == 0) return;
  try {
    client_.query(database_, format("SELECT to_jsonb(pg_terminate_backend({}));", backend_pid_));
  } catch (const std::exception& error) {
    log_warning("a transaction on database '{}' stays open for a while: {}", printable(database_),
                error.what());
  }
}

}  // namespace lifeboat
