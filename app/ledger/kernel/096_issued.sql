-- 文书: numbered papers that an office issues in a case. Number and content never change; a paper may become void.

-- The kinds that a case may issue now: what its process lists, each from the moment from which it says something true.
CREATE OR REPLACE FUNCTION paper_kinds(a application, r case_record) RETURNS text[]
LANGUAGE sql STABLE SET search_path = public, pg_temp AS $$
  SELECT coalesce(array_agg(k.kind ORDER BY k.place), '{}') FROM process_version v,
    jsonb_array_elements_text(coalesce(v.definition -> 'outputs', '["receipt", "approval_sheet"]')) WITH ORDINALITY AS k(kind, place)
  WHERE v.id = a.process_version_id AND r.case_id IS NOT NULL AND CASE
    WHEN k.kind IN ('receipt', 'papers_list') THEN a.state NOT IN ('draft', 'withdrawn')
    -- 任免审批表 goes with the application; the paper in the books is its register entry (app/views/appointment.py).
    WHEN k.kind = 'appointment_form' THEN a.state NOT IN ('draft', 'withdrawn') AND a.person_id IS NOT NULL
    WHEN k.kind = 'quota_use' THEN r.status IN ('reserved', 'effected')
    WHEN k.kind = 'reply' THEN a.state IN ('awaiting', 'done') AND k_commission_said(r, 'approve')
    WHEN k.kind IN ('lead_use', 'approval_sheet') THEN a.state IN ('awaiting', 'done')
    ELSE r.status = 'effected' END
$$;

-- Who may have a paper issued: the applicant, and the offices and units that decide.
CREATE OR REPLACE FUNCTION case_issues(a application) RETURNS boolean
LANGUAGE sql STABLE SET search_path = public, pg_temp AS $$
  SELECT k_applies_here(a) OR takes_part(a.id)
    AND coalesce(scope_part(3) IN ('office_member', 'office_head', 'unit_clerk', 'unit_head'), false)
$$;

-- Of an identity that has none issued: nothing at all, not an empty list.
CREATE OR REPLACE FUNCTION papers_to_issue(p_case bigint) RETURNS text[]
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
  SELECT paper_kinds(a, r) FROM application a JOIN case_record r ON r.case_id = a.id WHERE a.id = p_case AND case_issues(a)
$$;

-- What a paper tells beside the filed facts, as it stands now: the office, the person, the seat entered, left or kept.
CREATE OR REPLACE FUNCTION paper_ground(p_case bigint) RETURNS jsonb
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE a application; r case_record; p person; v_office bigint;
BEGIN
  SELECT * INTO a FROM application WHERE id = p_case;
  SELECT * INTO r FROM case_record WHERE case_id = p_case;
  IF a.id IS NULL OR NOT (case_issues(a) OR sees_case(p_case)) THEN PERFORM refuse('not_found'); END IF;
  v_office := (case_side('establishment', r, case_movement(r))).office;
  SELECT * INTO p FROM person WHERE id = coalesce(a.person_id, (r.facts::jsonb ->> 'person')::bigint);
  RETURN jsonb_build_object('status', r.status, 'office_id', v_office, 'office', (SELECT name FROM office WHERE id = v_office),
    'person', coalesce(p.name, a.person_name), 'id_mask', coalesce(p.id_mask, r.facts::jsonb ->> 'id_mask'),
    'entered', (SELECT paper_seat(o) FROM occupancy o WHERE o.entry_case_id = p_case AND o.person_id = p.id
      ORDER BY o.kind, o.recorded_to IS NULL DESC, o.id DESC LIMIT 1),
    'left', (SELECT paper_seat(o) FROM occupancy o WHERE o.exit_case_id = p_case AND o.person_id = p.id
      ORDER BY o.kind, o.recorded_to IS NULL DESC, o.id DESC LIMIT 1),
    'sits', (SELECT paper_seat(o) FROM occupancy o WHERE o.person_id = p.id AND o.kind = 'establishment'
      AND o.recorded_to IS NULL AND o.ended_on IS NULL),
    'kept', (SELECT jsonb_build_object('unit', u.name, 'seat', s.number) FROM post s JOIN unit u ON u.id = s.unit_id
      WHERE s.reserved_case_id = p_case));
END $$;

CREATE OR REPLACE FUNCTION paper_seat(o occupancy) RETURNS jsonb
LANGUAGE sql STABLE SET search_path = public, pg_temp AS $$
  SELECT jsonb_build_object('unit', u.name, 'department', d.name, 'seat', s.number, 'kind', l.kind, 'category', l.category,
    'structure', l.structure, 'role', l.role, 'level', l.level, 'from', o.started_on, 'until', o.ended_on)
  FROM post s JOIN quota_line l ON l.id = o.line_id JOIN unit u ON u.id = o.unit_id LEFT JOIN unit d ON d.id = o.department_id
  WHERE s.id = o.post_id
$$;

-- The next number of a kind in an office and year; given only together with a paper: what is rolled back is not used up.
CREATE OR REPLACE FUNCTION paper_number(p_case bigint, p_kind text, OUT office_id bigint, OUT office text, OUT year int,
  OUT serial int, OUT number text)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE a application; r case_record;
BEGIN
  SELECT * INTO a FROM application WHERE id = p_case FOR UPDATE;
  SELECT * INTO r FROM case_record WHERE case_id = p_case;
  IF a.id IS NULL OR NOT case_issues(a) THEN PERFORM refuse('not_found'); END IF;
  IF NOT p_kind = ANY (paper_kinds(a, r)) OR EXISTS (SELECT 1 FROM issued_paper i WHERE i.application_id = p_case
      AND i.kind = p_kind AND i.voided_at IS NULL) THEN
    PERFORM refuse('wrong_state', jsonb_build_object('state', a.state));
  END IF;
  office_id := (case_side('establishment', r, case_movement(r))).office;
  IF office_id IS NULL THEN PERFORM refuse('no_office', '{"role": "establishment"}'); END IF;
  SELECT o.name INTO office FROM office o WHERE o.id = office_id;
  year := extract(year FROM kernel_today());
  INSERT INTO paper_counter AS c (kind, office_id, year, last) VALUES (p_kind, paper_number.office_id, paper_number.year, 1)
  ON CONFLICT ON CONSTRAINT pk_paper_counter DO UPDATE SET last = c.last + 1 RETURNING last INTO serial;
  number := '〔' || year || '〕' || serial || '号';
END $$;

-- A 批复 is an entry of its office's region, and so is that it became void.
CREATE OR REPLACE FUNCTION k_reply_entry(i issued_paper, p_type text, p_fields jsonb) RETURNS void
LANGUAGE sql SET search_path = public, pg_temp AS $$
  SELECT chain_append('region', o.region_code::bigint, 'reply.' || p_type, kernel_today(), clock_timestamp(), NULL,
    jsonb_build_object('paper', i.id) || p_fields, (SELECT prefix FROM region WHERE code = o.region_code))
    FROM office o WHERE o.id = i.office_id
$$;

CREATE OR REPLACE FUNCTION reply_voided() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
  PERFORM k_reply_entry(NEW, 'voided', jsonb_build_object('reason', NEW.void_reason, 'by', NEW.void_case_id));
  RETURN NULL;
END $$;
CREATE OR REPLACE TRIGGER reply_voided AFTER UPDATE ON issued_paper FOR EACH ROW
  WHEN (NEW.kind = 'reply' AND OLD.voided_at IS NULL AND NEW.voided_at IS NOT NULL) EXECUTE FUNCTION reply_voided();

-- The paper itself: its content bears the number that was just given, and is hashed here.
CREATE OR REPLACE FUNCTION paper_issue(p_case bigint, p_kind text, p_office bigint, p_year int, p_serial int, p_content text,
  p_signature bytea, p_file_hash bytea) RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE a application; v_id bigint; c jsonb := p_content::jsonb; v_number text := '〔' || p_year || '〕' || p_serial || '号';
BEGIN
  SELECT * INTO a FROM application WHERE id = p_case FOR UPDATE;
  IF a.id IS NULL OR NOT case_issues(a) THEN PERFORM refuse('not_found'); END IF;
  IF NOT p_kind = ANY (paper_kinds(a, (SELECT r FROM case_record r WHERE r.case_id = p_case)))
    OR c ->> 'number' IS DISTINCT FROM v_number OR c ->> 'kind' IS DISTINCT FROM p_kind OR c ->> 'case' IS DISTINCT FROM a.number
    OR c ->> 'office' IS DISTINCT FROM (SELECT name FROM office WHERE id = p_office)
    OR c ->> 'day' IS DISTINCT FROM kernel_today()::text OR length(p_signature) <> 64 OR length(p_file_hash) <> 32
    -- The number was given in this very transaction: its counter still stands there, under this transaction's lock.
    OR NOT EXISTS (SELECT 1 FROM paper_counter k WHERE k.kind = p_kind AND k.office_id = p_office AND k.year = p_year
      AND k.last = p_serial AND k.xmin::text::bigint = (pg_current_xact_id()::text::bigint & 4294967295)) THEN
    PERFORM refuse('wrong_state', jsonb_build_object('state', a.state));
  END IF;
  INSERT INTO issued_paper (application_id, kind, office_id, year, serial, number, content, content_hash, signature, file_hash,
    issued_by, scope_path)
  VALUES (p_case, p_kind, p_office, p_year, p_serial, v_number, p_content, sha256(convert_to(p_content, 'UTF8')), p_signature,
    p_file_hash, scope_number(1), a.scope_path) RETURNING id INTO v_id;
  IF p_kind = 'reply' THEN
    PERFORM k_reply_entry(i, 'issued', jsonb_build_object('office', i.office_id, 'case', i.application_id, 'year', i.year,
      'serial', i.serial, 'number', i.number, 'content', encode(i.content_hash, 'hex'), 'issued_by', i.issued_by))
      FROM issued_paper i WHERE i.id = v_id;
  END IF;
  RETURN v_id;
END $$;

-- 作废: the case ends without effect, its facts change, its seat is given back, or a correction touches whom it names.
CREATE OR REPLACE FUNCTION papers_void() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE v_person bigint;
BEGIN
  IF NEW.status = 'closed' AND OLD.status <> 'closed' THEN
    UPDATE issued_paper SET voided_at = clock_timestamp(), void_reason = 'ended'
     WHERE application_id = NEW.case_id AND voided_at IS NULL AND kind NOT IN ('receipt', 'papers_list');
  ELSIF NEW.facts_hash <> OLD.facts_hash THEN
    UPDATE issued_paper SET voided_at = clock_timestamp(), void_reason = 'changed'
     WHERE application_id = NEW.case_id AND voided_at IS NULL;
  ELSIF OLD.status = 'reserved' AND NEW.status = 'filed' THEN
    UPDATE issued_paper SET voided_at = clock_timestamp(), void_reason = 'released'
     WHERE application_id = NEW.case_id AND voided_at IS NULL AND kind = 'quota_use';
  ELSIF NEW.status = 'effected' AND OLD.status <> 'effected' AND case_movement(NEW) = 'correct' THEN
    v_person := coalesce((NEW.facts::jsonb ->> 'person')::bigint,
      (SELECT person_id FROM occupancy WHERE id = (NEW.facts::jsonb ->> 'occupancy')::bigint));
    UPDATE issued_paper i SET voided_at = clock_timestamp(), void_reason = 'corrected', void_case_id = NEW.case_id
      FROM application a WHERE a.id = i.application_id AND a.person_id = v_person AND a.id <> NEW.case_id
       AND i.voided_at IS NULL AND i.kind NOT IN ('receipt', 'papers_list');
  END IF;
  RETURN NULL;
END $$;

CREATE OR REPLACE TRIGGER papers_void AFTER UPDATE ON case_record FOR EACH ROW
  WHEN (OLD.status IS DISTINCT FROM NEW.status OR OLD.facts_hash IS DISTINCT FROM NEW.facts_hash) EXECUTE FUNCTION papers_void();

-- What is printed stays: nothing but the void mark is ever set, and only once.
CREATE OR REPLACE FUNCTION issued_keep() RETURNS trigger
LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
BEGIN
  IF TG_OP = 'DELETE' OR OLD.voided_at IS NOT NULL
    OR to_jsonb(NEW) - ARRAY['voided_at', 'void_reason', 'void_case_id', 'scope_path']
      <> to_jsonb(OLD) - ARRAY['voided_at', 'void_reason', 'void_case_id', 'scope_path'] THEN
    RAISE EXCEPTION 'issued papers never change' USING ERRCODE = '42501';
  END IF;
  RETURN NEW;
END $$;

CREATE OR REPLACE TRIGGER issued_keep BEFORE UPDATE OR DELETE ON issued_paper FOR EACH ROW EXECUTE FUNCTION issued_keep();

-- For whoever holds a paper in his hand, signed in or not: whether it stands in our books, and since when it is void.
CREATE OR REPLACE FUNCTION paper_standing(p_hash bytea, OUT known boolean, OUT void_on date, OUT void_reason text)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE i issued_paper;
BEGIN
  SELECT * INTO i FROM issued_paper WHERE content_hash = p_hash;
  known := FOUND; void_on := k_city_day(i.voided_at); void_reason := i.void_reason;
END $$;
