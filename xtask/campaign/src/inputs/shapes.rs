//! The items that generated documents are made of. Each appends one item to a string.

use std::fmt::Write;

use super::generate::Random;

/// Words of no meaning but of the lengths and letters of real ones.
pub(super) const WORDS: [&str; 48] = [
    "account", "address", "amount", "answer", "balance", "branch", "buffer", "cache", "channel",
    "client", "cluster", "column", "commit", "counter", "credit", "cursor", "device", "driver",
    "editor", "energy", "export", "factor", "filter", "folder", "handle", "header", "height",
    "import", "index", "kernel", "labels", "length", "letter", "limit", "margin", "matrix",
    "memory", "method", "number", "object", "offset", "packet", "parent", "period", "record",
    "sample", "server", "signal",
];

const HOSTS: [&str; 6] = ["api-1", "api-2", "api-3", "worker-1", "worker-2", "edge"];
const LEVELS: [&str; 5] = ["INFO", "INFO", "INFO", "WARN", "ERROR"];
const PATHS: [&str; 6] =
    ["/v1/users", "/v1/orders", "/v1/items", "/v1/search", "/health", "/v2/reports"];
const STATUS: [&str; 7] = ["200", "200", "200", "200", "304", "404", "500"];
const OPERATORS: [&str; 6] = ["+", "-", "*", "<", "===", "&&"];

/// A name such as `limit_57`.
pub(super) fn name(random: &mut Random, out: &mut String) {
    let word = random.pick(&WORDS);
    put(out, format_args!("{word}_{}", random.below(100)));
}

/// A leaf of the trees that the original encoder was measured with.
pub(super) fn leaf(random: &mut Random, out: &mut String) {
    out.push_str(r#"{"type":"VARIABLE","value":""#);
    name(random, out);
    out.push_str(r#""}"#);
}

/// The number of children that every third node of a tree has, one after the other: 2, 3 and 4 in an
/// order drawn anew for each three, so that nine children come of three nodes.
pub(super) struct Children(Deck<3>);

impl Children {
    pub(super) fn new() -> Self {
        Self(Deck::new())
    }

    /// 2, 3 or 4.
    pub(super) fn next(&mut self, random: &mut Random) -> u32 {
        2 + self.0.draw(random)
    }
}

/// Strings of 20 to 119 words, in pairs of 139 together: the longer one is, the shorter the next, so that
/// their number does not depend on which came first.
pub(super) struct Paragraphs {
    next: Option<u32>,
}

impl Paragraphs {
    /// A source of paragraphs.
    pub(super) fn item() -> impl FnMut(&mut Random, &mut String) {
        let mut paragraphs = Self { next: None };
        move |random, out| paragraphs.next(random, out)
    }

    fn next(&mut self, random: &mut Random, out: &mut String) {
        let words = self.next.take().unwrap_or_else(|| {
            let words = 20 + random.below(100);
            self.next = Some(139 - words);
            words
        });
        out.push('"');
        for index in 0..words {
            if index > 0 {
                out.push_str(if random.below(12) == 0 { ", " } else { " " });
            }
            out.push_str(random.pick(&WORDS));
        }
        out.push_str(".\"");
    }
}

/// A string of 48 letters and digits, each as likely as any other.
pub(super) fn noise(random: &mut Random, out: &mut String) {
    const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    out.push('"');
    for _ in 0..48 {
        out.push(char::from(ALPHABET[random.below(64) as usize]));
    }
    out.push('"');
}

/// Events of a service: a clock that advances, few hosts and paths, numbers that vary.
pub(super) struct Events {
    clock_ms: u64,
    sequence: u64,
    tags: Deck<3>,
}

impl Events {
    /// How many sizes of item [`Events::item`] has.
    pub(super) const FINENESS: usize = 2;

    /// A source of events, one NDJSON line each, and for where these are too long (fineness 1) of
    /// heartbeats.
    pub(super) fn item() -> impl FnMut(usize, &mut Random, &mut String) {
        // Seven digits from the first on: records do not get longer along the document.
        let (clock_ms, sequence) = (1_700_000_000_000, 1_000_000);
        let mut events = Self { clock_ms, sequence, tags: Deck::new() };
        move |fineness, random, out| {
            events.clock_ms += u64::from(random.below(900));
            events.sequence += 1;
            match fineness {
                0 => events.request(random, out),
                _ => events.heartbeat(out),
            }
        }
    }

    fn heartbeat(&self, out: &mut String) {
        let Self { clock_ms, sequence, .. } = self;
        put(out, format_args!("{{\"ts\":{clock_ms},\"seq\":{sequence},\"alive\":true}}\n"));
    }

    fn request(&mut self, random: &mut Random, out: &mut String) {
        let (host, level) = (random.pick(&HOSTS), random.pick(&LEVELS));
        let (path, status) = (random.pick(&PATHS), random.pick(&STATUS));
        let user = random.below(5_000);
        put(
            out,
            format_args!(
                "{{\"ts\":{},\"seq\":{},\"host\":\"{host}\",\"level\":\"{level}\",\
                 \"request\":{{\"path\":\"{path}\",\"status\":{status},\"ms\":{}.{}}},\
                 \"user\":{{\"id\":{user},\"name\":\"user-{user}\"}},\"tags\":[",
                self.clock_ms,
                self.sequence,
                random.below(300),
                random.below(10),
            ),
        );
        for index in 0..self.tags.draw(random) {
            out.push_str(if index > 0 { ",\"" } else { "\"" });
            out.push_str(random.pick(&WORDS));
            out.push('"');
        }
        out.push_str("]}\n");
    }
}

/// A series of readings: regular times, a value that wanders, now and then none.
pub(super) struct Series {
    time_s: u64,
    milli: i64,
}

impl Series {
    /// A source of points `[time, milli, reading]`.
    pub(super) fn item() -> impl FnMut(&mut Random, &mut String) {
        let mut series = Self { time_s: 1_700_000_000, milli: 293_150 };
        move |random, out| series.next(random, out)
    }

    fn next(&mut self, random: &mut Random, out: &mut String) {
        self.time_s += 60;
        self.milli += i64::from(random.below(41)) - 20;
        let (whole, part) = (self.milli / 1000, self.milli % 1000);
        match random.below(50) {
            0 => put(out, format_args!("[{},null,0]", self.time_s)),
            _ => put(out, format_args!("[{},{},{whole}.{part:03}]", self.time_s, self.milli)),
        }
    }
}

/// Numbers below `N`, each once before any comes again: as random as a die, but in shares that hold for
/// short documents too.
struct Deck<const N: usize> {
    cards: [u8; N],
    left: usize,
}

impl<const N: usize> Deck<N> {
    fn new() -> Self {
        Self { cards: std::array::from_fn(|card| card as u8), left: 0 }
    }

    fn draw(&mut self, random: &mut Random) -> u32 {
        if self.left == 0 {
            self.left = N;
        }
        let drawn = random.below(self.left as u32) as usize;
        self.left -= 1;
        self.cards.swap(drawn, self.left);
        u32::from(self.cards[self.left])
    }
}

/// Statements of a program as a parser prints them, each node with its position in the source: far into
/// a bundle, so that positions have eight digits throughout and nodes do not get longer.
pub(super) struct Syntax {
    position: u64,
    statements: Deck<2>,
    depths: Deck<3>,
    operands: Deck<6>,
}

impl Syntax {
    /// How many sizes of item [`Syntax::item`] has.
    pub(super) const FINENESS: usize = 5;

    /// A source of what a program's body holds: function declarations, and for where these are too long
    /// (fineness 1 and on) shorter ones, then single statements.
    pub(super) fn item() -> impl FnMut(usize, &mut Random, &mut String) {
        let (statements, depths, operands) = (Deck::new(), Deck::new(), Deck::new());
        let mut syntax = Self { position: 10_000_000, statements, depths, operands };
        move |fineness, random, out| {
            let before = syntax.position;
            match fineness {
                0 => {
                    let statements = 1 + syntax.statements.draw(random);
                    let depths: Vec<u32> =
                        (0..statements).map(|_| 1 + syntax.depths.draw(random)).collect();
                    syntax.function(&depths, random, out);
                }
                1 => syntax.function(&[3], random, out),
                2 => syntax.statement(1, random, out),
                3 => syntax.statement(0, random, out),
                _ => syntax.empty(out),
            }
            assert!(syntax.position > before, "each item has its place in the source");
        }
    }

    fn empty(&mut self, out: &mut String) {
        let start = self.position;
        self.position += 1;
        let end = self.position;
        put(out, format_args!("{{\"type\":\"EmptyStatement\",\"start\":{start},\"end\":{end}}}"));
    }

    /// A function of statements with expressions of these depths.
    fn function(&mut self, depths: &[u32], random: &mut Random, out: &mut String) {
        let mut name_text = String::new();
        name(random, &mut name_text);
        let start = self.position;
        self.position += 9;
        put(out, format_args!("{{\"type\":\"FunctionDeclaration\",\"start\":{start},\"id\":"));
        self.identifier(&name_text, out);
        out.push_str(",\"params\":[],\"body\":{\"type\":\"BlockStatement\",\"body\":[");
        self.position += 6;
        for (index, depth) in depths.iter().enumerate() {
            if index > 0 {
                out.push(',');
            }
            self.statement(*depth, random, out);
        }
        self.position += 2;
        put(out, format_args!("]}},\"end\":{}}}", self.position));
    }

    fn statement(&mut self, depth: u32, random: &mut Random, out: &mut String) {
        let start = self.position;
        let kind = random.pick(&["ReturnStatement", "ExpressionStatement"]);
        put(out, format_args!("{{\"type\":\"{kind}\",\"start\":{start},\"argument\":"));
        self.binary(depth, random, out);
        self.position += 1;
        put(out, format_args!(",\"end\":{}}}", self.position));
    }

    /// An operand, or an operator between an operand and one more such expression, `depth` of them nested
    /// to the left; the depth is known first, so nothing recurses.
    fn binary(&mut self, depth: u32, random: &mut Random, out: &mut String) {
        let start = self.position;
        for _ in 0..depth {
            put(out, format_args!("{{\"type\":\"BinaryExpression\",\"start\":{start},\"left\":"));
        }
        self.operand(random, out);
        for _ in 0..depth {
            let operator = random.pick(&OPERATORS);
            self.position += operator.len() as u64 + 2;
            put(out, format_args!(",\"operator\":\"{operator}\",\"right\":"));
            self.operand(random, out);
            put(out, format_args!(",\"end\":{}}}", self.position));
        }
    }

    fn operand(&mut self, random: &mut Random, out: &mut String) {
        if self.operands.draw(random) > 1 {
            let mut text = String::new();
            name(random, &mut text);
            return self.identifier(&text, out);
        }
        let (start, value) = (self.position, random.below(1_000).to_string());
        self.position += value.len() as u64;
        put(
            out,
            format_args!(
                "{{\"type\":\"Literal\",\"start\":{start},\"end\":{},\"value\":{value}}}",
                self.position
            ),
        );
    }

    fn identifier(&mut self, text: &str, out: &mut String) {
        let start = self.position;
        self.position += text.len() as u64;
        put(
            out,
            format_args!(
                "{{\"type\":\"Identifier\",\"start\":{start},\"end\":{},\"name\":\"{text}\"}}",
                self.position
            ),
        );
    }
}

/// Appends formatted text; writing to a string cannot fail.
fn put(out: &mut String, text: std::fmt::Arguments<'_>) {
    out.write_fmt(text).expect("writing to a string");
}
