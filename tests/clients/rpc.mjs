// Not PostgREST: a stand-in for the tests, which follows what https://docs.postgrest.org documents for /rpc/ functions:
// schemas by profile headers, a transaction for each request with the role and the settings of "Transactions", arguments by
// name, results by kind, errors and their status as in "Errors". It knows no tables, filters or embedding.
//
// node rpc.mjs, with the PG* variables of a login that may take on the roles, and RPC_SCHEMAS, RPC_ANON, RPC_SECRET. Prints
// its address.
import { createHmac, timingSafeEqual } from "node:crypto";
import { createServer } from "node:http";
import { createRequire } from "node:module";

const { Pool } = createRequire(`${process.cwd()}/`)("pg");
const schemas = process.env.RPC_SCHEMAS.split(",");
const pool = new Pool();

class Refused extends Error {
    constructor(status, code, message, hint = null, details = null) {
        super(message);
        Object.assign(this, { status, code, hint, details });
    }
}

/** The claims of a token signed with HS256; none without a token. */
function claimsOf(request) {
    const token = /^bearer (.*)$/i.exec(request.headers.authorization ?? "")?.[1];
    if (!token) {
        return {};
    }
    const [head, body, signature] = token.split(".");
    const right = createHmac("sha256", process.env.RPC_SECRET).update(`${head}.${body}`).digest();
    const given = Buffer.from(signature ?? "", "base64url");
    if (given.length !== right.length || !timingSafeEqual(given, right)) {
        throw new Refused(401, "PGRST301", "No suitable key or wrong key type");
    }
    const claims = JSON.parse(Buffer.from(body, "base64url"));
    if (claims.exp && claims.exp < Date.now() / 1000) {
        throw new Refused(401, "PGRST303", "JWT expired");
    }
    return claims;
}

function schemaOf(request) {
    const reads = request.method === "GET" || request.method === "HEAD";
    const schema = request.headers[reads ? "accept-profile" : "content-profile"] ?? schemas[0];
    if (!schemas.includes(schema)) {
        throw new Refused(406, "PGRST106", `Invalid schema: ${schema}`, `Only the following schemas are exposed: ${schemas.join(", ")}`);
    }
    return schema;
}

const FUNCTION = `
    select p.provolatile = 'v' as writes, p.proretset as many, t.typtype = 'c' as composite,
        (
            select jsonb_object_agg(a.name, format_type(a.type, null))
            from unnest(p.proargnames[:p.pronargs], p.proargtypes::oid[]) a (name, type)) as types,
        coalesce(p.proargnames[:p.pronargs - p.pronargdefaults], '{}') as needed
    from pg_proc p
    join pg_namespace n on n.oid = p.pronamespace
    join pg_type t on t.oid = p.prorettype
    where n.nspname = $1 and p.proname = $2 and p.prokind = 'f'`;

/** The function of that name that takes these arguments. */
async function functionOf(client, schema, name, given) {
    const { rows } = await client.query(FUNCTION, [schema, name]);
    const found = rows.find(
        ({ types, needed }) => given.every((argument) => argument in (types ?? {})) && needed.every((argument) => given.includes(argument)),
    );
    if (!found) {
        const call = `${schema}.${name}(${given.join(", ")})`;
        throw new Refused(404, "PGRST202", `Could not find the function ${call} in the schema cache`, null,
            `Searched for the function ${call}, but no matches were found in the schema cache.`);
    }
    return found;
}

const quoted = (name) => `"${name.replaceAll('"', '""')}"`;

/** Arguments by name: of a body by json_to_record, of a query each as the literal that it is. */
function queryOf(schema, name, { types, many, composite }, given, body) {
    const call = given.map((a) => `${quoted(a)} := ${body ? `body.${quoted(a)}` : `q.${quoted(a)}`}`).join(", ");
    const columns = given.map((a) => `${quoted(a)} ${body ? types[a] : "text"}`).join(", ");
    const from = given.length === 0 ? "" : body
        ? `json_to_record($1) as body (${columns}), lateral`
        : `(select ${given.map((a) => `(r.${quoted(a)})::${types[a]} as ${quoted(a)}`).join(", ")} from json_to_record($1) as r (${columns})) q, lateral`;
    const value = composite ? "call" : "call.value";
    const source = `from ${from} ${quoted(schema)}.${quoted(name)}(${call}) as call${composite ? "" : " (value)"}`;
    return many
        ? `select coalesce(json_agg(${value}), '[]')::text as body, count(*)::int as rows ${source}`
        : `select coalesce(to_json(${value}), 'null')::text as body, 1 as rows ${source}`;
}

/** What a request's transaction begins with. */
async function begin(client, request, url, writes, role, claims, schema) {
    await client.query(`begin isolation level read committed ${writes ? "read write" : "read only"}`);
    const settings = {
        search_path: `${quoted(schema)}, "public"`,
        role,
        "request.jwt.claims": JSON.stringify({ ...claims, role }),
        "request.method": request.method,
        "request.path": url.pathname,
        "request.headers": JSON.stringify(request.headers),
        "request.cookies": "{}",
    };
    const limits = await client.query(
        `select split_part(c, '=', 1) as name, split_part(c, '=', 2) as value
        from pg_db_role_setting s
        cross join unnest(s.setconfig) c
        where s.setrole = to_regrole(quote_ident($1)) and s.setdatabase = 0 and c like 'statement\\_timeout=%'`, [role]);
    for (const { name, value } of limits.rows) {
        settings[name] = value;
    }
    const names = Object.keys(settings);
    await client.query(
        `select ${names.map((_, i) => `set_config($${2 * i + 1}, $${2 * i + 2}, true)`).join(", ")}`, names.flatMap((n) => [n, settings[n]]));
}

/** https://docs.postgrest.org/en/stable/references/errors.html */
function statusOf(code, signedIn) {
    const exact = { 23503: 409, 23505: 409, 25006: 405, "42883": 404, "42P01": 404, "42P17": 500, 53400: 500, P0001: 400 };
    const classes = {
        "08": 503, "09": 500, "0L": 403, "0P": 403, 25: 500, 28: 403, "2D": 500, 38: 500, 39: 500, "3B": 500, 40: 500, 53: 503,
        54: 500, 55: 500, 57: 500, 58: 500, F0: 500, HV: 500, P0: 500, XX: 500,
    };
    if (/^PT\d{3}$/.test(code)) {
        return Number(code.slice(2));
    }
    if (code === "42501") {
        return signedIn ? 403 : 401;
    }
    return exact[code] ?? classes[code.slice(0, 2)] ?? 400;
}

async function bodyOf(request) {
    const chunks = [];
    for await (const chunk of request) {
        chunks.push(chunk);
    }
    const text = Buffer.concat(chunks).toString() || "{}";
    try {
        return JSON.parse(text);
    } catch {
        throw new Refused(400, "PGRST102", "Empty or invalid json");
    }
}

async function answer(request) {
    const url = new URL(request.url, "http://here");
    const name = /^(?:\/rest\/v1)?\/rpc\/([^/]+)$/.exec(url.pathname)?.[1];
    if (!name) {
        throw new Refused(404, "PGRST125", "Invalid path specified in request URL");
    }
    if (!["GET", "HEAD", "POST"].includes(request.method)) {
        throw new Refused(405, "PGRST101", `Cannot use the ${request.method} method on RPC`);
    }
    const claims = claimsOf(request);
    const role = claims.role ?? process.env.RPC_ANON;
    const schema = schemaOf(request);
    const posted = request.method === "POST";
    const values = posted ? await bodyOf(request) : Object.fromEntries(url.searchParams);
    const given = Object.keys(values);
    const client = await pool.connect();
    try {
        const called = await functionOf(client, schema, name, given);
        await begin(client, request, url, posted && called.writes, role, claims, schema);
        const { rows: [{ body, rows }] } = await client.query(
            queryOf(schema, name, called, given, posted), given.length === 0 ? [] : [JSON.stringify(values)]);
        const single = (request.headers.accept ?? "").includes("application/vnd.pgrst.object+json");
        if (single && rows !== 1) {
            throw new Refused(406, "PGRST116", "Cannot coerce the result to a single JSON object", null, `The result contains ${rows} rows`);
        }
        await client.query("commit");
        return { status: 200, body: single && called.many ? JSON.stringify(JSON.parse(body)[0]) : body };
    } catch (error) {
        await client.query("rollback");
        const status = error.status ?? statusOf(error.code ?? "XX000", role !== process.env.RPC_ANON);
        throw new Refused(status, error.code, error.message, error.hint ?? null, error.details ?? error.detail ?? null);
    } finally {
        client.release();
    }
}

const server = createServer(async (request, response) => {
    const { status, body } = await answer(request).catch(({ status, code, message, hint, details }) => ({
        status: status ?? 500,
        body: JSON.stringify({ code, details, hint, message }),
    }));
    response.writeHead(status, { "content-type": "application/json; charset=utf-8" });
    response.end(request.method === "HEAD" ? undefined : body);
});
server.listen(0, "127.0.0.1", () => console.log(`http://127.0.0.1:${server.address().port}`));
