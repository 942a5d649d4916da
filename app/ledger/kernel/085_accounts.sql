-- Users and their accounts (hats). The system administrator alone writes them, and every change is on record.

CREATE OR REPLACE FUNCTION k_system_admin() RETURNS void
LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
BEGIN
  IF scope_part(3) IS DISTINCT FROM 'system_admin' THEN PERFORM refuse('not_allowed'); END IF;
END $$;

CREATE OR REPLACE FUNCTION admin_new_user(p_username text, p_last text, p_first text, p_hash text) RETURNS int
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE v_id int;
BEGIN
  PERFORM k_system_admin();
  IF EXISTS (SELECT 1 FROM ab_user WHERE username = p_username) THEN
    PERFORM refuse('duplicate_user', jsonb_build_object('username', p_username));
  END IF;
  INSERT INTO ab_user (id, first_name, last_name, username, password, active, email, created_on)
  VALUES (nextval('ab_user_id_seq'), p_first, p_last, p_username, p_hash, true, p_username || '@bianzhi.local', now())
  RETURNING id INTO v_id;
  PERFORM record_audit('user.created', NULL, jsonb_build_object('user', v_id, 'username', p_username));
  RETURN v_id;
END $$;

-- 三员分立: one of the three administrators is nothing else; nobody gives a hat to himself.
CREATE OR REPLACE FUNCTION admin_grant(p_user int, p_kind text, p_unit bigint, p_office bigint, p_person bigint,
  p_from date, p_to date) RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE v_id bigint; v_special text[] := ARRAY['system_admin', 'security_admin', 'auditor'];
BEGIN
  PERFORM k_system_admin();
  IF p_user = scope_number(1) OR p_kind = 'service' THEN PERFORM refuse('not_allowed'); END IF;
  PERFORM 1 FROM ab_user WHERE id = p_user FOR UPDATE;  -- two grants to one user wait for each other
  IF NOT FOUND THEN PERFORM refuse('not_found'); END IF;
  IF EXISTS (SELECT 1 FROM account a WHERE a.user_id = p_user AND (a.ended_on IS NULL OR a.ended_on > p_from)
      AND (p_to IS NULL OR a.started_on < p_to)
      AND (a.kind = ANY (v_special) OR p_kind = ANY (v_special))) THEN
    PERFORM refuse('duties_conflict');
  END IF;
  INSERT INTO account (user_id, kind, unit_id, office_id, person_id, started_on, ended_on)
  VALUES (p_user, p_kind, p_unit, p_office, p_person, p_from, p_to) RETURNING id INTO v_id;
  PERFORM record_audit('account.granted', NULL, jsonb_build_object('user', p_user, 'account', v_id, 'kind', p_kind,
    'unit', p_unit, 'office', p_office, 'person', p_person, 'from', p_from, 'to', p_to));
  RETURN v_id;
END $$;

-- The hat ends today; sessions under it name nobody from their next request on.
CREATE OR REPLACE FUNCTION admin_end(p_account bigint) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE a account;
BEGIN
  PERFORM k_system_admin();
  UPDATE account SET ended_on = greatest(kernel_today(), started_on) WHERE id = p_account AND kind <> 'service'
    AND user_id <> scope_number(1) RETURNING * INTO a;
  IF NOT FOUND THEN PERFORM refuse('not_allowed'); END IF;
  UPDATE task SET assignee_id = NULL WHERE assignee_id = a.user_id AND office_id = a.office_id AND state = 'open';
  PERFORM record_audit('account.ended', NULL, jsonb_build_object('user', a.user_id, 'account', a.id, 'kind', a.kind));
END $$;

-- Stop or admit a user, or give a new password; each closes the user's open sessions.
CREATE OR REPLACE FUNCTION admin_set_user(p_user int, p_active boolean, p_hash text) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
  PERFORM k_system_admin();
  IF p_user = scope_number(1) OR EXISTS (SELECT 1 FROM account WHERE user_id = p_user AND kind = 'service') THEN
    PERFORM refuse('not_allowed');
  END IF;
  UPDATE ab_user SET active = coalesce(p_active, active), password = coalesce(p_hash, password),
    fail_login_count = 0, changed_on = now() WHERE id = p_user;
  IF NOT FOUND THEN PERFORM refuse('not_found'); END IF;
  UPDATE sign_in SET closed_at = clock_timestamp() WHERE user_id = p_user AND closed_at IS NULL;
  PERFORM record_audit('user.changed', NULL, jsonb_build_object('user', p_user, 'active', p_active,
    'password', (p_hash IS NOT NULL)::int));
END $$;

-- Units by name for the administrator, who sees no other row of theirs; names of units are public.
CREATE OR REPLACE FUNCTION unit_names(p_part text) RETURNS TABLE (id bigint, name text, region text)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
  SELECT u.id, u.name, r.name FROM unit u JOIN region r ON r.code = u.region_code
   WHERE scope_part(3) = 'system_admin' AND u.node = 'legal' AND u.status = 'active' AND NOT u.not_networked
     AND strpos(u.name, p_part) > 0 ORDER BY u.scope_path LIMIT 20
$$;
