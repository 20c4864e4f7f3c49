//! A table as Markdown and as aligned text: the same rows for the report and for the terminal.

/// Rows of cells under a head; the first `texts` columns are texts, the rest numbers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Table {
    head: Vec<String>,
    texts: usize,
    rows: Vec<Vec<String>>,
}

impl Table {
    pub(crate) fn new(texts: usize, head: &[&str]) -> Self {
        let head = head.iter().map(|&name| name.to_owned()).collect();
        Self { head, texts, rows: Vec::new() }
    }

    pub(crate) fn push(&mut self, row: Vec<String>) {
        assert_eq!(row.len(), self.head.len(), "a row has a cell per column");
        self.rows.push(row);
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// As GitHub-flavoured Markdown.
    pub(crate) fn markdown(&self) -> String {
        let line = |cells: &[String]| {
            let cells = cells.iter().map(|cell| cell.replace('|', "\\|")).collect::<Vec<_>>();
            format!("| {} |\n", cells.join(" | "))
        };
        let rule = (0..self.head.len()).map(|at| if at < self.texts { "---" } else { "---:" });
        let mut text = line(&self.head);
        text.push_str(&format!("|{}|\n", rule.collect::<Vec<_>>().join("|")));
        text.extend(self.rows.iter().map(|row| line(row)));
        text
    }

    /// As aligned columns for a terminal.
    pub(crate) fn plain(&self) -> String {
        let all = || std::iter::once(&self.head).chain(&self.rows);
        let width = |at: usize| all().map(|row| row[at].chars().count()).max().unwrap_or(0);
        let widths: Vec<usize> = (0..self.head.len()).map(width).collect();
        let line = |row: &Vec<String>| {
            let cell = |(at, text): (usize, &String)| match at < self.texts {
                true => format!("{text:<0$}", widths[at]),
                false => format!("{text:>0$}", widths[at]),
            };
            let cells = row.iter().enumerate().map(cell).collect::<Vec<_>>();
            format!("{}\n", cells.join("  ").trim_end())
        };
        all().map(line).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table() -> Table {
        let mut table = Table::new(1, &["name", "peak"]);
        table.push(vec!["a|b".to_owned(), "12 µs".to_owned()]);
        table
    }

    #[test]
    fn numbers_stand_to_the_right_and_bars_do_not_break_markdown() {
        assert_eq!(table().markdown(), "| name | peak |\n|---|---:|\n| a\\|b | 12 µs |\n");
    }

    #[test]
    fn columns_of_a_terminal_are_aligned_by_characters() {
        assert_eq!(table().plain(), "name   peak\na|b   12 µs\n");
    }
}
