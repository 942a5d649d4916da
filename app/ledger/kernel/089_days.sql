-- 任一日: figures of every line on a day, as known at a moment.

-- Who sat on a day is who sits today, less who came after it, and those who left after it; what was recorded later than
-- the moment is taken back, and what was replaced later counts again. So the cost follows what changed since, not the
-- number of people (docs/establishment.md, "Any day"). Lines of units that stood in the reader's range on that day, with the
-- unit's place and name of the day; nobody is named. What was known (known_at) is written out, for it is asked of every number.
DROP FUNCTION IF EXISTS day_lines(date, timestamptz);
CREATE FUNCTION day_lines(p_on date, p_known timestamptz)
RETURNS TABLE (line_id bigint, unit_id bigint, category text, authorised int, occupied int, region_code text, scope_path text, name text)
LANGUAGE sql STABLE SECURITY DEFINER ROWS 5000 SET search_path = public, pg_temp SET enable_bitmapscan = on AS $$
  WITH steps AS (
    SELECT o.line_id, -count(*) AS n FROM occupancy o WHERE o.recorded_to IS NULL AND o.started_on > p_on GROUP BY 1
    UNION ALL
    SELECT o.line_id, count(*) FROM occupancy o WHERE o.recorded_to IS NULL AND o.ended_on > p_on GROUP BY 1
    UNION ALL
    SELECT o.line_id, -count(*) FROM occupancy o WHERE p_known IS NOT NULL AND o.recorded_to IS NULL
      AND o.recorded_at >= p_known AND o.started_on <= p_on AND (o.ended_on IS NULL OR o.ended_on > p_on) GROUP BY 1
    UNION ALL
    SELECT o.line_id, count(*) FROM occupancy o WHERE p_known IS NOT NULL AND o.recorded_to >= p_known
      AND o.recorded_at < p_known AND o.started_on <= p_on AND (o.ended_on IS NULL OR o.ended_on > p_on) GROUP BY 1),
  changed AS (SELECT s.line_id, sum(s.n)::int AS n FROM steps s GROUP BY 1),
  numbers AS (SELECT q.line_id, q.authorised FROM quota q
    WHERE q.started_on <= p_on AND (q.ended_on IS NULL OR q.ended_on > p_on)
      AND CASE WHEN p_known IS NULL THEN q.recorded_to IS NULL
        ELSE q.recorded_at < p_known AND (q.recorded_to IS NULL OR q.recorded_to >= p_known) END)
  SELECT l.id, l.unit_id, l.category, q.authorised, t.occupied + coalesce(c.n, 0), d.region_code, d.scope_path, d.name
    FROM quota_line l JOIN day_units(p_on, p_known, false) d ON d.unit_id = l.unit_id
    JOIN ledger_total t ON t.line_id = l.id LEFT JOIN numbers q ON q.line_id = l.id LEFT JOIN changed c ON c.line_id = l.id
   WHERE l.kind = 'establishment' AND (q.line_id IS NOT NULL OR t.occupied + coalesce(c.n, 0) <> 0)
$$;

-- Seats meant for each department of a body on a day (docs/decisions/0007), from the body's chain: the last entry up to the
-- day that speaks of a seat says whose it was. Counts alone, of a body in the reader's range.
CREATE OR REPLACE FUNCTION day_allotments(p_unit bigint, p_on date, p_known timestamptz)
RETURNS TABLE (department_id bigint, allotted int)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
  WITH said AS (SELECT e.sequence, e.type, e.fields, (e.fields ->> 'line')::bigint AS line_id FROM ledger_entry e
     WHERE e.chain_kind = 'unit' AND e.chain_id = p_unit AND e.type IN ('seats.allotted', 'seat.shifted')
       AND e.effective_on <= p_on AND (p_known IS NULL OR e.recorded_at < p_known)
       AND EXISTS (SELECT 1 FROM unit u WHERE u.id = p_unit AND coalesce(u.scope_path <@ scope_ranges(15), false))),
  marks AS (
    SELECT s.sequence, s.line_id, n.number::int AS number, (s.fields ->> 'department')::bigint AS department_id
      FROM said s CROSS JOIN regexp_split_to_table(s.fields ->> 'seats', ',') n(number) WHERE s.type = 'seats.allotted'
    UNION ALL
    -- A person who goes to another department takes the mark along against that of a vacant seat there.
    SELECT s.sequence, s.line_id, x.number, x.department_id FROM said s CROSS JOIN LATERAL (VALUES
        ((s.fields ->> 'seat')::int, (s.fields ->> 'department')::bigint),
        ((s.fields ->> 'exchanged')::int, (s.fields ->> 'meant_for')::bigint)) x(number, department_id)
     WHERE s.type = 'seat.shifted' AND s.fields ->> 'exchanged' IS NOT NULL),
  standing AS (SELECT DISTINCT ON (m.line_id, m.number) m.* FROM marks m ORDER BY m.line_id, m.number, m.sequence DESC)
  SELECT t.department_id, count(*)::int FROM standing t JOIN post p ON p.line_id = t.line_id AND p.number = t.number
   WHERE t.department_id IS NOT NULL AND p.created_on <= p_on AND (p.abolished_on IS NULL OR p.abolished_on > p_on)
   GROUP BY t.department_id
$$;
