//! All templates, read and checked when the service starts.

use std::collections::{BTreeMap, BTreeSet};

use serde::Deserialize;

use super::{
    files::{FILES, WORDS},
    notice::{Channel, Language, NoticeKind},
    placeholder::{Placeholder, Values, Words},
    rules::RULES,
    template::{BadText, Template, TemplateRef, Text},
};

/// All versions of all templates.
#[derive(Debug, Clone)]
pub(crate) struct Catalogue {
    templates: BTreeMap<TemplateRef, Template>,
    words: Words,
}

/// What is wrong with a template file.
#[derive(Debug, thiserror::Error)]
pub(crate) enum CatalogueError {
    #[error("template file {file} cannot be read")]
    Syntax { file: String, source: toml::de::Error },
    #[error("version {version} of template {file} is not right in {language}")]
    Text { file: String, version: u32, language: &'static str, source: BadText },
    #[error("template {file} has no version")]
    Empty { file: String },
    #[error("version {version} of template {file} must travel to the inbox, and by nothing else but e-mail")]
    Channels { file: String, version: u32 },
    #[error("no template is called {template}, which the rules name")]
    Missing { template: &'static str },
    #[error("template {template} asks for {{{placeholder}}}, which is not known when it is used")]
    Unsupplied { template: &'static str, placeholder: Placeholder },
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    #[serde(default)]
    version: Vec<FileVersion>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct FileVersion {
    kind: FileKind,
    statutory: bool,
    channels: Vec<FileChannel>,
    #[serde(rename = "zh-CN")]
    chinese: FileText,
    en: FileText,
}

#[derive(Deserialize)]
#[serde(rename_all = "snake_case")]
enum FileKind {
    Task,
    Progress,
    Reminder,
}

#[derive(Deserialize)]
#[serde(rename_all = "snake_case")]
enum FileChannel {
    InApp,
    Email,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct FileText {
    subject: String,
    body: String,
}

impl Catalogue {
    /// The templates that come with the program.
    pub(crate) fn builtin() -> Result<Self, CatalogueError> {
        Self::parse(FILES, WORDS)
    }

    /// `files` are name and content. Everything that the rules need is there, or it fails.
    fn parse(files: &[(&str, &str)], words: &str) -> Result<Self, CatalogueError> {
        let syntax = |file: &str| {
            let file = file.to_owned();
            move |source| CatalogueError::Syntax { file, source }
        };
        let words = toml::from_str(words).map_err(syntax("words"))?;
        let mut templates = BTreeMap::new();
        for (name, content) in files {
            let file: File = toml::from_str(content).map_err(syntax(name))?;
            if file.version.is_empty() {
                return Err(CatalogueError::Empty { file: (*name).to_owned() });
            }
            for (version, content) in (1..).zip(file.version) {
                let template = content.checked(name, version)?;
                templates.insert(template.name.clone(), template);
            }
        }
        let catalogue = Self { templates, words };
        catalogue.check_rules()?;
        Ok(catalogue)
    }

    fn check_rules(&self) -> Result<(), CatalogueError> {
        for rule in RULES {
            let template = rule.template;
            let current = self.current(template).ok_or(CatalogueError::Missing { template })?;
            let known: BTreeSet<_> = rule.happening.values().iter().copied().collect();
            if let Some(placeholder) = current.placeholders().difference(&known).next().copied() {
                return Err(CatalogueError::Unsupplied { template, placeholder });
            }
        }
        Ok(())
    }

    /// The version from which new notices are made.
    pub(crate) fn current(&self, code: &str) -> Option<&Template> {
        let of = |version| TemplateRef { code: code.to_owned(), version };
        self.templates.range(of(0)..=of(u32::MAX)).next_back().map(|(_, template)| template)
    }

    pub(crate) fn get(&self, name: &TemplateRef) -> Option<&Template> {
        self.templates.get(name)
    }

    pub(crate) fn is_current(&self, template: &Template) -> bool {
        self.current(&template.name.code).is_some_and(|current| current.name == template.name)
    }

    /// All versions, by code and version.
    pub(crate) fn all(&self) -> impl Iterator<Item = &Template> {
        self.templates.values()
    }

    /// Subject and body of a notice.
    pub(crate) fn filled(
        &self,
        template: &Template,
        values: &Values,
        language: Language,
    ) -> (String, String) {
        template.filled(values, language, &self.words)
    }
}

impl FileVersion {
    fn checked(self, file: &str, version: u32) -> Result<Template, CatalogueError> {
        let Self { kind, statutory, channels, chinese, en } = self;
        let channels: Vec<_> = channels
            .into_iter()
            .map(|channel| match channel {
                FileChannel::InApp => Channel::InApp,
                FileChannel::Email => Channel::Email,
            })
            .collect();
        let each_once = channels.iter().collect::<BTreeSet<_>>().len() == channels.len();
        if !each_once || !channels.contains(&Channel::InApp) {
            return Err(CatalogueError::Channels { file: file.to_owned(), version });
        }
        let text = |text: &FileText, language: Language| {
            Text::parse(&text.subject, &text.body).map_err(|source| CatalogueError::Text {
                file: file.to_owned(),
                version,
                language: language.code(),
                source,
            })
        };
        Ok(Template {
            name: TemplateRef { code: file.to_owned(), version },
            kind: match kind {
                FileKind::Task => NoticeKind::Task,
                FileKind::Progress => NoticeKind::Progress,
                FileKind::Reminder => NoticeKind::Reminder,
            },
            statutory,
            channels,
            chinese: text(&chinese, Language::Chinese)?,
            english: text(&en, Language::English)?,
        })
    }
}

#[cfg(test)]
mod tests;
