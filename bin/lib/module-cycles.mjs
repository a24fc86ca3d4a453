// Finds import cycles between the source files of each crate, and paths of the form super::super::.
//
//   node bin/lib/module-cycles.mjs [FILE...]     FILE is the root of a crate, such as src/lib.rs; by default, of every crate here
//
// A file imports another one if it names one of its items: in `use` (groups, aliases and globs included), or in a path that
// starts with crate::, super::, self:: or an imported module. Re-exports are followed to the file that defines the item, so
// that a facade such as lib.rs neither hides a cycle nor takes part in one.
//
// A module and its submodules are one unit: the parent uses what its children define, and they use what it defines. In a
// cycle, therefore, either no file imports an ancestor or none imports a descendant. Code under #[cfg(test)] does not count.
//
// It reads the source with regular expressions, so it does not see the code that macros generate.
import { execFileSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";

/** Replaces comments and literals by spaces, so that positions and line numbers stay. */
const blank = (text) =>
  text.replace(
    /\/\/[^\n]*|\/\*[\s\S]*?\*\/|\bb?r(#*)"[\s\S]*?"\1|b?"(?:\\[\s\S]|[^"\\])*"|b?'(?:\\[^']+|[^'\\])'/g,
    (match) => match.replace(/[^\n]/g, " "),
  );

/** The position after the brace that closes the one at `open`. */
function closing(text, open) {
  for (let at = open, depth = 0; at < text.length; at++) {
    if (text[at] === "{") depth++;
    else if (text[at] === "}" && --depth === 0) return at + 1;
  }
  return text.length;
}

/** The paths of a use tree: `a::{b, c as d, e::*}` is [a, b], [a, c] and [a, e, *]. */
function expand(tree, prefix = []) {
  const group = tree.indexOf("{");
  if (group < 0) {
    const [path, name] = tree.trim().split(/\s+as\s+/);
    const segments = [...prefix, ...path.split("::").map((segment) => segment.trim()).filter(Boolean)];
    if (segments.at(-1) === "self" && segments.length > 1) segments.pop();
    return segments.length > 0 ? [{ segments, name: name ?? segments.at(-1) }] : [];
  }
  const outer = tree.slice(0, group).split("::").map((segment) => segment.trim()).filter(Boolean);
  const parts = [""];
  let depth = 0;
  for (const character of tree.slice(group + 1, tree.lastIndexOf("}"))) {
    if (character === "," && depth === 0) parts.push("");
    else parts[parts.length - 1] += character;
    if (character === "{") depth++;
    if (character === "}") depth--;
  }
  return parts.filter((part) => part.trim()).flatMap((part) => expand(part, [...prefix, ...outer]));
}

/** Reads a crate into a tree of modules. */
function load(root) {
  const files = [];
  function module(name, parent, file, text, directory) {
    const self = { name, parent, file, children: new Map(), imports: [], exports: [], globs: [] };
    const line = (at) => file.text.slice(0, at + 1).split("\n").length;
    // Inline modules first: their code has paths of its own. Tests are left out.
    const inline = /(#\[cfg\(test\)\]\s*)?(?:pub(?:\([^)]*\))?\s+)?mod\s+(\w+)\s*\{/g;
    for (let match; (match = inline.exec(text)); ) {
      const end = closing(text, match.index + match[0].length - 1);
      const before = text.slice(0, match.index).replace(/[^\n]/g, " ");
      const body = before + match[0].replace(/[^\n]/g, " ") + text.slice(match.index + match[0].length, end - 1);
      if (!match[1]) self.children.set(match[2], module(match[2], self, file, body, join(directory, match[2])));
      text = text.slice(0, match.index) + text.slice(match.index, end).replace(/[^\n]/g, " ") + text.slice(end);
    }
    const declaration = /(#\[cfg\(test\)\]\s*)?(?:#\[path\s*=\s*( +)\]\s*)?(?:pub(?:\([^)]*\))?\s+)?\bmod\s+(\w+)\s*;/g;
    for (const [all, test, path, child] of text.matchAll(declaration)) {
      if (test) continue;
      const at = text.indexOf(all);
      const explicit = path && file.source.slice(at, at + all.length).match(/#\[path\s*=\s*"([^"]+)"\]/)[1];
      const candidates = explicit
        ? [join(dirname(file.path), explicit)]
        : [join(directory, `${child}.rs`), join(directory, child, "mod.rs")];
      const found = candidates.find(existsSync);
      if (found) self.children.set(child, read(child, self, found, explicit ? dirname(found) : join(directory, child)));
    }
    const use = /\b(pub(?:\([^)]*\))?\s+)?use\s+([^;]+);/g;
    for (const match of text.matchAll(use)) {
      for (const { segments, name } of expand(match[2])) {
        const item = { segments, name, line: line(match.index) };
        if (!match[1]) self.imports.push(item);
        else if (name === "*") self.globs.push(item);
        else self.exports.push(item);
      }
    }
    self.text = text.replace(use, (match) => match.replace(/[^\n]/g, " "));
    return self;
  }
  function read(name, parent, path, directory) {
    const source = readFileSync(path, "utf8");
    const file = { path, source, text: blank(source), edges: new Map() };
    files.push(file);
    return (file.module = module(name, parent, file, file.text, directory));
  }
  return { root: read("crate", null, root, dirname(root)), files };
}

const defines = (module, name) =>
  new RegExp(`\\b(?:fn|struct|enum|type|const|static|trait|union|macro_rules!|mod)\\s+${name}\\b`).test(module.text);

/** Follows a path from a module, through re-exports: the module that defines the item, or null for another crate's. */
function resolve(crate, module, segments, seen = new Set()) {
  let [first, ...rest] = segments;
  let at;
  if (first === "crate" || first === "$crate") at = crate.root;
  else if (first === "self") at = module;
  else if (first === "super") at = module.parent;
  else if (module.children.has(first)) at = module.children.get(first);
  else return null;
  while (at && rest[0] === "super") (at = at.parent), rest.shift();
  return at && descend(crate, at, rest, seen);
}

function descend(crate, module, segments, seen) {
  const [name, ...rest] = segments;
  if (name === undefined || name === "*") return { module, isModule: true };
  if (module.children.has(name)) return descend(crate, module.children.get(name), rest, seen);
  if (defines(module, name)) return { module };
  const key = `${module.file.path} ${name}`;
  if (seen.has(key)) return { module };
  seen.add(key);
  const named = module.exports.find((item) => item.name === name);
  for (const { segments } of named ? [named] : module.globs.map(({ segments }) => ({ segments: [...segments.slice(0, -1), name] }))) {
    const found = resolve(crate, module, [...segments, ...rest], seen);
    if (found && (named || defines(found.module, name))) return found;
  }
  return { module };
}

function isWithin(module, ancestor) {
  for (let at = module.parent; at; at = at.parent) if (at === ancestor) return true;
  return false;
}

/** Adds the edges of a module's file. */
function addEdges(crate, module) {
  const add = (target, line, path) => {
    if (target && target.module.file !== module.file && !module.file.edges.has(target.module.file))
      module.file.edges.set(target.module.file, `${line}: ${path.join("::")}`);
  };
  const aliases = new Map();
  for (const { segments, name, line } of module.imports) {
    const target = resolve(crate, module, segments);
    if (!target) continue;
    // An imported module is only a name for the paths below.
    if (target.isModule && segments.at(-1) !== "*") aliases.set(name, target.module);
    else add(target, line, segments);
  }
  // Paths that go on from an import, or start at the crate, a parent or this module.
  for (const match of module.text.matchAll(/(?<![\w:$])(\$?\w+)((?:\s*::\s*\w+)+)/g)) {
    const segments = [match[1], ...match[2].split("::").slice(1).map((segment) => segment.trim())];
    const alias = aliases.get(match[1]);
    const target = alias ? descend(crate, alias, segments.slice(1), new Set()) : resolve(crate, module, segments);
    add(target, module.text.slice(0, match.index + 1).split("\n").length, segments);
  }
  for (const child of module.children.values()) addEdges(crate, child);
}

/** The shortest cycle through a file without imports of ancestors, or of descendants; or null. */
function cycle(file, isLeftOut) {
  const from = new Map([[file, null]]);
  for (const queue = [file]; queue.length > 0; ) {
    const at = queue.shift();
    for (const next of at.edges.keys()) {
      if (isLeftOut(at.module, next.module)) continue;
      if (next === file) {
        const path = [at];
        while (from.get(path[0])) path.unshift(from.get(path[0]));
        return path;
      }
      if (!from.has(next)) from.set(next, at), queue.push(next);
    }
  }
  return null;
}

function roots() {
  const options = { encoding: "utf8", maxBuffer: 1 << 26 };
  const metadata = execFileSync("cargo", ["metadata", "--locked", "--no-deps", "--format-version", "1"], options);
  const targets = JSON.parse(metadata).packages.flatMap(({ targets }) => targets);
  return targets.filter(({ kind }) => !kind.includes("custom-build")).map((target) => target.src_path);
}

let failed = false;
for (const root of process.argv.length > 2 ? process.argv.slice(2) : roots()) {
  const crate = load(root);
  addEdges(crate, crate.root);
  const reported = new Set();
  for (const file of crate.files) {
    for (const { index } of file.text.matchAll(/\bsuper\s*::\s*super\b/g)) {
      failed = true;
      const line = file.text.slice(0, index).split("\n").length;
      console.error(`${relative(".", file.path)}:${line}: write crate:: instead of super::super::`);
    }
    const path = cycle(file, isWithin) ?? cycle(file, (from, to) => isWithin(to, from));
    if (!path || path.some((file) => reported.has(file))) continue;
    failed = true;
    path.forEach((file) => reported.add(file));
    console.error("Import cycle:");
    path.forEach((file, index) => {
      const next = path[(index + 1) % path.length];
      const [line, ...name] = file.edges.get(next).split(": ");
      console.error(`  ${relative(".", file.path)}:${line} imports ${name.join(": ")} of ${relative(".", next.path)}`);
    });
  }
}
process.exit(failed ? 1 : 0);
