-- 干部管理权限 as a table that two people change: a rule is never edited, it is ended and replaced, and only from
-- tomorrow on, so that no running case changes hands.

-- A rule to add (p_rule empty), to end (no decider), or to replace on a day. Proposed by the system administrator.
CREATE OR REPLACE FUNCTION authority_propose(p_rule bigint, p_region text, p_grade text, p_level text, p_rank text,
  p_category text, p_decider text, p_basis text, p_from date) RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE q authority_request; a authority_rule;
BEGIN
  PERFORM k_is('system_admin');
  q.rule_id := p_rule; q.region_code := nullif(p_region, ''); q.unit_grade := coalesce(p_grade, '');
  q.level := coalesce(p_level, ''); q.rank := coalesce(p_rank, ''); q.category := coalesce(p_category, '');
  IF p_rule IS NOT NULL THEN
    SELECT * INTO a FROM authority_rule WHERE id = p_rule AND ended_on IS NULL;
    IF NOT FOUND THEN PERFORM refuse('not_found'); END IF;
    q.region_code := a.region_code; q.unit_grade := a.unit_grade; q.level := a.level; q.rank := a.rank;
    q.category := a.category;
  END IF;
  q.decider := nullif(p_decider, ''); q.basis := btrim(coalesce(p_basis, '')); q.started_on := p_from;
  PERFORM k_authority_fits(q);
  INSERT INTO authority_request (rule_id, region_code, unit_grade, level, rank, category, decider, basis, started_on,
    proposed_by)
  VALUES (q.rule_id, q.region_code, q.unit_grade, q.level, q.rank, q.category, q.decider, q.basis, q.started_on,
    scope_number(1)) RETURNING * INTO q;
  PERFORM record_audit('authority.proposed', NULL, jsonb_build_object('before', NULL, 'after', to_jsonb(q)));
  RETURN q.id;
END $$;

-- What every change fulfils: it begins after today, says on what it rests, and leaves nobody without an office.
CREATE OR REPLACE FUNCTION k_authority_fits(q authority_request) RETURNS void
LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
BEGIN
  IF NOT coalesce(q.started_on > kernel_today(), false) THEN PERFORM refuse('rule_day'); END IF;
  IF length(q.basis) < 2 THEN PERFORM refuse('invalid_input', '{"errors": {"basis": ["required"]}}'); END IF;
  IF q.decider IS NULL AND q.rule_id IS NULL THEN
    PERFORM refuse('invalid_input', '{"errors": {"decider": ["required"]}}');
  END IF;
  IF concat(q.region_code, q.unit_grade, q.level, q.rank, q.category) = '' AND coalesce(q.decider, 'supervisor') = 'supervisor'
    THEN PERFORM refuse('rule_needed'); END IF;
END $$;

-- The second person.
CREATE OR REPLACE FUNCTION authority_settle(p_request bigint, p_approve boolean, p_note text) RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE q authority_request; v_before jsonb; v_id bigint;
BEGIN
  PERFORM k_is('security_admin');
  SELECT * INTO q FROM authority_request WHERE id = p_request FOR UPDATE;
  IF NOT FOUND THEN PERFORM refuse('not_found'); END IF;
  IF q.state <> 'open' THEN PERFORM refuse('already_decided'); END IF;
  IF scope_number(1) = q.proposed_by THEN PERFORM refuse('same_person'); END IF;
  v_before := to_jsonb(q);
  IF p_approve THEN
    PERFORM k_authority_fits(q);
    IF q.rule_id IS NOT NULL THEN
      UPDATE authority_rule SET ended_on = q.started_on WHERE id = q.rule_id AND ended_on IS NULL
        AND started_on < q.started_on;
      IF NOT FOUND THEN PERFORM refuse('rule_day'); END IF;
    END IF;
    IF q.decider IS NOT NULL THEN
      INSERT INTO authority_rule (region_code, unit_grade, level, rank, category, decider, basis, started_on)
      VALUES (q.region_code, q.unit_grade, q.level, q.rank, q.category, q.decider, q.basis, q.started_on)
      RETURNING id INTO v_id;
    END IF;
  END IF;
  UPDATE authority_request SET state = CASE WHEN p_approve THEN 'approved' ELSE 'rejected' END,
    decided_by = scope_number(1), decided_at = clock_timestamp(), note = nullif(btrim(p_note), '') WHERE id = q.id
  RETURNING * INTO q;
  PERFORM record_audit(CASE WHEN p_approve THEN 'authority.approved' ELSE 'authority.refused' END, NULL,
    jsonb_build_object('before', v_before, 'after', to_jsonb(q), 'made', v_id));
  RETURN v_id;
END $$;

-- "Who would decide?": every rule that fits, in the order in which they are asked, and the side of each; the first that
-- has one decides. For administrators, who see no row of a unit; a unit 不上网 is none to try with.
CREATE OR REPLACE FUNCTION authority_trial(p_on date, p_unit bigint, p_category text, p_level text, p_rank text)
RETURNS TABLE (rule bigint, side text, decides boolean)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
  SELECT a.id, x.side, a.id = (SELECT s.rule FROM authority_side(p_on, u.id, p_category, p_level, p_rank) s)
    FROM unit u CROSS JOIN LATERAL authority_rules(p_on, u.id, p_category, p_level, p_rank) WITH ORDINALITY a
    CROSS JOIN LATERAL (SELECT CASE WHEN a.decider = 'supervisor' THEN (SELECT name FROM unit WHERE id = unit_supervisor(u.id)
        AND NOT not_networked)
      ELSE (SELECT name FROM office WHERE id = office_at(replace(a.decider, 'city_', ''), CASE
        WHEN a.decider LIKE 'city\_%' THEN city_code() ELSE office_region(u.region_code) END)) END AS side) x
   WHERE u.id = p_unit AND NOT u.not_networked AND scope_part(3) IN ('system_admin', 'security_admin')
   ORDER BY a.ordinality
$$;
