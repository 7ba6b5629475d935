//! The prefix tree over path segments, which finds the binding of a request.

use std::{borrow::Cow, collections::HashMap};

use http::Method;

use crate::template::{Segment, Template};

/// One segment of a requested path: as it came, and percent-decoded.
#[derive(Debug, Clone)]
pub(crate) struct Part<'a> {
    pub(crate) raw: &'a str,
    pub(crate) decoded: Cow<'a, str>,
}

/// What a path and method lead to.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Found {
    /// The number of the binding.
    Binding(usize),
    /// The path is known, under these methods only (sorted, each once).
    OtherMethods(Vec<Method>),
    Nothing,
}

/// Where each inserted template leads.
#[derive(Debug, Default)]
pub(crate) struct Tree {
    literals: HashMap<String, Tree>,
    one: Option<Box<Tree>>,
    /// Templates that end here.
    here: Vec<Leaf>,
    /// Templates that end in `**` here.
    rest: Vec<Leaf>,
}

#[derive(Debug)]
struct Leaf {
    method: Method,
    verb: Option<String>,
    binding: usize,
}

impl Tree {
    /// Enters a template; the caller has made sure that no other matches the same requests.
    pub(crate) fn insert(&mut self, template: &Template, method: Method, binding: usize) {
        let mut node = self;
        let leaf = Leaf { method, verb: template.verb.clone(), binding };
        for segment in &template.segments {
            node = match segment {
                Segment::Literal(text) => node.literals.entry(text.clone()).or_default(),
                Segment::One => node.one.get_or_insert_default(),
                Segment::Rest => {
                    node.rest.push(leaf);
                    return;
                }
            };
        }
        node.here.push(leaf);
    }

    /// Looks for a template that ends in `verb` (or has none) and matches all of `parts`: literals before
    /// `*` before `**`. A less specific template is taken only if the more specific ones lack `method`.
    pub(crate) fn find(&self, parts: &[Part<'_>], verb: Option<&str>, method: &Method) -> Found {
        let mut leaves = Vec::new();
        self.collect(parts, verb, &mut leaves);
        if let Some(leaf) = leaves.iter().find(|leaf| leaf.method == *method) {
            return Found::Binding(leaf.binding);
        }
        if leaves.is_empty() {
            return Found::Nothing;
        }
        let mut methods: Vec<_> = leaves.iter().map(|leaf| leaf.method.clone()).collect();
        methods.sort_by(|a, b| a.as_str().cmp(b.as_str()));
        methods.dedup();
        Found::OtherMethods(methods)
    }

    /// Every node is visited at most once, as its depth is the number of segments before it.
    fn collect<'t>(&'t self, parts: &[Part<'_>], verb: Option<&str>, leaves: &mut Vec<&'t Leaf>) {
        if let Some((part, tail)) = parts.split_first() {
            if let Some(node) = self.literals.get(part.decoded.as_ref()) {
                node.collect(tail, verb, leaves);
            }
            if let Some(node) = self.one.as_deref().filter(|_| !part.raw.is_empty()) {
                node.collect(tail, verb, leaves);
            }
        } else {
            leaves.extend(self.here.iter().filter(|leaf| leaf.verb.as_deref() == verb));
        }
        leaves.extend(self.rest.iter().filter(|leaf| leaf.verb.as_deref() == verb));
    }
}

/// How the requests that two templates match relate.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Overlap {
    /// No path matches both.
    Disjoint,
    /// The same paths match both.
    Same,
    /// One is the more specific wherever they differ.
    Ordered,
    /// Each is the more specific somewhere.
    Crossed,
}

/// Compares the segments of two templates; verbs and methods are the caller's to compare.
pub(crate) fn overlap(left: &[Segment], right: &[Segment]) -> Overlap {
    let (mut left_narrower, mut right_narrower) = (false, false);
    for at in 0..=left.len().max(right.len()) {
        match (left.get(at), right.get(at)) {
            (None, None) | (Some(Segment::Rest), Some(Segment::Rest)) => break,
            (_, Some(Segment::Rest)) => {
                left_narrower = true;
                break;
            }
            (Some(Segment::Rest), _) => {
                right_narrower = true;
                break;
            }
            (None, Some(_)) | (Some(_), None) => return Overlap::Disjoint,
            (Some(Segment::Literal(a)), Some(Segment::Literal(b))) if a != b => return Overlap::Disjoint,
            (Some(Segment::Literal(_)), Some(Segment::One)) => left_narrower = true,
            (Some(Segment::One), Some(Segment::Literal(_))) => right_narrower = true,
            (Some(Segment::Literal(_)), Some(Segment::Literal(_)))
            | (Some(Segment::One), Some(Segment::One)) => {}
        }
    }
    match (left_narrower, right_narrower) {
        (false, false) => Overlap::Same,
        (true, true) => Overlap::Crossed,
        (true, false) | (false, true) => Overlap::Ordered,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn segments(text: &str) -> Vec<Segment> {
        Template::parse(text).expect("well-formed").segments
    }

    #[test]
    fn overlaps_are_told_apart() {
        for (left, right, expected) in [
            ("/a/{x}", "/a/{y}", Overlap::Same),
            ("/a/{x=**}", "/a/{y=**}", Overlap::Same),
            ("/a/{x}", "/a/b", Overlap::Ordered),
            ("/a/{x}", "/a/{x=**}", Overlap::Ordered),
            ("/a", "/a/{x=**}", Overlap::Ordered),
            ("/{x}/b", "/a/{y}", Overlap::Crossed),
            ("/{x}/b/c", "/a/{y=**}", Overlap::Crossed),
            ("/a/{x}", "/b/{x}", Overlap::Disjoint),
            ("/a/{x}", "/a/{x}/b", Overlap::Disjoint),
        ] {
            assert_eq!(overlap(&segments(left), &segments(right)), expected, "{left} {right}");
            assert_eq!(overlap(&segments(right), &segments(left)), expected, "{right} {left}");
        }
    }

    #[test]
    fn a_literal_wins_over_a_variable_and_a_variable_over_the_rest() {
        let mut tree = Tree::default();
        for (at, text) in ["/a/{x=**}", "/a/{x}", "/a/b", "/a/{x}:go"].iter().enumerate() {
            tree.insert(&Template::parse(text).expect("well-formed"), Method::GET, at);
        }
        let find = |parts: &[&'static str], verb: Option<&str>, method: &Method| {
            let parts: Vec<_> = parts.iter().map(|raw| Part { raw, decoded: Cow::Borrowed(*raw) }).collect();
            tree.find(&parts, verb, method)
        };
        assert_eq!(find(&["a", "b"], None, &Method::GET), Found::Binding(2));
        assert_eq!(find(&["a", "c"], None, &Method::GET), Found::Binding(1));
        assert_eq!(find(&["a", "c", "d"], None, &Method::GET), Found::Binding(0));
        assert_eq!(find(&["a"], None, &Method::GET), Found::Binding(0));
        assert_eq!(find(&["a", "c"], Some("go"), &Method::GET), Found::Binding(3));
        assert_eq!(find(&["a", "c"], Some("stop"), &Method::GET), Found::Nothing);
        assert_eq!(find(&["a", "c"], None, &Method::PUT), Found::OtherMethods(vec![Method::GET]));
        assert_eq!(find(&["b"], None, &Method::GET), Found::Nothing);
    }
}
