//! Searches: the files that match a query, and their order.

use serde_json::{Value, json};

use super::{
    World,
    files::{Content, FileNode},
    permissions::Need,
    projects::Project,
    search_query::{Condition, Literal, Operator, Query},
};
use crate::error::{ApiError, Outcome};

impl World {
    /// The files that match a query, without its limit and offset.
    pub(crate) fn search(&self, actor: &str, query: &Query) -> Outcome<Vec<&FileNode>> {
        let mut found: Vec<&FileNode> = Vec::new();
        for location in &query.locations {
            let place = self.location(actor, location)?;
            let files = if query.recursive { self.descendants(place) } else { self.children(place)? };
            found.extend(files);
        }
        if let Some(condition) = &query.condition {
            found.retain(|file| self.holds(condition, file));
        }
        // The same folder may be given twice, and one location may be inside another.
        let mut seen = std::collections::HashSet::new();
        found.retain(|file| seen.insert(file.id.as_str()));
        if let Some((field, descending)) = &query.order {
            let mut keyed: Vec<(Key, &FileNode)> =
                found.into_iter().map(|file| (Key::of(&self.property(file, field)), file)).collect();
            keyed.sort_by(|(one, _), (other, _)| {
                let order = one.partial_cmp(other).unwrap_or(std::cmp::Ordering::Equal);
                if *descending { order.reverse() } else { order }
            });
            found = keyed.into_iter().map(|(_, file)| file).collect();
        }
        Ok(found)
    }

    /// The folder of a location: `/Projects/` or `/Datasets/`, a root, and folders after that; or `owner/project` and folders. A root
    /// is `owner/name`, the name or id of a root folder, or the name of a project or dataset.
    fn location(&self, actor: &str, location: &str) -> Outcome<&FileNode> {
        let missing = || ApiError::new(13002).detail(format_args!("`{location}` does not exist."));
        let steps: Vec<&str> = location.split('/').filter(|step| !step.is_empty()).collect();
        let (in_datasets, steps) = match steps.as_slice() {
            ["Projects", rest @ ..] if location.starts_with('/') => (false, rest),
            ["Datasets", rest @ ..] if location.starts_with('/') => (true, rest),
            steps => (false, steps),
        };
        let (root, rest) = self.root(actor, in_datasets, steps).ok_or_else(missing)?;
        let mut at = self.files.get(root).ok_or_else(missing)?;
        self.home(actor, &at.project, Need::Read).map_err(|_| ApiError::new(13001))?;
        for step in rest {
            at = self.child(&at.id, step).filter(|child| child.is_folder()).ok_or_else(missing)?;
        }
        Ok(at)
    }

    /// The id of the root folder that a location begins with, and the rest of the location.
    fn root<'s>(
        &self,
        actor: &str,
        in_datasets: bool,
        steps: &'s [&'s str],
    ) -> Option<(&str, &'s [&'s str])> {
        let of_id = |id: &str| {
            let project = self.projects.get(id).filter(|_| !in_datasets).map(|project| &project.root_folder);
            project.or_else(|| Some(&self.datasets.get(id).filter(|_| in_datasets)?.root_folder))
        };
        if let [owner, name, rest @ ..] = steps
            && let Some(root) = of_id(&format!("{owner}/{name}"))
        {
            return Some((root.as_str(), rest));
        }
        let (first, rest) = steps.split_first()?;
        let is_root = |root: &&str| {
            *root == *first || self.files.get(*root).is_some_and(|folder| folder.name == *first)
        };
        let root = if in_datasets {
            let mut roots = self.datasets.values().map(|dataset| dataset.root_folder.as_str());
            let named = || {
                self.list_datasets(actor, None, false)
                    .into_iter()
                    .chain(self.list_datasets(actor, None, true))
            };
            roots
                .find(is_root)
                .or_else(|| Some(&*named().find(|dataset| dataset.name == *first)?.root_folder))
        } else {
            let mut roots = self.projects.values().map(|project| project.root_folder.as_str());
            let named = |project: &&Project| project.name == *first && self.access(project, actor).is_some();
            roots.find(is_root).or_else(|| Some(&*self.projects.values().find(named)?.root_folder))
        };
        Some((root?, rest))
    }

    fn holds(&self, condition: &Condition, file: &FileNode) -> bool {
        match condition {
            Condition::All(parts) => parts.iter().all(|part| self.holds(part, file)),
            Condition::Any(parts) => parts.iter().any(|part| self.holds(part, file)),
            Condition::Not(inner) => !self.holds(inner, file),
            Condition::Compare(field, operator, literal) => {
                compare(field, &self.property(file, field), *operator, literal)
            }
            Condition::OneOf(field, literals) => {
                let value = self.property(file, field);
                literals.iter().any(|literal| compare(field, &value, Operator::Equal, literal))
            }
        }
    }

    /// A property by its name in the query language. Unknown names are metadata.
    pub(crate) fn property(&self, file: &FileNode, field: &str) -> Value {
        match field {
            "id" => file.id.as_str().into(),
            "name" => file.name.as_str().into(),
            "tags" | "tag" => json!(file.tags),
            "type" => (if file.is_folder() { "FOLDER" } else { "FILE" }).into(),
            "state" => "AVAILABLE".into(),
            "size" => match &file.content {
                Content::File { object, .. } => object.size().into(),
                Content::Folder(_) => Value::Null,
            },
            "file_extension" => extension(file).into(),
            "imported" => file.alias.is_some().to_string().into(),
            "time_created" => file.created.as_millisecond().into(),
            "time_updated" => file.modified.as_millisecond().into(),
            "parent_path" => self.parent_path(file).into(),
            field => {
                let key = field.strip_prefix("metadata.").unwrap_or(field);
                file.metadata.get(key).cloned().unwrap_or(Value::Null)
            }
        }
    }

    /// The path of the folder of a file, with a slash at its end.
    pub(crate) fn parent_path(&self, file: &FileNode) -> String {
        let path = self.path_of(file);
        path[..=path.rfind('/').unwrap_or_default()].to_owned()
    }
}

/// The part of a name after the last dot, in upper case.
pub(crate) fn extension(file: &FileNode) -> String {
    match file.name.rsplit_once('.') {
        Some((_, extension)) if !file.is_folder() => extension.to_uppercase(),
        _ => String::new(),
    }
}

fn compare(field: &str, value: &Value, operator: Operator, literal: &Literal) -> bool {
    if let Value::Array(values) = value {
        return values.iter().any(|value| compare(field, value, operator, literal));
    }
    let number = match value {
        Value::Number(number) => number.as_f64(),
        Value::String(text) => text.parse().ok(),
        _ => return false,
    };
    if let (Some(number), Some(wanted)) = (number, as_number(literal)) {
        return match operator {
            Operator::Equal => (number - wanted).abs() < f64::EPSILON,
            Operator::Less => number < wanted,
            Operator::Greater => number > wanted,
            Operator::Like => false,
        };
    }
    let (Value::String(text), Literal::Text(wanted)) = (value, literal) else { return false };
    match operator {
        // These two are in upper case in results and in any case in queries.
        Operator::Equal if matches!(field, "type" | "file_extension") => text.eq_ignore_ascii_case(wanted),
        Operator::Equal => text == wanted,
        Operator::Less => text < wanted,
        Operator::Greater => text > wanted,
        Operator::Like => like(text, wanted),
    }
}

fn as_number(literal: &Literal) -> Option<f64> {
    match literal {
        Literal::Number(number) => Some(*number),
        Literal::Text(text) => text.parse().ok(),
    }
}

/// Whether a text matches a pattern in which `%` stands for any text.
fn like(text: &str, pattern: &str) -> bool {
    let mut pieces = pattern.split('%');
    let first = pieces.next().unwrap_or_default();
    let Some(mut rest) = text.strip_prefix(first) else { return false };
    let Some(last) = pieces.next_back() else { return rest.is_empty() };
    for piece in pieces {
        match rest.find(piece) {
            Some(at) => rest = &rest[at + piece.len()..],
            None => return false,
        }
    }
    rest.ends_with(last)
}

/// The sort key: missing values before numbers, numbers before texts.
#[derive(Debug, PartialEq, PartialOrd)]
enum Key {
    Nothing,
    Number(f64),
    Text(String),
}

impl Key {
    fn of(value: &Value) -> Self {
        match value {
            Value::Number(number) => Self::Number(number.as_f64().unwrap_or_default()),
            Value::String(text) => Self::Text(text.clone()),
            Value::Array(values) => values.first().map_or(Self::Nothing, Self::of),
            _ => Self::Nothing,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn like_pattern_matches_wildcards() {
        let check = |text, pattern, expected| assert_eq!(like(text, pattern), expected, "{text} {pattern}");
        check("reads.fastq", "reads.fastq", true);
        check("reads.fastq", "reads", false);
        check("reads.fastq", "%.fastq", true);
        check("reads.fastq", "reads%", true);
        check("reads.fastq", "r%s.f%q", true);
        check("reads.fastq", "%a%a%a%", false);
        check("aa", "a%a%a", false);
        check("", "%", true);
    }

    #[test]
    fn numbers_and_strings_compare_by_type() {
        let number = |text: &str| Literal::Number(text.parse().unwrap());
        let text = |text: &str| Literal::Text(text.to_owned());
        assert!(compare("size", &json!(9), Operator::Less, &number("10")));
        assert!(compare("age", &json!("9"), Operator::Less, &number("10")));
        assert!(compare("tags", &json!(["a", "b"]), Operator::Equal, &text("b")));
        assert!(compare("type", &json!("FILE"), Operator::Equal, &text("file")));
        assert!(!compare("name", &json!("FILE"), Operator::Equal, &text("file")));
        assert!(!compare("gone", &Value::Null, Operator::Equal, &text("")));
    }
}
