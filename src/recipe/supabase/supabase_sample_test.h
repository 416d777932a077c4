// A project shaped like Supabase's: what the platform makes in every project, and one of
// somebody's.
#pragma once

namespace lifeboat::test {

// What a new project has: roles, schemas, and tables that nobody else may make.
inline constexpr const char* supabase_platform_sql = R"sql(
CREATE ROLE anon NOLOGIN; CREATE ROLE authenticated NOLOGIN;
CREATE ROLE service_role NOLOGIN BYPASSRLS; CREATE ROLE authenticator LOGIN NOINHERIT;
CREATE ROLE supabase_admin SUPERUSER; CREATE ROLE supabase_auth_admin NOINHERIT;
CREATE ROLE supabase_storage_admin NOINHERIT; CREATE ROLE dashboard_user; CREATE ROLE pgbouncer;
GRANT anon, authenticated, service_role TO authenticator;
ALTER ROLE anon SET statement_timeout = '3s';
CREATE SCHEMA auth AUTHORIZATION supabase_auth_admin;
CREATE SCHEMA storage AUTHORIZATION supabase_storage_admin;
CREATE SCHEMA extensions; CREATE SCHEMA realtime; CREATE SCHEMA vault; CREATE SCHEMA graphql;
CREATE SCHEMA supabase_migrations; CREATE SCHEMA pgbouncer; CREATE SCHEMA _realtime;
CREATE EXTENSION pgcrypto WITH SCHEMA extensions;
CREATE TABLE auth.users (id uuid PRIMARY KEY, email text, encrypted_password text,
                         raw_user_meta_data jsonb, created_at timestamptz);
CREATE TABLE auth.refresh_tokens (id bigserial PRIMARY KEY, token text, user_id uuid);
CREATE TABLE auth.schema_migrations (version text);
CREATE FUNCTION auth.uid() RETURNS uuid LANGUAGE sql STABLE AS
  $$ SELECT nullif(current_setting('request.jwt.claim.sub', true), '')::uuid $$;
CREATE TABLE storage.buckets (id text PRIMARY KEY, name text);
CREATE TABLE storage.objects (id uuid PRIMARY KEY, bucket_id text REFERENCES storage.buckets,
                              name text, metadata jsonb);
CREATE TABLE storage.migrations (id int, name text);
CREATE TABLE realtime.messages (payload text);
CREATE TABLE vault.secrets (secret text);
GRANT USAGE ON SCHEMA auth, public TO anon, authenticated, service_role;
ALTER DEFAULT PRIVILEGES FOR ROLE supabase_admin IN SCHEMA public GRANT ALL ON TABLES TO anon;
CREATE FUNCTION extensions.on_ddl() RETURNS event_trigger LANGUAGE plpgsql AS 'BEGIN END';
CREATE EVENT TRIGGER issue_pg_net_access ON ddl_command_end
  WHEN TAG IN ('CREATE EXTENSION') EXECUTE FUNCTION extensions.on_ddl();
CREATE PUBLICATION supabase_realtime;
)sql";

// What somebody built in it.
inline constexpr const char* supabase_project_sql = R"sql(
CREATE ROLE reporting LOGIN PASSWORD 'reporting-password'; GRANT authenticated TO reporting;
INSERT INTO auth.users SELECT gen_random_uuid(), 'user' || i || '@example.org', '$2a$10$hash',
  '{"name": "\\N"}', '2026-05-07' FROM generate_series(1, 25) i;
INSERT INTO auth.refresh_tokens (token, user_id) SELECT 'token', id FROM auth.users;
INSERT INTO auth.schema_migrations VALUES ('1');
INSERT INTO storage.buckets VALUES ('avatars', 'avatars');
INSERT INTO storage.objects SELECT gen_random_uuid(), 'avatars', email, '{}'
  FROM auth.users LIMIT 4;
INSERT INTO vault.secrets VALUES ('vault-secret');
INSERT INTO realtime.messages VALUES ('passing');
CREATE TABLE public.profiles (id uuid PRIMARY KEY REFERENCES auth.users (id) ON DELETE CASCADE,
                              nickname text, key uuid DEFAULT extensions.gen_random_uuid());
ALTER TABLE public.profiles ENABLE ROW LEVEL SECURITY;
CREATE POLICY own ON public.profiles USING (auth.uid() = id);
CREATE TABLE public.audit (what text);
CREATE FUNCTION public.note() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS $f$
BEGIN
CREATE TABLE "x" (a int);
  INSERT INTO public.audit VALUES (TG_OP); RETURN NEW;
END $f$;
INSERT INTO public.profiles (id, nickname) SELECT id, E'nick\tname' FROM auth.users;
CREATE TRIGGER noting AFTER INSERT ON public.profiles FOR EACH ROW EXECUTE FUNCTION public.note();
CREATE VIEW public.nicknames AS SELECT nickname FROM public.profiles;
CREATE SCHEMA app; CREATE TABLE app.orders (id serial PRIMARY KEY, total numeric);
INSERT INTO app.orders (total) SELECT i FROM generate_series(1, 60) i;
GRANT SELECT ON public.profiles, app.orders TO reporting, anon;
ALTER PUBLICATION supabase_realtime ADD TABLE public.profiles;
)sql";

}  // namespace lifeboat::test
