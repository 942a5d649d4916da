-- 改革草案: written by the establishment office that drafts it, and by nobody else; a filed one stands still.

CREATE OR REPLACE FUNCTION k_my_reform(p_reform bigint) RETURNS reform
LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
DECLARE v reform;
BEGIN
  IF NOT k_of_establishment() THEN
    PERFORM refuse('not_found');
  END IF;
  SELECT * INTO v FROM reform WHERE id = p_reform AND office_id = scope_number(7) FOR UPDATE;
  IF NOT FOUND THEN PERFORM refuse('not_found'); END IF;
  RETURN v;
END $$;

-- The reform of a variant, still a draft and locked.
CREATE OR REPLACE FUNCTION k_open_variant(p_variant bigint) RETURNS reform
LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
DECLARE v reform := k_my_reform((SELECT reform_id FROM reform_variant WHERE id = p_variant));
BEGIN
  IF v.state <> 'draft' THEN PERFORM refuse('wrong_state', jsonb_build_object('state', v.state)); END IF;
  UPDATE reform SET changed_at = clock_timestamp() WHERE id = v.id;
  RETURN v;
END $$;

CREATE OR REPLACE FUNCTION k_said(p_text text, p_name text, p_longest int) RETURNS text
LANGUAGE plpgsql IMMUTABLE SET search_path = public, pg_temp AS $$
DECLARE v text := normalize(btrim(coalesce(p_text, '')), NFC);
BEGIN
  IF v = '' OR length(v) > p_longest THEN
    PERFORM refuse('invalid_input', jsonb_build_object('errors', jsonb_build_object(p_name, '["required"]'::jsonb)));
  END IF;
  RETURN v;
END $$;

CREATE OR REPLACE FUNCTION reform_begin(p_title text) RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE v_id bigint;
BEGIN
  IF NOT k_of_establishment() THEN
    PERFORM refuse('not_allowed');
  END IF;
  INSERT INTO reform (office_id, region_code, title, state, created_by, scope_path)
  SELECT o.id, o.region_code, k_said(p_title, 'title', 100), 'draft', scope_number(1), g.prefix
    FROM office o JOIN region g ON g.code = o.region_code WHERE o.id = scope_number(7) RETURNING id INTO v_id;
  INSERT INTO reform_variant (reform_id, name) VALUES (v_id, '方案一');
  PERFORM record_audit('reform.begun', NULL, jsonb_build_object('reform', v_id));
  RETURN v_id;
END $$;

-- Another variant, empty or as a copy with its keys.
CREATE OR REPLACE FUNCTION reform_variant_add(p_reform bigint, p_name text, p_from bigint) RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE v reform := k_my_reform(p_reform); v_id bigint; v_name text := k_said(p_name, 'name', 40);
BEGIN
  IF v.state <> 'draft' THEN PERFORM refuse('wrong_state', jsonb_build_object('state', v.state)); END IF;
  IF (SELECT count(*) FROM reform_variant WHERE reform_id = v.id) >= 6 OR EXISTS (SELECT 1 FROM reform_variant
      WHERE reform_id = v.id AND name = v_name) THEN
    PERFORM refuse('invalid_input', '{"errors": {"name": ["taken"]}}');
  END IF;
  INSERT INTO reform_variant (reform_id, name, serial) SELECT v.id, v_name, coalesce((SELECT serial FROM reform_variant
    WHERE id = p_from AND reform_id = v.id), 0) RETURNING id INTO v_id;
  INSERT INTO reform_step (variant_id, position, phase, kind, key, facts, note)
  SELECT v_id, position, phase, kind, key, facts, note FROM reform_step
   WHERE variant_id = p_from AND p_from IN (SELECT id FROM reform_variant WHERE reform_id = v.id);
  RETURN v_id;
END $$;

CREATE OR REPLACE FUNCTION reform_variant_drop(p_variant bigint) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE v reform := k_open_variant(p_variant);
BEGIN
  IF (SELECT count(*) FROM reform_variant WHERE reform_id = v.id) < 2 THEN PERFORM refuse('wrong_state', '{"state": "draft"}'); END IF;
  DELETE FROM reform_step WHERE variant_id = p_variant;
  DELETE FROM reform_variant WHERE id = p_variant;
END $$;

-- Adds a step at the end, or changes one. What makes a unit bears a key for the steps after it.
CREATE OR REPLACE FUNCTION reform_step_put(p_variant bigint, p_step bigint, p_kind text, p_facts jsonb, p_phase int, p_note text)
RETURNS bigint LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE v reform := k_open_variant(p_variant); v_id bigint; v_bad text; v_serial int;
BEGIN
  SELECT string_agg(key, ',') INTO v_bad FROM jsonb_each(p_facts) WHERE jsonb_typeof(value) NOT IN ('string', 'number', 'null')
    OR key IN ('step', 'key', 'n', 'phase') OR length(value::text) > 500 AND key NOT IN ('people', 'lead_lines') OR length(value::text) > 20000;
  IF v_bad IS NOT NULL OR coalesce(p_kind, '') !~ '^[a-z_]{3,30}$' OR NOT coalesce(p_phase BETWEEN 1 AND 9, false) THEN
    PERFORM refuse('invalid_input', jsonb_build_object('errors', jsonb_build_object(coalesce(v_bad, 'phase'), '["format"]'::jsonb)));
  END IF;
  IF p_step IS NOT NULL THEN
    UPDATE reform_step SET facts = p_facts, phase = p_phase, note = left(coalesce(p_note, ''), 500)
     WHERE id = p_step AND variant_id = p_variant AND kind = p_kind RETURNING id INTO v_id;
    IF v_id IS NULL THEN PERFORM refuse('not_found'); END IF;
    RETURN v_id;
  END IF;
  IF (SELECT count(*) FROM reform_step WHERE variant_id = p_variant) >= 400 THEN
    PERFORM refuse('invalid_input', '{"errors": {"step": ["too_many"]}}');
  END IF;
  IF p_kind IN ('open_unit', 'open_department', 'move_department') THEN
    UPDATE reform_variant SET serial = serial + 1 WHERE id = p_variant RETURNING serial INTO v_serial;
  END IF;
  INSERT INTO reform_step (variant_id, position, phase, kind, key, facts, note)
  SELECT p_variant, coalesce(max(position), 0) + 1, p_phase, p_kind, 'u' || v_serial, p_facts, left(coalesce(p_note, ''), 500)
    FROM reform_step WHERE variant_id = p_variant RETURNING id INTO v_id;
  RETURN v_id;
END $$;

-- Moves a step to another place, or (p_to null) takes it out; the others close up.
CREATE OR REPLACE FUNCTION reform_step_move(p_step bigint, p_to int) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE s reform_step; v reform;
BEGIN
  SELECT * INTO s FROM reform_step WHERE id = p_step;
  v := k_open_variant(s.variant_id);
  SELECT * INTO s FROM reform_step WHERE id = p_step;  -- as it is under the lock
  IF NOT FOUND THEN PERFORM refuse('not_found'); END IF;
  SET CONSTRAINTS uq_reform_step_position DEFERRED;
  IF p_to IS NULL THEN DELETE FROM reform_step WHERE id = s.id; END IF;
  WITH placed AS (SELECT id, row_number() OVER (ORDER BY CASE WHEN id = s.id THEN 2 * p_to + CASE WHEN p_to > position THEN 1
      ELSE -1 END ELSE 2 * position END) AS n FROM reform_step WHERE variant_id = s.variant_id)
  UPDATE reform_step x SET position = p.n FROM placed p WHERE p.id = x.id AND x.position <> p.n;
  SET CONSTRAINTS uq_reform_step_position IMMEDIATE;
END $$;

CREATE OR REPLACE FUNCTION reform_drop(p_reform bigint) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE v reform := k_my_reform(p_reform);
BEGIN
  IF v.state <> 'draft' THEN PERFORM refuse('wrong_state', jsonb_build_object('state', v.state)); END IF;
  UPDATE reform SET state = 'dropped', changed_at = clock_timestamp() WHERE id = v.id;
  PERFORM record_audit('reform.dropped', NULL, jsonb_build_object('reform', v.id));
END $$;

-- The steps as they are filed: what offices decide on is exactly this text.
CREATE OR REPLACE FUNCTION reform_steps(p_variant bigint, p_phase int) RETURNS jsonb
LANGUAGE sql STABLE SET search_path = public, pg_temp AS $$
  SELECT coalesce(jsonb_agg(facts || jsonb_strip_nulls(jsonb_build_object('n', position, 'step', kind, 'key', key))
    ORDER BY phase, position), '[]') FROM reform_step WHERE variant_id = p_variant AND (p_phase IS NULL OR phase = p_phase)
$$;

CREATE OR REPLACE FUNCTION reform_hash(p_steps jsonb) RETURNS text
LANGUAGE sql IMMUTABLE SET search_path = public, pg_temp AS $$ SELECT encode(sha256(convert_to(p_steps::text, 'UTF8')), 'hex') $$;

-- Every unit named in the steps is one that the identity may see: a body 不上网 is nobody else's to plan with.
CREATE OR REPLACE FUNCTION k_reform_seen(p_steps jsonb) RETURNS void
LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
DECLARE v_unit bigint;
BEGIN
  SELECT min(id) INTO v_unit FROM unit WHERE id = ANY (k_reform_units(p_steps, '{}')) AND NOT scope_has(scope_path);
  IF v_unit IS NOT NULL THEN PERFORM refuse('not_found', jsonb_build_object('unit', v_unit)); END IF;
END $$;

-- A case of this process files one phase of one variant, word for word, after the phase before it.
CREATE OR REPLACE FUNCTION k_reform_filed() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE f jsonb := NEW.facts::jsonb; v reform; v_phase int := (f ->> 'phase')::int; v_before int; v_steps jsonb;
BEGIN
  IF case_movement(NEW) IS DISTINCT FROM 'reform' THEN RETURN NULL; END IF;
  v := k_my_reform((SELECT reform_id FROM reform_variant WHERE id = (f ->> 'variant')::bigint));
  v_steps := reform_steps((f ->> 'variant')::bigint, v_phase);
  IF v.state NOT IN ('draft', 'filed') OR coalesce(v.filed_variant_id, (f ->> 'variant')::bigint) <> (f ->> 'variant')::bigint THEN
    PERFORM refuse('wrong_state', jsonb_build_object('state', v.state));
  END IF;
  SELECT max(phase) INTO v_before FROM reform_step WHERE variant_id = (f ->> 'variant')::bigint AND phase < v_phase;
  IF v_steps = '[]' OR f ->> 'steps' IS DISTINCT FROM normalize(v_steps::text, NFC) OR f ->> 'region' IS DISTINCT FROM v.region_code
    OR coalesce(f ->> 'document_no', '') = '' OR f ->> 'start' IS NULL
    OR (f ->> 'after')::bigint IS DISTINCT FROM (SELECT case_id FROM reform_phase WHERE reform_id = v.id AND phase = v_before)
    OR v_before IS NOT NULL AND f ->> 'after' IS NULL THEN
    PERFORM refuse('facts_changed', jsonb_build_object('reform', v.id));
  END IF;
  PERFORM k_reform_seen(v_steps);
  IF EXISTS (SELECT 1 FROM reform_phase p WHERE reform_id = v.id AND phase = v_phase AND case_id <> NEW.case_id) THEN
    PERFORM refuse('running_case');
  END IF;
  INSERT INTO reform_phase (reform_id, phase, case_id, start) VALUES (v.id, v_phase, NEW.case_id, (f ->> 'start')::date)
    ON CONFLICT (reform_id, phase) DO UPDATE SET start = excluded.start;
  UPDATE reform SET state = 'filed', filed_variant_id = (f ->> 'variant')::bigint, changed_at = clock_timestamp() WHERE id = v.id;
  RETURN NULL;
END $$;
CREATE OR REPLACE TRIGGER reform_filed AFTER INSERT OR UPDATE OF facts ON case_record FOR EACH ROW
  WHEN (NEW.facts LIKE '%"variant"%') EXECUTE FUNCTION k_reform_filed();

-- The reform ends with its cases: effected with the last phase, a draft again when nothing of it came about.
CREATE OR REPLACE FUNCTION k_reform_ended() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE v_reform bigint; v_after jsonb; v_unit bigint;
BEGIN
  SELECT reform_id INTO v_reform FROM reform_phase WHERE case_id = NEW.case_id;
  IF v_reform IS NULL THEN RETURN NULL; END IF;
  PERFORM 1 FROM reform WHERE id = v_reform FOR UPDATE;
  IF NEW.status = 'closed' THEN
    DELETE FROM reform_phase WHERE case_id = NEW.case_id;
    UPDATE reform SET state = 'draft', filed_variant_id = NULL WHERE id = v_reform
      AND NOT EXISTS (SELECT 1 FROM reform_phase WHERE reform_id = v_reform);
    RETURN NULL;
  END IF;
  UPDATE reform SET state = 'effected' WHERE id = v_reform AND NOT EXISTS (SELECT 1 FROM reform_step s
    LEFT JOIN reform_phase p ON p.reform_id = v_reform AND p.phase = s.phase LEFT JOIN case_record c ON c.case_id = p.case_id
    WHERE s.variant_id = reform.filed_variant_id AND c.status IS DISTINCT FROM 'effected');
  -- What the offices beside have to take note of: of every division that the reform touched, once each.
  SELECT definition -> 'after' INTO v_after FROM process_version WHERE id = NEW.process_version_id;
  INSERT INTO acknowledgement (case_id, number, office_id, role, title, way, unit_id, on_day, due_on, scope_path)
  SELECT DISTINCT ON (o.id, t.role) NEW.case_id, coalesce(a.number, ''), o.id, t.role, t.title, 'change', u.id,
    coalesce(a.effective_on, kernel_today()), workdays_after(kernel_today(), t.days), u.scope_path
    FROM application a, jsonb_to_recordset(v_after) t(role text, title text, days int), ledger_entry e
    JOIN unit u ON u.id = e.chain_id
    CROSS JOIN LATERAL (SELECT k_office_of(t.role, u.id, NULL) AS id) o
   WHERE a.id = NEW.case_id AND e.case_id = NEW.case_id AND e.chain_kind = 'unit' AND o.id IS NOT NULL ORDER BY o.id, t.role, u.id;
  INSERT INTO notice (kind, office_id, case_id, why, scope_path)
  SELECT 'acknowledge', office_id, case_id, title, scope_path FROM acknowledgement WHERE case_id = NEW.case_id ORDER BY id;
  RETURN NULL;
END $$;
CREATE OR REPLACE TRIGGER reform_ended AFTER UPDATE OF status ON case_record FOR EACH ROW
  WHEN (NEW.status IN ('effected', 'closed') AND OLD.status <> NEW.status) EXECUTE FUNCTION k_reform_ended();
