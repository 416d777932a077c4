// What a restored Grafana is asked offline, and how it is damaged on purpose. Private to the
// recipe.
//
// An export that counts right may still be worth nothing: a dashboard whose data source, folder or
// library panel is not there shows errors, a policy without its receiver is refused on import. So
// every reference is followed. And with a wrong key Grafana starts, logs in and shows its
// dashboards, while each data source fails: so every secret is decrypted with the restored key.
#pragma once

#include <vector>

#include "recipe/recipe.h"

namespace lifeboat {

std::vector<ProbeResult> probe_grafana(const RestoredService& restored, const StopToken& stop);
std::vector<Sabotage> grafana_sabotages();
// The tables whose rows are counted, by the key of the count in details["database"]["rows"].
Json count_grafana_rows(class SqliteDatabase& database);

std::vector<InventoryEntry> inventory_of_grafana(const RestoredService& restored);

}  // namespace lifeboat
