-- Who asks: a session's token becomes the signed identity of one transaction.
-- Every function here belongs to the owner; EXECUTE is granted in 090_grants.sql.

CREATE OR REPLACE FUNCTION kernel_today() RETURNS date
LANGUAGE sql STABLE SET search_path = public, pg_temp AS
$$ SELECT (now() AT TIME ZONE 'Asia/Shanghai')::date $$;

-- A refusal with a stable code; Python turns it into a DomainError with these facts.
CREATE OR REPLACE FUNCTION refuse(p_code text, p_facts jsonb DEFAULT '{}') RETURNS void
LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
BEGIN
  RAISE EXCEPTION USING ERRCODE = 'BZ001', MESSAGE = p_code, DETAIL = p_facts::text;
END $$;

-- The signature binds the identity to this transaction of this backend, so a copied one is worthless.
CREATE OR REPLACE FUNCTION scope_signature(p_ctx text) RETURNS text
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
  SELECT encode(sha256(convert_to(k.secret || ':' || encode(sha256(convert_to(
    k.secret || ':' || pg_backend_pid() || ':' || extract(epoch FROM transaction_timestamp())::text
    || ':' || p_ctx, 'UTF8')), 'hex'), 'UTF8')), 'hex')
  FROM scope_key k WHERE k.id = 1
$$;

-- Parts: 1 user, 2 account, 3 kind, 4 low, 5 high (rows of people), 6 unit, 7 office, 8 person,
-- 9 office kind, 10 personnel classes, 11 region, 12 low, 13 high (rows of units).
CREATE OR REPLACE FUNCTION scope_part(p_part int) RETURNS text
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE v_ctx text := nullif(current_setting('app.ctx', true), '');
BEGIN
  IF v_ctx IS NULL OR current_setting('app.sig', true) IS DISTINCT FROM scope_signature(v_ctx) THEN
    RETURN NULL;
  END IF;
  RETURN nullif(split_part(v_ctx, '|', p_part), '');
END $$;

CREATE OR REPLACE FUNCTION scope_number(p_part int) RETURNS bigint
LANGUAGE sql STABLE SET search_path = public, pg_temp AS $$ SELECT scope_part(p_part)::bigint $$;

-- The first string after every string that begins with the prefix, by code point.
CREATE OR REPLACE FUNCTION range_end(p_prefix text) RETURNS text
LANGUAGE sql IMMUTABLE SET search_path = public, pg_temp AS
$$ SELECT left(p_prefix, -1) || chr(ascii(right(p_prefix, 1)) + 1) $$;

CREATE OR REPLACE FUNCTION account_context(p_account bigint) RETURNS text
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
  a account; o office; v_low text; v_high text; v_ulow text; v_uhigh text; v_classes text; v_region text;
BEGIN
  SELECT * INTO a FROM account WHERE id = p_account
    AND started_on <= kernel_today() AND (ended_on IS NULL OR ended_on > kernel_today());
  IF NOT FOUND THEN RETURN NULL; END IF;
  IF a.kind IN ('unit_clerk', 'unit_head') THEN
    SELECT scope_path, scope_path || '/', region_code INTO v_low, v_high, v_region FROM unit WHERE id = a.unit_id;
  ELSIF a.kind IN ('office_member', 'office_head', 'service') THEN
    IF a.office_id IS NOT NULL THEN
      SELECT * INTO o FROM office WHERE id = a.office_id;
      v_region := o.region_code;
    ELSE
      SELECT code INTO v_region FROM region WHERE kind = 'city';
    END IF;
    SELECT prefix, range_end(prefix) INTO v_low, v_high FROM region WHERE code = v_region;
    v_classes := CASE o.kind WHEN 'organisation' THEN 'civil' WHEN 'human_resources' THEN 'public,support' END;
  ELSIF a.kind = 'person' THEN
    SELECT u.scope_path, u.scope_path || '/', u.region_code INTO v_ulow, v_uhigh, v_region
      FROM person p JOIN unit u ON u.id = p.unit_id WHERE p.id = a.person_id;
  END IF;
  RETURN concat_ws('|', a.user_id::text, a.id::text, a.kind, coalesce(v_low, ''), coalesce(v_high, ''),
    coalesce(a.unit_id::text, ''), coalesce(a.office_id::text, ''), coalesce(a.person_id::text, ''),
    coalesce(o.kind, ''), coalesce(v_classes, ''), coalesce(v_region, ''),
    coalesce(v_ulow, v_low, ''), coalesce(v_uhigh, v_high, ''));
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

CREATE OR REPLACE FUNCTION close_session(p_token text) RETURNS void
LANGUAGE sql SECURITY DEFINER SET search_path = public, pg_temp AS $$
  UPDATE sign_in SET closed_at = clock_timestamp()
   WHERE token_hash = sha256(convert_to(p_token, 'UTF8')) AND closed_at IS NULL
$$;

-- Another hat of the same user, in the same session, from the next transaction on.
CREATE OR REPLACE FUNCTION switch_account(p_token text, p_account bigint) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
  UPDATE sign_in s SET account_id = a.id FROM account a
   WHERE s.token_hash = sha256(convert_to(p_token, 'UTF8')) AND s.closed_at IS NULL AND s.stage = 'open'
     AND s.expires_at > clock_timestamp() AND s.last_seen_at > clock_timestamp() - session_idle()
     AND a.id = p_account AND a.user_id = s.user_id AND (s.factor OR a.kind <> ALL (s.factor_kinds))
     AND a.started_on <= kernel_today() AND (a.ended_on IS NULL OR a.ended_on > kernel_today());
  IF NOT FOUND THEN PERFORM refuse('not_allowed'); END IF;
END $$;

-- 编办 of the unit's region (a town's is its district's); 组织部 for civil seats, 人社 for the others.
CREATE OR REPLACE FUNCTION responsible_office(p_role text, p_unit bigint, p_category text) RETURNS bigint
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
  SELECT o.id FROM unit u JOIN region r ON r.code = u.region_code
    JOIN office o ON o.region_code = CASE WHEN r.kind = 'town' THEN r.parent_code ELSE r.code END
     AND o.kind = CASE WHEN p_role = 'personnel'
       THEN CASE WHEN p_category IN ('11', '12', '21') THEN 'organisation' ELSE 'human_resources' END
       ELSE p_role END
   WHERE u.id = p_unit
$$;
