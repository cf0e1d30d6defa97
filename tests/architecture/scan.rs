//! Reads one Rust file and says which paths it names, resolved to where they lead.
//!
//! Works on tokens, not on text: comments and strings cannot mislead it, and macro bodies are read like the rest.

use proc_macro2::{Delimiter, Group, Ident, TokenStream, TokenTree};
use std::collections::{BTreeMap, BTreeSet};

/// One path that a file names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reference {
    /// Segments from the root: `crate`, room, … or external crate, module, …
    pub path: Vec<String>,
    /// Line in the file, from 1.
    pub line: usize,
    /// Inside `#[cfg(test)]` or `#[test]`.
    pub test: bool,
}

/// What a file names and says.
#[derive(Debug, Default)]
pub struct Scan {
    /// Resolved paths, `use` lines and others.
    pub references: Vec<Reference>,
    /// Every identifier, with its line and whether it is in test code.
    pub words: Vec<(String, usize, bool)>,
    /// Lines of `#[allow(…)]` and `#[expect(…)]` without a `reason`.
    pub unreasoned: Vec<usize>,
    /// Modules declared `#[cfg(test)] mod name;`: their files are test code.
    pub test_modules: BTreeSet<String>,
}

/// Reads `source`, a file of the module at `module` (`["service", "core"]`).
///
/// # Errors
/// When the text is not Rust tokens.
pub fn scan(source: &str, module: &[&str]) -> Result<Scan, String> {
    let tokens: TokenStream = source.parse().map_err(|error| format!("not Rust: {error}"))?;
    let module: Vec<String> = module.iter().map(ToString::to_string).collect();
    let mut names = Names::default();
    names.collect(&tokens);
    let mut reader = Reader { names, scan: Scan::default() };
    reader.walk(tokens, &module, false);
    Ok(reader.scan)
}

/// Names that a file gives to modules and imports: a path that starts with one of them is not an external crate.
#[derive(Default)]
struct Names {
    modules: BTreeSet<String>,
    imports: BTreeMap<String, Vec<String>>,
}

impl Names {
    fn collect(&mut self, tokens: &TokenStream) {
        let tokens: Vec<TokenTree> = tokens.clone().into_iter().collect();
        let mut at = 0;
        while at < tokens.len() {
            match &tokens[at] {
                TokenTree::Ident(word) if *word == "mod" => {
                    if let Some(TokenTree::Ident(name)) = tokens.get(at + 1) {
                        self.modules.insert(plain(name));
                    }
                }
                TokenTree::Ident(word) if *word == "use" => {
                    let end = end_of_use(&tokens, at);
                    let mut leaves = Vec::new();
                    use_tree(&tokens[at + 1..end], &[], &mut leaves);
                    for leaf in leaves {
                        if leaf.path.len() > 1 && leaf.name != "*" && leaf.name != "_" {
                            self.imports.insert(leaf.name, leaf.path);
                        }
                    }
                    at = end;
                }
                TokenTree::Group(group) => self.collect(&group.stream()),
                _ => {}
            }
            at += 1;
        }
    }
}

/// One name that a `use` brings in.
struct Leaf {
    path: Vec<String>,
    name: String,
    line: usize,
}

struct Reader {
    names: Names,
    scan: Scan,
}

impl Reader {
    fn walk(&mut self, tokens: TokenStream, module: &[String], in_test: bool) {
        let tokens: Vec<TokenTree> = tokens.into_iter().collect();
        let mut test = in_test;
        let mut at = 0;
        while at < tokens.len() {
            match &tokens[at] {
                TokenTree::Punct(mark) if mark.as_char() == '#' => {
                    at = self.attribute(&tokens, at, module, in_test, &mut test);
                    continue;
                }
                TokenTree::Punct(mark) if mark.as_char() == ';' => test = in_test,
                TokenTree::Punct(_) | TokenTree::Literal(_) => {}
                TokenTree::Group(group) => {
                    self.walk(group.stream(), module, test);
                    if group.delimiter() == Delimiter::Brace {
                        test = in_test;
                    }
                }
                TokenTree::Ident(word) if *word == "use" => {
                    let end = end_of_use(&tokens, at);
                    self.import(&tokens[at + 1..end], module, test);
                    at = end;
                    continue;
                }
                TokenTree::Ident(word) if *word == "mod" => {
                    if let Some(next) = self.submodule(&tokens, at, module, test) {
                        test = in_test;
                        at = next;
                        continue;
                    }
                }
                TokenTree::Ident(word) => {
                    at = self.path(&tokens, at, word, module, test);
                    continue;
                }
            }
            at += 1;
        }
    }

    /// Reads `#[…]` or `#![…]` at `at`; returns the place behind it.
    fn attribute(
        &mut self,
        tokens: &[TokenTree],
        at: usize,
        module: &[String],
        in_test: bool,
        test: &mut bool,
    ) -> usize {
        let inner = matches!(tokens.get(at + 1), Some(TokenTree::Punct(mark)) if mark.as_char() == '!');
        let body = at + 1 + usize::from(inner);
        let Some(TokenTree::Group(group)) = tokens.get(body) else { return at + 1 };
        if group.delimiter() != Delimiter::Bracket {
            return at + 1;
        }
        let words = idents(group);
        let lint = words.iter().any(|word| word == "allow" || word == "expect");
        let lint = lint && matches!(words[0].as_str(), "allow" | "expect" | "cfg_attr");
        if lint && !words.iter().any(|word| word == "reason") {
            self.scan.unreasoned.push(group.span_open().start().line);
        }
        let conditional = words.first().is_some_and(|word| word == "cfg") && words.iter().any(|word| word == "test");
        let marked = words.last().is_some_and(|word| word == "test");
        if (conditional || marked) && !words.iter().any(|word| word == "not") {
            *test = true;
        }
        self.walk(group.stream(), module, in_test || *test);
        body + 1
    }

    /// Reads `mod name { … }` or `mod name;`; returns the place behind it, or nothing when it is neither.
    fn submodule(&mut self, tokens: &[TokenTree], at: usize, module: &[String], test: bool) -> Option<usize> {
        let Some(TokenTree::Ident(name)) = tokens.get(at + 1) else { return None };
        match tokens.get(at + 2)? {
            TokenTree::Group(body) => {
                let mut inside = module.to_vec();
                inside.push(plain(name));
                self.walk(body.stream(), &inside, test);
                Some(at + 3)
            }
            TokenTree::Punct(_) => {
                if test {
                    self.scan.test_modules.insert(plain(name));
                }
                Some(at + 3)
            }
            _ => None,
        }
    }

    fn import(&mut self, tree: &[TokenTree], module: &[String], test: bool) {
        let mut leaves = Vec::new();
        use_tree(tree, &[], &mut leaves);
        for leaf in leaves {
            for segment in &leaf.path {
                self.scan.words.push((segment.clone(), leaf.line, test));
            }
            self.refer(&leaf.path, leaf.line, module, test);
        }
    }

    /// Reads a path outside `use` that starts with `first` at `at`; returns the place behind it.
    fn path(&mut self, tokens: &[TokenTree], at: usize, first: &Ident, module: &[String], test: bool) -> usize {
        let line = first.span().start().line;
        let mut segments = vec![plain(first)];
        let mut end = at + 1;
        while is_colons(tokens, end) {
            let Some(TokenTree::Ident(next)) = tokens.get(end + 2) else { break };
            segments.push(plain(next));
            end += 3;
        }
        for segment in &segments {
            self.scan.words.push((segment.clone(), line, test));
        }
        // `value.field`, `Type<…>::name` and the like continue something that was resolved before.
        let starts = at == 0 || !matches!(&tokens[at - 1], TokenTree::Punct(mark) if mark.as_char() == '.');
        let continues = at >= 3 && is_colons(tokens, at - 2) && !begins_path(tokens, at - 2);
        if starts && !continues && segments.len() > 1 {
            self.refer(&segments, line, module, test);
        }
        end
    }

    fn refer(&mut self, path: &[String], line: usize, module: &[String], test: bool) {
        if let Some(path) = self.resolve(path, module, 0) {
            self.scan.references.push(Reference { path, line, test });
        }
    }

    /// Where a path leads, from the root; nothing for a path that starts with a name this file cannot place.
    fn resolve(&self, path: &[String], module: &[String], depth: usize) -> Option<Vec<String>> {
        let mut here = module.to_vec();
        let mut rest = path.iter().map(String::as_str).peekable();
        match *rest.peek()? {
            "crate" | "matchbook" => {
                rest.next();
                here.clear();
            }
            "self" => {
                rest.next();
            }
            "super" => {
                while rest.next_if_eq(&"super").is_some() {
                    here.pop();
                }
            }
            first => {
                if let Some(import) = self.names.imports.get(first).filter(|import| depth < 4 && import[0] != first) {
                    let whole: Vec<String> = import.iter().cloned().chain(path.iter().skip(1).cloned()).collect();
                    return self.resolve(&whole, module, depth + 1);
                }
                let external = !self.names.modules.contains(first) && first.starts_with(|c: char| c.is_lowercase());
                return external.then(|| path.to_vec());
            }
        }
        let root = std::iter::once("crate".to_owned());
        Some(root.chain(here).chain(rest.map(str::to_owned)).collect())
    }
}

fn plain(ident: &Ident) -> String {
    ident.to_string().trim_start_matches("r#").to_owned()
}

fn idents(group: &Group) -> Vec<String> {
    let mut found = Vec::new();
    for token in group.stream() {
        match token {
            TokenTree::Ident(word) => found.push(plain(&word)),
            TokenTree::Group(inner) => found.extend(idents(&inner)),
            _ => {}
        }
    }
    if found.is_empty() {
        found.push(String::new());
    }
    found
}

fn is_colons(tokens: &[TokenTree], at: usize) -> bool {
    [at, at + 1].iter().all(|&i| matches!(tokens.get(i), Some(TokenTree::Punct(mark)) if mark.as_char() == ':'))
}

/// Whether the `::` at `at` begins a path (`= ::sled::open`) instead of continuing one (`Vec<u8>::new`).
fn begins_path(tokens: &[TokenTree], at: usize) -> bool {
    match at.checked_sub(1).map(|before| &tokens[before]) {
        Some(TokenTree::Ident(_) | TokenTree::Group(_)) => false,
        Some(TokenTree::Punct(mark)) => mark.as_char() != '>',
        _ => true,
    }
}

fn end_of_use(tokens: &[TokenTree], at: usize) -> usize {
    let ends = |token: &TokenTree| matches!(token, TokenTree::Punct(mark) if mark.as_char() == ';');
    tokens[at..].iter().position(ends).map_or(tokens.len(), |offset| at + offset)
}

/// The names that a `use` tree brings in, with their whole paths as written.
fn use_tree(tree: &[TokenTree], prefix: &[String], leaves: &mut Vec<Leaf>) {
    let mut path = prefix.to_vec();
    let mut name = None;
    let mut line = 0;
    let mut tokens = tree.iter().peekable();
    while let Some(token) = tokens.next() {
        line = token.span().start().line;
        match token {
            TokenTree::Ident(word) if *word == "as" => name = tokens.next().map(ToString::to_string),
            TokenTree::Ident(word) => path.push(plain(word)),
            TokenTree::Punct(mark) if mark.as_char() == '*' => path.push("*".into()),
            TokenTree::Punct(_) | TokenTree::Literal(_) => {}
            TokenTree::Group(group) => {
                let inner: Vec<TokenTree> = group.stream().into_iter().collect();
                let comma = |token: &TokenTree| matches!(token, TokenTree::Punct(mark) if mark.as_char() == ',');
                for part in inner.split(comma).filter(|part| !part.is_empty()) {
                    use_tree(part, &path, leaves);
                }
                return;
            }
        }
    }
    if path.len() > 1 && path.last().is_some_and(|last| last == "self") {
        path.pop();
    }
    if let Some(last) = path.last() {
        let name = name.unwrap_or_else(|| last.clone());
        leaves.push(Leaf { path, name, line });
    }
}
