-- Audit: what people did, saw and were refused. Append-only, sixteen chains by user, linked at the commit.
-- An event waits in audit_pending until its transaction ends; then a deferred trigger takes the chain's head as the
-- last lock of the transaction, so that chaining serialises commits of one chain only and can deadlock with nobody.

-- Facts as the chain writes them: one level (``before.level``), integers, strings and nulls.
CREATE OR REPLACE FUNCTION audit_flat(p jsonb, p_prefix text DEFAULT '') RETURNS jsonb
LANGUAGE plpgsql IMMUTABLE SET search_path = public, pg_temp AS $$
DECLARE r record; v_out jsonb := '{}'; v_text text;
BEGIN
  IF p IS NULL OR jsonb_typeof(p) <> 'object' THEN
    RETURN CASE WHEN p IS NULL THEN '{}' ELSE jsonb_build_object('value', p #>> '{}') END;
  END IF;
  FOR r IN SELECT key, value FROM jsonb_each(p) LOOP
    v_text := r.value #>> '{}';
    v_out := v_out || CASE jsonb_typeof(r.value)
      WHEN 'object' THEN audit_flat(r.value, p_prefix || r.key || '.')
      WHEN 'boolean' THEN jsonb_build_object(p_prefix || r.key, (r.value::boolean)::int)
      WHEN 'number' THEN jsonb_build_object(p_prefix || r.key,
        CASE WHEN v_text ~ '^-?[0-9]+$' THEN r.value ELSE to_jsonb(v_text) END)
      ELSE jsonb_build_object(p_prefix || r.key, v_text) END;
  END LOOP;
  RETURN v_out;
END $$;

-- Links an event to its chain: numbering, the hash before, its own hash (the ledger's canonical form, 020_chain.sql).
CREATE OR REPLACE FUNCTION audit_link() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE v_head ledger_chain;
BEGIN
  NEW.facts := audit_flat(NEW.facts);
  NEW.format := 1;
  NEW.chain := coalesce(NEW.user_id, pg_backend_pid()) % 16;
  INSERT INTO ledger_chain (chain_kind, chain_id, sequence, hash) VALUES ('audit', NEW.chain, 0, '')
    ON CONFLICT (chain_kind, chain_id) DO NOTHING;
  SELECT * INTO v_head FROM ledger_chain WHERE chain_kind = 'audit' AND chain_id = NEW.chain FOR UPDATE;
  NEW.sequence := v_head.sequence + 1;
  NEW.prev_hash := v_head.hash;
  NEW.hash := entry_hash(1, 'audit:' || NEW.chain, NEW.sequence, NEW.kind, NULL, NEW.recorded_at, NULL, NEW.operator,
    canonical(NEW.facts || jsonb_build_object('@user', NEW.user_id, '@account', NEW.account_id, '@address', NEW.address)),
    v_head.hash);
  UPDATE ledger_chain SET sequence = NEW.sequence, hash = NEW.hash WHERE chain_kind = 'audit' AND chain_id = NEW.chain;
  RETURN NEW;
END $$;

-- At the commit: the time is the moment of linking, so that each chain runs forward in time.
CREATE OR REPLACE FUNCTION audit_commit() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE p audit_pending;
BEGIN
  DELETE FROM audit_pending WHERE id = NEW.id RETURNING * INTO p;
  PERFORM 1 FROM ledger_chain WHERE chain_kind = 'audit' AND chain_id = coalesce(p.user_id, pg_backend_pid()) % 16
    FOR UPDATE;
  INSERT INTO audit_event (recorded_at, kind, user_id, account_id, operator, address, facts)
  VALUES (clock_timestamp(), p.kind, p.user_id, p.account_id, p.operator, p.address, p.facts);
  RETURN NULL;
END $$;

-- Nobody changes or deletes an event, not even the owner; old months leave whole, by export (audit_detach).
CREATE OR REPLACE FUNCTION audit_keep() RETURNS trigger
LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
BEGIN
  RAISE EXCEPTION 'audit events are append-only' USING ERRCODE = '42501';
END $$;

-- Who acts outside a request (deployment, the keeper's commands): the database's role.
CREATE OR REPLACE FUNCTION audit_operator() RETURNS text
LANGUAGE sql STABLE SET search_path = public, pg_temp AS
$$ SELECT coalesce(nullif(kernel_actor(), '#'), session_user::text) $$;

CREATE OR REPLACE FUNCTION audit_write(p_kind text, p_user bigint, p_account bigint, p_operator text, p_address text,
  p_facts jsonb) RETURNS void
LANGUAGE sql SECURITY DEFINER SET search_path = public, pg_temp AS $$
  INSERT INTO audit_pending (kind, user_id, account_id, operator, address, facts)
  VALUES (p_kind, p_user, p_account, p_operator, p_address, coalesce(p_facts, '{}'))
$$;

-- The one door of kernel functions; docs/security-audit.md lists kinds and facts. Who did it is never an
-- argument: the signed identity of the transaction says it. Only the signin role, which works before there is an
-- identity, names the user in the facts.
CREATE OR REPLACE FUNCTION record_audit(p_kind text, p_address text, p_facts jsonb) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE v_user bigint := scope_number(1);
BEGIN
  IF v_user IS NULL AND session_user = 'bianzhi_signin' THEN
    SELECT id INTO v_user FROM ab_user WHERE id::text = p_facts ->> 'user';
    PERFORM audit_write(p_kind, v_user, NULL, coalesce((SELECT username FROM ab_user WHERE id = v_user), ''), p_address,
      p_facts);
  ELSE
    PERFORM audit_write(p_kind, v_user, scope_number(2), audit_operator(), p_address, p_facts);
  END IF;
END $$;

-- The door of pages: what they show and give away. Every other kind is written by the function that does the thing, so
-- that nobody puts on record what did not happen.
CREATE OR REPLACE FUNCTION audit_note(p_kind text, p_address text, p_facts jsonb) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
  IF p_kind IN ('view', 'export', 'intake') THEN
    PERFORM record_audit(p_kind, p_address, p_facts);
  ELSE
    PERFORM refuse('not_allowed');
  END IF;
END $$;

-- For the auditor alone: the rows that a text names, so that events about them are found. Names of units are public;
-- of a person the whole name has to be known.
CREATE OR REPLACE FUNCTION audit_subjects(p_what text, p_text text) RETURNS bigint[]
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
  SELECT array_agg(id) FROM (
    SELECT id FROM application WHERE p_what = 'case' AND (number = p_text OR id::text = p_text)
    UNION ALL (SELECT id FROM unit WHERE p_what = 'unit' AND (strpos(name, p_text) > 0 OR id::text = p_text) LIMIT 200)
    UNION ALL (SELECT id FROM person WHERE p_what = 'person' AND (name = p_text OR id::text = p_text) LIMIT 200)) x
   WHERE scope_part(3) = 'auditor'
$$;


-- Every change of the tables of authority, before and after, whoever made it and by whatever function.
-- Secrets are noted as changed, never written; counters of sign-ins are no change.
CREATE OR REPLACE FUNCTION audit_change() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
  v_old jsonb := CASE WHEN TG_OP <> 'INSERT' THEN to_jsonb(OLD) ELSE '{}' END;
  v_new jsonb := CASE WHEN TG_OP <> 'DELETE' THEN to_jsonb(NEW) ELSE '{}' END;
  v_facts jsonb := '{}'; k text;
BEGIN
  FOR k IN SELECT jsonb_object_keys(v_old || v_new) LOOP
    CONTINUE WHEN v_old -> k IS NOT DISTINCT FROM v_new -> k
      OR k IN ('last_login', 'login_count', 'fail_login_count', 'created_on', 'changed_on', 'last_used_at');
    IF k ~ '(password|secret|token|hash|cipher)' THEN
      v_facts := v_facts || jsonb_build_object('changed.' || k, 1);
    ELSE
      v_facts := v_facts || CASE WHEN v_old ? k THEN jsonb_build_object('before.' || k, v_old -> k) ELSE '{}' END
        || CASE WHEN v_new ? k THEN jsonb_build_object('after.' || k, v_new -> k) ELSE '{}' END;
    END IF;
  END LOOP;
  IF v_facts <> '{}' THEN
    PERFORM record_audit(TG_TABLE_NAME || '.' || lower(TG_OP), NULL, v_facts || jsonb_strip_nulls(jsonb_build_object(
      'row', (v_old || v_new) -> 'id', 'user', CASE WHEN TG_TABLE_NAME = 'ab_user' THEN (v_old || v_new) -> 'id'
        ELSE (v_old || v_new) -> 'user_id' END,
      'unit', (v_old || v_new) -> 'unit_id', 'person', (v_old || v_new) -> 'person_id')));
  END IF;
  RETURN NULL;
END $$;

-- The month partitions up to some months ahead, by the city's calendar. Rows that fell into the default partition
-- because a month was missing move to theirs.
CREATE OR REPLACE FUNCTION audit_partitions(p_ahead int) RETURNS int
LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
DECLARE v_first date; v_name text; v_from timestamptz; v_to timestamptz; v_made int := 0;
  v_late boolean;
BEGIN
  PERFORM set_config('bianzhi.deployment', 'on', true);  -- one line of DDL for all of it
  FOR v_first IN SELECT generate_series(date_trunc('month', kernel_today()),
      date_trunc('month', kernel_today()) + make_interval(months => p_ahead), interval '1 month')::date LOOP
    v_name := 'event_' || to_char(v_first, 'YYYYMM');
    CONTINUE WHEN to_regclass('audit.' || v_name) IS NOT NULL;
    -- Named here, for good: the bounds of the months stand in the tables.
    v_from := v_first::timestamp AT TIME ZONE 'Asia/Shanghai';
    v_to := (v_first + interval '1 month')::timestamp AT TIME ZONE 'Asia/Shanghai';
    EXECUTE format('CREATE TABLE audit.%I (LIKE audit_event INCLUDING DEFAULTS INCLUDING GENERATED INCLUDING CONSTRAINTS)',
      v_name);
    v_late := EXISTS (SELECT 1 FROM audit.event_other WHERE recorded_at >= v_from AND recorded_at < v_to);
    IF v_late THEN
      ALTER TABLE audit_event DETACH PARTITION audit.event_other;
      EXECUTE format('WITH late AS (DELETE FROM audit.event_other WHERE recorded_at >= %L AND recorded_at < %L RETURNING *)'
        ' INSERT INTO audit.%I (%s) SELECT %4$s FROM late', v_from, v_to, v_name, audit_columns());
    END IF;
    EXECUTE format('ALTER TABLE audit_event ATTACH PARTITION audit.%I FOR VALUES FROM (%L) TO (%L)', v_name, v_from, v_to);
    IF v_late THEN ALTER TABLE audit_event ATTACH PARTITION audit.event_other DEFAULT; END IF;
    v_made := v_made + 1;
  END LOOP;
  RETURN v_made;
END $$;

-- The columns that an event is stored by; the others are made from its facts.
CREATE OR REPLACE FUNCTION audit_columns() RETURNS text
LANGUAGE sql STABLE SET search_path = public, pg_temp AS $$
  SELECT string_agg(attname, ', ' ORDER BY attnum) FROM pg_attribute
   WHERE attrelid = 'audit_event'::regclass AND attnum > 0 AND NOT attisdropped AND attgenerated = ''
$$;

-- A month leaves: what it held of each chain stays on record, so that the chains can still be walked.
CREATE OR REPLACE FUNCTION audit_detach(p_partition text, p_file_hash text) RETURNS bigint
LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
DECLARE v_rows bigint;
BEGIN
  EXECUTE format($q$
    INSERT INTO audit_archive (partition, chain, first_sequence, last_sequence, prev_hash, hash, file_hash)
    SELECT %1$L, chain, min(sequence), max(sequence), (array_agg(prev_hash ORDER BY sequence))[1],
      (array_agg(hash ORDER BY sequence DESC))[1], %2$L
    FROM (SELECT *, sequence - row_number() OVER (PARTITION BY chain ORDER BY sequence) AS run FROM audit.%1$I) x
    GROUP BY chain, run$q$, p_partition, p_file_hash);
  EXECUTE format('SELECT count(*) FROM audit.%I', p_partition) INTO v_rows;
  EXECUTE format('ALTER TABLE audit_event DETACH PARTITION audit.%I', p_partition);
  EXECUTE format('ALTER TABLE audit.%I RENAME TO %I', p_partition, 'kept_' || p_partition);
  PERFORM audit_write('audit.detached', NULL, NULL, audit_operator(), NULL,
    jsonb_build_object('partition', p_partition, 'rows', v_rows, 'file_hash', p_file_hash));
  RETURN v_rows;
END $$;

-- DDL of whoever: event triggers of the superuser call this (app/cli/deploy.py), before the command where it can be, so
-- that whoever silences the recorder leaves this as his last line. A deployment leaves one line for each transaction;
-- temporary tables are no change of the schema.
CREATE OR REPLACE FUNCTION record_ddl() RETURNS event_trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE v_deploy boolean := coalesce(current_setting('bianzhi.deployment', true) = 'on', false); v_real boolean := true;
BEGIN
  IF TG_EVENT = 'ddl_command_start' THEN
    v_real := TG_TAG NOT IN ('CREATE TABLE', 'CREATE TABLE AS', 'SELECT INTO', 'CREATE INDEX', 'DROP TABLE');
  ELSIF TG_EVENT = 'ddl_command_end' THEN
    v_real := EXISTS (SELECT 1 FROM pg_event_trigger_ddl_commands() WHERE schema_name IS DISTINCT FROM 'pg_temp');
  ELSIF TG_EVENT = 'sql_drop' THEN
    v_real := EXISTS (SELECT 1 FROM pg_event_trigger_dropped_objects() WHERE original AND NOT is_temporary);
  END IF;
  IF NOT v_real OR to_regclass('public.audit_event') IS NULL THEN RETURN; END IF;
  IF v_deploy AND EXISTS (SELECT 1 FROM audit_event WHERE recorded_at = transaction_timestamp() AND kind = 'ddl'
      AND facts ->> 'transaction' = pg_current_xact_id()::text) THEN RETURN; END IF;
  -- Written at once: a migration could not alter the waiting table while an event waits in it.
  INSERT INTO audit_event (kind, operator, facts) VALUES ('ddl', audit_operator(), jsonb_build_object(
    'command', TG_TAG, 'role', session_user, 'deployment', v_deploy, 'transaction', pg_current_xact_id()::text,
    'statement', left(current_query(), 300)));
EXCEPTION WHEN undefined_function OR undefined_table OR undefined_column OR not_null_violation OR check_violation THEN
  RAISE WARNING 'the audit of % could not be written: %', TG_TAG, SQLERRM;
END $$;

DO $$
DECLARE t text;
BEGIN
  IF NOT EXISTS (SELECT 1 FROM pg_trigger WHERE tgname = 'audit_commit' AND tgrelid = 'audit_pending'::regclass) THEN
    CREATE CONSTRAINT TRIGGER audit_commit AFTER INSERT ON audit_pending DEFERRABLE INITIALLY DEFERRED
      FOR EACH ROW EXECUTE FUNCTION audit_commit();
    CREATE TRIGGER audit_link BEFORE INSERT ON audit_event FOR EACH ROW EXECUTE FUNCTION audit_link();
    CREATE TRIGGER audit_keep BEFORE UPDATE OR DELETE ON audit_event FOR EACH ROW EXECUTE FUNCTION audit_keep();
    -- Events of an earlier version wait here since the migration.
    WITH earlier AS (DELETE FROM audit_pending RETURNING *)
    INSERT INTO audit_event (recorded_at, kind, user_id, account_id, operator, address, facts)
    SELECT recorded_at, kind, user_id, account_id, operator, address, facts FROM earlier ORDER BY id;
  END IF;
  -- Tables of authority and configuration; one that this version does not have is passed over.
  FOREACH t IN ARRAY ARRAY['ab_user', 'account', 'named_access', 'api_token', 'office', 'alarm_rule', 'process_version',
    'authority_rule', 'pay_standard'] LOOP
    IF to_regclass(t) IS NOT NULL THEN
      EXECUTE format('CREATE OR REPLACE TRIGGER audit_change AFTER INSERT OR UPDATE OR DELETE ON %I'
        ' FOR EACH ROW EXECUTE FUNCTION audit_change()', t);
    END IF;
  END LOOP;
  PERFORM audit_partitions(3);
END $$;
