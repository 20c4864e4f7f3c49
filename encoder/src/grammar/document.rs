//! A whole document as a semantic tree, held in one of three ways.
//!
//! A node has a primitive of one byte, its part of the text, and children. The texts of all nodes
//! in preorder are the document, so that walking the tree gives back what was read.

use super::lexer::{Event, Lexer, State};
use crate::options::coding::Layout;

/// Primitives of the original; 128 to 255 are for what a document teaches.
pub(crate) mod primitive {
    /// An object.
    pub(crate) const DICT: u8 = 0;
    /// An array.
    pub(crate) const LIST: u8 = 1;
    /// A key and its value.
    pub(crate) const PAIR: u8 = 2;
    /// A string.
    pub(crate) const STRING: u8 = 3;
    /// A number.
    pub(crate) const NUMBER: u8 = 4;
    /// `true` or `false`.
    pub(crate) const BOOLEAN: u8 = 5;
    /// `null`.
    pub(crate) const NULL: u8 = 6;
    /// The closing bracket of a container, and any other text.
    pub(crate) const TEXT: u8 = 7;
}

/// A document in memory.
#[derive(Debug)]
pub(crate) enum Document {
    /// One heap node for each node.
    Boxed(Boxed),
    /// Linked nodes in one arena, texts in another.
    Pooled(Pooled),
    /// Flat arrays in preorder over the text.
    Flat(Flat),
}

impl Document {
    /// Reads the tree of `text`.
    pub(crate) fn parse(text: Vec<u8>, layout: Layout, pool: bool) -> Self {
        match (layout, pool) {
            (Layout::Boxed, false) => Self::Boxed(build(&text, Boxed::default())),
            (Layout::Boxed, true) => Self::Pooled(build(&text, Pooled::default())),
            (Layout::Flat, _) => {
                let mut flat = build(&text, Flat::default());
                flat.text = text;
                Self::Flat(flat)
            }
        }
    }

    /// Gives the texts of all nodes in preorder.
    pub(crate) fn walk(&self, visit: &mut dyn FnMut(&[u8])) {
        match self {
            Self::Boxed(tree) => tree.walk(visit),
            Self::Pooled(tree) => tree.walk(visit),
            Self::Flat(tree) => tree.walk(visit),
        }
    }
}

/// Takes nodes in preorder.
trait Builder {
    /// Adds a node; `opens` if children follow.
    fn add(&mut self, primitive: u8, text: &[u8], opens: bool);
    /// Ends the innermost open node.
    fn close(&mut self);
    /// Whether the innermost open node is a pair.
    fn in_pair(&self) -> bool;
    /// After the last node.
    fn finish(&mut self) {}
}

/// Reads `text` item by item into `builder`.
fn build<B: Builder>(text: &[u8], builder: B) -> B {
    let (mut lexer, mut position) = (Lexer::new(), 0);
    let mut nodes = Nodes { text, start: 0, builder };
    while position < text.len() {
        let rest = &text[position..];
        let item = &rest[..lexer.item_len(rest).unwrap_or(rest.len())];
        if lexer.state.is_segment() {
            let mut at = position;
            lexer.take_segment(item, |event, _| {
                at += 1;
                nodes.follow(event, at);
            });
        } else {
            nodes.add_value(lexer.state, item, position + item.len());
            lexer.take_value(item);
        }
        position += item.len();
    }
    nodes.finish()
}

/// Turns what the lexer finds into nodes.
struct Nodes<'a, B> {
    text: &'a [u8],
    /// Where the text begins that no node has yet.
    start: usize,
    builder: B,
}

impl<B: Builder> Nodes<'_, B> {
    fn add(&mut self, primitive: u8, end: usize, opens: bool) {
        self.builder.add(primitive, &self.text[self.start..end], opens);
        self.start = end;
    }

    fn add_value(&mut self, state: State, value: &[u8], end: usize) {
        let is_text = state == State::Text;
        self.add(if is_text { primitive::STRING } else { scalar_primitive(value) }, end, false);
    }

    /// Takes a byte of a segment, which ends at `end`.
    fn follow(&mut self, event: Event, end: usize) {
        match event {
            Event::OpensObject => self.add(primitive::DICT, end, true),
            Event::OpensArray => self.add(primitive::LIST, end, true),
            Event::Colon => self.add(primitive::PAIR, end, true),
            Event::Comma => self.close_pair(),
            Event::Closes => {
                self.close_pair();
                self.add(primitive::TEXT, end, false);
                self.builder.close();
            }
            Event::BeginsKey | Event::InKey | Event::EndsKey | Event::BeginsText | Event::Other => {
            }
        }
    }

    fn close_pair(&mut self) {
        if self.builder.in_pair() {
            self.builder.close();
        }
    }

    fn finish(mut self) -> B {
        if self.start < self.text.len() {
            self.add(primitive::TEXT, self.text.len(), false);
        }
        self.builder.finish();
        self.builder
    }
}

fn scalar_primitive(item: &[u8]) -> u8 {
    match item {
        b"true" | b"false" => primitive::BOOLEAN,
        b"null" => primitive::NULL,
        [b'-' | b'0'..=b'9', ..] => primitive::NUMBER,
        _ => primitive::TEXT,
    }
}

/// A tree of heap nodes, as the original had it.
#[derive(Debug, Default)]
#[allow(clippy::vec_box, reason = "one heap node each is the point of this layout")]
pub(crate) struct Boxed {
    done: Vec<Box<Node>>,
    open: Vec<Box<Node>>,
}

#[derive(Debug)]
#[allow(clippy::vec_box, reason = "one heap node each is the point of this layout")]
struct Node {
    primitive: u8,
    text: Vec<u8>,
    children: Vec<Box<Node>>,
}

impl Boxed {
    fn attach(&mut self, node: Box<Node>) {
        match self.open.last_mut() {
            Some(parent) => parent.children.push(node),
            None => self.done.push(node),
        }
    }

    fn walk(&self, visit: &mut dyn FnMut(&[u8])) {
        let mut stack = vec![self.done.iter()];
        while let Some(siblings) = stack.last_mut() {
            match siblings.next() {
                Some(node) => {
                    visit(&node.text);
                    stack.push(node.children.iter());
                }
                None => {
                    stack.pop();
                }
            }
        }
    }
}

impl Builder for Boxed {
    fn add(&mut self, primitive: u8, text: &[u8], opens: bool) {
        let node = Box::new(Node { primitive, text: text.to_vec(), children: Vec::new() });
        if opens { self.open.push(node) } else { self.attach(node) }
    }

    fn close(&mut self) {
        if let Some(node) = self.open.pop() {
            self.attach(node);
        }
    }

    fn in_pair(&self) -> bool {
        self.open.last().is_some_and(|node| node.primitive == primitive::PAIR)
    }

    fn finish(&mut self) {
        while !self.open.is_empty() {
            self.close();
        }
    }
}

impl Drop for Boxed {
    /// One node after the other: a deep tree must not exhaust the stack.
    fn drop(&mut self) {
        let mut rest = std::mem::take(&mut self.done);
        while let Some(mut node) = rest.pop() {
            rest.append(&mut node.children);
        }
    }
}

/// No node; the arenas are indexed with 32 bits where they can be.
const NONE: usize = usize::MAX;

/// Linked nodes in one arena, their texts in another.
#[derive(Debug, Default)]
pub(crate) struct Pooled {
    nodes: Vec<Link>,
    texts: Vec<u8>,
    open: Vec<usize>,
    /// The last finished child of each open node, and of the root.
    last: Vec<usize>,
}

#[derive(Debug)]
struct Link {
    primitive: u8,
    text_start: usize,
    first_child: usize,
    next_sibling: usize,
}

impl Pooled {
    fn walk(&self, visit: &mut dyn FnMut(&[u8])) {
        let mut stack = Vec::new();
        let mut at = if self.nodes.is_empty() { NONE } else { 0 };
        loop {
            while at == NONE {
                match stack.pop() {
                    Some(next) => at = next,
                    None => return,
                }
            }
            let link = &self.nodes[at];
            let end = self.nodes.get(at + 1).map_or(self.texts.len(), |next| next.text_start);
            visit(&self.texts[link.text_start..end]);
            stack.push(link.next_sibling);
            at = link.first_child;
        }
    }
}

impl Builder for Pooled {
    fn add(&mut self, primitive: u8, text: &[u8], opens: bool) {
        let index = self.nodes.len();
        let text_start = self.texts.len();
        self.texts.extend_from_slice(text);
        self.nodes.push(Link { primitive, text_start, first_child: NONE, next_sibling: NONE });
        if self.last.is_empty() {
            self.last.push(NONE);
        }
        let last = self.last.last_mut().expect("the root has an entry");
        match (*last, self.open.last()) {
            (NONE, None) => {}
            (NONE, Some(&parent)) => self.nodes[parent].first_child = index,
            (before, _) => self.nodes[before].next_sibling = index,
        }
        *last = index;
        if opens {
            self.open.push(index);
            self.last.push(NONE);
        }
    }

    fn close(&mut self) {
        if self.open.pop().is_some() {
            self.last.pop();
        }
    }

    fn in_pair(&self) -> bool {
        self.open.last().is_some_and(|&index| self.nodes[index].primitive == primitive::PAIR)
    }
}

/// Preorder arrays over the text.
#[derive(Debug, Default)]
pub(crate) struct Flat {
    text: Vec<u8>,
    primitives: Vec<u8>,
    text_ends: Vec<u64>,
    /// The node after the last descendant.
    node_ends: Vec<u32>,
    open: Vec<usize>,
    end: u64,
}

impl Flat {
    fn walk(&self, visit: &mut dyn FnMut(&[u8])) {
        let mut start = 0;
        for &end in &self.text_ends {
            visit(&self.text[start..end as usize]);
            start = end as usize;
        }
    }
}

impl Builder for Flat {
    fn add(&mut self, primitive: u8, text: &[u8], opens: bool) {
        if opens {
            self.open.push(self.primitives.len());
        }
        self.end += text.len() as u64;
        self.primitives.push(primitive);
        self.text_ends.push(self.end);
        self.node_ends.push(self.primitives.len() as u32);
    }

    fn close(&mut self) {
        if let Some(index) = self.open.pop() {
            self.node_ends[index] = self.primitives.len() as u32;
        }
    }

    fn in_pair(&self) -> bool {
        self.open.last().is_some_and(|&index| self.primitives[index] == primitive::PAIR)
    }

    fn finish(&mut self) {
        while !self.open.is_empty() {
            self.close();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn walked(text: &[u8], layout: Layout, pool: bool) -> Vec<u8> {
        let mut out = Vec::new();
        Document::parse(text.to_vec(), layout, pool).walk(&mut |part| out.extend_from_slice(part));
        out
    }

    #[test]
    fn every_layout_gives_back_the_document() {
        let deep = "[".repeat(200_000) + "1" + &"]".repeat(100_000);
        let texts: [&[u8]; 6] = [
            b"",
            b" ",
            b"]]}",
            b"{\"a\": [1, {\"b\":null}], \"c\":\"x\"}\n",
            b"a:b,c",
            deep.as_bytes(),
        ];
        for text in texts {
            for layout in [Layout::Boxed, Layout::Flat] {
                for pool in [false, true] {
                    assert_eq!(walked(text, layout, pool), text);
                }
            }
        }
    }

    #[test]
    fn a_node_knows_its_primitive_and_its_end() {
        use primitive::{BOOLEAN, DICT, LIST, NULL, NUMBER, PAIR, TEXT};
        let text = b"{\"a\":[1,true],\"b\":null}".to_vec();
        let Document::Flat(tree) = Document::parse(text, Layout::Flat, true) else {
            panic!("flat was asked for")
        };
        assert_eq!(tree.primitives, [DICT, PAIR, LIST, NUMBER, BOOLEAN, TEXT, PAIR, NULL, TEXT]);
        assert_eq!(tree.node_ends, [9, 6, 6, 4, 5, 6, 8, 8, 9]);
    }
}
