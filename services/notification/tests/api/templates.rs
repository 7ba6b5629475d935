use std::collections::HashMap;

use proto::notification::v1::{self as pb, Language};
use testkit::{bad_fields, reason};
use tonic::Code;

use crate::town::{OPERATOR, Town};

both_engines! {
    async fn templates_are_listed_in_pages_by_code(town: &Town) {
        let operator = town.as_person(OPERATOR);
        let (mut codes, mut page_token) = (Vec::new(), String::new());
        loop {
            let request = pb::ListTemplatesRequest { page_size: 7, page_token, ..Default::default() };
            let page = operator.templates().list_templates(request).await.unwrap().into_inner();
            assert_eq!(page.total_count, 87);
            codes.extend(page.templates.into_iter().map(|template| template.template_code));
            page_token = page.next_page_token;
            if page_token.is_empty() {
                break;
            }
        }
        assert_eq!(codes.len(), 87);
        assert!(codes.is_sorted());
    }

    async fn a_template_shows_its_texts_and_what_they_ask_for(town: &Town) {
        let request = pb::GetTemplateRequest { template_code: "issue-to-rate".to_owned(), version: 0 };
        let answer = town.as_person(OPERATOR).templates().get_template(request).await.unwrap().into_inner();
        let template = answer.template.unwrap();
        assert_eq!((template.version, template.current, template.statutory), (1, true, true));
        assert_eq!(template.placeholders, ["issue_number", "outcome", "rate_until"]);
        let languages: Vec<_> = template.texts.iter().map(pb::TemplateText::language).collect();
        assert_eq!(languages, [Language::ZhCn, Language::En]);
    }

    async fn a_preview_is_filled_with_what_is_given_and_examples_for_the_rest(town: &Town) {
        let preview = |values: &[(&str, &str)]| pb::PreviewTemplateRequest {
            template_code: "issue-rated".to_owned(),
            version: 1,
            language: Language::En.into(),
            values: values.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect(),
        };
        let operator = town.as_person(OPERATOR);
        let shown = operator.templates().preview_template(preview(&[("stars", "5")])).await.unwrap().into_inner();
        assert_eq!(shown.body, "The enterprise has rated issue 2026-000123 with 5 of 5 stars.");
        let long = "x".repeat(201);
        let refused = operator.templates().preview_template(preview(&[("phone", "1"), ("stars", &long)])).await;
        assert_eq!(bad_fields(&refused.unwrap_err()), ["values[phone]", "values[stars]"]);
    }

    async fn a_template_that_is_not_there_is_not_found(town: &Town) {
        let operator = town.as_person(OPERATOR);
        for (code, version) in [("issue-lost", 0), ("issue-signed", 2)] {
            let request = pb::GetTemplateRequest { template_code: code.to_owned(), version };
            let refused = operator.templates().get_template(request).await.unwrap_err();
            assert_eq!(reason(&refused), (Code::NotFound, "TEMPLATE_NOT_FOUND".to_owned()));
        }
        let bad = pb::PreviewTemplateRequest {
            template_code: String::new(),
            version: -1,
            language: 0,
            values: HashMap::new(),
        };
        let refused = operator.templates().preview_template(bad).await.unwrap_err();
        assert_eq!(bad_fields(&refused), ["template_code", "version", "language"]);
    }
}
