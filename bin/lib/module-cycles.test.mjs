import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";

const script = join(dirname(fileURLToPath(import.meta.url)), "module-cycles.mjs");

/** Checks a crate with these files and returns what the script prints: nothing if there is no cycle. */
function check(files) {
  const directory = mkdtempSync(join(tmpdir(), "module-cycles-"));
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(directory, path)), { recursive: true });
    writeFileSync(join(directory, path), text);
  }
  const { status, stderr } = spawnSync("node", [script, "lib.rs"], { cwd: directory, encoding: "utf8" });
  rmSync(directory, { recursive: true });
  assert.equal(status, stderr === "" ? 0 : 1, stderr);
  return stderr;
}

const items = "pub fn f() {} pub struct S;";

test("crate without cycle passes", () => {
  assert.equal(check({ "lib.rs": "mod a; mod b;", "a.rs": `use crate::b::f; ${items}`, "b.rs": items }), "");
});

for (const [form, code] of Object.entries({
  "use of an item": "use crate::a::f;",
  "use in a group": "use crate::{c::S, a::{self as other, f}};",
  "glob import": "use super::a::*;",
  "path without use": "fn g() { crate::a::f() }",
  "path through an imported module": "use crate::a; fn g() { a::f() }",
  "path through an alias": "use super::a as other; fn g() { other::f() }",
  "use inside of a function": "fn g() { use crate::a::f; f() }",
  "path in an inline module": "mod inner { fn g() { super::super::a::f() } }",
  "path with self": "use self::super::a::f;",
  "import of a re-export": "use crate::f;",
  "import of a re-exported glob": "use crate::facade::f;",
}))
  test(`${form} closes a cycle`, () => {
    const output = check({
      "lib.rs": "mod a; mod b; mod c; mod facade; pub use a::f;",
      "a.rs": `use crate::b::S; ${items}`,
      "b.rs": `${code} ${items}`,
      "c.rs": items,
      "facade.rs": "pub use crate::a::*;",
    });
    assert.match(output, /a\.rs:1 imports crate::b::S of b\.rs/);
    assert.match(output, /b\.rs:1 imports \S+ of a\.rs/);
  });

test("longer cycle is printed in order", () => {
  const output = check({
    "lib.rs": "mod a; mod b; mod c;",
    "a.rs": "use crate::b::f; pub fn h() {}",
    "b.rs": "use crate::c::g; pub fn f() {}",
    "c.rs": "use crate::a::h; pub fn g() {}",
  });
  const lines = output.trim().split("\n").slice(1);
  assert.deepEqual(lines.map((line) => line.trim().replace(/:.* of/, " imports")), ["a.rs imports b.rs", "b.rs imports c.rs", "c.rs imports a.rs"]);
});

test("parent and children may use each other", () => {
  const child = "use super::{P, second}; pub fn f() { second::g() }";
  const parent = "mod first; mod second; use first::f; pub struct P;";
  assert.equal(check({ "lib.rs": "mod a;", "a.rs": parent, "a/first.rs": child, "a/second.rs": "pub fn g() {}" }), "");
});

test("cycle through a child of another module is found", () => {
  const files = { "lib.rs": "mod a; mod b;", "a.rs": "mod child; pub struct P; fn f() { child::g() }", "b.rs": "use crate::a::P;" };
  assert.equal(check({ ...files, "a/child.rs": "pub fn g() {}" }), "");
  assert.match(check({ ...files, "a/child.rs": "pub fn g() { crate::b::f() }" }), /Import cycle/);
});

test("comments, strings and tests are ignored", () => {
  const b = `// use crate::a::f;
    /* crate::a::f() */
    const TEXT: &str = "crate::a::f()";
    const RAW: &str = r#"use crate::a::f;"#;
    #[cfg(test)]
    mod tests { use crate::a::f; }
    ${items}`;
  assert.equal(check({ "lib.rs": "mod a; mod b;", "a.rs": `use crate::b::S; ${items}`, "b.rs": b }), "");
});

test("path attribute is followed", () => {
  const files = { "lib.rs": '#[path = "other/place.rs"]\nmod a; mod b;', "b.rs": `use crate::a::f; ${items}` };
  assert.match(check({ ...files, "other/place.rs": `use crate::b::S; ${items}` }), /other\/place\.rs/);
});

test("super::super is reported with its line", () => {
  const output = check({ "lib.rs": "mod a;\npub struct S;", "a.rs": "mod b;", "a/b.rs": "\nuse super::super::S;" });
  assert.match(output, /a\/b\.rs:2: write crate:: instead of super::super::/);
});
