-- Users and their accounts (hats). The system administrator proposes, the security administrator settles; every change
-- is on record as it was before and as it is after.

CREATE OR REPLACE FUNCTION k_is(p_kind text) RETURNS void
LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
BEGIN
  IF scope_part(3) IS DISTINCT FROM p_kind THEN PERFORM refuse('not_allowed'); END IF;
END $$;

DROP FUNCTION IF EXISTS k_system_admin();
DROP FUNCTION IF EXISTS admin_grant(int, text, bigint, bigint, bigint, date, date);

CREATE OR REPLACE FUNCTION admin_new_user(p_username text, p_last text, p_first text, p_hash text) RETURNS int
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE v_id int;
BEGIN
  PERFORM k_is('system_admin');
  IF EXISTS (SELECT 1 FROM ab_user WHERE username = p_username) THEN
    PERFORM refuse('duplicate_user', jsonb_build_object('username', p_username));
  END IF;
  INSERT INTO ab_user (id, first_name, last_name, username, password, active, email, created_on)
  VALUES (nextval('ab_user_id_seq'), p_first, p_last, p_username, p_hash, true, p_username || '@bianzhi.local', now())
  RETURNING id INTO v_id;
  PERFORM record_audit('user.created', NULL, jsonb_build_object('user', v_id, 'username', p_username,
    'before', NULL, 'after', jsonb_build_object('active', true)));
  RETURN v_id;
END $$;

CREATE OR REPLACE FUNCTION k_propose(q grant_request) RETURNS bigint
LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
DECLARE v_id bigint;
BEGIN
  PERFORM k_is('system_admin');
  IF q.user_id = scope_number(1) THEN PERFORM refuse('same_person'); END IF;
  IF NOT EXISTS (SELECT 1 FROM ab_user WHERE id = q.user_id) THEN PERFORM refuse('not_found'); END IF;
  IF q.started_on IS NULL OR q.ended_on <= q.started_on THEN
    PERFORM refuse('invalid_input', '{"errors": {"ended_on": ["required"]}}');
  END IF;
  INSERT INTO grant_request (user_id, kind, unit_id, office_id, person_id, region_code, account_id, started_on, ended_on,
    proposed_by)
  VALUES (q.user_id, q.kind, q.unit_id, q.office_id, q.person_id, q.region_code, q.account_id, q.started_on, q.ended_on,
    scope_number(1)) RETURNING id INTO v_id;
  PERFORM record_audit('grant.proposed', NULL, jsonb_build_object('before', NULL,
    'after', (SELECT to_jsonb(g) FROM grant_request g WHERE g.id = v_id)));
  RETURN v_id;
END $$;

-- An identity for a user, from a date to a date. Nobody proposes for himself; a service's identity is not given by hand.
CREATE OR REPLACE FUNCTION admin_propose(p_user int, p_kind text, p_unit bigint, p_office bigint, p_person bigint,
  p_region text, p_from date, p_to date) RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE q grant_request;
BEGIN
  IF p_kind IS NULL OR p_kind = 'service' THEN PERFORM refuse('not_allowed'); END IF;
  q.user_id := p_user; q.kind := p_kind; q.unit_id := p_unit; q.office_id := p_office; q.person_id := p_person;
  q.region_code := p_region; q.started_on := p_from; q.ended_on := p_to;
  RETURN k_propose(q);
END $$;

-- 指名授权: one account for one unit, named by its code: a unit 不上网 stands in no list to choose from.
CREATE OR REPLACE FUNCTION admin_propose_named(p_account bigint, p_code text, p_from date, p_to date) RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE q grant_request;
BEGIN
  SELECT user_id, id INTO q.user_id, q.account_id FROM account WHERE id = p_account
    AND kind NOT IN ('system_admin', 'security_admin', 'auditor', 'service', 'person') AND delegated_from IS NULL;
  SELECT id INTO q.unit_id FROM unit WHERE uscc = p_code AND node = 'legal' AND status = 'active';
  IF q.account_id IS NULL OR q.unit_id IS NULL THEN PERFORM refuse('not_found'); END IF;
  q.started_on := p_from; q.ended_on := p_to;
  RETURN k_propose(q);
END $$;

-- The second person. What the grant would make is checked now: an exclusion constraint keeps the three duties apart.
CREATE OR REPLACE FUNCTION admin_settle(p_request bigint, p_approve boolean, p_note text) RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE q grant_request; v_id bigint; v_before jsonb;
BEGIN
  PERFORM k_is('security_admin');
  SELECT * INTO q FROM grant_request WHERE id = p_request FOR UPDATE;
  IF NOT FOUND THEN PERFORM refuse('not_found'); END IF;
  IF q.state <> 'open' THEN PERFORM refuse('already_decided'); END IF;
  IF scope_number(1) IN (q.proposed_by, q.user_id) THEN PERFORM refuse('same_person'); END IF;
  v_before := to_jsonb(q);
  UPDATE grant_request SET state = CASE WHEN p_approve THEN 'approved' ELSE 'rejected' END, decided_by = scope_number(1),
    decided_at = clock_timestamp(), note = nullif(btrim(p_note), '') WHERE id = q.id RETURNING * INTO q;
  IF p_approve AND q.account_id IS NULL THEN
    INSERT INTO account (user_id, kind, unit_id, office_id, person_id, region_code, started_on, ended_on)
    VALUES (q.user_id, q.kind, q.unit_id, q.office_id, q.person_id, q.region_code, q.started_on, q.ended_on)
    RETURNING id INTO v_id;
  ELSIF p_approve THEN
    INSERT INTO named_access (account_id, unit_id, started_on, ended_on)
    VALUES (q.account_id, q.unit_id, q.started_on, q.ended_on) RETURNING id INTO v_id;
  END IF;
  PERFORM record_audit(CASE WHEN p_approve THEN 'grant.approved' ELSE 'grant.refused' END, NULL,
    jsonb_build_object('before', v_before, 'after', to_jsonb(q), 'made', v_id));
  RETURN v_id;
END $$;

-- Ends one account today: sessions under it name nobody from their next request on, open tasks go back to the office,
-- delegations given from it, those held by right of it, and names given to it end with it.
CREATE OR REPLACE FUNCTION k_end_account(p_account bigint, p_why text) RETURNS void
LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
DECLARE a account; b account; d account;
BEGIN
  SELECT * INTO b FROM account WHERE id = p_account AND (ended_on IS NULL OR ended_on > kernel_today()) FOR UPDATE;
  IF NOT FOUND THEN RETURN; END IF;
  UPDATE account SET ended_on = greatest(kernel_today(), started_on) WHERE id = b.id RETURNING * INTO a;
  UPDATE named_access SET ended_on = greatest(kernel_today(), started_on)
   WHERE account_id = a.id AND (ended_on IS NULL OR ended_on > kernel_today());
  UPDATE task SET assignee_id = NULL WHERE assignee_id = a.user_id AND office_id = a.office_id AND state = 'open';
  PERFORM record_audit('account.ended', NULL,
    jsonb_build_object('why', p_why, 'before', to_jsonb(b), 'after', to_jsonb(a)));
  FOR d IN SELECT * FROM account x WHERE x.delegated_from = a.id OR (x.user_id = a.user_id
      AND x.delegated_from IS NOT NULL AND (x.unit_id = a.unit_id OR x.office_id = a.office_id)
      AND NOT delegation_stands(x)) ORDER BY x.id LOOP
    PERFORM k_end_account(d.id, p_why);
  END LOOP;
END $$;

CREATE OR REPLACE FUNCTION admin_end(p_account bigint) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
  PERFORM k_is('system_admin');
  IF NOT EXISTS (SELECT 1 FROM account WHERE id = p_account AND kind <> 'service' AND user_id <> scope_number(1)) THEN
    PERFORM refuse('not_allowed');
  END IF;
  PERFORM k_end_account(p_account, 'administrator');
END $$;

-- Stop or admit a user, or give a new password; each closes the user's open sessions and revokes the tokens.
CREATE OR REPLACE FUNCTION admin_set_user(p_user int, p_active boolean, p_hash text) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE v_before boolean;
BEGIN
  PERFORM k_is('system_admin');
  IF p_user = scope_number(1) OR EXISTS (SELECT 1 FROM account WHERE user_id = p_user AND kind = 'service') THEN
    PERFORM refuse('not_allowed');
  END IF;
  SELECT active INTO v_before FROM ab_user WHERE id = p_user FOR UPDATE;
  IF NOT FOUND THEN PERFORM refuse('not_found'); END IF;
  UPDATE ab_user SET active = coalesce(p_active, active), password = coalesce(p_hash, password),
    fail_login_count = 0, changed_on = now() WHERE id = p_user;
  UPDATE sign_in SET closed_at = clock_timestamp() WHERE user_id = p_user AND closed_at IS NULL;
  PERFORM record_audit('user.changed', NULL, jsonb_build_object('user', p_user,
    'tokens_revoked', k_revoke_tokens(p_user),
    'before', jsonb_build_object('active', v_before),
    'after', jsonb_build_object('active', coalesce(p_active, v_before), 'new_password', p_hash IS NOT NULL)));
END $$;

-- Units by name for the administrator, who sees no other row of theirs; names of units are public.
CREATE OR REPLACE FUNCTION unit_names(p_part text) RETURNS TABLE (id bigint, name text, region text)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
  SELECT u.id, u.name, r.name FROM unit u JOIN region r ON r.code = u.region_code
   WHERE scope_part(3) IN ('system_admin', 'security_admin') AND u.node = 'legal' AND u.status = 'active' AND NOT u.not_networked
     AND strpos(u.name, p_part) > 0 ORDER BY u.scope_path LIMIT 20
$$;
