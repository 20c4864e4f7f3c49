//! The grammar of JSON, walked in one place: `lexer` says where items end and what each byte of a segment means.
//!
//! `tree` follows where in the document an item stands, `pieces` takes new items apart, `document` builds the tree of a
//! whole one, for the laboratory; none of them looks at punctuation by itself.
//!
//! The level `fast` has a rule of its own (`fast/scan.rs`), and cannot have this one: there a value ends before any
//! byte below 32, since a line's end is what parts the values of a column, and whether a string is a key is told by the
//! colon after it, since a block begins without the stack of the one before. Here a string may hold control characters,
//! and keys are told by the stack.

pub(crate) mod document;
pub(crate) mod lexer;
pub(crate) mod pieces;
pub(crate) mod tree;
