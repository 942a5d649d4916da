-- 机构编制管理证: issued, changed, replaced after a loss, stamped each year (年审) once the year's roster is confirmed.

CREATE SEQUENCE IF NOT EXISTS certificate_number_seq;

CREATE OR REPLACE FUNCTION ledger_certificate(p_case bigint) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE r case_record := case_open_movement(p_case, 'certificate'); f jsonb := r.facts::jsonb; u unit; old certificate;
  c certificate; v_now timestamptz; v_year int := (f ->> 'year')::int; v_on date := kernel_today();
BEGIN
  SELECT * INTO u FROM unit WHERE id = (f ->> 'unit')::bigint AND id = r.unit_id AND legal_id = id AND status = 'active'
    FOR NO KEY UPDATE;
  IF NOT FOUND THEN PERFORM refuse('not_found', jsonb_build_object('unit', f ->> 'unit')); END IF;
  SELECT * INTO old FROM certificate WHERE unit_id = u.id AND valid FOR UPDATE;
  IF f ->> 'certificate_reason' = 'first' AND old.id IS NOT NULL THEN
    PERFORM refuse('certificate_exists', jsonb_build_object('number', old.number));
  ELSIF f ->> 'certificate_reason' <> 'first' AND old.id IS NULL THEN PERFORM refuse('certificate_missing');
  END IF;
  v_now := clock_timestamp();
  IF f ->> 'certificate_reason' = 'verify' THEN
    IF NOT EXISTS (SELECT 1 FROM verification WHERE unit_id = u.id AND year = v_year AND confirmed_at IS NOT NULL) THEN
      PERFORM refuse('not_verified', jsonb_build_object('year', v_year));
    END IF;
    UPDATE certificate SET verified_year = v_year WHERE id = old.id;
    PERFORM chain_append('unit', u.id, 'certificate.verified', v_on, v_now, p_case,
      jsonb_build_object('certificate', old.id, 'number', old.number, 'year', v_year), u.scope_path);
    UPDATE alarm SET state = 'cleared', closed_at = v_now WHERE rule = 'AL22' AND code = 'certificate_unverified'
      AND unit_id = u.id AND state = 'open' AND (facts ->> 'year')::int <= v_year;
  ELSE
    IF old.id IS NOT NULL THEN UPDATE certificate SET valid = false, ended_on = v_on WHERE id = old.id; END IF;
    INSERT INTO certificate (unit_id, number, reason, issued_on, valid, verified_year, case_id, scope_path)
    VALUES (u.id, '编证' || u.region_code || '〔' || to_char(v_on, 'YYYY') || '〕' || nextval('certificate_number_seq') || '号',
      f ->> 'certificate_reason', v_on, true, old.verified_year, p_case, u.scope_path) RETURNING * INTO c;
    PERFORM chain_append('unit', u.id, 'certificate.issued', v_on, v_now, p_case, jsonb_build_object('certificate', c.id,
      'number', c.number, 'reason', c.reason, 'replaces', old.id, 'verified_year', c.verified_year), u.scope_path);
  END IF;
  PERFORM k_effected(p_case);
END $$;

-- AL22: a valid certificate without the stamp of a round whose day has passed. How many are new.
CREATE OR REPLACE FUNCTION certificate_watch() RETURNS int
LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
DECLARE v_new int;
BEGIN
  INSERT INTO alarm (rule, code, standing, state, unit_id, operator, facts, scope_path)
  SELECT 'AL22', 'certificate_unverified', false, 'open', c.unit_id, 'svc-worker', jsonb_build_object('year', v.year,
      'sentence', '机构编制管理证 ' || c.number || ' 未办理 ' || v.year || ' 年度年审'), c.scope_path
    FROM certificate c JOIN verification v ON v.unit_id = c.unit_id AND v.due_on < kernel_today()
     AND extract(year FROM c.issued_on) <= v.year
   WHERE c.valid AND coalesce(c.verified_year, 0) < v.year AND NOT EXISTS (
      SELECT 1 FROM alarm x WHERE x.rule = 'AL22' AND x.code = 'certificate_unverified' AND x.unit_id = c.unit_id
        AND x.state = 'open' AND (x.facts ->> 'year')::int = v.year);
  GET DIAGNOSTICS v_new = ROW_COUNT;
  RETURN v_new;
END $$;

-- 异议: an answer is what an error report asks for, so an approval without one is none.
CREATE OR REPLACE FUNCTION k_objection_answered() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
  IF length(btrim(NEW.opinion)) < 4 AND EXISTS (SELECT 1 FROM application WHERE id = NEW.case_id
      AND process IN ('objection', 'objection_own')) THEN
    PERFORM refuse('invalid_input', '{"errors": {"opinion": ["answer"]}}');
  END IF;
  RETURN NEW;
END $$;
CREATE OR REPLACE TRIGGER objection_answered BEFORE INSERT ON decision FOR EACH ROW
  WHEN (NEW.verdict = 'approve' AND NEW.office_id IS NOT NULL) EXECUTE FUNCTION k_objection_answered();

-- What the night looks after inside the units.
CREATE OR REPLACE FUNCTION inside_watch() RETURNS int
LANGUAGE sql SET search_path = public, pg_temp AS $$ SELECT absence_watch() + verification_watch() + certificate_watch() $$;
