#!/usr/bin/env bash
# The JSON Schema for editors: valid by itself, right for every configuration in this tree, and of
# one mind with the loader about hundreds of broken ones.
source "$(dirname "$0")/lib.sh"
python3 -c 'import jsonschema, yaml' 2> /dev/null || skip "python3-jsonschema or python3-yaml is missing"

lifeboat schema
expect 0
stdout_to schema.json
make_key
# What the mutated configurations name.
printf 'secret\n' > secret.txt
export SECRET=secret URL=https://example.org/x NUMBER=7 WORD=latest RECIPIENT=$recipient
run python3 "$project/tests/script/schema_check.py" "$program" schema.json "$project" "$recipient"
cat "$folder/out"
expect 0
