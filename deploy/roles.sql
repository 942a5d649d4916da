-- What the database's administrator does once, where the application gets no administrator of its own:
--   flask roles > passwords.sql                                     (on the application's host; sets the three passwords)
--   psql -d postgres -v database=bianzhi -f passwords.sql -f deploy/roles.sql
-- Run by a superuser, or by a role with CREATEROLE and CREATEDB. Twice is harmless: it sets passwords and settings anew.
\set ON_ERROR_STOP on
\if :{?database} \else \set database bianzhi \endif

SELECT format('CREATE ROLE %I LOGIN NOSUPERUSER NOBYPASSRLS NOCREATEDB NOCREATEROLE', r)
FROM unnest(ARRAY['bianzhi_owner', 'bianzhi_app', 'bianzhi_signin']) AS r
WHERE r NOT IN (SELECT rolname FROM pg_roles) \gexec

ALTER ROLE bianzhi_owner PASSWORD :'bianzhi_owner';
ALTER ROLE bianzhi_app PASSWORD :'bianzhi_app';
ALTER ROLE bianzhi_signin PASSWORD :'bianzhi_signin';

-- Why: docs/architecture.md, "Who asks".
ALTER ROLE bianzhi_app SET jit = off;
ALTER ROLE bianzhi_app SET enable_bitmapscan = off;
ALTER ROLE bianzhi_app SET work_mem = '16MB';

GRANT bianzhi_owner TO CURRENT_USER;
SELECT format('CREATE DATABASE %I OWNER bianzhi_owner TEMPLATE template0 ENCODING %L LOCALE %L', :'database', 'UTF8', 'C')
WHERE :'database' NOT IN (SELECT datname FROM pg_database) \gexec
