// Copies what pages load from node_modules into app/static/vendor, and axe-core into the browser tests.
// Run after `npm ci`; the result is committed, so a fresh machine needs no Node.
import { copyFileSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const root = join(dirname(fileURLToPath(import.meta.url)), "..");
const modules = join(root, "node_modules");
const vendor = join(root, "app/static/vendor");

const FILES = {
  "@tabler/core/dist/css/tabler.min.css": "tabler.min.css",
  "htmx.org/dist/htmx.min.js": "htmx.min.js",
  "tom-select/dist/js/tom-select.base.min.js": "tom-select.min.js",
  "tom-select/dist/css/tom-select.bootstrap5.min.css": "tom-select.min.css",
};

// name in the sprite: file among Tabler's outline icons
const ICONS = {
  home: "home", search: "search", menu: "menu-2", user: "user", users: "users", unit: "building",
  ledger: "book-2", queue: "inbox", case: "file-text", start: "file-plus", card: "id-badge-2",
  leader: "user-star", department: "sitemap", region: "map-pin", seat: "armchair", quota: "chart-bar",
  alarm: "alert-triangle", error: "alert-circle", info: "info-circle", ok: "circle-check", check: "check",
  close: "x", plus: "plus", minus: "minus", edit: "pencil", delete: "trash", back: "arrow-left",
  next: "chevron-right", previous: "chevron-left", down: "chevron-down", up: "chevron-up", sort: "arrows-sort",
  filter: "filter", export: "download", upload: "upload", print: "printer", calendar: "calendar",
  clock: "clock", history: "history", papers: "paperclip", return: "arrow-back-up", reject: "ban",
  hand_over: "arrows-exchange", urge: "bell-ringing", notice: "bell", withdraw: "arrow-bar-to-left",
  arrival: "user-check", hat: "switch-horizontal", sign_in: "login-2", sign_out: "logout", settings: "settings",
  lock: "lock", audit: "shield-check", help: "help", columns: "columns-3", language: "language", public: "world",
};

const TITLES = [
  ["Tabler", "@tabler/core", null],
  ["Tabler Icons", "@tabler/icons", "LICENSE"],
  ["htmx", "htmx.org", "LICENSE"],
  ["Tom Select", "tom-select", "LICENSE"],
];

const read = (path) => readFileSync(join(modules, path), "utf8");
const withoutMap = (text) => text.replace(/\n?\/[/*]# sourceMappingURL=[^\n]*/g, "");

function symbol(name, file) {
  const svg = read(`@tabler/icons/icons/outline/${file}.svg`);
  const body = svg.replace(/^[\s\S]*?<svg[^>]*>/, "").replace("</svg>", "").replace(/\s*\n\s*/g, "").trim();
  return `<symbol id="${name}" viewBox="0 0 24 24">${body}</symbol>`;
}

function licences() {
  const mit = read("@tabler/icons/LICENSE").replace(/[\s\S]*?(?=Permission is hereby granted)/, "");
  return TITLES.map(([title, name, file]) => {
    const { version, license } = JSON.parse(read(`${name}/package.json`));
    const banner = read("@tabler/core/dist/css/tabler.min.css").match(/Copyright [^\n]*/g) ?? [];
    const text = file ? read(`${name}/${file}`) : `${license}\n\n${banner.join("\n")}\n\n${mit}`;
    return `${title} ${version}\n${"=".repeat(40)}\n${text.trim()}\n`;
  }).join("\n\n");
}

rmSync(vendor, { recursive: true, force: true });
mkdirSync(vendor, { recursive: true });
for (const [from, to] of Object.entries(FILES)) writeFileSync(join(vendor, to), withoutMap(read(from)));
const symbols = Object.entries(ICONS).map(([name, file]) => symbol(name, file));
writeFileSync(join(vendor, "icons.svg"), `<svg xmlns="http://www.w3.org/2000/svg">\n${symbols.join("\n")}\n</svg>\n`);
writeFileSync(join(vendor, "LICENCES.txt"), licences());
mkdirSync(join(root, "tests/browser"), { recursive: true });
copyFileSync(join(modules, "axe-core/axe.min.js"), join(root, "tests/browser/axe.min.js"));
