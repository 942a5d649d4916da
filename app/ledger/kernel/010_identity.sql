-- Who asks: a session's token becomes the signed identity of one transaction.
-- Every function here belongs to the owner; EXECUTE is granted in 090_grants.sql.

-- The clock of every city in China (app/domain/workdays.py, CITY_CLOCK). Named in one place, that a test may move it away
-- from a midnight. A body that is parsed as it is made looks up no name later, so it needs no path, and the planner puts it
-- in line where it is asked row by row.
CREATE OR REPLACE FUNCTION city_zone() RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN 'Asia/Shanghai';

CREATE OR REPLACE FUNCTION k_city_day(p_at timestamptz) RETURNS date LANGUAGE sql IMMUTABLE
RETURN (p_at AT TIME ZONE city_zone())::date;

CREATE OR REPLACE FUNCTION kernel_today() RETURNS date LANGUAGE sql STABLE
RETURN k_city_day(now());

-- A refusal with a stable code; Python turns it into a DomainError with these facts.
CREATE OR REPLACE FUNCTION refuse(p_code text, p_facts jsonb DEFAULT '{}') RETURNS void
LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
BEGIN
  RAISE EXCEPTION USING ERRCODE = 'BZ001', MESSAGE = p_code, DETAIL = p_facts::text;
END $$;

-- The signature binds the identity to this transaction of this backend, so a copied one is worthless.
CREATE OR REPLACE FUNCTION scope_seal(p_secret text, p_ctx text) RETURNS text LANGUAGE sql STABLE
RETURN encode(sha256(convert_to(p_secret || ':' || encode(sha256(convert_to(
  p_secret || ':' || pg_backend_pid() || ':' || extract(epoch FROM transaction_timestamp())::text
  || ':' || p_ctx, 'UTF8')), 'hex'), 'UTF8')), 'hex');

CREATE OR REPLACE FUNCTION scope_signature(p_ctx text) RETURNS text
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
  SELECT scope_seal(k.secret, p_ctx) FROM scope_key k WHERE k.id = 1
$$;

-- Parts: 1 user, 2 account, 3 kind, 4 low, 5 high (rows of people), 6 unit, 7 office, 8 person,
-- 9 office kind, 10 personnel classes, 11 region, 12 low, 13 high (rows of units), 14 ranges (rows of people),
-- 15 ranges (rows of units), 16 ranges hidden from this account, 17 column groups, 18 in whose place (user).
-- Asked some seventy times in a request: the seal is put in line here, not by one more call of a function with the owner's eyes.
CREATE OR REPLACE FUNCTION scope_part(p_part int) RETURNS text
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE v_ctx text := nullif(current_setting('app.ctx', true), ''); v_secret text;
BEGIN
  IF v_ctx IS NULL THEN RETURN NULL; END IF;
  SELECT k.secret INTO v_secret FROM scope_key k WHERE k.id = 1;
  IF v_secret IS NULL OR current_setting('app.sig', true) IS DISTINCT FROM scope_seal(v_secret, v_ctx) THEN RETURN NULL; END IF;
  RETURN nullif(split_part(v_ctx, '|', p_part), '');
END $$;

CREATE OR REPLACE FUNCTION scope_number(p_part int) RETURNS bigint
LANGUAGE sql STABLE SET search_path = public, pg_temp AS $$ SELECT scope_part(p_part)::bigint $$;

-- Ranges of scope paths; parts 4/5 and 12/13 are their hulls, by which an index is walked.
CREATE OR REPLACE FUNCTION scope_ranges(p_part int) RETURNS textmultirange
LANGUAGE sql STABLE SET search_path = public, pg_temp AS $$ SELECT scope_part(p_part)::textmultirange $$;

-- The unit for which the identity applies: a competent department (part 6 too) decides and applies for nobody.
CREATE OR REPLACE FUNCTION scope_unit() RETURNS bigint
LANGUAGE sql STABLE SET search_path = public, pg_temp AS
$$ SELECT CASE WHEN scope_part(3) IN ('unit_clerk', 'unit_head') THEN scope_number(6) END $$;

-- 编办: a member or head of an establishment office.
CREATE OR REPLACE FUNCTION k_of_establishment() RETURNS boolean
LANGUAGE sql STABLE SET search_path = public, pg_temp AS $$
  SELECT coalesce(scope_part(3) IN ('office_member', 'office_head') AND scope_part(9) = 'establishment', false)
$$;

CREATE OR REPLACE FUNCTION scope_has(p_path text) RETURNS boolean
LANGUAGE sql STABLE SET search_path = public, pg_temp AS $$ SELECT coalesce(p_path <@ scope_ranges(14), false) $$;

CREATE OR REPLACE FUNCTION scope_can(p_group text) RETURNS boolean
LANGUAGE sql STABLE SET search_path = public, pg_temp AS
$$ SELECT coalesce(p_group = ANY (string_to_array(scope_part(17), ',')), false) $$;

-- The first string after every string that begins with the prefix, by code point.
CREATE OR REPLACE FUNCTION range_end(p_prefix text) RETURNS text
LANGUAGE sql IMMUTABLE SET search_path = public, pg_temp AS
$$ SELECT left(p_prefix, -1) || chr(ascii(right(p_prefix, 1)) + 1) $$;

-- A unit with the departments inside it.
CREATE OR REPLACE FUNCTION unit_range(p_path text) RETURNS textmultirange
LANGUAGE sql IMMUTABLE SET search_path = public, pg_temp AS
$$ SELECT textmultirange(textrange(p_path, p_path || '/')) $$;

CREATE OR REPLACE FUNCTION region_range(p_prefix text) RETURNS textmultirange
LANGUAGE sql IMMUTABLE SET search_path = public, pg_temp AS
$$ SELECT textmultirange(textrange(p_prefix, range_end(p_prefix))) $$;

CREATE OR REPLACE FUNCTION in_force(p_from date, p_to date) RETURNS boolean
LANGUAGE sql STABLE SET search_path = public, pg_temp AS
$$ SELECT p_from <= kernel_today() AND (p_to IS NULL OR p_to > kernel_today()) $$;

-- What an account's kind stands for, before hidden and named units; g of the design's domain text.
-- Each kind's own statement: as one for all kinds it would be planned anew with each request.
CREATE OR REPLACE FUNCTION account_ranges(a account) RETURNS textmultirange
LANGUAGE plpgsql STABLE SET search_path = public, pg_temp AS $$
BEGIN
  IF a.kind IN ('unit_clerk', 'unit_head') THEN RETURN (SELECT unit_range(scope_path) FROM unit WHERE id = a.unit_id);
  ELSIF a.kind IN ('office_member', 'office_head', 'service') AND a.office_id IS NOT NULL THEN
    -- The city's 组织部 answers for the city's own bodies; those of the districts have theirs.
    RETURN (SELECT region_range(CASE WHEN o.kind = 'organisation' AND r.kind = 'city' THEN r.code ELSE r.prefix END)
      FROM office o JOIN region r ON r.code = o.region_code WHERE o.id = a.office_id);
  ELSIF a.kind IN ('office_member', 'office_head', 'service') THEN
    RETURN (SELECT region_range(prefix) FROM region WHERE kind = 'city');
  ELSIF a.kind IN ('town_officer', 'inspector') THEN RETURN (SELECT region_range(prefix) FROM region WHERE code = a.region_code);
  ELSIF a.kind = 'supervisor' THEN  -- 主管部门: its own bodies wherever they sit
    RETURN (WITH RECURSIVE below AS (
        SELECT id, scope_path FROM unit WHERE id = a.unit_id
        UNION ALL SELECT u.id, u.scope_path FROM unit u JOIN below b ON u.parent_id = b.id WHERE u.node <> 'department')
      SELECT range_agg(textrange(scope_path, scope_path || '/')) FROM below);
  END IF;
  RETURN '{}';
END $$;

-- A delegation holds while the one in whose place it is, and the delegate's own identity of that side, hold.
CREATE OR REPLACE FUNCTION delegation_stands(a account) RETURNS boolean
LANGUAGE plpgsql STABLE SET search_path = public, pg_temp AS $$
BEGIN
  IF a.delegated_from IS NULL THEN RETURN true; END IF;
  RETURN EXISTS (SELECT 1 FROM account p WHERE p.id = a.delegated_from
      AND in_force(p.started_on, p.ended_on)) AND EXISTS (SELECT 1 FROM account m WHERE m.user_id = a.user_id
      AND m.delegated_from IS NULL AND (m.unit_id = a.unit_id OR m.office_id = a.office_id)
      AND m.kind IN ('unit_clerk', 'unit_head', 'office_member', 'office_head') AND in_force(m.started_on, m.ended_on));
END $$;

CREATE OR REPLACE FUNCTION account_context(p_account bigint) RETURNS text
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
  a account; o office; i identity_rule; v_region text; v_people textmultirange; v_units textmultirange;
  v_hidden textmultirange := '{}'; v_own bigint;
BEGIN
  SELECT * INTO a FROM account WHERE id = p_account AND in_force(started_on, ended_on);
  IF NOT FOUND OR NOT delegation_stands(a) THEN RETURN NULL; END IF;
  IF a.office_id IS NOT NULL THEN SELECT * INTO o FROM office WHERE id = a.office_id; END IF;
  SELECT * INTO i FROM identity_rule WHERE kind = a.kind AND office_kind = coalesce(o.kind, '');
  v_people := coalesce(account_ranges(a), '{}'); v_units := v_people; v_own := a.unit_id;
  IF a.kind = 'person' THEN
    SELECT unit_range(u.scope_path), u.id INTO v_units, v_own FROM person p JOIN unit u ON u.id = p.unit_id
     WHERE p.id = a.person_id;
    v_units := coalesce(v_units, '{}');
  END IF;
  v_region := coalesce(o.region_code, a.region_code, (SELECT region_code FROM unit WHERE id = v_own),
    CASE WHEN a.kind = 'service' THEN (SELECT code FROM region WHERE kind = 'city') END);
  -- 不上网: hidden from all but the unit's own accounts, those named for it, and the system's services.
  IF i.kind IS NOT NULL AND a.kind <> 'service' THEN
    SELECT coalesce(range_agg(textrange(u.scope_path, u.scope_path || '/')), '{}') INTO v_hidden FROM unit u
     WHERE u.not_networked AND (u.id IS DISTINCT FROM v_own OR a.kind = 'supervisor') AND NOT EXISTS (
       SELECT 1 FROM named_access n WHERE n.account_id = a.id AND n.unit_id = u.id AND in_force(n.started_on, n.ended_on));
    IF a.kind <> 'person' THEN
      v_people := v_people + coalesce((SELECT range_agg(textrange(u.scope_path, u.scope_path || '/'))
        FROM named_access n JOIN unit u ON u.id = n.unit_id
        WHERE n.account_id = a.id AND in_force(n.started_on, n.ended_on)), '{}');
      v_units := v_people;
    END IF;
    v_people := v_people - v_hidden; v_units := v_units - v_hidden;
  END IF;
  RETURN concat_ws('|', a.user_id::text, a.id::text, a.kind, coalesce(lower(v_people), ''), coalesce(upper(v_people), ''),
    CASE WHEN a.kind IN ('unit_clerk', 'unit_head', 'supervisor') THEN a.unit_id::text ELSE '' END, coalesce(a.office_id::text, ''),
    coalesce(a.person_id::text, ''), coalesce(o.kind, ''), coalesce(i.classes, ''), coalesce(v_region, ''),
    coalesce(lower(v_units), ''), coalesce(upper(v_units), ''), v_people::text, v_units::text, v_hidden::text,
    coalesce(i.groups, ''), CASE WHEN a.delegated_from IS NULL THEN '' ELSE coalesce((SELECT p.user_id::text FROM account p
      WHERE p.id = a.delegated_from), '') END);
END $$;

-- Signs an account's context into this transaction; NULL names nobody.
CREATE OR REPLACE FUNCTION name_identity(p_account bigint) RETURNS text
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE v_ctx text := CASE WHEN p_account IS NULL THEN NULL ELSE account_context(p_account) END;
BEGIN
  PERFORM set_config('app.ctx', coalesce(v_ctx, ''), true);
  PERFORM set_config('app.sig', CASE WHEN v_ctx IS NULL THEN '' ELSE scope_signature(v_ctx) END, true);
  RETURN v_ctx;
END $$;

-- Names the identity of this transaction. A token that is unknown, closed, past its twelve hours, idle for half an
-- hour, still on its way through sign-in, or of a stopped user names nobody. Services have no idle time-out.
-- Seen at most once a minute, and never waiting: a request does not cost a write.
CREATE OR REPLACE FUNCTION begin_request(p_token text) RETURNS text
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE s record; v_now timestamptz := clock_timestamp();
BEGIN
  SELECT i.token_hash, i.last_seen_at, i.account_id INTO s FROM sign_in i
    JOIN ab_user u ON u.id = i.user_id AND u.active
    JOIN account a ON a.id = i.account_id AND a.user_id = i.user_id
   WHERE i.token_hash = sha256(convert_to(p_token, 'UTF8')) AND i.stage = 'open'
     AND i.closed_at IS NULL AND i.expires_at > v_now
     AND (a.kind = 'service' OR i.last_seen_at > v_now - session_idle());
  IF FOUND AND s.last_seen_at < v_now - interval '1 minute' THEN
    UPDATE sign_in SET last_seen_at = v_now WHERE token_hash =
      (SELECT i.token_hash FROM sign_in i WHERE i.token_hash = s.token_hash FOR UPDATE SKIP LOCKED);
  END IF;
  RETURN name_identity(s.account_id);
END $$;

DROP FUNCTION IF EXISTS close_session(text);
DROP FUNCTION IF EXISTS switch_account(text, bigint);

-- Both are on record in the session's own name, whoever the transaction is of: an idle session signs out too.
CREATE OR REPLACE FUNCTION k_note_session(s sign_in, p_kind text, p_address text, p_facts jsonb) RETURNS void
LANGUAGE sql SET search_path = public, pg_temp AS $$
  SELECT audit_write(p_kind, s.user_id, s.account_id, u.username || '#' || s.account_id, p_address, p_facts)
    FROM ab_user u WHERE u.id = s.user_id
$$;

CREATE OR REPLACE FUNCTION close_session(p_token text, p_address text) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE s sign_in;
BEGIN
  UPDATE sign_in SET closed_at = clock_timestamp()
   WHERE token_hash = sha256(convert_to(p_token, 'UTF8')) AND closed_at IS NULL RETURNING * INTO s;
  IF FOUND THEN PERFORM k_note_session(s, 'sign_out', p_address, '{}'); END IF;
END $$;

-- Another hat of the same user, in the same session, from the next transaction on.
CREATE OR REPLACE FUNCTION switch_account(p_token text, p_account bigint, p_address text) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE v sign_in; v_before bigint;
BEGIN
  SELECT account_id INTO v_before FROM sign_in WHERE token_hash = sha256(convert_to(p_token, 'UTF8')) FOR UPDATE;
  UPDATE sign_in s SET account_id = a.id FROM account a
   WHERE s.token_hash = sha256(convert_to(p_token, 'UTF8')) AND s.closed_at IS NULL AND s.stage = 'open'
     AND s.expires_at > clock_timestamp() AND s.last_seen_at > clock_timestamp() - session_idle()
     AND a.id = p_account AND a.user_id = s.user_id AND (s.factor OR a.kind <> ALL (s.factor_kinds))
     AND a.started_on <= kernel_today() AND (a.ended_on IS NULL OR a.ended_on > kernel_today())
  RETURNING s.* INTO v;
  IF NOT FOUND THEN PERFORM refuse('not_allowed'); END IF;
  PERFORM k_note_session(v, 'hat.changed', p_address, jsonb_build_object('before', v_before, 'after', p_account));
END $$;
