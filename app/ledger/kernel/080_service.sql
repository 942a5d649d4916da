-- Small services of the workflow that need the owner's eyes.

-- 业务编号: prefix, year, and the next number of that prefix in that year. A number is taken with the case that bears it.
CREATE OR REPLACE FUNCTION next_case_number(p_prefix text) RETURNS text
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE v_year int := extract(year FROM kernel_today()); v_number text;
BEGIN
  IF scope_part(1) IS NULL OR p_prefix !~ '^[A-Z]{2}$' THEN RETURN NULL; END IF;
  v_number := k_next_number('case:' || p_prefix, v_year, 1)::text;
  RETURN p_prefix || v_year || '-' || lpad(v_number, greatest(6, length(v_number)), '0');
END $$;

CREATE OR REPLACE FUNCTION operator_name(p_user int) RETURNS text
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
  SELECT last_name || first_name FROM ab_user WHERE id = p_user AND scope_part(1) IS NOT NULL
$$;

-- Workers and the command line act under the service account that carries this user name.
CREATE OR REPLACE FUNCTION open_service_session(p_user text, p_hash bytea) RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE v_account account;
BEGIN
  SELECT a.* INTO v_account FROM account a JOIN ab_user u ON u.id = a.user_id
   WHERE u.username = p_user AND a.kind = 'service' AND u.active;
  IF NOT FOUND THEN PERFORM refuse('not_allowed'); END IF;
  INSERT INTO sign_in (token_hash, user_id, account_id, expires_at, address)
  VALUES (p_hash, v_account.user_id, v_account.id, clock_timestamp() + interval '12 hours', 'local');
  RETURN v_account.id;
END $$;

-- Whether a case is the person's own application, begun under the person's own card.
CREATE OR REPLACE FUNCTION own_case(p_case bigint) RETURNS boolean
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
  SELECT scope_part(3) = 'person' AND EXISTS (SELECT 1 FROM application a JOIN process_version v ON v.id = a.process_version_id
    WHERE a.id = p_case AND a.person_id = scope_number(8) AND a.office_id IS NULL AND a.created_by = scope_number(1)
      AND v.definition ->> 'applicant' = 'person')
$$;

-- Whether the identity sees a case: its own range's, one in which its office or unit has a task, a person's own.
CREATE OR REPLACE FUNCTION sees_case(p_case bigint) RETURNS boolean
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
  SELECT EXISTS (SELECT 1 FROM application a WHERE a.id = p_case AND scope_has(a.scope_path)) OR takes_part(p_case)
    OR own_case(p_case)
$$;

-- The sides whose latest word approves the present facts, as 'office:unit'.
CREATE OR REPLACE FUNCTION case_standing_sides(p_case bigint) RETURNS SETOF text
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
  SELECT coalesce(x.office_id::text, '') || ':' || coalesce(x.unit_id::text, '') FROM (
    SELECT DISTINCT ON (d.office_id, d.unit_id) d.* FROM decision d WHERE d.case_id = p_case
       AND d.verdict IN ('approve', 'return', 'reject', 'take_back')
     ORDER BY d.office_id, d.unit_id, d.id DESC) x
   JOIN case_record r ON r.case_id = p_case
  WHERE x.verdict = 'approve' AND x.facts_hash = r.facts_hash AND sees_case(p_case)
$$;

CREATE OR REPLACE FUNCTION office_has(p_office bigint, p_user int) RETURNS boolean
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
  SELECT EXISTS (SELECT 1 FROM account a JOIN ab_user u ON u.id = a.user_id AND u.active
    WHERE a.office_id = p_office AND a.user_id = p_user AND p_office = scope_number(7) AND NOT k_absent(p_user, p_office)
      AND a.kind IN ('office_member', 'office_head') AND a.started_on <= kernel_today()
      AND (a.ended_on IS NULL OR a.ended_on > kernel_today()))
$$;

-- The name of a unit outside one's rows, for a case one takes part in; names of units are public, but for those 不上网.
CREATE OR REPLACE FUNCTION unit_name(p_unit bigint) RETURNS text
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS
$$ SELECT name FROM unit WHERE id = p_unit AND (NOT not_networked OR scope_path <@ scope_ranges(15)) $$;

-- The line a case wants, with its figures, for the offices that decide the case; those of the region that a person
-- leaves see the case and not the other's ledger.
CREATE OR REPLACE FUNCTION case_line(p_case bigint)
RETURNS TABLE (line_id bigint, unit_id bigint, unit_name text, kind text, category text, structure text, scope_unit_id bigint,
  scope_name text, role text, level text, authorised int, occupied int, reserved int)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
  SELECT l.id, l.unit_id, u.name, l.kind, l.category, l.structure, l.scope_unit_id, s.name, l.role, l.level,
    t.authorised, t.occupied, t.reserved
  FROM case_record r JOIN quota_line l ON l.id = coalesce((k_facts_now(r.facts)::jsonb ->> 'line')::bigint, (SELECT o.line_id FROM occupancy o
    WHERE o.person_id = (r.facts::jsonb ->> 'person')::bigint AND o.kind = 'establishment' AND o.recorded_to IS NULL
    AND o.ended_on IS NULL))
  JOIN ledger_total t ON t.line_id = l.id JOIN unit u ON u.id = l.unit_id JOIN unit s ON s.id = l.scope_unit_id
  WHERE r.case_id = p_case AND NOT coalesce(l.scope_path <@ scope_ranges(16), true) AND (r.unit_id = scope_number(6)
    OR EXISTS (SELECT 1 FROM task k WHERE k.application_id = p_case AND k.office_id = scope_number(7)
      AND k.role NOT LIKE 'source\_%' AND k.role <> 'receiving_establishment'))
$$;

-- What comes along with a body, a department or people whom another division takes in: sums, for the office there that has to
-- say its word; the names and lines stay where they are until it has effect.
CREATE OR REPLACE FUNCTION case_brings(p_case bigint)
RETURNS TABLE (people bigint, surplus bigint, numbers bigint, lead_numbers bigint, departments bigint, bodies int, most int)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
  WITH asked AS (SELECT r.facts::jsonb AS f FROM case_record r JOIN task k ON k.application_id = r.case_id
      AND k.office_id = scope_number(7) AND k.role = 'receiving_establishment' WHERE r.case_id = p_case LIMIT 1),
    of AS (SELECT u.id, u.legal_id = u.id AS whole, u.category, NULL::bigint AS line FROM asked JOIN unit u ON u.id = (f ->> 'unit')::bigint
      AND NOT u.not_networked
      UNION ALL SELECT l.unit_id, false, '', l.id FROM asked JOIN quota_line l ON l.id = (f ->> 'line')::bigint
        AND f ->> 'unit' IS NULL JOIN unit u ON u.id = l.unit_id AND NOT u.not_networked),
    seats AS (SELECT o.person_id, p.surplus FROM of JOIN occupancy o ON CASE WHEN of.line IS NOT NULL THEN o.line_id = of.line
      WHEN of.whole THEN o.unit_id = of.id ELSE o.department_id = of.id END JOIN post p ON p.id = o.post_id
      WHERE o.kind = 'establishment' AND o.recorded_to IS NULL AND o.ended_on IS NULL),
    lines AS (SELECT l.kind, t.authorised FROM of JOIN quota_line l ON CASE WHEN of.line IS NOT NULL THEN l.id = of.line
      WHEN of.whole THEN l.unit_id = of.id ELSE l.scope_unit_id = of.id END JOIN ledger_total t ON t.line_id = l.id)
  SELECT (SELECT count(*) FROM seats), (SELECT count(*) FROM seats WHERE surplus),
    (SELECT coalesce(sum(authorised), 0) FROM lines WHERE kind = 'establishment'),
    (SELECT coalesce(sum(authorised), 0) FROM lines WHERE kind = 'leadership'),
    (SELECT count(*) FROM unit d WHERE of.whole AND d.legal_id = of.id AND d.id <> of.id AND d.status = 'active'), m.bodies, m.most
  FROM of LEFT JOIN LATERAL (SELECT bodies_counted(o.region_code, o.category, kernel_today()) AS bodies, o.most FROM organ_limit o, asked
    WHERE o.region_code = f ->> 'region' AND o.category = of.category AND o.recorded_to IS NULL AND o.started_on <= kernel_today()
      AND (o.ended_on IS NULL OR o.ended_on > kernel_today()) LIMIT 1) m ON true
$$;

-- Whether the identity's office or unit has a task in this case (a policy on tasks cannot ask the tasks itself).
CREATE OR REPLACE FUNCTION takes_part(p_case bigint) RETURNS boolean
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
  SELECT EXISTS (SELECT 1 FROM task k WHERE k.application_id = p_case
    AND (k.office_id = scope_number(7) OR k.unit_id = scope_number(6)))
$$;

-- Colleagues of the identity's own office, to hand a task to.
CREATE OR REPLACE FUNCTION office_members() RETURNS TABLE (user_id int, name text)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
  SELECT DISTINCT u.id, u.last_name || u.first_name FROM account a JOIN ab_user u ON u.id = a.user_id AND u.active
   WHERE a.office_id = scope_number(7) AND NOT k_absent(a.user_id, a.office_id) AND a.kind IN ('office_member', 'office_head')
     AND a.started_on <= kernel_today() AND (a.ended_on IS NULL OR a.ended_on > kernel_today())
$$;
