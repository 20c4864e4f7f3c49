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

/// A string of 20 to 120 words.
pub(super) fn paragraph(random: &mut Random, out: &mut String) {
    out.push('"');
    for index in 0..20 + random.below(100) {
        if index > 0 {
            out.push_str(if random.below(12) == 0 { ", " } else { " " });
        }
        out.push_str(random.pick(&WORDS));
    }
    out.push_str(".\"");
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
}

impl Events {
    /// A source of events, one NDJSON line each.
    pub(super) fn item() -> impl FnMut(&mut Random, &mut String) {
        let mut events = Self { clock_ms: 1_700_000_000_000, sequence: 1 };
        move |random, out| events.next(random, out)
    }

    fn next(&mut self, random: &mut Random, out: &mut String) {
        self.clock_ms += u64::from(random.below(900));
        self.sequence += 1;
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
        for index in 0..random.below(3) {
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

/// Statements of a program as a parser prints them, each node with its position in the source.
pub(super) struct Syntax {
    position: u64,
}

impl Syntax {
    /// A source of function declarations.
    pub(super) fn item() -> impl FnMut(&mut Random, &mut String) {
        let mut syntax = Self { position: 0 };
        move |random, out| syntax.function(random, out)
    }

    fn function(&mut self, random: &mut Random, out: &mut String) {
        let mut name_text = String::new();
        name(random, &mut name_text);
        let start = self.position;
        self.position += 9;
        put(out, format_args!("{{\"type\":\"FunctionDeclaration\",\"start\":{start},\"id\":"));
        self.identifier(&name_text, out);
        out.push_str(",\"params\":[],\"body\":{\"type\":\"BlockStatement\",\"body\":[");
        self.position += 6;
        for index in 0..=random.below(4) {
            if index > 0 {
                out.push(',');
            }
            self.statement(random, out);
        }
        self.position += 2;
        put(out, format_args!("]}},\"end\":{}}}", self.position));
    }

    fn statement(&mut self, random: &mut Random, out: &mut String) {
        let start = self.position;
        let kind = random.pick(&["ReturnStatement", "ExpressionStatement"]);
        put(out, format_args!("{{\"type\":\"{kind}\",\"start\":{start},\"argument\":"));
        self.binary(random, out);
        self.position += 1;
        put(out, format_args!(",\"end\":{}}}", self.position));
    }

    /// An operator between an operand and either another operand or one more such expression, nested
    /// to the left; the depth is drawn first, so nothing recurses.
    fn binary(&mut self, random: &mut Random, out: &mut String) {
        let start = self.position;
        let depth = 1 + random.below(3);
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
        if random.below(3) > 0 {
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
