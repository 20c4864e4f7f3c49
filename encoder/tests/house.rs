//! The rules of the house: files import no circle, and a directory none that comes after it on the data's way.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use syn::visit::{self, Visit};

/// The directories of the library, each after all that it imports.
const ORDER: [&str; 12] = [
    "base", "options", "numbers", "cm", "grammar", "model", "format", "fast", "codec", "frames",
    "api", "lab",
];

/// Files by the path of the module that each is, with their text.
type Sources = BTreeMap<Vec<String>, String>;
/// What each file imports.
type Graph = BTreeMap<Vec<String>, BTreeSet<Vec<String>>>;

/// The files of a crate whose root is `root`, in `folder`.
fn sources(folder: &Path, root: &str) -> Sources {
    let mut found = Sources::new();
    let mut folders = vec![(folder.to_owned(), Vec::new())];
    while let Some((folder, module)) = folders.pop() {
        for entry in fs::read_dir(folder).expect("a folder") {
            let path = entry.expect("an entry").path();
            let name = path.file_stem().expect("a name").to_string_lossy().into_owned();
            let mut inside = module.clone();
            if !(name == "mod" || (module.is_empty() && format!("{name}.rs") == root)) {
                inside.push(name.clone());
            }
            if path.is_dir() {
                if name != "bin" {
                    folders.push((path, inside));
                }
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                found.insert(inside, fs::read_to_string(&path).expect("a readable file"));
            }
        }
    }
    found
}

/// Gathers the paths that a file names, from the root of its crate; not those of its tests.
struct Paths {
    /// The module at hand.
    module: Vec<String>,
    found: BTreeSet<Vec<String>>,
}

impl Paths {
    /// Notes a path. One that begins with no keyword may begin with a module inside this one; else it is of a guest,
    /// or of what was imported, and ends up in this very file.
    fn add(&mut self, path: &[String]) {
        let is_whole = path.first().is_some_and(|first| first == "crate");
        let mut whole = if is_whole { Vec::new() } else { self.module.clone() };
        for segment in path {
            match segment.as_str() {
                "crate" | "self" => {}
                "super" => drop(whole.pop()),
                name => whole.push(name.to_owned()),
            }
        }
        self.found.insert(whole);
    }

    fn add_tree(&mut self, before: &[String], tree: &syn::UseTree) {
        let with = |name: &syn::Ident| [before, &[name.to_string()]].concat();
        match tree {
            syn::UseTree::Path(path) => self.add_tree(&with(&path.ident), &path.tree),
            syn::UseTree::Name(name) => self.add(&with(&name.ident)),
            syn::UseTree::Rename(name) => self.add(&with(&name.ident)),
            syn::UseTree::Glob(_) => self.add(before),
            syn::UseTree::Group(group) => {
                group.items.iter().for_each(|tree| self.add_tree(before, tree));
            }
        }
    }

    /// Notes the paths among the words of a macro's call.
    fn add_words(&mut self, words: &str) {
        let mut path = Vec::new();
        for word in words.split_whitespace().chain(["."]) {
            let is_name = word.chars().all(|c| c.is_alphanumeric() || c == '_');
            if is_name {
                path.push(word.to_owned());
            } else if word != "::" {
                self.add(&std::mem::take(&mut path));
            }
        }
    }
}

/// Whether an item is there for tests only.
fn is_test(attributes: &[syn::Attribute]) -> bool {
    attributes.iter().any(|attribute| {
        attribute.path().is_ident("cfg")
            && attribute.meta.require_list().is_ok_and(|list| list.tokens.to_string() == "test")
    })
}

impl<'ast> Visit<'ast> for Paths {
    fn visit_item_use(&mut self, item: &'ast syn::ItemUse) {
        if !is_test(&item.attrs) {
            self.add_tree(&[], &item.tree);
        }
    }

    fn visit_item_mod(&mut self, item: &'ast syn::ItemMod) {
        if !is_test(&item.attrs) {
            self.module.push(item.ident.to_string());
            visit::visit_item_mod(self, item);
            self.module.pop();
        }
    }

    fn visit_path(&mut self, path: &'ast syn::Path) {
        let path_of: Vec<String> =
            path.segments.iter().map(|segment| segment.ident.to_string()).collect();
        self.add(&path_of);
        visit::visit_path(self, path);
    }

    fn visit_visibility(&mut self, _: &'ast syn::Visibility) {}

    fn visit_macro(&mut self, call: &'ast syn::Macro) {
        // Each word apart.
        self.add_words(&call.tokens.to_string().replace("::", " :: "));
        visit::visit_macro(self, call);
    }
}

/// Which file imports which: a path is in the file of its longest beginning that is one.
fn graph(sources: &Sources) -> Graph {
    let file_of = |path: &[String]| {
        (0..=path.len())
            .rev()
            .map(|len| path[..len].to_vec())
            .find(|path| sources.contains_key(path))
    };
    let imports = |(module, text): (&Vec<String>, &String)| {
        let file = syn::parse_file(text).expect("Rust");
        let mut paths = Paths { module: module.clone(), found: BTreeSet::new() };
        paths.visit_file(&file);
        let files = paths.found.iter().filter_map(|path| file_of(path));
        (module.clone(), files.filter(|file| file != module).collect())
    };
    sources.iter().map(imports).collect()
}

/// The files that are left when again and again those are taken away that import none of the others: none, if there is
/// no circle.
fn circle(graph: &Graph) -> Vec<String> {
    let mut left = graph.clone();
    loop {
        let done: Vec<_> = left
            .iter()
            .filter(|(_, imports)| !imports.iter().any(|file| left.contains_key(file)))
            .map(|(file, _)| file.clone())
            .collect();
        if done.is_empty() {
            let line = |(file, imports): (&Vec<String>, &BTreeSet<Vec<String>>)| {
                let others = imports.iter().filter(|file| left.contains_key(*file));
                let others: Vec<String> = others.map(|file| file.join("::")).collect();
                format!("{} imports {}", file.join("::"), others.join(", "))
            };
            return left.iter().map(line).collect();
        }
        left.retain(|file, _| !done.contains(file));
    }
}

fn library() -> Sources {
    sources(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src"), "lib.rs")
}

#[test]
fn no_files_import_each_other_in_a_circle() {
    let program = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/bin/sigma");
    for sources in [library(), sources(&program, "main.rs")] {
        assert!(sources.len() > 10, "the sources are where they were");
        let circle = circle(&graph(&sources));
        assert!(circle.is_empty(), "a circle is among these:\n{}", circle.join("\n"));
    }
}

#[test]
fn no_directory_imports_one_that_comes_after_it() {
    let place = |file: &[String]| {
        let directory = file.first()?;
        let place = ORDER.iter().position(|name| name == directory);
        Some(place.unwrap_or_else(|| panic!("`{directory}` is no directory of the house")))
    };
    let graph = graph(&library());
    assert!(
        ORDER.iter().all(|name| graph.keys().any(|file| file.first().is_some_and(|it| it == name)))
    );
    for (file, imports) in &graph {
        // The root alone may import all.
        let Some(from) = place(file) else { continue };
        for import in imports {
            let fits = place(import).is_some_and(|to| to <= from);
            assert!(fits, "{} imports {}", file.join("::"), import.join("::"));
        }
    }
}

/// A crate of some files, given as module and text.
fn small(files: &[(&str, &str)]) -> Sources {
    let module =
        |name: &str| name.split("::").filter(|it| !it.is_empty()).map(str::to_owned).collect();
    files.iter().map(|(name, text)| (module(name), (*text).to_owned())).collect()
}

#[test]
fn a_circle_is_found_however_it_is_written() {
    let ways = [
        "use crate::a::b::C;",
        "use crate::{x, a::{self, b::{C, D}}};",
        "use super::a::b as c;",
        "fn f() { crate::a::b::g() }",
        "fn f() { println!(\"{}\", crate::a::b::g()) }",
        "fn f(_: super::a::b::C) {}",
        "mod inside { use super::super::a::b::C; }",
        "pub use crate::a::b::*;",
    ];
    for way in ways {
        let files =
            [("", "mod a; mod x;"), ("a", "mod b;"), ("a::b", "use crate::x::Y;"), ("x", way)];
        assert_eq!(circle(&graph(&small(&files))).len(), 2, "{way}");
    }
    let facade = [("a", "mod b; pub use b::C; pub use self::b::D;"), ("a::b", "use super::D;")];
    assert_eq!(circle(&graph(&small(&facade))).len(), 2);
}

#[test]
fn what_is_no_circle_is_none() {
    let ways =
        ["use std::a::b;", "#[cfg(test)] mod tests { use crate::a::b::C; }", "mod crate_a {}"];
    for way in ways {
        let files = [("a", "mod b;"), ("a::b", "use crate::x::Y;"), ("x", way)];
        assert_eq!(circle(&graph(&small(&files))), Vec::<String>::new(), "{way}");
    }
}
