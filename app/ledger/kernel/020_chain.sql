-- The chains: canonical payload, hash, append. Test vectors are shared with app/domain/canonical.py.

-- Flat canonical JSON: keys by code point, no blanks, integers and strings only, NFC, explicit nulls.
CREATE OR REPLACE FUNCTION canonical(p jsonb) RETURNS text
LANGUAGE sql IMMUTABLE SET search_path = public, pg_temp AS $$
  SELECT '{' || coalesce(string_agg(to_json(key)::text || ':' || normalize(value::text, NFC), ','
    ORDER BY key COLLATE "C"), '') || '}' FROM jsonb_each(p)
$$;

-- Length-prefixed fields in one expression: actor and payload by their bytes, the others are plain ASCII of known form.
CREATE OR REPLACE FUNCTION entry_hash(
  p_format int, p_chain text, p_sequence int, p_type text, p_effective date, p_recorded timestamptz,
  p_case bigint, p_actor text, p_payload text, p_prev text) RETURNS text
LANGUAGE sql STABLE SET search_path = public, pg_temp AS $$
  SELECT encode(sha256(convert_to(concat(length(p_format::text), ':', p_format, length(p_chain), ':', p_chain,
    length(p_sequence::text), ':', p_sequence, length(p_type), ':', p_type,
    CASE WHEN p_effective IS NULL THEN '0:' ELSE '10:' END, to_char(p_effective, 'YYYY-MM-DD'), '27:', to_char(p_recorded AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'),
    length(coalesce(p_case::text, '')), ':', p_case, octet_length(convert_to(p_actor, 'UTF8')), ':', p_actor,
    octet_length(convert_to(p_payload, 'UTF8')), ':', p_payload, length(p_prev), ':', p_prev), 'UTF8')), 'hex')
$$;

CREATE OR REPLACE FUNCTION kernel_actor() RETURNS text
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
  -- Asked once, not for each user that a plan may look at.
  SELECT coalesce((SELECT username FROM ab_user WHERE id = (SELECT scope_number(1))), '') || '#' || coalesce(scope_part(2), '')
$$;

-- Appends entries of one kind to a chain, in their order; the chain head's row is the lock that orders it, read and written once.
CREATE OR REPLACE FUNCTION k_chain_row(p_kind text, p_id bigint, p_type text, p_effective date, p_recorded timestamptz, p_case bigint,
  p_fields jsonb[], p_scope text) RETURNS void
LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
DECLARE
  v_head ledger_chain; v_payloads text[]; v_payload text; v_actor text := kernel_actor(); v_at int; v_hash text; v_hashes text[];
BEGIN
  INSERT INTO ledger_chain (chain_kind, chain_id, sequence, hash) VALUES (p_kind, p_id, 0, '')
    ON CONFLICT (chain_kind, chain_id) DO NOTHING;
  SELECT * INTO v_head FROM ledger_chain WHERE chain_kind = p_kind AND chain_id = p_id FOR UPDATE;
  SELECT array_agg(canonical(f) ORDER BY i) INTO v_payloads FROM unnest(p_fields) WITH ORDINALITY x(f, i);
  v_at := v_head.sequence; v_hash := v_head.hash; v_hashes := ARRAY[v_hash];
  FOREACH v_payload IN ARRAY v_payloads LOOP
    v_at := v_at + 1;
    v_hash := entry_hash(1, p_kind || ':' || p_id, v_at, p_type, p_effective, p_recorded, p_case, v_actor, v_payload, v_hash);
    v_hashes := v_hashes || v_hash;
  END LOOP;
  INSERT INTO ledger_entry (chain_kind, chain_id, sequence, format, type, effective_on, recorded_at, payload,
    case_id, actor, prev_hash, hash, scope_path)
  SELECT p_kind, p_id, v_head.sequence + i, 1, p_type, p_effective, p_recorded, v_payloads[i], p_case, v_actor, v_hashes[i], v_hashes[i + 1],
    p_scope FROM generate_subscripts(v_payloads, 1) i;
  UPDATE ledger_chain SET sequence = v_at, hash = v_hash WHERE chain_kind = p_kind AND chain_id = p_id;
END $$;

-- Appends one entry.
CREATE OR REPLACE FUNCTION chain_append(
  p_kind text, p_id bigint, p_type text, p_effective date, p_recorded timestamptz, p_case bigint,
  p_fields jsonb, p_scope text) RETURNS void
LANGUAGE sql SET search_path = public, pg_temp AS $$
  SELECT k_chain_row(p_kind, p_id, p_type, p_effective, p_recorded, p_case, ARRAY[p_fields], p_scope)
$$;

-- One entry of one kind on each of several chains, which the caller gives by number and holds as chain_append wants it.
CREATE OR REPLACE FUNCTION k_chain_each(p_kind text, p_ids bigint[], p_type text, p_effective date, p_recorded timestamptz,
  p_case bigint, p_fields jsonb[], p_scopes text[]) RETURNS void
LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
DECLARE v_actor text := kernel_actor();
BEGIN
  INSERT INTO ledger_chain (chain_kind, chain_id, sequence, hash) SELECT p_kind, id, 0, '' FROM unnest(p_ids) id ORDER BY id
    ON CONFLICT (chain_kind, chain_id) DO NOTHING;
  PERFORM 1 FROM ledger_chain WHERE chain_kind = p_kind AND chain_id = ANY (p_ids) ORDER BY chain_id FOR UPDATE;
  WITH made AS (INSERT INTO ledger_entry (chain_kind, chain_id, sequence, format, type, effective_on, recorded_at, payload,
      case_id, actor, prev_hash, hash, scope_path)
    SELECT p_kind, h.chain_id, h.sequence + 1, 1, p_type, p_effective, p_recorded, x.payload, p_case, v_actor, h.hash,
      entry_hash(1, p_kind || ':' || h.chain_id, h.sequence + 1, p_type, p_effective, p_recorded, p_case, v_actor, x.payload, h.hash),
      x.scope
    FROM (SELECT id, canonical(f) AS payload, scope, i FROM unnest(p_ids, p_fields, p_scopes) WITH ORDINALITY u(id, f, scope, i)) x
      JOIN ledger_chain h ON h.chain_kind = p_kind AND h.chain_id = x.id ORDER BY x.i
    RETURNING chain_id, sequence, hash)
  UPDATE ledger_chain c SET sequence = m.sequence, hash = m.hash FROM made m WHERE c.chain_kind = p_kind AND c.chain_id = m.chain_id;
END $$;
