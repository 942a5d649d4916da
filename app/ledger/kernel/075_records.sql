-- 人员信息项: items of a person's record, added, ended or replaced by an approved case alone.

-- What a case files of a protected column group stands beside its facts, one row for each revision; the facts bear the
-- keyed commitment to it.
CREATE OR REPLACE FUNCTION k_keep_private(p_case bigint, p_revision int, f jsonb, p_private text) RETURNS void
LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
DECLARE v_group text := (SELECT column_group FROM record_kind WHERE kind = f ->> 'kind');
BEGIN
  IF f ->> 'fields' IS NOT NULL AND v_group <> 'register' OR p_private IS NOT NULL AND coalesce(v_group, 'register') = 'register' THEN
    PERFORM refuse('invalid_input', '{"errors": {"kind": ["protected"]}}');
  END IF;
  IF p_private IS NOT NULL THEN
    INSERT INTO case_private (case_id, revision, column_group, fields) VALUES (p_case, p_revision, v_group, p_private::jsonb);
  END IF;
END $$;

-- Two running cases of one person stand in each other's way where they change seat, position, rank or post; a change of
-- a telephone number stands in nobody's.
CREATE OR REPLACE FUNCTION k_running_key(p_version bigint, f jsonb, p_key bytea) RETURNS bytea
LANGUAGE sql STABLE SET search_path = public, pg_temp AS $$
  SELECT CASE WHEN f ->> 'kind' IN ('rank', 'post', 'appointment') OR NOT EXISTS (SELECT 1 FROM process_version
    WHERE id = p_version AND requirements ?| ARRAY['record', 'none']) THEN p_key END
$$;

-- 处分影响期: the first day after it; NULL where none runs on that day.
CREATE OR REPLACE FUNCTION k_barred(p_person bigint, p_on date) RETURNS date
LANGUAGE sql STABLE SET search_path = public, pg_temp AS $$
  SELECT max(coalesce(ended_on, 'infinity')) FROM record_item WHERE person_id = p_person AND kind = 'discipline'
    AND recorded_to IS NULL AND started_on <= p_on AND (ended_on IS NULL OR ended_on > p_on)
$$;

-- 受处分期间不得晋升 (《公务员法》第六十四条): the day is told to those alone who may know of a discipline.
CREATE OR REPLACE FUNCTION k_promotable(p_person bigint, p_on date) RETURNS void
LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
DECLARE v_until date := k_barred(p_person, p_on);
BEGIN
  IF v_until IS NOT NULL THEN
    PERFORM refuse('under_discipline', CASE WHEN scope_can('discipline') THEN jsonb_build_object('until', v_until) ELSE '{}' END);
  END IF;
END $$;

-- The same for a check on a page: whether, and no more; NULL for whoever may not know. Without the right to the group it
-- is told of whom a case asks a promotion for, to the offices that have to decide it.
CREATE OR REPLACE FUNCTION person_barred(p_person bigint, p_on date) RETURNS boolean
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
  SELECT k_barred(p_person, p_on) IS NOT NULL FROM person p WHERE id = p_person
    AND (id = scope_number(8) OR scope_has(scope_path) AND scope_can('discipline') OR EXISTS (
      SELECT 1 FROM task k JOIN case_record c ON c.case_id = k.application_id WHERE k.office_id = scope_number(7)
        AND k.state = 'open' AND (c.facts::jsonb ->> 'person')::bigint = p_person
        AND c.facts::jsonb ->> 'kind' IN ('rank', 'post', 'appointment')))
$$;

-- Writes a version of an item and its entry; p_closes is the version whose recorded period ends with it. Without facts
-- (the item that the next one ends) the register does not follow.
CREATE OR REPLACE FUNCTION k_record_write(n record_item, p_closes bigint, p_action text, f jsonb) RETURNS bigint
LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
DECLARE v_more jsonb := '{}'; v_value text;
BEGIN
  UPDATE record_item SET recorded_to = n.recorded_at WHERE id = p_closes;
  n.id := nextval(pg_get_serial_sequence('record_item', 'id')); n.recorded_to := NULL;
  INSERT INTO record_item SELECT (n).*;
  -- 职级、岗位、职务层次 of the register follow their items; the case brings the commitment to what they become.
  IF f IS NULL THEN NULL;
  ELSIF n.kind IN ('rank', 'post') OR n.kind = 'appointment' AND f ? 'commit_now' THEN
    SELECT CASE n.kind WHEN 'rank' THEN max(fields ->> 'rank') WHEN 'post' THEN max(fields ->> 'post_grade')
        ELSE min(fields ->> 'level') END INTO v_value FROM record_item
     WHERE person_id = n.person_id AND kind = n.kind AND recorded_to IS NULL AND ended_on IS NULL;
    IF f ->> 'commit_now' IS NULL OR v_value IS DISTINCT FROM f ->> 'now' THEN PERFORM refuse('facts_changed'); END IF;
    IF n.kind = 'appointment' THEN
      UPDATE person SET level = v_value WHERE id = n.person_id;
      v_more := jsonb_build_object('commit_level', f ->> 'commit_now');
    ELSE
      UPDATE person SET rank = v_value WHERE id = n.person_id;
      v_more := jsonb_build_object('commit_rank', f ->> 'commit_now');
    END IF;
  ELSIF n.kind = 'basic' THEN
    UPDATE person SET ethnicity = coalesce(n.fields ->> 'ethnicity', ethnicity), political = coalesce(n.fields ->> 'political',
      political), native_place = coalesce(n.fields ->> 'native_place', native_place) WHERE id = n.person_id;
  ELSIF n.kind = 'education' AND n.fields ->> 'highest' = 'yes' AND p_action <> 'end' THEN
    UPDATE person SET education = n.fields ->> 'education', degree = coalesce(n.fields ->> 'degree', degree) WHERE id = n.person_id;
  END IF;
  PERFORM chain_append('person', n.person_id, 'record.' || n.column_group, coalesce(CASE p_action WHEN 'end' THEN n.ended_on END,
    n.started_on), n.recorded_at, n.case_id, jsonb_build_object('action', p_action, 'item', n.id, 'closes', p_closes,
    'person', n.person_id, 'kind', n.kind, 'single', n.single::int, 'started_on', n.started_on, 'ended_on', n.ended_on,
    'commit_record', n.commitment) || v_more, n.scope_path);
  RETURN n.id;
END $$;

-- A promotion in rank or post is refused while a discipline has effect.
CREATE OR REPLACE FUNCTION k_record_promotes(p person, n record_item) RETURNS boolean
LANGUAGE sql IMMUTABLE SET search_path = public, pg_temp AS $$
  SELECT CASE n.kind WHEN 'rank' THEN p.rank IS NULL OR n.fields ->> 'rank' < p.rank
    WHEN 'post' THEN p.rank IS NULL OR left(p.rank, 2) <> left(n.fields ->> 'post_grade', 2) OR n.fields ->> 'post_grade' < p.rank
    ELSE false END
$$;

-- One change of a person's record by an approved case: the caller has opened the movement.
CREATE OR REPLACE FUNCTION k_record(p_case bigint, f jsonb, p_fields jsonb) RETURNS bigint
LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
DECLARE p person; t record_kind; o record_item; n record_item; v_closes bigint; v_action text := f ->> 'action';
  v_now timestamptz; v_start date; v_end date := (f ->> 'end')::date;
BEGIN
  SELECT * INTO p FROM person WHERE id = (f ->> 'person')::bigint FOR UPDATE;
  IF NOT FOUND THEN PERFORM refuse('not_found', jsonb_build_object('person', f ->> 'person')); END IF;
  SELECT * INTO t FROM record_kind WHERE kind = f ->> 'kind';
  IF NOT FOUND OR v_action NOT IN ('add', 'end', 'replace') OR v_action IS NULL OR v_action <> 'end'
      AND (p_fields IS NULL OR f ->> 'commit_record' IS NULL) OR v_action = 'end' AND v_end IS NULL THEN
    PERFORM refuse('invalid_input', '{"errors": {"kind": ["required"]}}');
  END IF;
  IF v_action <> 'end' AND t.kind IN ('rank', 'post') AND p.unit_id IS NOT NULL THEN
    PERFORM k_scheme_hold(p.unit_id, t.kind, k_day((f ->> 'start')::date), coalesce(p_fields ->> 'rank', p_fields ->> 'post_grade'));
  END IF;
  -- 照片: a picture among the case's own files.
  IF t.kind = 'photo' AND v_action <> 'end' AND NOT EXISTS (SELECT 1 FROM attachment WHERE application_id = p_case AND state = 'kept'
      AND kind IN ('jpeg', 'png') AND size <= 2097152 AND encode(sha256, 'hex') = p_fields ->> 'sha256') THEN
    PERFORM refuse('invalid_input', '{"errors": {"person": ["photo_first"]}}');
  END IF;
  v_now := clock_timestamp();
  IF v_action = 'add' THEN
    v_start := k_day((f ->> 'start')::date);
    n.person_id := p.id; n.kind := t.kind; n.column_group := t.column_group; n.single := t.single;
    -- The one before ends where this one begins.
    SELECT * INTO o FROM record_item WHERE person_id = p.id AND kind = t.kind AND recorded_to IS NULL AND ended_on IS NULL;
    IF FOUND AND t.single AND v_end IS NULL THEN
      IF o.started_on >= v_start THEN PERFORM refuse('before_item', jsonb_build_object('day', o.started_on)); END IF;
      o.ended_on := v_start; o.recorded_at := v_now; o.case_id := p_case;
      v_closes := o.id;
    END IF;
  ELSE
    SELECT * INTO o FROM record_item WHERE id = (f ->> 'item')::bigint AND person_id = p.id AND kind = t.kind;
    IF NOT FOUND THEN PERFORM refuse('not_found', jsonb_build_object('item', f ->> 'item')); END IF;
    IF o.recorded_to IS NOT NULL THEN PERFORM refuse('facts_changed'); END IF;
    n := o; v_closes := o.id; v_start := coalesce((f ->> 'start')::date, o.started_on);
  END IF;
  n.started_on := v_start; n.ended_on := CASE v_action WHEN 'replace' THEN coalesce(v_end, n.ended_on) ELSE v_end END;
  n.case_id := p_case; n.recorded_at := v_now; n.scope_path := p.scope_path; n.personnel_class := p.personnel_class;
  IF n.ended_on < n.started_on THEN PERFORM refuse('before_item', jsonb_build_object('day', n.started_on)); END IF;
  IF v_action <> 'end' THEN n.fields := p_fields; n.commitment := f ->> 'commit_record'; END IF;
  IF v_action = 'add' THEN
    IF k_record_promotes(p, n) THEN PERFORM k_promotable(p.id, v_start); END IF;
    IF v_closes IS NOT NULL THEN PERFORM k_record_write(o, v_closes, 'end', NULL); END IF;
    v_closes := NULL;
  END IF;
  v_closes := k_record_write(n, v_closes, v_action, f);
  IF v_action <> 'end' AND n.kind IN ('rank', 'post') AND p.unit_id IS NOT NULL THEN PERFORM k_scheme_room(p, n); END IF;
  RETURN v_closes;
END $$;

-- The fields a case filed: in its facts, or beside them where their column group is protected.
CREATE OR REPLACE FUNCTION case_fields(r case_record) RETURNS jsonb
LANGUAGE sql STABLE SET search_path = public, pg_temp AS $$
  SELECT coalesce((SELECT fields FROM case_private WHERE case_id = r.case_id AND revision = r.revision),
    (r.facts::jsonb ->> 'fields')::jsonb)
$$;

CREATE OR REPLACE FUNCTION ledger_record(p_case bigint) RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE r case_record := case_open_movement(p_case, 'record'); v_id bigint;
BEGIN
  v_id := k_record(p_case, r.facts::jsonb, case_fields(r));
  PERFORM k_effected(p_case);
  RETURN v_id;
END $$;

-- 档案随人走: an item is seen by whoever the person is seen by.
CREATE OR REPLACE FUNCTION k_record_follows() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
  UPDATE record_item SET scope_path = NEW.scope_path, personnel_class = NEW.personnel_class WHERE person_id = NEW.id;
  RETURN NULL;
END $$;
CREATE OR REPLACE TRIGGER record_follows AFTER UPDATE OF scope_path, personnel_class ON person FOR EACH ROW
  WHEN (NEW.scope_path IS DISTINCT FROM OLD.scope_path OR NEW.personnel_class IS DISTINCT FROM OLD.personnel_class)
  EXECUTE FUNCTION k_record_follows();

-- 任职: the item 职务任免 is written with the leadership seat, of that seat's level; nobody is promoted under a discipline.
CREATE OR REPLACE FUNCTION k_lead_record(p_case bigint, f jsonb) RETURNS void
LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
DECLARE l quota_line; p person; v_level text;
BEGIN
  PERFORM 1 FROM ledger_total WHERE line_id = (f ->> 'line')::bigint FOR UPDATE;
  SELECT * INTO l FROM quota_line WHERE id = (f ->> 'line')::bigint;
  SELECT * INTO p FROM person WHERE id = (f ->> 'person')::bigint FOR UPDATE;
  IF p.level IS NULL OR l.level < p.level THEN PERFORM k_promotable(p.id, k_day((f ->> 'start')::date)); END IF;
  IF f ->> 'commit_record' IS NULL THEN RETURN; END IF;
  -- 高配: a level above the position's is its holder's own where a document allows it.
  v_level := (f ->> 'fields')::jsonb ->> 'level';
  IF v_level < l.level AND coalesce((f ->> 'fields')::jsonb ->> 'over_document_no', '') = '' THEN
    PERFORM refuse('over_ranked', jsonb_build_object('level', v_level, 'post_level', l.level));
  ELSIF f ->> 'kind' IS DISTINCT FROM 'appointment' OR v_level IS NULL OR v_level > l.level THEN
    PERFORM refuse('invalid_input', '{"errors": {"level": ["format"]}}');
  END IF;
  PERFORM k_record(p_case, f || '{"action": "add"}', (f ->> 'fields')::jsonb);
END $$;

-- 免职 and every exit: the item that the seat's case wrote ends with the seat. The level of the register follows where the
-- case brings the commitment to what it becomes.
CREATE OR REPLACE FUNCTION k_lead_left(p_case bigint, o occupancy, p_on date, p_now timestamptz) RETURNS void
LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
DECLARE n record_item; v_closes bigint; f jsonb := (SELECT facts::jsonb FROM case_record WHERE case_id = p_case);
BEGIN
  IF o.kind <> 'leadership' THEN RETURN; END IF;
  SELECT * INTO n FROM record_item i WHERE i.person_id = o.person_id AND i.kind = 'appointment' AND i.recorded_to IS NULL
    AND i.ended_on IS NULL AND (i.case_id = o.entry_case_id OR i.started_on = o.started_on
      AND i.fields ->> 'level' = (SELECT level FROM quota_line WHERE id = o.line_id))
   ORDER BY i.case_id = o.entry_case_id DESC, i.id LIMIT 1;
  IF NOT FOUND THEN RETURN; END IF;
  v_closes := n.id; n.ended_on := greatest(p_on, n.started_on); n.case_id := p_case; n.recorded_at := p_now;
  PERFORM k_record_write(n, v_closes, 'end', CASE WHEN f ? 'commit_now' THEN f END);
END $$;
