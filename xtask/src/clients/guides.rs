//! The programs that `docs/clients` shows.

/// The client of each guide, its program below `xtask/clients`, and its document.
pub const GUIDES: [(&str, &str, &str); 5] = [
    ("openapi-python-client", "python/guide.py", "docs/clients/python.md"),
    ("openapi-fetch", "typescript/guide.ts", "docs/clients/typescript.md"),
    ("r", "r/guide.R", "docs/clients/r.md"),
    ("java", "java/Guide.java", "docs/clients/java.md"),
    ("go", "go/guide.go", "docs/clients/go.md"),
];

/// The program of the guide for a client.
pub fn program(client: &str) -> Option<&'static str> {
    GUIDES.iter().find(|(name, ..)| *name == client).map(|(_, program, _)| *program)
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::path::Path;

    use super::*;
    use crate::clients::matrix::CLIENTS;

    #[test]
    fn guides_show_the_programs_that_run() {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
        for (client, program, document) in GUIDES {
            assert!(CLIENTS.iter().any(|known| known.name == client), "{client}");
            let program = fs::read_to_string(root.join("xtask/clients").join(program)).unwrap();
            let document = fs::read_to_string(root.join(document)).unwrap();
            assert!(
                document.contains(&format!("\n{program}```\n")),
                "{client}: the guide shows another program"
            );
        }
    }
}
