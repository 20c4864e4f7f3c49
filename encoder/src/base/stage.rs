//! Which part of the work memory is asked for by: a mark for the counting allocator.
//!
//! Without the feature `heap` all of this is nothing.

/// A part of the work.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stage {
    /// Bytes read and not yet coded, and all that has no other stage.
    Input,
    /// The automaton and the stack of open containers.
    Lexer,
    /// The tree of a whole document.
    Tree,
    /// What the model learns in.
    Tables,
    /// Coded bytes of the chunk at hand, and items being coded.
    Coder,
    /// Bytes on their way out.
    Output,
}

impl Stage {
    /// All stages, in the order of their numbers.
    pub const ALL: [Self; 6] =
        [Self::Input, Self::Lexer, Self::Tree, Self::Tables, Self::Coder, Self::Output];

    /// The stage's name in reports.
    pub fn name(self) -> &'static str {
        match self {
            Self::Input => "input",
            Self::Lexer => "lexer",
            Self::Tree => "tree",
            Self::Tables => "tables",
            Self::Coder => "coder",
            Self::Output => "output",
        }
    }

    /// Runs `work` as this stage.
    #[cfg(feature = "heap")]
    pub fn run<T>(self, work: impl FnOnce() -> T) -> T {
        let before = CURRENT.replace(self);
        let result = work();
        CURRENT.set(before);
        result
    }

    /// Runs `work` as this stage.
    #[cfg(not(feature = "heap"))]
    #[inline(always)]
    #[allow(clippy::inline_always)]
    pub fn run<T>(self, work: impl FnOnce() -> T) -> T {
        work()
    }

    /// The stage of this thread.
    #[cfg(feature = "heap")]
    pub fn current() -> Self {
        CURRENT.get()
    }
}

#[cfg(feature = "heap")]
thread_local! {
    static CURRENT: std::cell::Cell<Stage> = const { std::cell::Cell::new(Stage::Input) };
}
