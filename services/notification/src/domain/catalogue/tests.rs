use std::fmt::Write as _;

use expect_test::expect_file;

use super::*;

fn with(name: &'static str, content: &str) -> Result<Catalogue, CatalogueError> {
    let mut files = FILES.to_vec();
    files.retain(|(file, _)| *file != name);
    files.push((name, content));
    Catalogue::parse(&files, WORDS)
}

fn file(channels: &str, body: &str) -> String {
    format!(
        "[[version]]\nkind = 'task'\nstatutory = false\nchannels = {channels}\n\
         [version.zh-CN]\nsubject = 's'\nbody = '{body}'\n[version.en]\nsubject = 's'\nbody = 'b'\n"
    )
}

/// Rules and texts as a person reviews them: who is told what, in which words.
#[test]
fn every_notice_reads_as_reviewed() {
    let catalogue = Catalogue::builtin().unwrap();
    let values: Values = Placeholder::ALL.iter().map(|place| (*place, place.example().to_owned())).collect();
    let mut shown = String::new();
    for rule in RULES {
        writeln!(shown, "{:?} → {:?}: {}", rule.happening, rule.recipients, rule.template).unwrap();
    }
    for template in catalogue.all() {
        let TemplateRef { code, version } = &template.name;
        let statutory = if template.statutory { " statutory" } else { "" };
        writeln!(shown, "\n{code} v{version} {}{statutory} {:?}", template.kind, template.channels).unwrap();
        for language in Language::ALL {
            let (subject, body) = catalogue.filled(template, &values, *language);
            writeln!(shown, "  {subject}\n    {}", body.replace('\n', "\n    ")).unwrap();
        }
    }
    expect_file!["notices.txt"].assert_eq(&shown);
}

#[test]
fn a_template_that_is_not_right_is_refused_with_its_name() {
    let refused = |content: &str| with("issue-signed", content).unwrap_err().to_string();
    let unknown = refused(&file("['in_app']", "{phone}"));
    assert_eq!(unknown, "version 1 of template issue-signed is not right in zh-CN");
    let unsupplied = refused(&file("['in_app']", "{stars}"));
    assert_eq!(unsupplied, "template issue-signed asks for {stars}, which is not known when it is used");
    assert!(refused(&file("['email']", "b")).contains("must travel to the inbox"));
    assert!(refused(&file("['in_app', 'in_app']", "b")).contains("must travel to the inbox"));
    assert_eq!(refused(""), "template issue-signed has no version");
    assert_eq!(refused("colour = 1"), "template file issue-signed cannot be read");
}

#[test]
fn a_rule_without_its_template_is_refused() {
    let files: Vec<_> = FILES.iter().copied().filter(|(name, _)| *name != "issue-urged").collect();
    let refused = Catalogue::parse(&files, WORDS).unwrap_err();
    assert_eq!(refused.to_string(), "no template is called issue-urged, which the rules name");
}

#[test]
fn new_notices_are_made_from_the_last_version_and_old_ones_stay() {
    let two = file("['in_app']", "one") + &file("['in_app', 'email']", "two");
    let catalogue = with("issue-signed", &two).unwrap();
    let current = catalogue.current("issue-signed").unwrap();
    assert_eq!((current.name.version, current.chinese.body.source.as_str()), (2, "two"));
    let first = catalogue.get(&TemplateRef { code: "issue-signed".to_owned(), version: 1 }).unwrap();
    assert_eq!(first.chinese.body.source, "one");
    assert!(catalogue.is_current(current) && !catalogue.is_current(first));
    assert!(catalogue.current("issue").is_none());
}
