// What of a Supabase project belongs to the platform: schemas, roles and settings that a new
// project has by itself and does not let anyone make.
//
// The lists are those of Supabase's own command line program, `supabase db dump`:
// https://github.com/supabase/cli, pkg/migration/dump.go
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace lifeboat {

// Schemas that schema.sql leaves out, as patterns of pg_dump: '*' at the end may stand for more.
std::span<const std::string_view> internal_schemas();
// Schemas whose rows data.sql leaves out. Those of auth and storage are a project's own.
std::span<const std::string_view> schemas_without_data();
// Tables "schema.table" whose rows the platform manages.
std::span<const std::string_view> tables_without_data();

bool is_internal_schema(std::string_view name);
bool is_reserved_role(std::string_view name);
// The patterns as one regular expression of the server's.
std::string schemas_regex(std::span<const std::string_view> patterns);

// One line of pg_dumpall --roles-only, outside strings: as a new project accepts it.
std::string adapt_role_line(std::string_view line);
// The same for a line of pg_dump --schema-only. Both want all names quoted.
std::string adapt_schema_line(std::string_view line);

}  // namespace lifeboat
