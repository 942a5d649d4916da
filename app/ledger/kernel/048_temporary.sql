-- 临时机构 (专班、指挥部、筹备组): by a document, until a day; no unit of the tree, so no line and no seat can ever be its own.

-- Set up (``temporary_kind``, ``board_name``, ``until_on``), extended (``temporary``, ``until_on``) or dissolved (``temporary``, ``closes`` = yes).
CREATE OR REPLACE FUNCTION k_temporary(p_case bigint, f jsonb, p_on date) RETURNS bigint
LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
DECLARE u unit := k_body((f ->> 'unit')::bigint); b temporary_body; n temporary_body; v_now timestamptz := clock_timestamp();
  v_until date := (f ->> 'until_on')::date; v_ends boolean := f ->> 'closes' = 'yes';
BEGIN
  IF coalesce(f ->> 'document_no', '') = '' THEN PERFORM refuse('document_missing'); END IF;
  IF f ->> 'temporary' IS NOT NULL THEN
    SELECT * INTO b FROM temporary_body WHERE id = (f ->> 'temporary')::bigint AND unit_id = u.id AND ended_on IS NULL
      AND recorded_to IS NULL FOR UPDATE;
    IF NOT FOUND THEN PERFORM refuse('not_found', jsonb_build_object('temporary', f ->> 'temporary')); END IF;
    IF p_on < b.started_on THEN PERFORM refuse('bad_day', jsonb_build_object('day', p_on)); END IF;
    IF NOT coalesce(v_ends, false) AND coalesce(v_until <= b.until_on, true) THEN
      PERFORM refuse('invalid_input', '{"errors": {"until_on": ["until_before"]}}');
    END IF;
    UPDATE temporary_body SET recorded_to = v_now WHERE id = b.id;
    n := b; n.id := nextval(pg_get_serial_sequence('temporary_body', 'id')); n.recorded_at := v_now;
    n.document_no := f ->> 'document_no'; n.issuer := coalesce(f ->> 'issuer', b.issuer);
    IF v_ends THEN n.ended_on := p_on; ELSE n.until_on := v_until; END IF;
  ELSE
    IF coalesce(btrim(f ->> 'board_name'), '') = '' OR coalesce(f ->> 'temporary_kind', '') NOT IN ('team', 'headquarters', 'preparation')
      OR coalesce(v_until < p_on, true) THEN
      PERFORM refuse('invalid_input', '{"errors": {"until_on": ["until_before"]}}');
    ELSIF EXISTS (SELECT 1 FROM temporary_body WHERE unit_id = u.id AND name = btrim(f ->> 'board_name') AND ended_on IS NULL
        AND recorded_to IS NULL) THEN
      PERFORM refuse('duplicate_unit', jsonb_build_object('unit', f ->> 'board_name'));
    END IF;
    n.id := nextval(pg_get_serial_sequence('temporary_body', 'id')); n.unit_id := u.id; n.kind := f ->> 'temporary_kind';
    n.name := btrim(f ->> 'board_name'); n.document_no := f ->> 'document_no'; n.issuer := coalesce(f ->> 'issuer', '');
    n.started_on := p_on; n.until_on := v_until; n.recorded_at := v_now; n.scope_path := u.scope_path;
  END IF;
  INSERT INTO temporary_body SELECT (n).*;
  PERFORM chain_append('unit', u.id, 'temporary.set', p_on, v_now, p_case, jsonb_build_object('temporary', n.id, 'closes', b.id,
    'kind', n.kind, 'name', n.name, 'document_no', n.document_no, 'issuer', n.issuer, 'started_on', n.started_on,
    'until_on', n.until_on, 'ended_on', n.ended_on), u.scope_path);
  RETURN n.id;
END $$;

CREATE OR REPLACE FUNCTION ledger_temporary(p_case bigint) RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE r case_record := case_open_movement(p_case, 'temporary'); v_id bigint;
BEGIN
  v_id := k_temporary(p_case, r.facts::jsonb, k_day((r.facts::jsonb ->> 'start')::date));
  PERFORM k_effected(p_case);
  RETURN v_id;
END $$;

-- GB 32100-2015: the check character of a unified social credit code; hard for every code that is written from now on.
CREATE OR REPLACE FUNCTION k_uscc_good(p_code text) RETURNS boolean
LANGUAGE sql IMMUTABLE SET search_path = public, pg_temp AS $$
  SELECT p_code ~ '^[0-9A-HJ-NPQRTUWXY]{2}[0-9]{6}[0-9A-HJ-NPQRTUWXY]{10}$' AND (
    SELECT (31 - sum((strpos(a.alphabet, substr(p_code, n, 1)) - 1) * (ARRAY[1,3,9,27,19,26,16,17,20,29,25,13,8,24,10,30,28])[n]) % 31) % 31
      = min(strpos(a.alphabet, substr(p_code, 18, 1))) - 1
    FROM (SELECT '0123456789ABCDEFGHJKLMNPQRTUWXY' AS alphabet) a, generate_series(1, 17) n)
$$;

CREATE OR REPLACE FUNCTION guard_uscc() RETURNS trigger
LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
BEGIN
  IF NOT k_uscc_good(NEW.uscc) THEN PERFORM refuse('bad_uscc', jsonb_build_object('code', NEW.uscc)); END IF;
  RETURN NEW;
END $$;
CREATE OR REPLACE TRIGGER guard_uscc_new BEFORE INSERT ON unit FOR EACH ROW WHEN (NEW.uscc IS NOT NULL) EXECUTE FUNCTION guard_uscc();
CREATE OR REPLACE TRIGGER guard_uscc BEFORE UPDATE OF uscc ON unit FOR EACH ROW
  WHEN (NEW.uscc IS NOT NULL AND NEW.uscc IS DISTINCT FROM OLD.uscc) EXECUTE FUNCTION guard_uscc();
