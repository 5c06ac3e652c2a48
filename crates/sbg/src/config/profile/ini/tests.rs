use super::*;

/// Every value of a file as `section.key=value@line`.
fn values(ini: &Ini) -> Vec<String> {
    let mut all = Vec::new();
    for section in &ini.sections {
        for entry in &section.entries {
            let found = ini.get(&section.name, &entry.key).unwrap();
            all.push(format!("{}.{}={}@{}", section.name, entry.key, found.value, found.line));
        }
    }
    all
}

#[test]
fn ini_parses_as_configparser_does() {
    let check = |text: &str, expected: &[&str]| {
        assert_eq!(values(&Ini::parse(text).unwrap()), expected, "{text:?}");
    };
    check("", &[]);
    check("\u{feff}", &[]);
    check("# only\n; comments\n\n", &[]);
    check("[a]\nk = v\n", &["a.k=v@2"]);
    check("\u{feff}[a]\r\nk=v\r\n\r\n[b]\r\nk: w\r\n", &["a.k=v@2", "b.k=w@5"]);
    check("[a]\nAuth_Token  :v", &["a.auth_token=v@2"]);
    check("[a]\nurl = https://x/v2\n", &["a.url=https://x/v2@2"]);
    check("[a]\nurl: https://x/v2?a=b\n", &["a.url=https://x/v2?a=b@2"]);
    check("[a]\nk = v # w ; x\n", &["a.k=v # w ; x@2"]);
    check("[a]\nk = 100%(x)s\n", &["a.k=100%(x)s@2"]);
    check("[a]\nk =\nl\n", &["a.k=@2", "a.l=@3"]);
    check("[a]\nk = v\n  w\n\tx\n", &["a.k=v\nw\nx@2"]);
    check("[a]\nk =\n  v\n", &["a.k=\nv@2"]);
    check("[a]\nk = v\n\n  # not this\n  w\n\nl = x\n", &["a.k=v\n\nw@2", "a.l=x@7"]);
    check("[a]\n  k = v\n  l = w\n x = y\n", &["a.k=v@2", "a.l=w@3", "a.x=y@4"]);
    check("  [a]\n    k = v\n[b]\n k = w", &["a.k=v@2", "b.k=w@4"]);
    check("[a]\nk = v\n [b]\n", &["a.k=v\n[b]@2"]);
    check("[ a ] # staging [old]\nk = v\n", &["a.k=v@2"]);
    check("[A]\nk=1\n[a]\nk=2\n", &["A.k=1@2", "a.k=2@4"]);
}

#[test]
fn sections_inherit_defaults() {
    let ini = Ini::parse("[a]\nk = own\n[DEFAULT]\nk = shared\nl = shared\n").unwrap();
    let check = |section, key, expected: Option<(&str, usize)>| {
        assert_eq!(ini.get(section, key).map(|found| (found.value, found.line)), expected, "{section}.{key}");
    };
    check("a", "k", Some(("own", 2)));
    check("a", "l", Some(("shared", 5)));
    check("a", "m", None);
    check("b", "l", None);
    assert_eq!(ini.sections().collect::<Vec<_>>(), ["a"]);
    assert_eq!((ini.section_line("a"), ini.section_line("b")), (Some(1), None));
}

#[test]
fn ini_errors_show_the_line_but_no_content() {
    let check = |text: &str, line: usize, reason: &str| {
        let error = Ini::parse(text).unwrap_err();
        assert_eq!((error.line, error.reason.as_str()), (line, reason), "{text:?}");
    };
    check("SECRET\n[a]\n", 1, "this line is in no `[section]`");
    check("\n# x\nauth_token = SECRET", 3, "this line is in no `[section]`");
    check("[a]\n= SECRET\n", 2, "the key before `=` or `:` is missing");
    check("[a\nk = v\n", 1, "the `]` of the section header is missing");
    check("[]\n", 1, "the section header has no name");
    check("[ ]\n", 1, "the section header has no name");
    check("[a] k = SECRET\n", 1, "the line continues after the section header");
    check("[a]\n[b]\n\n[a]\n", 4, "the section `[a]` already exists in line 1");
    check("[a]\nSECRET = 1\nsecret: 2\n", 3, "`[a]` already has this key in line 2");
    check("[a]\nSECRET\n  more\n", 3, "an indented line continues a key that has no value");
}

#[test]
fn edits_preserve_every_other_byte() {
    let check = |text: &str, section: &str, key: &str, expected: &str| {
        let mut ini = Ini::parse(text).unwrap();
        ini.set(section, key, "new");
        assert_eq!(ini.text(), expected, "{text:?}");
        assert_eq!(ini.get(section, key).map(|found| found.value), Some("new"), "{text:?}");
    };
    check("", "a", "k", "[a]\nk = new\n");
    check("\u{feff}", "a", "k", "[a]\nk = new\n");
    check("# mine", "a", "k", "# mine\n\n[a]\nk = new\n");
    check("[b]\nk=v\n\n", "a", "k", "[b]\nk=v\n\n[a]\nk = new\n");
    check("[b]\r\nk=v", "a", "k", "[b]\r\nk=v\r\n\r\n[a]\r\nk = new\r\n");
    check("[a]\nk=old\n", "a", "k", "[a]\nk=new\n");
    check("[a]\n  K :  old  \n  l = x", "a", "k", "[a]\n  K :  new\n  l = x");
    check("\u{feff}[a]\r\nk = old\r\n# end\r\n", "a", "k", "\u{feff}[a]\r\nk = new\r\n# end\r\n");
    check("[a]\nk\n[b]\n", "a", "k", "[a]\nk = new\n[b]\n");
    check("[a]\nk =\n  old\n  # keep\n  older\nl = 1\n", "a", "k", "[a]\nk = new\n  # keep\nl = 1\n");
    check("[a]\nl = 1\n\n[b]\nk = 2\n", "a", "k", "[a]\nl = 1\nk = new\n\n[b]\nk = 2\n");
    check("[a]\n  l = 1\n    more\n# c\n[b]\n", "a", "k", "[a]\n  l = 1\n    more\n  k = new\n# c\n[b]\n");
    check("[a]\n# c\n\n  [b]\nk=1\n", "a", "k", "[a]\n  k = new\n# c\n\n  [b]\nk=1\n");
    check("[a]\n\r\r[b]\nk=1\n", "a", "k", "[a]\n  k = new\n\r\r[b]\nk=1\n");
    check("[a]", "a", "k", "[a]\nk = new\n");
    check("\u{feff}[a]", "a", "k", "\u{feff}[a]\nk = new\n");
    check("[DEFAULT]\nk = shared\n[a]\n", "a", "k", "[DEFAULT]\nk = shared\n[a]\nk = new\n");
    // A byte order mark counts as one on the first line only; elsewhere it is an ordinary key.
    check("\u{feff}[a]\n\u{feff}\u{c}\n", "a", "k", "\u{feff}[a]\n\u{feff}\u{c}\nk = new\n");
    check("\u{feff}[a]\nb\n\u{feff}\u{c}\n", "a", "k", "\u{feff}[a]\nb\n\u{feff}\u{c}\nk = new\n");
}

#[test]
fn ini_debug_shows_only_section_names() {
    let ini = Ini::parse("[a]\nauth_token = SECRET\nSECRET\n").unwrap();
    assert_eq!(format!("{ini:?}"), "{\"a\"}");
}
