/*
# How to restore this backup

Host `h1`, job `supabase-weekly`, begun 2026-11-28T12:56:48Z (UTC), made by Lifeboat.
It is one SQL script, compressed and encrypted. Nothing but stock tools is needed: `age`, `gunzip`
and `psql`, which must be at least as new as the `pg_dump` that made it.

    age -d -i KEY_FILE supabase.sql.gz.age | gunzip | psql -X -v ON_ERROR_STOP=1 DATABASE

`KEY_FILE` holds the age private key (`AGE-SECRET-KEY-1...`); what the target must be is below.
With Lifeboat at hand: `lifeboat restore h1/supabase-weekly/2026-W48 --to DIR` takes it apart into its files,
and `lifeboat drill h1/supabase-weekly/2026-W48` proves it.

Counts at backup time are in `facts.json`, the comment behind this one; compare them afterwards.

## supabase (recipe supabase)

The target is a **new, empty project**, as its role `postgres`,
by the session pooler or the direct address (port 5432). Enable the extensions that the old project
had (Database > Extensions) first. The parts in their order are `roles.sql`, `schema.sql` and
`data.sql`; a single stream holds them one behind the other.

    cd supabase
    psql -X -v ON_ERROR_STOP=1 DATABASE_URL -f roles.sql -f schema.sql -f data.sql

Put no password into DATABASE_URL: psql asks for it, or takes it from PGPASSWORD or ~/.pgpass.
Afterwards: upload the files of Storage, deploy the Edge Functions, set the secrets and auth
providers, and give the new project's keys to your applications.

Schema and data are one exported snapshot, in which the rows were counted too; the roles were read a moment later.

Not in this backup: the files in Storage: only their rows in storage.objects are here

Not in this backup: Edge Functions and their secrets

Not in this backup: secrets in the Vault, which no dump can decrypt

Not in this backup: the JWT secret and the API keys: a new project has its own

Not in this backup: passwords of the roles; those of auth users are hashes in auth.users and are here

Not in this backup: settings of the project: auth providers, e-mail templates, network, custom domains

*/
/*
{
  "format": 1,
  "host": "h1",
  "job": "supabase-weekly",
  "started": "2026-11-28T12:56:48Z",
  "tool": "lifeboat 0.1.0",
  "services": {
    "supabase": {
      "recipe": "supabase",
      "facts": {
        "items": [
          {
            "key": "tables",
            "count": 4,
            "singular": "table",
            "plural": "tables",
            "headline": true
          },
          {
            "key": "rows",
            "count": 67,
            "singular": "row",
            "plural": "rows",
            "headline": true
          },
          {
            "key": "auth_users",
            "count": 7,
            "singular": "auth user",
            "plural": "auth users",
            "headline": true
          },
          {
            "key": "storage_objects",
            "count": 0,
            "singular": "storage object's row",
            "plural": "storage objects' rows",
            "headline": false
          },
          {
            "key": "roles",
            "count": 0,
            "singular": "role",
            "plural": "roles",
            "headline": false
          }
        ],
        "details": {
          "server_version_num": 150018,
          "server_version": "15.18 (Debian 15.18-0+deb12u1)",
          "client": "pg_dump (PostgreSQL) 15.18 (Debian 15.18-0+deb12u1)",
          "databases": [
            {
              "name": "postgres",
              "file": "data.sql",
              "extensions": [],
              "tables": [
                [
                  "app",
                  "orders",
                  60
                ],
                [
                  "auth",
                  "users",
                  7
                ],
                [
                  "storage",
                  "buckets",
                  0
                ],
                [
                  "storage",
                  "objects",
                  0
                ]
              ]
            }
          ],
          "roles": []
        },
        "missing": [
          "the files in Storage: only their rows in storage.objects are here",
          "Edge Functions and their secrets",
          "secrets in the Vault, which no dump can decrypt",
          "the JWT secret and the API keys: a new project has its own",
          "passwords of the roles; those of auth users are hashes in auth.users and are here",
          "settings of the project: auth providers, e-mail templates, network, custom domains"
        ],
        "consistency": "Schema and data are one exported snapshot, in which the rows were counted too; the roles were read a moment later."
      }
    }
  }
}

*/
--
-- PostgreSQL database cluster dump
--

\restrict M9Y2HuvonQn2Mo6xBubquhyPfOql6Ecne8I6sJ6TV7n6vAnTpQsOe3CjmRl0Pko

SET default_transaction_read_only = off;

SET client_encoding = 'UTF8';
SET standard_conforming_strings = on;

--
-- Roles
--

-- CREATE ROLE "anon";
-- ALTER ROLE "anon" WITH NOSUPERUSER INHERIT NOCREATEROLE NOCREATEDB NOLOGIN NOREPLICATION NOBYPASSRLS;
-- CREATE ROLE "authenticated";
-- ALTER ROLE "authenticated" WITH NOSUPERUSER INHERIT NOCREATEROLE NOCREATEDB NOLOGIN NOREPLICATION NOBYPASSRLS;
-- CREATE ROLE "postgres";
-- ALTER ROLE "postgres" WITH SUPERUSER INHERIT CREATEROLE CREATEDB LOGIN REPLICATION BYPASSRLS;
-- CREATE ROLE "service_role";
-- ALTER ROLE "service_role" WITH NOSUPERUSER INHERIT NOCREATEROLE NOCREATEDB NOLOGIN NOREPLICATION NOBYPASSRLS;

--
-- User Configurations
--






\unrestrict M9Y2HuvonQn2Mo6xBubquhyPfOql6Ecne8I6sJ6TV7n6vAnTpQsOe3CjmRl0Pko

--
-- PostgreSQL database cluster dump complete
--

RESET ALL;

--
-- PostgreSQL database dump
--

\restrict brB0Iz9YtVQ8tqulOyMzdbZb16ELV6ez9V6YzM5CQBl8hWvyNMrtLY0seecbtlh

-- Dumped from database version 15.18 (Debian 15.18-0+deb12u1)
-- Dumped by pg_dump version 15.18 (Debian 15.18-0+deb12u1)

SET statement_timeout = 0;
SET lock_timeout = 0;
SET idle_in_transaction_session_timeout = 0;
SET client_encoding = 'UTF8';
SET standard_conforming_strings = on;
SELECT pg_catalog.set_config('search_path', '', false);
SET check_function_bodies = false;
SET xmloption = content;
SET client_min_messages = warning;
SET row_security = off;

--
-- Name: app; Type: SCHEMA; Schema: -; Owner: postgres
--

CREATE SCHEMA IF NOT EXISTS "app";


ALTER SCHEMA "app" OWNER TO "postgres";

--
-- Name: SCHEMA "public"; Type: COMMENT; Schema: -; Owner: pg_database_owner
--

COMMENT ON SCHEMA "public" IS 'standard public schema';


SET default_table_access_method = "heap";

--
-- Name: orders; Type: TABLE; Schema: app; Owner: postgres
--

CREATE TABLE IF NOT EXISTS "app"."orders" (
    "id" integer,
    "total" integer
);


ALTER TABLE "app"."orders" OWNER TO "postgres";

--
-- PostgreSQL database dump complete
--

\unrestrict brB0Iz9YtVQ8tqulOyMzdbZb16ELV6ez9V6YzM5CQBl8hWvyNMrtLY0seecbtlh

RESET ALL;

SET session_replication_role = replica;

--
-- PostgreSQL database dump
--

\restrict aowXOcwEhGaqy266k07nvLCZMDa8UarlZpLAY8YEhvkPsRdMzDTZj3Q2VgyjsI5

-- Dumped from database version 15.18 (Debian 15.18-0+deb12u1)
-- Dumped by pg_dump version 15.18 (Debian 15.18-0+deb12u1)

SET statement_timeout = 0;
SET lock_timeout = 0;
SET idle_in_transaction_session_timeout = 0;
SET client_encoding = 'UTF8';
SET standard_conforming_strings = on;
SELECT pg_catalog.set_config('search_path', '', false);
SET check_function_bodies = false;
SET xmloption = content;
SET client_min_messages = warning;
SET row_security = off;

--
-- Data for Name: orders; Type: TABLE DATA; Schema: app; Owner: postgres
--

COPY "app"."orders" ("id", "total") FROM stdin;
1	2
2	4
3	6
4	8
5	10
6	12
7	14
8	16
9	18
10	20
11	22
12	24
13	26
14	28
15	30
16	32
17	34
18	36
19	38
20	40
21	42
22	44
23	46
24	48
25	50
26	52
27	54
28	56
29	58
30	60
31	62
32	64
33	66
34	68
35	70
36	72
37	74
38	76
39	78
40	80
41	82
42	84
43	86
44	88
45	90
46	92
47	94
48	96
49	98
50	100
51	102
52	104
53	106
54	108
55	110
56	112
57	114
58	116
59	118
60	120
\.


--
-- Data for Name: users; Type: TABLE DATA; Schema: auth; Owner: postgres
--

COPY "auth"."users" ("id", "email") FROM stdin;
e45e3cfb-dd89-454c-b6ac-8d9aca4188a9	user1@example.org
b6c74a43-3c4d-4bc1-8bb2-06eccfbdbd01	user2@example.org
2d025ad9-1cd6-4584-b8f7-452d5703c27f	user3@example.org
0f01ea98-b87d-4d3d-b3be-302e49879d8d	user4@example.org
495d0bbe-7740-4ba2-ac8e-90c9a2ef2032	user5@example.org
dec1a5b4-f819-47ab-9d88-c1761bd54953	user6@example.org
8d525dd4-c5fe-491c-8394-42a367b4b0f3	user7@example.org
\.


--
-- Data for Name: buckets; Type: TABLE DATA; Schema: storage; Owner: postgres
--

COPY "storage"."buckets" ("id") FROM stdin;
\.


--
-- Data for Name: objects; Type: TABLE DATA; Schema: storage; Owner: postgres
--

COPY "storage"."objects" ("id") FROM stdin;
\.


--
-- PostgreSQL database dump complete
--

\unrestrict aowXOcwEhGaqy266k07nvLCZMDa8UarlZpLAY8YEhvkPsRdMzDTZj3Q2VgyjsI5

RESET ALL;

