-- 流程版本与流程设计: which definition holds on a day, and how a new one comes about: written and proposed by the system
-- administrator, published by the security administrator, in force from a day on; what was published never changes.

CREATE OR REPLACE FUNCTION process_in_force(p_process text, p_day date) RETURNS bigint
LANGUAGE sql STABLE SET search_path = public, pg_temp AS $$
  SELECT id FROM process_version WHERE process = p_process AND holds_from <= p_day
   ORDER BY holds_from DESC, version DESC LIMIT 1
$$;

CREATE OR REPLACE FUNCTION k_version_hash(p_definition jsonb, p_requirements jsonb) RETURNS text
LANGUAGE sql IMMUTABLE SET search_path = public, pg_temp AS
$$ SELECT encode(sha256(convert_to(p_definition::text || p_requirements::text, 'UTF8')), 'hex') $$;

-- What a release of the system brings. Where the city works by a version of its own, it is offered, not in force.
CREATE OR REPLACE FUNCTION publish_version(p_process text, p_version int, p_definition jsonb, p_requirements jsonb)
RETURNS bigint LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
DECLARE v process_version; v_hash text := k_version_hash(p_definition, p_requirements); v_last process_version;
BEGIN
  SELECT * INTO v FROM process_version WHERE process = p_process AND shipped_version = p_version;
  IF FOUND AND v.hash <> v_hash THEN
    PERFORM refuse('facts_changed', jsonb_build_object('process', p_process, 'version', p_version));
  ELSIF NOT FOUND THEN
    SELECT * INTO v_last FROM process_version WHERE process = p_process ORDER BY version DESC LIMIT 1;
    INSERT INTO process_version (process, version, shipped_version, definition, requirements, hash, holds_from)
    VALUES (p_process, greatest(v_last.version + 1, p_version), p_version, p_definition, p_requirements, v_hash,
      CASE WHEN EXISTS (SELECT 1 FROM process_version WHERE process = p_process AND shipped_version IS NULL) THEN NULL
      ELSE kernel_today() END) RETURNING * INTO v;
  END IF;
  RETURN v.id;
END $$;

-- The approvals below which no definition may go (立项文件: 编办核编制职数, 组织人社在核定数内办人事): whatever touches
-- seats, quotas or bodies needs 编办; a register entry somebody's word.
CREATE OR REPLACE FUNCTION k_below_floor(p_requirements jsonb) RETURNS text
LANGUAGE sql IMMUTABLE SET search_path = public, pg_temp AS $$
  SELECT CASE WHEN jsonb_typeof(p_requirements) IS DISTINCT FROM 'object' OR p_requirements = '{}' THEN 'requirements'
    ELSE (SELECT m.k FROM jsonb_each(p_requirements) m(k, qs) WHERE m.k <> 'none' AND NOT EXISTS (
      SELECT 1 FROM jsonb_array_elements(CASE jsonb_typeof(m.qs) WHEN 'array' THEN m.qs ELSE '[]' END) q
       WHERE m.k IN ('record') OR q ->> 'role' = 'establishment') ORDER BY m.k LIMIT 1) END
$$;

CREATE OR REPLACE FUNCTION k_draft(p_draft bigint, p_seen timestamptz) RETURNS process_draft
LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
DECLARE d process_draft;
BEGIN
  SELECT * INTO d FROM process_draft WHERE id = p_draft FOR UPDATE;
  IF NOT FOUND THEN PERFORM refuse('not_found'); END IF;
  IF d.state NOT IN ('draft', 'proposed') THEN PERFORM refuse('already_decided'); END IF;
  IF d.changed_at <> p_seen THEN PERFORM refuse('stale_draft'); END IF;
  RETURN d;
END $$;

-- A draft begins as the copy of a version; under another key it is a business of its own.
CREATE OR REPLACE FUNCTION process_draft_begin(p_from bigint, p_process text) RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE v process_version; v_id bigint;
BEGIN
  PERFORM k_is('system_admin');
  SELECT * INTO v FROM process_version WHERE id = p_from;
  IF NOT FOUND THEN PERFORM refuse('not_found'); END IF;
  IF p_process !~ '^[a-z][a-z0-9_]{2,39}$' OR p_process <> v.process AND EXISTS (SELECT 1 FROM process_version
      WHERE process = p_process) THEN
    PERFORM refuse('invalid_input', '{"errors": {"process": ["format"]}}');
  END IF;
  INSERT INTO process_draft (process, based_on, definition, edited_by)
  VALUES (p_process, v.id, v.definition || jsonb_build_object('process', p_process), scope_number(1)) RETURNING id INTO v_id;
  PERFORM record_audit('process.drafted', NULL, jsonb_build_object('draft', v_id, 'process', p_process, 'from', v.version));
  RETURN v_id;
END $$;

-- Saving takes back a proposal: what the second person looks at is what will hold.
CREATE OR REPLACE FUNCTION process_draft_save(p_draft bigint, p_definition jsonb, p_seen timestamptz) RETURNS timestamptz
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE d process_draft;
BEGIN
  PERFORM k_is('system_admin');
  d := k_draft(p_draft, p_seen);
  IF jsonb_typeof(p_definition) IS DISTINCT FROM 'object' OR length(p_definition::text) > 100000 THEN
    PERFORM refuse('invalid_input', '{"errors": {"definition": ["format"]}}');
  END IF;
  UPDATE process_draft SET definition = p_definition || jsonb_build_object('process', d.process), state = 'draft',
    proposed_by = NULL, proposed_at = NULL, holds_from = NULL, edited_by = scope_number(1), changed_at = clock_timestamp()
   WHERE id = d.id RETURNING * INTO d;
  RETURN d.changed_at;
END $$;

CREATE OR REPLACE FUNCTION process_draft_drop(p_draft bigint, p_seen timestamptz) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE d process_draft;
BEGIN
  PERFORM k_is('system_admin');
  d := k_draft(p_draft, p_seen);
  UPDATE process_draft SET state = 'dropped', changed_at = clock_timestamp() WHERE id = d.id;
  PERFORM record_audit('process.dropped', NULL, jsonb_build_object('draft', d.id, 'process', d.process));
END $$;

CREATE OR REPLACE FUNCTION process_propose(p_draft bigint, p_holds_from date, p_seen timestamptz) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE d process_draft; v_low text;
BEGIN
  PERFORM k_is('system_admin');
  d := k_draft(p_draft, p_seen);
  IF d.state <> 'draft' THEN PERFORM refuse('already_decided'); END IF;
  IF NOT coalesce(p_holds_from >= kernel_today(), false) THEN
    PERFORM refuse('invalid_input', '{"errors": {"holds_from": ["past"]}}');
  END IF;
  v_low := k_below_floor(d.definition -> 'requirements');
  IF v_low IS NOT NULL THEN PERFORM refuse('floor', jsonb_build_object('movement', v_low)); END IF;
  UPDATE process_draft SET state = 'proposed', proposed_by = scope_number(1), proposed_at = clock_timestamp(),
    holds_from = p_holds_from, changed_at = clock_timestamp() WHERE id = d.id;
  PERFORM record_audit('process.proposed', NULL, jsonb_build_object('draft', d.id, 'process', d.process, 'from', p_holds_from));
END $$;

-- The second person. A day that has passed meanwhile becomes today: nothing holds in hindsight.
CREATE OR REPLACE FUNCTION process_settle(p_draft bigint, p_approve boolean, p_note text, p_seen timestamptz) RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE d process_draft; v_version int; v_definition jsonb; v_requirements jsonb; v_id bigint;
BEGIN
  PERFORM k_is('security_admin');
  d := k_draft(p_draft, p_seen);
  IF d.state <> 'proposed' THEN PERFORM refuse('wrong_state', jsonb_build_object('state', d.state)); END IF;
  IF scope_number(1) IN (d.proposed_by, d.edited_by) THEN PERFORM refuse('same_person'); END IF;
  IF p_approve THEN
    PERFORM 1 FROM process_version WHERE process = d.process FOR UPDATE;
    SELECT coalesce(max(version), 0) + 1 INTO v_version FROM process_version WHERE process = d.process;
    v_definition := d.definition || jsonb_build_object('version', v_version);
    v_requirements := v_definition -> 'requirements';
    INSERT INTO process_version (process, version, definition, requirements, hash, holds_from)
    VALUES (d.process, v_version, v_definition, v_requirements, k_version_hash(v_definition, v_requirements),
      greatest(d.holds_from, kernel_today())) RETURNING id INTO v_id;
    UPDATE process_draft SET state = 'published', decided_by = scope_number(1), decided_at = clock_timestamp(),
      note = nullif(btrim(p_note), ''), version_id = v_id, changed_at = clock_timestamp() WHERE id = d.id;
  ELSIF length(btrim(coalesce(p_note, ''))) < 2 THEN
    PERFORM refuse('invalid_input', '{"errors": {"note": ["required"]}}');
  ELSE  -- back to its writer, with the reason
    UPDATE process_draft SET state = 'draft', proposed_by = NULL, proposed_at = NULL, holds_from = NULL,
      note = btrim(p_note), changed_at = clock_timestamp() WHERE id = d.id;
  END IF;
  PERFORM record_audit(CASE WHEN p_approve THEN 'process.published' ELSE 'process.refused' END, NULL,
    jsonb_build_object('draft', d.id, 'process', d.process, 'version', v_version, 'note', nullif(btrim(p_note), '')));
  RETURN v_id;
END $$;
