#!/usr/bin/env python3
"""Interleaved HTTP comparison of two or more servers (stdlib only; everything specific is in the JSON).

  compare.py CONFIG.json [--only list,roster] [--servers a,b] [--rounds 5] [--json out.jsonl]

CONFIG: {
 "limits": {"rounds": 5, "requests": 30, "seconds": 5, "timeout": 30},     # per route: the first bound reached wins
 "servers": {"A": {"base": "http://127.0.0.1:8101",
    "sessions": {"clerk": {"path": "/login/", "user_field": "username", "user": "..", "password_field": "password",
                 "password": "..", "csrf_field": "csrf_token", "csrf_re": "..(capture)..", "ok_status": [302]}},   # "token_re": JSON login, bearer token
    "vars": {"app": {"file": "ids.txt"} , "x": [1, 2, 3]},                  # handed out one by one, never twice
    "routes": {"list": {"session": "clerk", "path": "/p?{x}", "expect": 200, "contains": "text"},
               "approve": {"session": "clerk", "method": "POST", "path": "/approve/{app}/", "form": {"t": "{csrf}"},
                           "csrf_header": "X-CSRFToken", "expect": [200, 302]}}}},
 "clients": {"list": [1, 8]} }                                              # 1 = latency, more = throughput; default [1]
Only loopback bases are accepted unless --remote is given. With one client the requests themselves alternate A B A B;
with more, short bursts alternate. The ratio is taken pair by pair (request pair / burst pair), then its median, min, max."""

import argparse
import http.client
import json
import re
import statistics as st
import threading
import time
import urllib.parse as up


def pct(xs, p):
    xs = sorted(xs)
    return xs[min(len(xs) - 1, int(len(xs) * p))]


class Server:
    def __init__(self, name, c, timeout):
        self.name, self.c, self.timeout = name, c, timeout
        self.host = up.urlsplit(c["base"]).netloc
        self.lock, self.cookies, self.csrf, self.token = threading.Lock(), {}, {}, {}
        self.vars = {
            k: iter(open(v["file"]).read().split() if isinstance(v, dict) else v) for k, v in c.get("vars", {}).items()
        }
        for s in c.get("sessions", {}):
            self.login(s)

    def raw(self, conn, method, path, headers, body=None):
        conn.request(method, path, body, headers)
        r = conn.getresponse()
        return r, r.read()

    def login(self, s):
        c, jar = self.c["sessions"][s], {}
        conn = http.client.HTTPConnection(self.host, timeout=self.timeout)
        eat = lambda r: jar.update(
            h.split(";")[0].split("=", 1) for k, h in r.getheaders() if k.lower() == "set-cookie"
        )
        b = b""
        if "token_re" not in c:
            r, b = self.raw(conn, "GET", c["path"], {})
            eat(r)
        form = dict(c.get("extra", {}), **{c["user_field"]: c["user"], c["password_field"]: c["password"]})
        if "csrf_re" in c:
            form[c["csrf_field"]] = re.search(c["csrf_re"], b.decode()).group(1)
        head = {
            "Cookie": "; ".join(map("=".join, jar.items())),
            "Content-Type": "application/x-www-form-urlencoded",
            "Referer": self.c["base"] + c["path"],
        }
        if "token_re" in c:  # JSON login that answers a bearer token
            head["Content-Type"] = "application/json"
        r, b = self.raw(conn, "POST", c["path"], head, json.dumps(form) if "token_re" in c else up.urlencode(form))
        eat(r)
        if "token_re" in c and r.status == 200:
            self.token[s] = re.search(c["token_re"], b.decode()).group(1)
            return
        if r.status not in c.get("ok_status", [302]):
            raise SystemExit(f"{self.name}: login {s} answered {r.status}")
        if "csrf_page" in c:
            r, b = self.raw(conn, "GET", c["csrf_page"], {"Cookie": "; ".join(map("=".join, jar.items()))})
            eat(r)
            self.csrf[s] = re.search(c["csrf_re"], b.decode()).group(1)
        self.cookies[s] = "; ".join(map("=".join, jar.items()))

    def build(self, rt):
        with self.lock:  # StopIteration = the pool of this variable is used up
            v = {
                k: next(it) for k, it in self.vars.items() if f"{{{k}}}" in rt["path"] + json.dumps(rt.get("form", {}))
            }
        v["csrf"] = self.csrf.get(rt.get("session"), "")
        sub = lambda t: re.sub(r"\{(\w+)\}", lambda m: str(v.get(m[1], m[0])), t)
        s = rt.get("session")
        h = (
            {"Authorization": "Bearer " + self.token[s]}
            if s in self.token
            else {"Cookie": self.cookies[s]}
            if s
            else {}
        )
        h.update(rt.get("headers", {}))
        if "csrf_header" in rt:
            h[rt["csrf_header"]] = v["csrf"]
            h["Referer"] = self.c["base"] + "/"
        body = None
        if "form" in rt:
            body = up.urlencode({k: sub(x) for k, x in rt["form"].items()})
            h["Content-Type"] = "application/x-www-form-urlencoded"
        return rt.get("method", "GET"), sub(rt["path"]), h, body

    def hit(self, conn, rt):
        req = self.build(rt)
        if time.perf_counter() - getattr(conn, "last", 0) > 1:  # idle: the server may have closed it (gunicorn: 2 s)
            conn.close()
        t = time.perf_counter()
        r, b = self.raw(conn, *req)
        conn.last = time.perf_counter()
        dt = (conn.last - t) * 1000
        exp = rt.get("expect", 200)
        ok = r.status in (exp if isinstance(exp, list) else [exp]) and rt.get("contains", "").encode() in b
        return dt, ok, len(b)

    def conn(self):
        return http.client.HTTPConnection(self.host, timeout=self.timeout)


def burst(srv, rt, clients, requests, seconds):
    out, stop, left, lock = [], time.perf_counter() + seconds, [requests], threading.Lock()

    def work():
        conn = srv.conn()
        while time.perf_counter() < stop:
            with lock:
                left[0] -= 1
                if left[0] < 0:
                    return
            try:
                out.append(srv.hit(conn, rt))
            except StopIteration:
                return
            except OSError:
                out.append((srv.timeout * 1000, False, 0))
                conn = srv.conn()

    ts = [threading.Thread(target=work) for _ in range(clients)]
    t = time.perf_counter()
    [x.start() for x in ts]
    [x.join() for x in ts]
    return out, time.perf_counter() - t


def main():
    ap = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    ap.add_argument("config")
    ap.add_argument("--only")
    ap.add_argument("--servers")
    ap.add_argument("--rounds", type=int)
    ap.add_argument("--json")
    ap.add_argument("--remote", action="store_true")
    a = ap.parse_args()
    cfg = json.load(open(a.config))
    lim = dict({"rounds": 5, "requests": 30, "seconds": 5, "timeout": 30}, **cfg.get("limits", {}))
    names = a.servers.split(",") if a.servers else list(cfg["servers"])
    for n in names:
        if not a.remote and up.urlsplit(cfg["servers"][n]["base"]).hostname != "127.0.0.1":
            raise SystemExit("loopback only; --remote to override")
    srv = {n: Server(n, cfg["servers"][n], lim["timeout"]) for n in names}
    routes = list(dict.fromkeys(r for n in names for r in cfg["servers"][n]["routes"]))
    log = open(a.json, "a") if a.json else None
    print(
        f"{'route':26}{'cl':>3} {'server':10}{'n':>5} {'p50 ms':>9} (rounds min-max){'':4} {'p95 ms':>9} {'req/s':>8} {'kB':>7} {'bad':>4}   {names[0]}/this p50 ratio (min-max)"
    )
    for route in routes:
        if a.only and route not in a.only.split(","):
            continue
        have = [n for n in names if route in cfg["servers"][n]["routes"]]
        for clients in cfg.get("clients", {}).get(route, [1]):
            lat, thr, bad, kb, ratio = ({n: [] for n in have} for _ in range(5))
            {n: burst(srv[n], cfg["servers"][n]["routes"][route], clients, 2 * clients, lim["seconds"]) for n in have}
            for _ in range(a.rounds or lim["rounds"]):
                per, conns, t0 = {n: [] for n in have}, {n: srv[n].conn() for n in have}, time.perf_counter()
                if clients == 1:
                    used = dict.fromkeys(have, 0.0)
                    for _ in range(lim["requests"]):
                        if time.perf_counter() - t0 > lim["seconds"] * len(have):
                            break
                        for n in have:  # A B A B
                            o, w = burst_one(srv[n], conns[n], cfg["servers"][n]["routes"][route])
                            if o:
                                per[n].append(o)
                                used[n] += w
                else:
                    used = {}
                    for n in have:
                        per[n], used[n] = burst(
                            srv[n],
                            cfg["servers"][n]["routes"][route],
                            clients,
                            lim["requests"] * clients,
                            lim["seconds"],
                        )
                for n in have:
                    if not per[n]:
                        continue
                    lat[n].append([x[0] for x in per[n]])
                    thr[n].append(sum(x[1] for x in per[n]) / max(used[n], 1e-9))
                    bad[n] += [0 if x[1] else 1 for x in per[n]]
                    kb[n] += [x[2] / 1024 for x in per[n]]
                if clients == 1:  # pair by pair
                    for n in have[1:]:
                        ratio[n] += [x[0] / y[0] for x, y in zip(per[have[0]], per[n])]
                elif all(per[n] for n in have):
                    for n in have[1:]:
                        ratio[n].append(st.median(x[0] for x in per[have[0]]) / st.median(x[0] for x in per[n]))
            for n in have:
                if not lat[n]:
                    print(f"{route:26}{clients:3} {n:10} no requests")
                    continue
                allx, p50s = sum(lat[n], []), [st.median(x) for x in lat[n]]
                rt = (
                    f"{st.median(ratio[n]):.2f} ({pct(ratio[n], 0.05):.2f}-{pct(ratio[n], 0.95):.2f})"
                    if ratio[n]
                    else ""
                )
                print(
                    f"{route:26}{clients:3} {n:10}{len(allx):5} {st.median(p50s):9.1f} ({min(p50s):.1f}-{max(p50s):.1f})".ljust(
                        76
                    )
                    + f"{pct(allx, 0.95):9.1f} {st.median(thr[n]):8.1f} {st.median(kb[n]):7.0f} {sum(bad[n]):4}   {rt}",
                    flush=True,
                )
                if log:
                    log.write(
                        json.dumps(
                            {
                                "route": route,
                                "clients": clients,
                                "server": n,
                                "n": len(allx),
                                "p50": p50s,
                                "p95": pct(allx, 0.95),
                                "rps": thr[n],
                                "bad": sum(bad[n]),
                            }
                        )
                        + "\n"
                    )


def burst_one(srv, conn, rt):
    try:
        o = srv.hit(conn, rt)
        return o, o[0] / 1000
    except StopIteration:
        return None, 0
    except OSError:
        conn.close()
        return (srv.timeout * 1000, False, 0), srv.timeout


if __name__ == "__main__":
    main()
