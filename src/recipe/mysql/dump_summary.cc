#include "recipe/mysql/dump_summary.h"

#include "recipe/details.h"

namespace lifeboat {

uint64_t DumpSummary::total_rows() const {
  uint64_t total = 0;
  for (const auto& [table, count] : rows) total += count;
  return total;
}

DumpSummary DumpCounter::summary() const {
  DumpSummary made = summary_;
  made.head = scanner_.head();
  made.is_complete = scanner_.is_complete();
  made.bytes = scanner_.bytes();
  return made;
}

void DumpCounter::on_table(const std::string& name, std::string_view, uint64_t) {
  summary_.rows.try_emplace(name, 0);
}

void DumpCounter::on_object(DumpObject object, const std::string&, std::string_view) {
  switch (object) {
    case DumpObject::view:
      ++summary_.views;
      break;
    case DumpObject::trigger:
      ++summary_.triggers;
      break;
    case DumpObject::routine:
      ++summary_.routines;
      break;
    case DumpObject::event:
      ++summary_.events;
      break;
    case DumpObject::sequence:
      ++summary_.sequences;
      break;
  }
}

void DumpCounter::on_row(const std::string& table, uint64_t, uint64_t) {
  // Rows come in long runs of one table. Those of a table that was never made are no rows of it.
  if (last_rows_ == nullptr || last_table_ != table) {
    last_table_ = table;
    const auto found = summary_.rows.find(table);
    last_rows_ = found == summary_.rows.end() ? nullptr : &found->second;
  }
  if (last_rows_ != nullptr) ++*last_rows_;
}

Json summary_to_json(const DumpSummary& summary) {
  Json tables = Json::object();
  for (const auto& [table, rows] : summary.rows) tables[table] = rows;
  return {{"bytes", summary.bytes},        {"tables", std::move(tables)},
          {"views", summary.views},        {"triggers", summary.triggers},
          {"routines", summary.routines},  {"events", summary.events},
          {"sequences", summary.sequences}};
}

DumpSummary summary_from_json(const Json& value) {
  DumpSummary summary;
  summary.bytes = detail_number(value, "bytes");
  const Json tables = detail_object(value, "tables");
  for (const auto& [table, rows] : tables.items()) {
    summary.rows[table] = detail_number(tables, table);
  }
  summary.views = detail_number(value, "views");
  summary.triggers = detail_number(value, "triggers");
  summary.routines = detail_number(value, "routines");
  summary.events = detail_number(value, "events");
  summary.sequences = detail_number(value, "sequences");
  return summary;
}

}  // namespace lifeboat
