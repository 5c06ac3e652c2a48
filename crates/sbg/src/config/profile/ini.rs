//! Ini files as Python's `configparser` reads them, with edits that leave every other byte alone.
//!
//! - `[section]` headers; `key = value` or `key: value`; the first of the two separators counts.
//! - Lines that begin with `#` or `;` are comments; what follows a value on its line belongs to the value.
//! - A line that is indented deeper than the key before it continues the value of that key.
//! - Keys are case-insensitive, sections are not. A key may stand alone, without a value.
//! - `[DEFAULT]` holds values for the keys that a section lacks.
//! - A section or key that is given twice is an error.
//!
//! Unlike in `configparser`, `%` has no meaning, white space inside the brackets is dropped, text after them is an error, and so is a
//! second `[DEFAULT]`.
//!
//! Any line may hold a secret, so an error shows nothing of a line but its number and the names of sections.

use std::fmt;

/// The section whose values every other section falls back to.
pub(super) const DEFAULTS: &str = "DEFAULT";

const BOM: char = '\u{feff}';

/// The text of a file, parsed. `Debug` shows only the names of the sections.
#[derive(Clone, Default)]
pub(super) struct Ini {
    text: String,
    sections: Vec<Section>,
}

/// A problem in a file, with the number of its line, from 1.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct IniError {
    pub(super) line: usize,
    pub(super) reason: String,
}

/// A value and the number of the line that it begins on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct IniValue<'a> {
    /// Trimmed; empty for a key without a value. Its lines are joined by `\n`.
    pub(super) value: &'a str,
    pub(super) line: usize,
}

#[derive(Clone)]
struct Section {
    name: String,
    /// Index of the line of the header.
    header: usize,
    entries: Vec<Entry>,
}

#[derive(Clone)]
struct Entry {
    /// In lower case.
    key: String,
    value: Option<String>,
    indent: usize,
    /// Index of the first line, then those of the lines that continue the value.
    first: usize,
    continued: Vec<usize>,
}

impl Ini {
    pub(super) fn parse(text: impl Into<String>) -> Result<Self, IniError> {
        let mut ini = Self { text: text.into(), sections: Vec::new() };
        let mut sections: Vec<Section> = Vec::new();
        // Whether an indented line can continue the last key: not right after a header.
        let mut open = false;
        for (index, line) in lines(&ini.text).enumerate() {
            let content = line.trim();
            let at = |reason: String| IniError { line: index + 1, reason };
            if content.starts_with(['#', ';']) {
                continue;
            }
            let last = sections.last_mut().and_then(|section| section.entries.last_mut()).filter(|_| open);
            if content.is_empty() {
                if let Some(Entry { value: Some(value), .. }) = last {
                    value.push('\n');
                }
                continue;
            }
            let indent = indent_of(line);
            if let Some(last) = last
                && indent > last.indent
            {
                let Some(value) = &mut last.value else {
                    return Err(at("an indented line continues a key that has no value".to_owned()));
                };
                value.push('\n');
                value.push_str(content);
                last.continued.push(index);
            } else if let Some(rest) = content.strip_prefix('[') {
                let name = section_name(rest).map_err(|reason| at(reason.to_owned()))?;
                if let Some(earlier) = sections.iter().find(|section| section.name == name) {
                    let first = earlier.header + 1;
                    return Err(at(format!("the section `[{name}]` already exists in line {first}")));
                }
                sections.push(Section { name: name.to_owned(), header: index, entries: Vec::new() });
                open = false;
            } else {
                let Some(section) = sections.last_mut() else {
                    return Err(at("this line is in no `[section]`".to_owned()));
                };
                let entry = Entry::parse(content, indent, index);
                if entry.key.is_empty() {
                    return Err(at("the key before `=` or `:` is missing".to_owned()));
                }
                if let Some(earlier) = section.entries.iter().find(|other| other.key == entry.key) {
                    let (name, first) = (&section.name, earlier.first + 1);
                    return Err(at(format!("`[{name}]` already has this key in line {first}")));
                }
                section.entries.push(entry);
                open = true;
            }
        }
        for value in sections
            .iter_mut()
            .flat_map(|section| &mut section.entries)
            .filter_map(|entry| entry.value.as_mut())
        {
            value.truncate(value.trim_end().len());
        }
        ini.sections = sections;
        Ok(ini)
    }

    pub(super) fn text(&self) -> &str {
        &self.text
    }

    /// The names of the sections in the order of the file, without `DEFAULT`.
    pub(super) fn sections(&self) -> impl Iterator<Item = &str> {
        self.sections.iter().map(|section| section.name.as_str()).filter(|name| *name != DEFAULTS)
    }

    /// The number of the line of the header of a section.
    pub(super) fn section_line(&self, name: &str) -> Option<usize> {
        self.section(name).map(|section| section.header + 1)
    }

    /// The value of a key, given in lower case, of an existing section: its own, or that of `[DEFAULT]`.
    pub(super) fn get(&self, section: &str, key: &str) -> Option<IniValue<'_>> {
        let section = self.section(section)?;
        let entry = section.entry(key).or_else(|| self.section(DEFAULTS)?.entry(key))?;
        Some(IniValue { value: entry.value.as_deref().unwrap_or_default(), line: entry.first + 1 })
    }

    /// Sets the value of a key, given in lower case; adds missing keys and sections.
    ///
    /// The value must be one trimmed line, and the name a valid section header.
    pub(super) fn set(&mut self, section: &str, key: &str, value: &str) {
        let mut raw: Vec<String> = self.text.split_inclusive('\n').map(str::to_owned).collect();
        let end_of_line = if raw.first().is_some_and(|line| line.ends_with("\r\n")) { "\r\n" } else { "\n" };
        let known = self.section(section);
        if let Some(entry) = known.and_then(|section| section.entry(key)) {
            raw[entry.first] = with_value(&raw[entry.first], value);
            for index in entry.continued.iter().rev() {
                raw.remove(*index);
            }
        } else {
            let (after, indent) = if let Some(section) = known {
                section.end(&self.text)
            } else {
                self.append_header(&mut raw, section, end_of_line);
                (raw.len() - 1, String::new())
            };
            end_line(&mut raw[after], end_of_line);
            raw.insert(after + 1, format!("{indent}{key} = {value}{end_of_line}"));
        }
        *self = Self::parse(raw.concat()).expect("an edit keeps the form of the file");
    }

    fn append_header(&self, raw: &mut Vec<String>, section: &str, end_of_line: &str) {
        if self.text.trim_start_matches(BOM).is_empty() {
            raw.clear();
        }
        if let Some(last) = raw.last_mut() {
            end_line(last, end_of_line);
            if !last.trim().is_empty() {
                raw.push(end_of_line.to_owned());
            }
        }
        raw.push(format!("[{section}]{end_of_line}"));
    }

    fn section(&self, name: &str) -> Option<&Section> {
        self.sections.iter().find(|section| section.name == name)
    }
}

impl fmt::Debug for Ini {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.sections()).finish()
    }
}

impl Section {
    fn entry(&self, key: &str) -> Option<&Entry> {
        self.entries.iter().find(|entry| entry.key == key)
    }

    /// The index of the line after which to insert a new key, and its indentation: the same as its neighbour's, or the next line would
    /// become part of its value.
    fn end(&self, text: &str) -> (usize, String) {
        let (after, model) = if let Some(entry) = self.entries.last() {
            (entry.continued.last().copied().unwrap_or(entry.first), entry.first)
        } else {
            let next = lines(text).enumerate().skip(self.header + 1).find(|(_, line)| {
                let content = line.trim();
                !content.is_empty() && !content.starts_with(['#', ';'])
            });
            (self.header, next.map_or(self.header, |(index, _)| index))
        };
        // The line as `parse` sees it, so that both agree on its indentation.
        let line = lines(text).nth(model).unwrap_or_default();
        // A carriage return on its own is white space of the line, but no editor shows it.
        (after, line[..line.len() - line.trim_start().len()].replace('\r', " "))
    }
}

impl Entry {
    fn parse(content: &str, indent: usize, index: usize) -> Self {
        let (key, value) = match content.split_once(['=', ':']) {
            Some((key, value)) => (key.trim_end(), Some(value.trim().to_owned())),
            None => (content, None),
        };
        Self { key: key.to_lowercase(), value, indent, first: index, continued: Vec::new() }
    }
}

/// The lines without the byte order mark that some editors put at the start of a file.
fn lines(text: &str) -> impl Iterator<Item = &str> {
    text.strip_prefix(BOM).unwrap_or(text).split('\n')
}

fn indent_of(line: &str) -> usize {
    line.chars().take_while(|c| c.is_whitespace()).count()
}

/// The name in a header, from the text after its `[`.
fn section_name(rest: &str) -> Result<&str, &'static str> {
    let (name, after) = rest.split_once(']').ok_or("the `]` of the section header is missing")?;
    let after = after.trim_start();
    if !after.is_empty() && !after.starts_with(['#', ';']) {
        return Err("the line continues after the section header");
    }
    let name = name.trim();
    if name.is_empty() { Err("the section header has no name") } else { Ok(name) }
}

/// The line of a key with a new value. Spelling, white space and line end stay.
fn with_value(line: &str, value: &str) -> String {
    let content = line.trim_end_matches(['\r', '\n']);
    let end = &line[content.len()..];
    let Some(separator) = content.find(['=', ':']) else {
        return format!("{} = {value}{end}", content.trim_end());
    };
    let (before, after) = content.split_at(separator + 1);
    let gap = &after[..after.len() - after.trim_start().len()];
    // A key whose value is on the lines below it has no gap to keep.
    let gap = if after.trim().is_empty() { " " } else { gap };
    format!("{before}{gap}{value}{end}")
}

/// Adds a missing line end to the last line.
fn end_line(line: &mut String, end_of_line: &str) {
    if !line.ends_with('\n') {
        line.push_str(end_of_line);
    }
}

#[cfg(test)]
mod tests;
