-- 附件与纸质材料: files that the applicant adds to a case, papers that the office takes in its hand.

DROP FUNCTION IF EXISTS case_is_mine(application) CASCADE;

-- Files are the applicant's to add and take away while the case lies with the applicant: as a draft, returned, or while
-- an office waits for papers that it asked for.
CREATE OR REPLACE FUNCTION case_takes_files(a application) RETURNS boolean
LANGUAGE sql STABLE SET search_path = public, pg_temp AS $$
  SELECT k_applies_here(a) AND (a.state IN ('draft', 'returned') OR a.state = 'running' AND EXISTS (
    SELECT 1 FROM clock_stop c WHERE c.application_id = a.id AND c.kind = 'papers' AND c.ended_at IS NULL))
$$;

CREATE OR REPLACE FUNCTION may_attach(p_case bigint) RETURNS boolean
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS
$$ SELECT coalesce((SELECT case_takes_files(a) FROM application a WHERE a.id = p_case), false) $$;

-- One more file of a case; the bytes lie under their hash already. At most 60 files and 100 MB a case, counted under the
-- case's lock. The same file sent twice is one.
CREATE OR REPLACE FUNCTION attachment_add(p_case bigint, p_paper text, p_name text, p_kind text, p_size int, p_sha256 bytea,
  p_scanned boolean) RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE a application; v_id bigint; v_files int; v_bytes bigint;
BEGIN
  SELECT * INTO a FROM application WHERE id = p_case FOR UPDATE;
  IF NOT FOUND OR NOT k_applies_here(a) THEN PERFORM refuse('not_found'); END IF;
  IF NOT case_takes_files(a) THEN PERFORM refuse('wrong_state', jsonb_build_object('state', a.state)); END IF;
  SELECT id INTO v_id FROM attachment WHERE application_id = p_case AND paper = p_paper AND sha256 = p_sha256 AND state = 'kept';
  IF FOUND THEN RETURN v_id; END IF;
  SELECT count(*), coalesce(sum(size), 0) INTO v_files, v_bytes FROM attachment WHERE application_id = p_case AND state = 'kept';
  IF v_files >= 60 OR v_bytes + p_size > 100 * 1024 * 1024 THEN
    PERFORM refuse('file_refused', jsonb_build_object('reason', CASE WHEN v_files >= 60 THEN 'too_many' ELSE 'case_full' END));
  END IF;
  INSERT INTO attachment (application_id, paper, name, kind, size, sha256, scanned, uploaded_by, scope_path)
  VALUES (p_case, p_paper, p_name, p_kind, p_size, p_sha256, p_scanned, scope_number(1), a.scope_path) RETURNING id INTO v_id;
  RETURN v_id;
END $$;

CREATE OR REPLACE FUNCTION attachment_remove(p_case bigint, p_id bigint) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE a application;
BEGIN
  SELECT * INTO a FROM application WHERE id = p_case FOR UPDATE;
  IF NOT FOUND OR NOT k_applies_here(a) THEN PERFORM refuse('not_found'); END IF;
  IF NOT case_takes_files(a) THEN PERFORM refuse('wrong_state', jsonb_build_object('state', a.state)); END IF;
  UPDATE attachment SET state = 'removed', removed_by = scope_number(1), removed_at = clock_timestamp()
   WHERE id = p_id AND application_id = p_case AND state = 'kept';
  IF NOT FOUND THEN PERFORM refuse('not_found'); END IF;
END $$;

-- What the process asks for becomes the list of papers to bring as the case is submitted; a paper that is one word in an
-- earlier definition is one copy.
CREATE OR REPLACE FUNCTION papers_to_bring() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
  INSERT INTO paper (application_id, slot, name, copies, scope_path)
  SELECT NEW.id, p.slot, CASE jsonb_typeof(p.entry) WHEN 'object' THEN p.entry ->> 'name' ELSE p.entry #>> '{}' END,
    least(99, greatest(1, coalesce((CASE jsonb_typeof(p.entry) WHEN 'object' THEN p.entry ->> 'copies' END)::int, 1))), NEW.scope_path
  FROM process_version v, jsonb_array_elements(coalesce(v.definition -> 'papers', '[]')) WITH ORDINALITY AS p(entry, slot)
  WHERE v.id = NEW.process_version_id
  ON CONFLICT (application_id, slot) DO NOTHING;
  RETURN NULL;
END $$;

CREATE OR REPLACE TRIGGER papers_to_bring AFTER UPDATE OF state ON application
  FOR EACH ROW WHEN (OLD.state = 'draft' AND NEW.state = 'running') EXECUTE FUNCTION papers_to_bring();

-- An office of the case takes a paper in, compares it with the upload, files it: one step forward, or one back where it
-- was marked by mistake. Archived is the last word.
CREATE OR REPLACE FUNCTION paper_mark(p_case bigint, p_slot int, p_from text, p_to text) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE p paper; v_way text[] := ARRAY['to_bring', 'received', 'verified', 'archived']; v_user bigint := scope_number(1);
BEGIN
  SELECT * INTO p FROM paper WHERE application_id = p_case AND slot = p_slot FOR UPDATE;
  IF NOT FOUND OR NOT takes_part(p_case) THEN PERFORM refuse('not_found'); END IF;
  IF scope_part(3) NOT IN ('office_member', 'office_head') THEN PERFORM refuse('not_allowed'); END IF;
  IF p.state <> p_from OR p.state = 'archived'
    OR abs(coalesce(array_position(v_way, p_to), 9) - array_position(v_way, p.state)) <> 1 THEN
    PERFORM refuse('wrong_state', jsonb_build_object('state', p.state));
  END IF;
  UPDATE paper SET state = p_to,
    received_by = CASE WHEN p_to = 'to_bring' THEN NULL ELSE coalesce(received_by, v_user) END,
    received_at = CASE WHEN p_to = 'to_bring' THEN NULL ELSE coalesce(received_at, clock_timestamp()) END,
    verified_by = CASE WHEN p_to IN ('verified', 'archived') THEN coalesce(verified_by, v_user) END,
    verified_at = CASE WHEN p_to IN ('verified', 'archived') THEN coalesce(verified_at, clock_timestamp()) END,
    archived_by = CASE WHEN p_to = 'archived' THEN v_user END,
    archived_at = CASE WHEN p_to = 'archived' THEN clock_timestamp() END
  WHERE id = p.id;
END $$;
